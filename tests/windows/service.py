#!/usr/bin/env python3
"""service.py BUILD - stopgapd.exe under Wine, as a person runs it and as the service that it installs.

BUILD holds a Windows build (scripts/build-windows); WINEPREFIX names a Windows that nobody else uses, with a process that keeps it alive
(scripts/windows/wine.bash). Run by scripts/test-windows. What Wine does not enforce (access lists, the first instance of a pipe, the event log) is not
tested here: README.md, section Windows, says what a real Windows has to show.
"""
import json
import os
import re
import subprocess
import unittest

from stage import BUILD, PATIENCE, RULE, closed, configuration, kill, must, processes, publish, run, wait_for, windows, write

WWWROOT = "inetpub/wwwroot/web.config"
PIPE = "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\stopgap"


class Stage(unittest.TestCase):
    drive = None  # one for all tests, in their order: the service finds what the person's run left

    @classmethod
    def setUpClass(cls):
        if Stage.drive:
            return
        Stage.drive = closed("drive")
        os.mkdir(cls.drive)
        must("tests/make-drive.exe", windows(cls.drive))
        publish(RULE)
        configuration("stopgap.xml")


class Foreground(Stage):
    def setUp(self):
        self.processes = []
        self.addCleanup(self.end_all)

    def end_all(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()

    def daemon(self, *arguments):
        log = open(closed("stopgapd.log"), "ab")
        process = subprocess.Popen(["wine", os.path.join(BUILD, "stopgapd.exe"), "run", "--foreground", "--config", windows(closed("stopgap.xml")),
                                    "--root", "C=" + windows(self.drive), *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        self.processes.append(process)
        return process

    def ctl(self, *arguments):
        return run("stopgapctl.exe", *arguments, "--root", "C=" + windows(self.drive))

    def log(self):
        with open(closed("stopgapd.log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def status(self, process):
        """The status, once it answers; the process may not end before."""

        def answers():
            if process.poll() is not None:
                raise AssertionError(f"stopgapd ended with {process.returncode}:\n{self.log()}")
            status, text = self.ctl("status", "--json")
            return json.loads(text) if status == 0 else None

        return wait_for("an answer", answers)

    def state(self, id):
        status, text = self.ctl("list", "--json")
        rows = {m["id"]: m for m in json.loads(text)["mitigations"]} if status == 0 else {}
        return rows.get(id, {}).get("state")

    def web_config(self):
        with open(os.path.join(self.drive, WWWROOT), "rb") as f:
            return f.read()

    def test_1_a_mitigation_goes_in_and_comes_out_over_the_pipe_and_a_kill_between_loses_nothing(self):
        original = self.web_config()
        first = self.daemon()
        status = self.status(first)
        self.assertEqual(status["schema"], "stopgap.status.v1")
        code, text = self.ctl("refresh")
        self.assertEqual(code, 0, text)
        wait_for("W-1 applied\n" + self.log(), lambda: self.state("W-1") == "applied")
        self.assertIn(b"stopgap W-1 - inbound", self.web_config())

        # A second one on the same journal finds the first.
        second = self.daemon()
        self.assertEqual(second.wait(PATIENCE), 1)

        # What somebody else does to the file is noticed without being asked for.
        with open(os.path.join(self.drive, WWWROOT), "wb") as f:
            f.write(original)
        wait_for("W-1 removed by hand", lambda: self.state("W-1") == "blocked")
        code, text = self.ctl("apply", "W-1", "--reason", "it is to stay")
        self.assertEqual((code, self.state("W-1")), (0, "applied"), text)

        first.kill()
        first.wait()
        self.assertEqual(self.ctl("status")[0], 3)
        third = self.daemon()
        self.status(third)
        self.assertEqual(self.state("W-1"), "applied")

        code, text = self.ctl("rollback", "W-1", "--reason", "a test under Wine")
        self.assertEqual(code, 0, text)
        self.assertEqual(self.web_config(), original)
        code, text = self.ctl("history", "--json")
        asked = [line for line in json.loads(text)["lines"] if line["name"] == "rollback-asked"]
        self.assertRegex(asked[-1]["account"], r"\S+ \(S-1-5-21-[0-9-]+\)$")
        self.assertEqual(asked[-1]["reason"], "a test under Wine")
        code, text = self.ctl("apply", "W-1", "--reason", "again")
        self.assertEqual(code, 0, text)
        self.assertIn(b"stopgap W-1 - inbound", self.web_config())

    def test_2_nothing_is_sent_to_a_process_that_has_the_services_pipe_and_is_not_the_service(self):
        process = self.daemon("--socket", PIPE, "--any-machine")
        def refused():
            self.assertIsNone(process.poll(), self.log())
            code, text = run("stopgapctl.exe", "status")
            return text if code == 1 else None

        text = wait_for("a refusal", refused)
        self.assertIn("is not the service stopgap (it is not installed): nothing was sent", text)


class Service(Stage):
    def daemon(self, *arguments, status=0):
        code, text = run("stopgapd.exe", *arguments, patience=200)
        self.assertEqual(code, status, f"{arguments}: {text}")
        return text

    def setUp(self):
        self.addCleanup(run, "stopgapd.exe", "uninstall", "--keep")
        self.journal = windows(closed("journal"))

    def key(self, name):
        code, text = run("reg.exe", "query", "HKLM\\SYSTEM\\CurrentControlSet\\Services\\" + name)
        return text if code == 0 else None

    def state(self):
        """What the service manager says: its number and words."""
        code, text = run("sc.exe", "query", "stopgap")
        found = re.search(r"STATE\s*:\s*(\d+)", text)
        return int(found.group(1)) if found else None

    def ctl(self, *arguments):
        return run("stopgapctl.exe", *arguments)

    def test_its_life(self):
        for verb in ("start", "reload", "uninstall"):
            self.assertIn("is not installed", self.daemon(verb, status=1))
        for arguments in (("stop",), ("uninstall", "--keep"), ("uninstall", "--rollback")):  # what the package asks for, whatever was done by hand
            self.assertIn("is not installed: there is nothing to stop", self.daemon(*arguments))

        # Where others may put something else nothing of the service's is: the way to it is named.
        os.makedirs(closed("anybody/journal"))
        os.chmod(closed("anybody"), 0o777)
        for option, name in (("--config", "anybody/stopgap.xml"), ("--journal", "anybody/journal")):
            text = self.daemon("install", option, windows(closed(name)), status=1)
            self.assertRegex(text, r"is not safe where it is, as others may put something else there: S:\\anybody may be changed by ")
        self.assertIsNone(self.key("stopgap"))

        text = self.daemon("install", "--config", windows(closed("other.xml")), "--journal", self.journal)
        self.assertIn("made the service stopgap", text)
        image = re.search(r"ImagePath\s+REG_\w+\s+(.*)", self.key("stopgap")).group(1).strip()
        self.assertEqual(image, f'"{windows(BUILD + "/stopgapd.exe")}" run --config "{windows(closed("other.xml"))}" --journal "{self.journal}"')
        self.assertRegex(self.key("stopgap"), r"Start\s+REG_DWORD\s+0x2")
        source = self.key("EventLog\\Application\\stopgap")
        for value, text in (("EventMessageFile", windows(BUILD + "/stopgapd.exe")), ("CategoryMessageFile", windows(BUILD + "/stopgapd.exe")),
                            ("CategoryCount", "0x9"), ("TypesSupported", "0x7")):
            self.assertRegex(source, rf"{value}\s+REG_\w+\s+{re.escape(text)}\s")

        # An upgrade installs again: what is not said stays.
        text = self.daemon("install", "--config", windows(closed("stopgap.xml")))
        self.assertIn("mended the service stopgap", text)
        self.assertIn(f'--journal "{self.journal}"', self.key("stopgap"))
        self.assertIn("stopgap.xml", self.key("stopgap"))

        text = self.daemon("start")
        pid = int(re.search(r"as process (\d+)", text).group(1))
        self.assertEqual(self.state(), 4)
        self.assertIn("runs", self.daemon("start"))
        code, text = self.ctl("status", "--json")
        self.assertEqual(code, 0, text)
        status = json.loads(text)
        self.assertEqual(status["pid"], pid)
        self.assertEqual([feed["name"] for feed in status["feeds"]], ["corp"])

        # A parameter change reads the configuration again.
        write(closed("stopgap.xml"), '<stopgap xmlns="urn:stopgap:config:1" mode="observe"/>')
        self.daemon("reload")
        wait_for("mode observe", lambda: json.loads(self.ctl("status", "--json")[1])["mode"] == "observe")

        # One that others may change is not obeyed, and it is said who they are.
        write(closed("stopgap.xml"), '<stopgap xmlns="urn:stopgap:config:1" mode="enforce"/>')
        os.chmod(closed("stopgap.xml"), 0o666)
        self.daemon("reload")
        text = wait_for("a refusal", lambda: re.search(r"the last good one is in force.*", self.ctl("doctor")[1])).group(0)
        self.assertRegex(text, r"stopgap\.xml may be changed by .*S-1-1-0\): icacls ")
        self.assertEqual(json.loads(self.ctl("status", "--json")[1])["mode"], "observe")
        os.chmod(closed("stopgap.xml"), 0o644)
        self.daemon("reload")
        wait_for("mode enforce", lambda: json.loads(self.ctl("status", "--json")[1])["mode"] == "enforce")

        # A service that was killed starts again on the same journal.
        found = processes("stopgapd.exe", " run ", "stopgap.xml")
        self.assertEqual(len(found), 1)
        kill(found[0])
        wait_for("nobody answers", lambda: self.ctl("status")[0] == 3)
        self.daemon("start")
        self.assertNotEqual(json.loads(self.ctl("status", "--json")[1])["pid"], pid)

        text = self.daemon("stop")
        self.assertIn("mitigations stay in place", text)
        self.assertEqual(self.state(), 1)
        code, text = self.ctl("status")
        self.assertEqual(code, 3, text)
        self.assertIn("Start it (stopgapd start)", text)
        self.assertIn("was not running", self.daemon("stop"))
        self.daemon("start")
        self.assertEqual(self.state(), 4)

        text = self.daemon("uninstall")
        self.assertIn("are gone", text)
        self.assertIsNone(self.key("stopgap"))
        self.assertIsNone(self.key("EventLog\\Application\\stopgap"))
        self.assertEqual(self.ctl("status")[0], 3)
        self.assertTrue(os.path.exists(closed("journal")))

    def test_removal_is_refused_while_something_is_held(self):
        """The journal is the drive's: the other test left W-1 applied in it."""
        journal = windows(os.path.join(self.drive, "ProgramData", "stopgap", "journal"))
        self.daemon("install", "--config", windows(closed("stopgap.xml")), "--journal", journal)
        text = self.daemon("uninstall", status=5)
        self.assertIn("mitigations are in place: W-1", text)
        self.assertIsNotNone(self.key("stopgap"))
        text = self.daemon("uninstall", "--keep")
        self.assertIn("W-1 stays in place", text)
        self.assertIsNone(self.key("stopgap"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
