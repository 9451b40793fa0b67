#!/usr/bin/env python3
"""msi_elsewhere.py BUILD - the package where an administrator did something of his own: another folder, a service that was taken away by hand, a program that
was deleted, a property that is no path. See msi_stage.py.
"""
import os
import re
import unittest

from msi_stage import DATA, DRIVE, WEB_CONFIG, Stage, must, read, run, windows

FOLDER = "C:\\Programs of ours\\stopgap\\"
ENVIRONMENT = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment"


class Elsewhere(Stage):
    programs = os.path.join(DRIVE, "Programs of ours", "stopgap")
    versions = ("0.1.0", "0.1.1", "0.1.2")

    def seed(self):
        return "CONFIG=" + windows(self.path("first.xml")), "ANCHOR=" + windows(self.path("keys/root.pem"))

    def on_path(self):
        """How often the folder is on the system's path."""
        text = re.search(r"(?i)\bPath\s+REG_\w+\s+(.*)", must("reg.exe", "query", ENVIRONMENT, "/v", "Path")).group(1)
        self.assertIn("system32", text.lower())
        return text.strip().split(";").count(FOLDER)

    def assert_here(self):
        self.assertIn(f'"{FOLDER}stopgapd.exe" run', self.key("stopgap"))
        self.assertTrue(os.path.exists(self.programs + "/stopgapd.exe"))
        self.assertFalse(os.path.exists(os.path.join(DRIVE, "Program Files", "stopgap")))
        self.assertEqual(self.on_path(), 1)
        self.assert_held()

    def test_1_a_property_with_a_bar_starts_nothing(self):
        for properties in ((*self.seed(), "MODE=enforce|--journal=C:\\elsewhere"), (*self.seed(), "MODE=|--mode=enforce"), ("INSTALLDIR=" + FOLDER, "CONFIG=|install|--start")):
            log = self.msiexec("/i", "old.msi", *properties, fails=True)
            self.assertIn("holds a bar (|), which no path and no mode does: nothing was started", log)
            self.assertFalse(any('"install"' in line for line in log.split("\n") if line.startswith("stopgap: ")), log[-4000:])
            self.assert_gone()
            self.assertFalse(os.path.exists(DATA + "/stopgap.xml"))

    def test_2_it_goes_where_it_is_told_to(self):
        self.msiexec("/i", "old.msi", "INSTALLDIR=" + FOLDER, "MODE=enforce", *self.seed())
        self.assert_here()
        status, text = run("cmd.exe", "/c", "stopgapctl status")  # by its name alone
        self.assertEqual(status, 0, text)

    def test_3_upgrade_and_repair_stay_there(self):
        held = read(WEB_CONFIG)
        repair = "REINSTALL=ALL", "REINSTALLMODE=amus"
        for properties in (("INSTALLDIR=C:\\Another",), repair, (*repair, "INSTALLDIR=C:\\Another", "FOLDERINPLACE=C:\\Another\\")):
            log = self.msiexec("/i", "new.msi", *properties)
            self.assertIn("has stopped; mitigations stay in place", log)
            self.assertEqual(self.installed(), "0.1.1")
            self.assertFalse(os.path.exists(DRIVE + "/Another"))
            self.assertEqual(read(WEB_CONFIG), held)
            self.assert_here()

    def test_4_a_service_that_was_taken_away_by_hand_is_in_no_upgrades_way(self):
        held = read(WEB_CONFIG)
        self.assertIn("W-1 stays in place", must(self.programs + "/stopgapd.exe", "uninstall", "--keep"))
        self.assert_gone()
        log = self.msiexec("/i", "newer.msi")
        self.assertIn("stopgap: the service stopgap is not installed: there is nothing to stop", log)
        self.assertIn("stopgap: made the service stopgap", log)
        self.assertEqual(self.installed(), "0.1.2")
        self.assertEqual(read(WEB_CONFIG), held)
        self.assert_here()

    def test_5_a_repair_brings_back_a_program_that_was_deleted(self):
        must(self.programs + "/stopgapd.exe", "stop")
        os.unlink(self.programs + "/stopgapd.exe")
        log = self.msiexec("/i", "newer.msi", "REINSTALL=ALL", "REINSTALLMODE=amus")
        self.assertIn("stopgap: the program is not there: there is nothing to stop", log)
        self.assert_here()

    def test_6_a_service_that_was_taken_away_by_hand_is_in_no_removals_way(self):
        must(self.programs + "/stopgapd.exe", "uninstall", "--keep")
        log = self.msiexec("/x", "newer.msi")
        self.assertIn("stopgap: the service stopgap is not installed: there is nothing to stop", log)
        self.assertIn("1 mitigation rolled back", log)
        self.assertEqual(read(WEB_CONFIG), self.original)
        self.assert_gone()
        self.assertFalse(os.path.exists(self.programs))
        self.assertEqual(self.on_path(), 0)
        self.assertEqual(self.installed(), "")


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
