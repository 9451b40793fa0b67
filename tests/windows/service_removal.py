#!/usr/bin/env python3
"""service_removal.py BUILD - what `stopgapd uninstall` does with mitigations whose service was taken away by hand, whose journal is elsewhere, or that go in
while it looks. Run by scripts/test-windows in a prefix of its own: the drive C: is this Windows' own.
"""
import os
import re
import shutil
import unittest

from stage import DRIVE_C, RULE, closed, configuration, must, processes, publish, read, run, wait_for, windows

WEB_CONFIG = "inetpub/wwwroot/web.config"
MARK = b"stopgap W-1 - inbound"
KEY = "HKLM\\SOFTWARE\\stopgap"
SERVICE = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\"


class Removal(unittest.TestCase):
    original = None

    @classmethod
    def setUpClass(cls):
        must("tests/make-drive.exe", "C:")
        publish(RULE)
        configuration("stopgap.xml")
        cls.original = read(DRIVE_C, WEB_CONFIG)

    def setUp(self):
        self.journal = windows(closed("elsewhere/journal"))
        self.addCleanup(self.clean)

    def clean(self):
        run("stopgapd.exe", "uninstall", "--keep")
        for journal in (self.journal, windows(closed("moved"))):
            if os.path.isdir(closed(journal[3:].replace("\\", "/"))):
                run("stopgapd.exe", "--once", "rollback", "--all", "--journal", journal)
        for name in ("elsewhere", "moved"):
            shutil.rmtree(closed(name), ignore_errors=True)
        run("reg.exe", "delete", KEY, "/v", "Journal", "/f")
        self.assertEqual(self.web_config(), self.original)

    def daemon(self, *arguments, status=0):
        code, text = run("stopgapd.exe", *arguments, patience=200)
        self.assertEqual(code, status, f"{arguments}: {text}")
        return text

    def web_config(self):
        return read(DRIVE_C, WEB_CONFIG)

    def remembered(self, value):
        code, text = run("reg.exe", "query", KEY, "/v", value)
        return re.search(value + r"\s+REG_SZ\s+(.*)", text).group(1).strip() if code == 0 else None

    def has_key(self, name):
        return run("reg.exe", "query", SERVICE + name)[0] == 0

    def apply(self):
        os.makedirs(closed("elsewhere"), exist_ok=True)
        self.daemon("install", "--config", windows(closed("stopgap.xml")), "--journal", self.journal, "--start")
        run("stopgapctl.exe", "refresh")
        wait_for(lambda: "W-1 applied\n" + run("stopgapctl.exe", "list")[1], lambda: MARK in self.web_config())

    def delete(self):
        """Wine's manager may still be busy with a process that has just ended."""
        wait_for("the service is gone", lambda: run("sc.exe", "delete", "stopgap")[0] == 0 or not self.has_key("stopgap"))
        self.assertFalse(self.has_key("stopgap"))

    def take_away_by_hand(self):
        self.daemon("stop")
        self.delete()

    def test_a_journal_elsewhere_is_found_when_the_service_was_taken_away_by_hand(self):
        self.apply()
        self.assertEqual((self.remembered("Journal"), self.remembered("Config")), (self.journal, windows(closed("stopgap.xml"))))
        self.take_away_by_hand()
        text = self.daemon("uninstall", "--rollback")
        self.assertIn("1 mitigation rolled back", text)
        self.assertEqual(self.web_config(), self.original)
        self.assertEqual((self.remembered("Journal"), self.remembered("Config")), (None, None))
        self.daemon("uninstall", "--rollback")  # nothing is known of any more, and nothing stands in the way

    def test_what_was_kept_stays_known_and_the_next_installation_goes_on_with_it(self):
        self.apply()
        text = self.daemon("uninstall", "--keep")
        self.assertIn(f"W-1 stays in place; \"stopgapd --once rollback W-1 --journal {self.journal}\" takes it out", text)
        self.assertEqual(self.remembered("Journal"), self.journal)
        text = self.daemon("install")
        self.assertIn(f'--config "{windows(closed("stopgap.xml"))}" --journal "{self.journal}"', text)
        self.assertIn("1 mitigation rolled back", self.daemon("uninstall", "--rollback"))
        self.assertEqual(self.web_config(), self.original)
        self.assertIsNone(self.remembered("Journal"))

    def test_a_journal_that_is_known_and_not_there_is_no_empty_one(self):
        self.apply()
        self.take_away_by_hand()
        os.rename(closed("elsewhere/journal"), closed("moved"))
        text = self.daemon("uninstall", "--rollback", status=5)
        self.assertIn(f"the journal's folder {self.journal} is not there, so that nobody can tell", text)
        self.assertEqual(self.remembered("Journal"), self.journal)
        os.mkdir(closed("elsewhere/empty"))
        text = self.daemon("uninstall", "--rollback", "--journal", windows(closed("elsewhere/empty")), status=5)
        self.assertIn("holds no journal", text)
        self.assertIn("is not there", self.daemon("uninstall", "--keep"))
        self.assertEqual(self.remembered("Journal"), self.journal)
        self.assertIn(MARK, self.web_config())
        text = self.daemon("uninstall", "--rollback", "--journal", windows(closed("moved")))
        self.assertIn("1 mitigation rolled back", text)
        self.assertEqual(self.web_config(), self.original)
        self.assertIsNone(self.remembered("Journal"))

    def test_the_same_with_the_service_there_and_it_runs_on(self):
        self.apply()
        self.daemon("stop")
        os.rename(closed("elsewhere/journal"), closed("moved"))
        self.assertIn("is not there", self.daemon("uninstall", status=5))
        self.assertTrue(self.has_key("stopgap"))
        os.rename(closed("moved"), closed("elsewhere/journal"))
        os.rename(closed("elsewhere/journal/journal.mdb"), closed("journal.mdb"))
        self.assertIn("has lost its journal.mdb", self.daemon("uninstall", "--rollback", status=5))
        os.rename(closed("journal.mdb"), closed("elsewhere/journal/journal.mdb"))
        self.daemon("uninstall", "--rollback")
        self.assertEqual(self.web_config(), self.original)

    def test_one_that_never_ran_is_in_no_removals_way(self):
        self.daemon("uninstall", "--rollback")  # never made
        self.daemon("install", "--config", windows(closed("stopgap.xml")))
        self.assertTrue(os.path.isdir(os.path.join(DRIVE_C, "ProgramData", "stopgap", "journal")))
        self.delete()
        self.daemon("uninstall", "--rollback")
        self.assertIsNone(self.remembered("Journal"))
        self.daemon("install", "--config", windows(closed("stopgap.xml")))
        self.assertIn("are gone", self.daemon("uninstall"))

    def test_a_refused_removal_leaves_the_service_as_it_was(self):
        self.apply()
        held = self.web_config()
        found = processes("stopgapd.exe", " run ", "stopgap.xml")
        self.assertEqual(len(found), 1)
        self.assertIn("mitigations are in place: W-1", self.daemon("uninstall", status=5))
        self.assertEqual(processes("stopgapd.exe", " run ", "stopgap.xml"), found)
        self.assertTrue(self.has_key("EventLog\\Application\\stopgap"))
        self.assertEqual(self.web_config(), held)
        self.assertIn("1 mitigation rolled back", self.daemon("uninstall", "--rollback"))


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
