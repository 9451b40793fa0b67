#!/usr/bin/env python3
"""lists.py BUILD - stopgapd.exe under Wine on access lists of the test's own (lists_shim_win.c), as Windows would keep them: what a click on "Continue" in
Explorer does to a service that starts.

BUILD holds a Windows build; scripts/windows/wine-apart makes the Windows that it runs in.
"""
import json
import os
import subprocess
import unittest

from stage import BUILD, PATIENCE, RULE, closed, configuration, must, publish, run, wait_for, windows, write

ADMIN = "S-1-5-21-1-2-3-1001"
PERSON = "S-1-5-21-1-2-3-1002"
TOP = "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
FILE = "D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)"
FILES = ("journal.mdb", "journal.mirror", "journal.lock", "reserve")


class Lists(unittest.TestCase):
    def setUp(self):
        self.process = None
        self.addCleanup(self.end)

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def begin(self):
        self.end()
        with open(closed("stopgapd.log"), "wb") as log:
            self.process = subprocess.Popen(
                ["wine", os.path.join(BUILD, "tests/stopgapd_lists.exe"), "run", "--foreground", "--config", windows(closed("stopgap.xml")), "--root",
                 "C=" + windows(closed("drive")), "--journal", windows(closed("journal"))], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "SG_LISTS": windows(closed("lists"))})

    def log(self):
        with open(closed("stopgapd.log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def ctl(self, *arguments):
        return run("stopgapctl.exe", *arguments, "--json", "--root", "C=" + windows(closed("drive")))

    def answer(self):
        def answers():
            if self.process.poll() is not None:
                raise AssertionError(f"stopgapd ended with {self.process.returncode}:\n{self.log()}")
            status, text = self.ctl("status")
            return json.loads(text) if status == 0 else None

        return wait_for(lambda: "an answer\n" + self.log(), answers)

    def told(self):
        """What the history has about lists, oldest first."""
        lines = json.loads(self.ctl("history")[1])["lines"]
        return [f"{line['name']} {line['text']}" for line in lines if line["name"].startswith("lists-")]

    def lists(self, extra="", config=""):
        """`extra`: what Explorer adds to each of the journal's lists; `config`: what is added to the configuration's."""
        inherited = extra.replace("OICI", "ID")
        lines = ["\\journal|O:BA" + TOP + extra] + [f"\\journal\\{name}|O:BA{FILE}{inherited}" for name in FILES]
        return write(closed("lists"), "\n".join(lines + ["\\stopgap.xml|O:BA" + FILE + config]) + "\n")

    def listed(self):
        with open(closed("lists"), encoding="utf-8") as f:
            return dict(line.rstrip("\n").split("|") for line in f)

    def test_who_only_looked_ends_nothing_and_nobody_else_gets_in(self):
        os.mkdir(closed("drive"))
        must("tests/make-drive.exe", windows(closed("drive")))
        publish(RULE)
        configuration("stopgap.xml")
        self.lists()
        self.begin()
        self.answer()
        self.assertEqual(self.told(), [])
        self.end()

        # An administrator clicked "Continue": it starts, and the lists are as they were.
        self.lists(f"(A;OICI;FA;;;{ADMIN})")
        self.begin()
        self.answer()
        self.assertEqual(len(self.told()), 1)
        self.assertRegex(self.told()[0], rf"lists-put-back {ADMIN}, an administrator, .*journal and \d more")
        self.assertIn(f"journal.mdb O:BA{FILE}(A;ID;FA;;;{ADMIN})", self.told()[0])  # as it was, to be given back by hand
        for name, sddl in self.listed().items():
            self.assertEqual(sddl, "O:BA" + (TOP if name == "\\journal" else FILE), name)
        checks = json.loads(self.ctl("doctor")[1])["checks"]
        self.assertEqual([c["status"] for c in checks if c["check"] == "access-lists"], ["warn"])

        # At the next start there is nothing to say.
        self.begin()
        self.answer()
        self.assertEqual(len(self.told()), 1)

        # The configuration lies where install closed nothing: who may change it is refused, and the last good one stays.
        self.lists(config=f"(A;;FA;;;{ADMIN})")
        self.begin()
        status = self.answer()
        self.assertTrue(status["config"]["last_good"])
        self.assertRegex(status["config"]["error"], r"stopgap\.xml may be changed by .*icacls")
        self.assertEqual([feed["name"] for feed in status["feeds"]], ["corp"])

        # Somebody who is no administrator: nothing is obeyed, nothing is changed, and it is said what ends it.
        self.end()
        self.lists(f"(A;OICI;FA;;;{PERSON})")
        before = self.listed()
        self.begin()
        self.assertEqual(self.process.wait(PATIENCE), 1)
        self.assertRegex(self.log(), rf"CRITICAL 1021 .*journal may be changed by .*{PERSON}.*icacls .*no administrator")
        self.assertEqual(self.listed(), before)

        # In a file of it alone, too.
        self.lists()
        with open(closed("lists"), "a", encoding="utf-8") as f:
            f.write(f"\\journal\\journal.mdb|O:BA{FILE}(A;;0x2;;;{PERSON})\n")
        self.begin()
        self.assertEqual(self.process.wait(PATIENCE), 1)
        self.assertIn("journal.mdb may be changed by", self.log())
        self.lists()
        self.begin()
        self.answer()
        self.end()
        self.installs()

    def installs(self):
        """install mends the journal's folder in the same way, and says so; what it does not mend it refuses."""
        self.addCleanup(os.environ.pop, "SG_LISTS")
        os.environ["SG_LISTS"] = windows(closed("lists"))
        install = ("tests/stopgapd_lists.exe", "install", "--config", windows(closed("stopgap.xml")), "--journal", windows(closed("journal")))
        self.lists(f"(A;OICI;FA;;;{PERSON})")
        status, text = run(*install)
        self.assertNotEqual(status, 0, text)
        self.assertRegex(text, rf"note: .*journal may be changed by {PERSON}: icacls .*no administrator")
        self.lists(f"(A;OICI;FA;;;{ADMIN})")
        status, text = run(*install)  # it ends where this program has no texts for the event log, which come after the folders
        self.assertIn("no message for event", text)
        self.assertRegex(text, rf"note: {ADMIN}, an administrator, .*journal and \d more")
        self.assertIn("S:\\journal and what is in it: SYSTEM and the administrators alone", text)
        for name, sddl in self.listed().items():
            self.assertEqual(sddl, "O:BA" + (TOP if name == "\\journal" else FILE), name)

        # Somebody's folder, as closed as a journal's and named by mistake, is refused as it is.
        os.mkdir(closed("data"))
        write(closed("data/ledger"), "theirs")
        self.lists()
        with open(closed("lists"), "a", encoding="utf-8") as f:
            f.write(f"\\data|O:BA{TOP}(A;OICI;FA;;;{ADMIN})\n\\data\\ledger|O:BA{FILE}(A;ID;FA;;;{ADMIN})\n")
        before = self.listed()
        status, text = run(*install[:-1], windows(closed("data")))
        self.assertNotEqual(status, 0, text)
        self.assertIn("holds other things than a journal", text)
        self.assertEqual(self.listed(), before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
