#!/usr/bin/env python3
"""msi.py BUILD - the package under Wine, silently: installed with a seed, upgraded with a mitigation in place, removed with and without what it holds. See
msi_stage.py.
"""
import glob
import os
import re
import unittest

from msi_stage import DATA, DRIVE, WEB_CONFIG, Stage, must, read, run, windows

PROGRAMS = os.path.join(DRIVE, "Program Files", "stopgap")


class Package(Stage):
    def test_1_a_wrong_seed_installs_nothing(self):
        for properties, said in ((("CONFIG=" + windows(self.path("wrong.xml")),), "wrong.xml:4: "),
                                 (("CONFIG=" + windows(self.path("none.xml")),), "none.xml"),
                                 (("CONFIG=" + windows(self.path("first.xml")),), "root.pem"),
                                 (("CONFIG=" + windows(self.path("first.xml")), "ANCHOR=" + windows(self.path("keys/root.pem")), "MODE=sometimes"), "sometimes"),
                                 (("MODE=observe",), "name that, too")):
            log = self.msiexec("/i", "old.msi", *properties, fails=True)
            self.assertRegex(log, "stopgap: stopgapd: .*" + re.escape(said))
            self.assert_gone()
            self.assertFalse(os.path.exists(DATA + "/stopgap.xml"))
            self.assertEqual(glob.glob(DATA + "/*/*.pem"), [])

    def test_2_a_silent_installation_begins_with_its_seed(self):
        log = self.msiexec("/i", "old.msi", "CONFIG=" + windows(self.path("first.xml")), "ANCHOR=" + windows(self.path("keys/root.pem")), "MODE=enforce")
        self.assertIn("stopgap: made the service stopgap", log)
        self.assertEqual(read(DATA + "/stopgap.xml"), read(self.path("first.xml")).replace(b"observe", b"enforce"))
        self.assertEqual(read(DATA + "/anchors/root.pem"), read(self.path("keys/root.pem")))
        self.assertIn('"C:\\Program Files\\stopgap\\stopgapd.exe" run', self.key("stopgap"))
        self.assertIn("stopgapd.exe", self.key("EventLog\\Application\\stopgap"))
        for name in ("stopgapctl.exe", "stopgap-feed.exe", "stopgap-journal.exe", "README.md", "LICENSE", "schemas/config.xsd", "schemas/examples/stopgap.xml"):
            self.assertTrue(os.path.exists(os.path.join(PROGRAMS, name)), name)
        self.assert_held()

    def test_3_an_upgrade_and_a_repair_touch_nothing_that_is_held(self):
        held, config, identity = read(WEB_CONFIG), read(DATA + "/stopgap.xml"), os.stat(WEB_CONFIG)
        other = "|--config=" + windows(self.path("wrong.xml"))  # whoever repairs may say properties, and is not always an administrator
        for properties in (("CONFIG=" + windows(self.path("wrong.xml")),), ("REINSTALL=ALL", "REINSTALLMODE=amus", "MODE=observe" + other)):
            log = self.msiexec("/i", "new.msi", *properties)
            ours = [line for line in log.split("\n") if line.startswith("stopgap: ")]
            self.assertTrue(any(line.endswith('"install" "--start"') for line in ours), ours)
            self.assertFalse(any("wrong.xml" in line for line in ours), ours)
            self.assertIn("has stopped; mitigations stay in place", log)
            self.assertNotIn("rolled back", log)
            self.assert_running()
            self.assertEqual(read(WEB_CONFIG), held)
            self.assertEqual((os.stat(WEB_CONFIG).st_ino, os.stat(WEB_CONFIG).st_mtime_ns), (identity.st_ino, identity.st_mtime_ns))
            self.assertEqual(read(DATA + "/stopgap.xml"), config)
            self.assertTrue(os.path.exists(PROGRAMS + "/schemas/config.xsd"))
            self.assertIn("0.1.1", self.installed())
            self.assertNotIn("0.1.0", self.installed())
            self.assert_held()

    def test_4_removal_is_refused_with_the_list_while_somebody_elses_edit_is_in_the_way(self):
        held = read(WEB_CONFIG)
        drifted = held.replace(b'pattern="evil"', b'pattern="less"')
        self.assertNotEqual(drifted, held)
        with open(WEB_CONFIG, "wb") as f:
            f.write(drifted)

        # What the package asks for, of a service that is stopped: it stays so.
        must(PROGRAMS + "/stopgapd.exe", "stop")
        status, text = run(PROGRAMS + "/stopgapd.exe", "uninstall", "--rollback")
        self.assertEqual(status, 5, text)
        self.assertIn("nothing was changed", text)
        self.assertIsNotNone(self.key("stopgap"))
        self.assertFalse(self.is_running())
        must(PROGRAMS + "/stopgapd.exe", "start")

        log = self.msiexec("/x", "new.msi", fails=True)
        self.assertRegex(log, r"stopgap:   W-1: .*web\.config")
        self.assertRegex(log, "stopgap: stopgapd: not everything would be given back, and nothing was changed: .* W-1")
        self.assertEqual(read(WEB_CONFIG), drifted)
        self.assert_running()
        for name in ("stopgapd.exe", "stopgapctl.exe", "schemas/config.xsd"):
            self.assertTrue(os.path.exists(os.path.join(PROGRAMS, name)), name)
        with open(WEB_CONFIG, "wb") as f:
            f.write(held)
        self.assert_held()

    def test_5_keep_leaves_what_is_held_and_says_so(self):
        held = read(WEB_CONFIG)
        log = self.msiexec("/x", "new.msi", "KEEP=1")
        self.assertIn("W-1 stays in place", log)
        self.assertEqual(read(WEB_CONFIG), held)
        self.assert_gone()
        self.assertFalse(os.path.exists(PROGRAMS + "/stopgapd.exe"))
        self.assertTrue(os.path.exists(DATA + "/stopgap.xml"))

    def test_6_removal_gives_everything_back(self):
        self.msiexec("/i", "new.msi", "CONFIG=" + windows(self.path("wrong.xml")))  # there is a configuration: this one is not looked at
        self.assert_held()
        log = self.msiexec("/x", "new.msi")
        self.assertIn("1 mitigation rolled back", log)
        self.assertEqual(read(WEB_CONFIG), self.original)
        self.assert_gone()
        self.assertFalse(os.path.exists(PROGRAMS + "/stopgapd.exe"))
        self.assertTrue(os.path.exists(DATA + "/journal"))
        self.assertEqual(self.installed(), "")


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
