#!/usr/bin/env python3
"""libraries.py BUILD - a library of another's beside the programs, or in the folder that they are started in, is not loaded in the place of one of Windows's.

What is loaded late, by name, is looked for in System32 alone. That the same file is loaded by a program that takes no care is seen first. What is imported is loaded before the
program begins: load-config keeps that to System32, which Wine does not obey, so it is read from the files (executable.py). Run by scripts/test-windows in a
prefix of its own.
"""
import os
import shutil
import subprocess
import unittest

from stage import BUILD, RULE, closed, must, publish, configuration, processes, kill, wait_for, windows

NAMES = ("powrprof", "dbghelp")  # libuv loads the first, late; nothing of Wine's own that is loaded here needs them

# Wine has libraries of its own in the place of these, and prefers them to any file: here it takes a file that it finds by Windows's rules.
os.environ["WINEDLLOVERRIDES"] = ",".join(NAMES) + "=n,b"


def loaded():
    return sorted(os.path.join(where, name) for where in ("beside", "started") for name in os.listdir(closed(where)) if name.endswith(".loaded"))


class Libraries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for where in ("beside", "started"):
            os.makedirs(closed(where))
            for name in NAMES:
                shutil.copy(os.path.join(BUILD, "tests", "planted.dll"), closed(where, name + ".dll"))
        for name in ("stopgapctl.exe", "stopgapd.exe", "stopgap-feed.exe", "stopgap-journal.exe", "tests/loads.exe"):
            shutil.copy(os.path.join(BUILD, name), closed("beside"))
        os.mkdir(closed("drive"))
        must("tests/make-drive.exe", windows(closed("drive")))
        publish(RULE)
        configuration("stopgap.xml")

    def setUp(self):
        for name in loaded():
            os.unlink(closed(name))

    def start(self, program, *arguments):
        return subprocess.Popen(["wine", closed("beside", program), *arguments], cwd=closed("started"), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_1_one_that_takes_no_care_loads_what_lies_beside_it(self):
        self.assertEqual(self.start("loads.exe", "powrprof.dll").wait(60), 0)
        self.assertEqual(loaded(), ["beside/powrprof.dll.loaded"])

    def test_2_ours_do_not(self):
        for name in NAMES:
            self.start("loads.exe", name + ".dll", "as-ours").wait(60)
        self.assertEqual(loaded(), [])
        self.start("stopgapctl.exe", "status").wait(60)
        self.start("stopgap-feed.exe", "--version").wait(60)
        self.start("stopgap-journal.exe", "check").wait(60)
        self.assertEqual(loaded(), [])

    def test_3_nor_does_the_service_nor_its_workers(self):
        root = ("--root", "C=" + windows(closed("drive")))
        service = self.start("stopgapd.exe", "run", "--foreground", "--config", windows(closed("stopgap.xml")), *root)
        try:
            def ask(verb):
                return self.start("stopgapctl.exe", verb, *root).wait(60)

            wait_for("an answer", lambda: ask("status") in (0, 1) or service.poll() is not None)
            self.assertIsNone(service.poll())
            self.assertEqual(ask("refresh"), 0)  # a worker reads the document
        finally:
            for pid in processes("stopgapd.exe", " run "):
                kill(pid)
            service.wait(60)
        self.assertEqual(loaded(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
