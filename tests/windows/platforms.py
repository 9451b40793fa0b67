#!/usr/bin/env python3
"""platforms.py BUILD - one journal on both systems. What the service applied on Windows is read, checked and taken back on Linux, from a copy of its
drive, and the other way round; an operation that was cut off on one is recovered on the other.

It goes the ways of whoever has a server's disk before them and no server: the whole drive is copied, and with it the machine's id, so it is the same machine
to both systems and nothing is asked. A journal beside the drive of another machine is refused, naming both; it may be read, and --any-machine says that it
shall be used.

STOPGAP_NATIVE names the folder of stopgapd, stopgapctl and stopgap-journal for the system that Wine runs on.
"""
import os
import shutil
import subprocess
import sys
import time
import unittest

from stage import (APPHOST, BUILD, DRIVE_C, MARKS, POOL, RULE, SERVICE, WEB, configuration, differ, document, find, kill, must, path, processes, publish, read,
                   run, snapshot, wait_for, windows)

NATIVE = os.path.realpath(os.environ.get("STOPGAP_NATIVE") or "")
HIVE = "windows/system32/config/system"
JOURNAL = "ProgramData/stopgap/journal"
IDS = ("P-1", "S-1", "W-1")


def native(program, *arguments):
    done = subprocess.run([os.path.join(NATIVE, program), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=120)
    return done.returncode, done.stdout


class Side:
    """One system's programs on a drive that is a folder."""

    def __init__(self, drive):
        self.drive = drive
        self.process = None

    def root(self):
        return "C=" + self.name(self.drive)

    def journal(self):
        return self.name(find(self.drive, JOURNAL))

    def begin(self, config, *more):
        self.log = open(path("stopgapd.log"), "ab")
        self.process = subprocess.Popen([*self.prefix(), self.program("stopgapd"), "run", "--root", self.root(), "--config", self.name(config), *more],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_for("an answer", lambda: "stopgap.status.v1" in self.tool("stopgapctl", "status", "--json", "--root", self.root())[1] or self.process.poll() is not None)
        if self.process.poll() is not None:
            with open(path("stopgapd.log"), encoding="utf-8", errors="replace") as f:
                raise AssertionError(f"stopgapd ended with {self.process.returncode}: {f.read()[-2000:]}")

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()
            self.log.close()
        self.process = None

    def ctl(self, *words):
        return self.tool("stopgapctl", *words, "--root", self.root())


class Windows(Side):
    name = staticmethod(windows)

    def prefix(self):
        return ["wine"]

    def program(self, name):
        return os.path.join(BUILD, name + ".exe")

    def tool(self, name, *arguments):
        return run(name + ".exe", *arguments)


class Linux(Side):
    name = staticmethod(os.path.realpath)

    def prefix(self):
        return []

    def program(self, name):
        return os.path.join(NATIVE, name)

    def tool(self, name, *arguments):
        return native(name, *arguments)


OTHER = {Windows: Linux, Linux: Windows}


def setUpModule():
    publish(RULE, POOL, SERVICE)
    os.mkdir(path("made"))
    must("tests/make-drive.exe", windows(path("made")))


def tearDownModule():
    with open(path("stopgapd.log"), encoding="utf-8", errors="replace") as f:
        log = f.read()
    for sign in ("AddressSanitizer", "LeakSanitizer", "runtime error:"):
        if sign in log:
            raise AssertionError(log[-6000:])


class Platforms(unittest.TestCase):
    maxDiff = None

    def drive(self, name, of="made"):
        """A copy, as a disk's image would be: what links to a file and who owns it is not told."""
        shutil.copytree(os.path.join(path(), of), path(name), ignore=shutil.ignore_patterns("*.sock"))
        return path(name)

    def do(self, side, tool, *words, status=0):
        code, text = side.tool(tool, *words)
        self.assertEqual(code, status, f"{type(side).__name__}: {tool} {' '.join(words)}\n{text}")
        return text

    def applied(self, side):
        """All three go in, and the service stops."""
        side.begin(configuration(f"{type(side).__name__}.xml", of=side.name))
        self.addCleanup(side.end)
        self.do(side, "stopgapctl", "refresh", "--root", side.root())

        def states():
            code, text = side.ctl("list", "--json")
            return {m["id"]: m["state"] for m in document(text)["mitigations"]} if code == 0 else {}

        wait_for(lambda: f"all applied: {states()}", lambda: [states().get(id) for id in IDS] == ["applied"] * 3)
        side.end()

    def history(self, side):
        """What the journal's reader says, line by line, and that every promise that the file can show is kept."""
        self.do(side, "stopgap-journal", "check", "-j", side.journal())
        lines = self.do(side, "stopgap-journal", "dump", "-o", "json", "-j", side.journal()).splitlines()
        return [document(line) for line in lines if line.startswith("{")]

    def there_and_back(self, one, name):
        """Applied by one system, taken back by the other. `one`: a class."""
        first = one(self.drive(name))
        original = snapshot(first.drive)
        self.applied(first)
        self.assertEqual(differ(original, snapshot(first.drive)), sorted([WEB.lower(), APPHOST.lower(), HIVE]))
        second = OTHER[one](self.drive(name + "-copy", first.drive))
        self.assertEqual(self.history(first), self.history(second))
        self.assertEqual(self.do(first, "stopgap-journal", "holds", "-o", "json", "-j", first.journal()),
                         self.do(second, "stopgap-journal", "holds", "-o", "json", "-j", second.journal()))

        # One by the tool without a service, the others as --once.
        self.assertIn("W-1", self.do(second, "stopgapctl", "rollback", "W-1", "--offline", "--root", second.root(), "--reason", "on another system"))
        self.assertEqual(differ(original, snapshot(second.drive)), sorted([APPHOST.lower(), HIVE]))
        self.do(second, "stopgapd", "--once", "rollback", "--all", "--root", second.root())
        self.assertEqual(differ(original, snapshot(second.drive)), [])
        # And the journal that the other system wrote on is one that the first understands: the disk goes home.
        home = one(self.drive(name + "-home", second.drive))
        self.assertEqual(self.history(home), self.history(second))
        self.do(home, "stopgapd", "--once", "recover", "--root", home.root())
        self.assertEqual(differ(original, snapshot(home.drive)), [])

    def test_1_applied_on_windows_taken_back_on_linux(self):
        self.there_and_back(Windows, "from-windows")

    def test_2_applied_on_linux_taken_back_on_windows(self):
        self.there_and_back(Linux, "from-linux")

    def test_3_applied_on_linux_taken_back_on_the_very_drive_of_windows(self):
        """The disk goes into a machine and is its drive C: now."""
        linux = Linux(self.drive("to-live"))
        original = snapshot(linux.drive)
        publish(RULE, serial=2)
        linux.begin(configuration("live.xml", of=linux.name))
        self.addCleanup(linux.end)
        self.do(linux, "stopgapctl", "refresh", "--root", linux.root())
        wait_for("W-1 goes in", lambda: MARKS["W-1"][1] in read(linux.drive, WEB))
        wait_for("it is known", lambda: '"applied"' in linux.ctl("list", "--json")[1])
        linux.end()
        for top in ("inetpub", "ProgramData/stopgap", "Windows/System32/inetsrv", "Program Files/Microsoft"):
            to = os.path.join(DRIVE_C, top if top == "inetpub" else os.path.join(os.path.relpath(find(DRIVE_C, os.path.dirname(top)), DRIVE_C),
                                                                                os.path.basename(top)))
            shutil.copytree(find(linux.drive, top), to, ignore=shutil.ignore_patterns("*.sock"), dirs_exist_ok=True)
        must("stopgapd.exe", "--once", "rollback", "--all")
        for name in (WEB, APPHOST):
            self.assertEqual(read(DRIVE_C, name), original[name.lower()])
        must("stopgap-journal.exe", "check")

    def test_4_a_journal_beside_another_machines_drive_asks_first(self):
        """The server was built anew from its backup of files: the id of the machine is another one's."""
        for one in (Windows, Linux):
            with self.subTest(one.__name__):
                side = one(self.drive("asks-" + one.__name__, path("from-windows" if one is Linux else "from-linux")))
                original = snapshot(path("made"))
                with open(os.path.join(find(side.drive, "ProgramData/stopgap"), "machine"), "w", encoding="ascii") as f:
                    f.write("built-anew\n")
                before = snapshot(side.drive)
                text = self.do(side, "stopgapd", "--once", "rollback", "--all", "--root", side.root(), status=5)
                self.assertRegex(text, "was written by the machine .*, and this is built-anew: --any-machine accepts it")
                self.assertEqual(differ(before, snapshot(side.drive)), [])
                self.do(side, "stopgap-journal", "holds", "-j", side.journal())  # looking is always free
                self.do(side, "stopgapctl", "rollback", "--all", "--offline", "--any-machine", "--root", side.root(), "--reason", "compared by hand")
                self.assertEqual(differ(original, snapshot(side.drive)), [])

    def recovered(self, cut, original, name):
        """What `cut` left on its drive is brought back by the other system, on a copy. Whether it was cut off in mid-operation."""
        other = OTHER[type(cut)](self.drive(name + "-copy", cut.drive))
        under_way = "no operation is under way" not in self.do(other, "stopgap-journal", "intent", "-j", other.journal())
        self.do(other, "stopgapd", "--once", "recover", "--root", other.root())
        self.assertIn("no operation is under way", self.do(other, "stopgap-journal", "intent", "-j", other.journal()))
        self.do(other, "stopgap-journal", "check", "-j", other.journal())
        if under_way:  # it settles where it began
            self.assertEqual(differ(original, snapshot(other.drive)), [])
        self.do(other, "stopgapd", "--once", "rollback", "--all", "--root", other.root())
        self.assertEqual(differ(original, snapshot(other.drive)), [])
        return under_way

    def cut_off(self, one, serial):
        """Killed when the new contents of the first file are being written: the intent is there, and it will not be closed any more."""
        publish(RULE, POOL, SERVICE, serial=serial)
        found = 0
        for i in range(12):
            name = f"cut-{one.__name__}-{i}"
            side = one(self.drive(name))
            original = snapshot(side.drive)
            side.begin(configuration(f"cut-{one.__name__}.xml", of=side.name))
            self.addCleanup(side.end)
            folders = [os.path.dirname(find(side.drive, name)) for name in (WEB, APPHOST)]
            pids = processes("stopgapd", side.root()) if one is Windows else []  # Linux: side.end() kills its only one
            client = subprocess.Popen([*side.prefix(), side.program("stopgapctl"), "refresh", "--root", side.root()], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            end = time.monotonic() + 40
            while not any(file.startswith("stopgap-") for folder in folders for file in os.listdir(folder)):
                if client.poll() is not None or time.monotonic() > end:
                    break
            if one is Windows:
                time.sleep(0.002 * (i // 2))
                for pid in pids:
                    kill(pid)
            side.end()
            client.wait(60)
            found += self.recovered(side, original, name)
            if found == 2:
                break
        self.assertGreater(found, 0, "no kill came in mid-operation")

    def test_5_cut_off_on_windows_recovered_on_linux(self):
        self.cut_off(Windows, 3)

    def test_6_cut_off_on_linux_recovered_on_windows(self):
        self.cut_off(Linux, 4)

    def test_7_the_map_has_its_blocks(self):
        """What the journal may ever need is there when it is made. Wine extends a file without giving it blocks, whatever it is told; NTFS gives a file that is
        neither sparse nor compressed its clusters when its end is set, so there only the size is looked at."""
        for name in ("from-windows", "from-linux"):
            for file, size in (("journal.mdb", 64 << 20), ("journal.mirror", 16 << 20), ("reserve", 1 << 20)):
                st = os.stat(os.path.join(find(path(name), JOURNAL), file))
                with self.subTest(f"{name}: {file}"):
                    self.assertEqual(st.st_size, size)
                    if name == "from-linux":
                        self.assertGreaterEqual(st.st_blocks * 512, size)


if __name__ == "__main__":
    if not os.path.exists(os.path.join(NATIVE, "stopgap-journal")):
        print("skipped: STOPGAP_NATIVE names no folder with this system's programs (scripts/test-windows does)")
        sys.exit(77)
    unittest.main(verbosity=2)
