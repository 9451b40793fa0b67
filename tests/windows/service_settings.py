#!/usr/bin/env python3
"""service_settings.py BUILD - the service as `stopgapd install` leaves it with the service control manager, what it mends, what it leaves to an
administrator; and who may open its pipe after its configuration was read again.

Wine takes some settings, refuses others, and keeps some without telling: each is looked at by service_look.exe, and what is refused has to be the very
list that install says. Run by scripts/test-windows in a prefix of its own.
"""
import json
import re
import unittest

from stage import closed, must, run, wait_for, windows, write

PIPE = "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\stopgap"
WANTED = {  # by the name that install has for it: tests/unit/test_service_settings.c compares them with what people are told
    "failure actions": ("restarts", [5000, 60000, 300000]),
    "failure actions on errors": ("restart_on_error", True),
    "delayed start": ("delayed", False),
    "preshutdown time": ("preshutdown_ms", 0x1D4C0),
    "service SID": ("sid_type", 1),
    "required privileges": ("privileges", ["SeChangeNotifyPrivilege", "SeRestorePrivilege", "SeIncreaseQuotaPrivilege", "SeAssignPrimaryTokenPrivilege",
                                           "SeTcbPrivilege"]),
}
TAKEN = {"description", "preshutdown time"}  # by Wine 8, and told again
SILENT = {"failure actions"}                 # Wine 8 takes it and forgets it
CONFIG = '<stopgap xmlns="urn:stopgap:config:1" mode="observe">{}</stopgap>'


def look():
    return json.loads(must("tests/service_look.exe", "stopgap"))


def change(*words):
    must("tests/service_look.exe", "stopgap", *words)


def depends_on():
    """As the registry has it: Wine's manager does not tell."""
    text = must("reg.exe", "query", "HKLM\\SYSTEM\\CurrentControlSet\\Services\\stopgap")
    return {name: value.strip() for name, value in re.findall(r"(DependOn\w+)\s+REG_MULTI_SZ(.*)", text) if value.strip()}


def refused(text):
    """The settings that install says are not taken, and the errors."""
    found = re.search(r"^note: this system does not take these of the service's settings: (.*)$", text, re.M)
    return dict(re.findall(r"([a-zA-Z ]+?) \(error (\d+)\)(?:, )?", found.group(1))) if found else {}


def pipe():
    """The entries of its access list; None: nobody listens."""
    status, text = run("tests/service_look.exe", "--pipe", PIPE)
    return re.findall(r"\(([^)]*)\)", text) if status == 0 else None


class Settings(unittest.TestCase):
    def setUp(self):
        self.addCleanup(run, "stopgapd.exe", "uninstall", "--keep")
        self.config = write(closed("stopgap.xml"), CONFIG.format(""))
        self.journal = windows(closed("journal"))

    def install(self, *words):
        return must("stopgapd.exe", "install", "--config", windows(self.config), "--journal", self.journal, *words)

    def test_all_that_is_asked_for_is_there_or_is_named_as_refused(self):
        text = self.install()
        said, seen = refused(text), look()
        print(f"refused: {said}; not told: {seen['refused']}")
        self.assertEqual((seen["type"], seen["start"], seen["error_control"], seen["account"]), (0x10, 2, 1, "LocalSystem"))
        self.assertEqual((seen["depends_on"], seen["display"]), ([], "stopgap interim mitigations"))
        self.assertEqual(set(said.values()) - {"124"}, set(), "Windows knows all of them; Wine says that it knows no such level")
        self.assertLessEqual(set(said), set(WANTED))
        self.assertFalse(set(said) & TAKEN)
        for name, (key, value) in WANTED.items():
            with self.subTest(name=name):
                if name in seen["refused"]:
                    self.assertTrue(name in said or name in SILENT, f"{name} was taken, and cannot be told")
                elif name not in said:
                    self.assertEqual(seen[key], value)
        self.assertIn("Stopping it leaves mitigations in place", seen["description"])
        again = refused(self.install())  # an upgrade asks for the same, but for how it starts
        self.assertEqual(again, {name: error for name, error in said.items() if name != "delayed start"})

    def test_what_others_made_it_depend_on_is_mended(self):
        self.install()
        change("depend", "W3SVC", "+NetworkProvider")
        self.assertEqual(depends_on(), {"DependOnService": "W3SVC", "DependOnGroup": "NetworkProvider"})
        self.install()
        self.assertEqual(depends_on(), {})

    def test_how_it_starts_is_the_administrators_once_it_is_there(self):
        self.install()
        for start, words in ((3, "when asked"), (4, "never: it is disabled"), (2, "with the system")):
            change("start", str(start))
            self.assertIn(f"mended the service stopgap, which starts {words}", self.install())
            self.assertEqual(look()["start"], start)
        change("start", "4")
        text = self.install("--start")
        self.assertIn("the service stopgap is disabled, and was not started", text)
        self.assertRegex(must("sc.exe", "query", "stopgap"), r"STATE\s*: 1 ")
        self.assertEqual(look()["start"], 4)
        status, text = run("stopgapd.exe", "start")
        self.assertEqual(status, 5, text)
        self.assertIn("is disabled: sc.exe config stopgap start= auto lets it start", text)
        change("start", "2")
        self.assertIn("runs, as process", self.install("--start"))

    def test_it_takes_the_controls_of_its_table_and_no_other(self):
        self.install("--start")
        change("control", "4")
        for control in (2, 3):  # pause and continue: it does not say that it takes them
            self.assertIn("error 1052", run("tests/service_look.exe", "stopgap", "control", str(control))[1])
        for control in (128, 255):  # of users: the manager hands all of them on, and Wine's keeps what was answered to itself
            run("tests/service_look.exe", "stopgap", "control", str(control))
        self.assertRegex(must("sc.exe", "query", "stopgap"), r"STATE\s*: 4 ")
        self.assertEqual(run("stopgapctl.exe", "status")[0], 0)
        change("control", "1")
        wait_for("its end", lambda: re.search(r"STATE\s*: 1 ", run("sc.exe", "query", "stopgap")[1]))

    def test_another_access_is_the_pipes_at_once_and_for_whoever_comes_next(self):
        self.install("--start")
        before = wait_for("a pipe", pipe)
        self.assertFalse([entry for entry in before if entry.endswith((";BO", ";;;AU"))], before)
        write(self.config, CONFIG.format('<access read="S-1-5-32-551" change="S-1-5-11"/>'))
        must("stopgapd.exe", "reload")
        after = wait_for("another list", lambda: (lambda now: now if now and now != before else None)(pipe()))
        print(f"before {before}\nafter  {after}")
        self.assertEqual(sorted(set(after) - set(before)), ["A;;0x12019b;;;AU", "A;;0x12019b;;;BO"])
        self.assertEqual(set(before) - set(after), set())
        self.assertEqual(run("stopgapctl.exe", "status")[0], 0)

        # One that cannot be obeyed changes nothing.
        write(self.config, CONFIG.format('<access read="nobody of this name"/>'))
        must("stopgapd.exe", "reload")
        wait_for("a refusal", lambda: "the last good one is in force" in run("stopgapctl.exe", "doctor")[1])
        self.assertEqual(pipe(), after)
        write(self.config, CONFIG.format(""))
        must("stopgapd.exe", "reload")
        wait_for("the list as it was", lambda: pipe() == before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
