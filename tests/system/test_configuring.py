#!/usr/bin/env python3
"""test_configuring - which configuration the real daemon has in force: the file's, the journal's last good one, or none."""
import os
import signal
import subprocess

import harness
from harness import inbound, wait_for


class Configuring(harness.Stage):
    def test_a_wrong_file_keeps_the_last_good_configuration(self):
        self.publish(1, inbound("CORP-1"))
        daemon = self.start()
        self.wait_state("CORP-1", "applied")
        with open(self.path("stopgap.xml"), encoding="utf-8") as f:
            good = f.read()
        self.write("stopgap.xml", good.replace('every="1s"', 'every="soon"'))
        daemon.signal(signal.SIGHUP)
        error = wait_for("the error in status", lambda: self.call("status")["config"]["error"])
        self.assertIn("stopgap.xml:5", error)
        self.assertIn("every", error)
        self.assertIn("mend it, then reload stopgapd", error)
        polls = len(self.server.asked)
        wait_for("polls that go on", lambda: len(self.server.asked) > polls)
        daemon.stop()
        daemon = self.start()
        status = self.call("status")
        self.assertTrue(status["config"]["last_good"])
        self.assertEqual([feed["name"] for feed in status["feeds"]], ["corp"])
        self.write("stopgap.xml", good.replace('mode="enforce"', 'mode="observe"'))
        daemon.signal(signal.SIGHUP)
        wait_for("the new mode", lambda: self.call("status")["mode"] == "observe")
        self.assertIsNone(self.call("status")["config"]["error"])

    def test_the_last_good_configuration_stays_although_its_anchor_is_refused_and_trusts_nobody(self):
        self.publish(1, inbound("CORP-1"))
        self.start().stop()
        root = self.signer.path("root.pem")
        os.chmod(root, 0o666)
        for config in ("stopgap.xml", None, "stopgap.xml"):  # again and again: what was good is not forgotten by a start
            daemon = self.start(config=config, refresh=False)
            status = self.call("status")
            self.assertEqual([feed["name"] for feed in status["feeds"]], ["corp"])
            self.assertTrue(status["config"]["last_good"])
            self.assertIn("root.pem", status["config"]["error"])
            self.assertEqual(self.row("CORP-1")["state"], "applied")
            self.assertNotIn("ever in force", daemon.text())
            self.assertRegex(daemon.text(), r"ERROR 1003 .*root\.pem.*; until that is mended .*nothing new is accepted")
            daemon.stop()
        self.publish(2, inbound("CORP-1"), inbound("CORP-2", word="owa"))
        daemon = self.start(refresh=False)
        asked = len(self.server.asked)
        wait_for("a poll", lambda: len(self.server.asked) > asked + 1)
        with self.assertRaises(AssertionError):
            self.wait_state("CORP-2", "applied", patience=1.5)
        self.assertEqual(self.row("CORP-1")["state"], "applied")
        os.chmod(root, 0o644)
        daemon.signal(signal.SIGHUP)
        self.wait_state("CORP-2", "applied")
        self.assertIsNone(self.call("status")["config"]["error"])

    def test_without_a_file_the_journal_s_last_good_one_is_in_force(self):
        self.publish(1, inbound("CORP-1"))
        self.start().stop()
        self.start(config=None)
        self.assertEqual([feed["name"] for feed in self.call("status")["feeds"]], ["corp"])

    def check_config(self):
        result = subprocess.run(
            [os.path.join(harness.BUILD, "stopgapd"), "--check-config", "--config", self.path("stopgap.xml")],
            capture_output=True,
            text=True,
            timeout=60,
        )
        return result.returncode, result.stdout, result.stderr

    def test_what_the_service_would_refuse_for_its_accounts_is_not_called_good(self):
        self.publish(1)
        self.start().stop()
        status, out, error = self.check_config()
        self.assertEqual((status, error), (0, ""))
        self.assertIn("good, 1 feed", out)
        with open(self.path("stopgap.xml"), encoding="utf-8") as f:
            good = f.read()
        self.write("stopgap.xml", good.replace("</stopgap>", '<access change="nosuchuser"/></stopgap>'))
        status, out, error = self.check_config()
        self.assertEqual((status, out), (1, ""))
        self.assertIn('there is no account "nosuchuser"', error)

    def test_a_configuration_that_everybody_may_write_is_obeyed_and_named(self):
        self.publish(1)
        os.chmod(self.path("stopgap.xml"), 0o644)
        self.start()
        checks = {check["check"]: check for check in self.call("doctor")["checks"]}
        self.assertEqual(checks["configuration"]["status"], "ok")
        os.chmod(self.path("stopgap.xml"), 0o666)
        status, out, error = self.check_config()
        self.assertEqual(status, 0)
        self.assertIn("good, 1 feed", out)
        self.assertRegex(error, r"warning: others may change .*stopgap\.xml \(mode 666\)")
        checks = {check["check"]: check for check in self.call("doctor")["checks"]}
        self.assertEqual(checks["configuration"]["status"], "warn")
        self.assertIn("mode 666", checks["configuration"]["text"])

    def test_a_file_that_was_never_good_is_named_with_what_to_do(self):
        daemon = self.start(config="nosuch.xml", refresh=False)
        self.assertEqual(self.call("status")["verdict"], "EXPOSED")
        daemon.stop()
        daemon = self.start(config="nosuch.xml", refresh=False)
        daemon.stop()
        self.assertEqual(daemon.text().count("no configuration was ever in force"), 2, daemon.text())
        self.assertNotIn("last good", daemon.text())
        self.assertRegex(daemon.text(), r"ERROR 1003 .*nosuch\.xml.*; mend it, then reload stopgapd")

    def test_without_any_configuration_it_runs_and_says_exposed(self):
        self.start(config=None)
        status = self.call("status")
        self.assertEqual(status["verdict"], "EXPOSED")
        self.assertIn("no feed", status["why"])
        with self.assertRaises(harness.RpcError) as caught:
            self.call("refresh")
        self.assertEqual(caught.exception.exit, 5)

    def test_a_block_of_the_configuration_comes_and_goes_with_a_reload(self):
        self.publish(1, inbound("CORP-1"))
        daemon = self.start()
        self.wait_state("CORP-1", "applied")
        self.write_config(more='<policy><block id="CORP-1" reason="calendar printing needed"/></policy>')
        daemon.signal(signal.SIGHUP)
        self.wait_state("CORP-1", "blocked")
        self.assertEqual(self.changed(), [])
        self.write_config()
        daemon.signal(signal.SIGHUP)
        self.wait_state("CORP-1", "applied")


if __name__ == "__main__":
    harness.main()
