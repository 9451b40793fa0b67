#!/usr/bin/env python3
"""test_daemon - the real daemon against a real HTTPS server: what it does to the drive, and that it gives every byte back.

Promises shown here on the whole program: P2, P3, P5, P6, P7, P9, P10, P12, P14 (design.md section 6)."""
import os
import random
import shutil
import signal
import subprocess
import time
import unittest

import harness
from harness import HEARTBEAT, OWA, TOMBSTONE, WWWROOT, inbound, names_of, outbound, wait_for
from lxml_judge import judge


class Applying(harness.Stage):
    def test_polls_within_five_seconds_and_changes_only_what_is_addressed(self):
        self.publish(1, inbound("CORP-1"), outbound("CORP-2"), HEARTBEAT.format(id="PING1"))
        daemon = self.start(refresh=False)
        wait_for("the first poll", lambda: self.server.asked, 5)
        self.assertLess(self.server.asked[0][0] - daemon.started, 5.0)
        for id in ("CORP-1", "CORP-2", "PING1"):
            self.assertEqual(self.wait_state(id, "applied")["verdict"], "IN FORCE")
        self.assertEqual(self.changed(), sorted([WWWROOT, OWA]))
        judge(self.original[WWWROOT][1], self.drive.read(WWWROOT), names_of("CORP-1", "inbound"))
        judge(self.original[OWA][1], self.drive.read(OWA), names_of("CORP-2", "outbound"))
        self.assertEqual(self.original[OWA][0], self.drive.snapshot()[OWA][0], "the file's mode")
        shown = self.call("show", id="CORP-1", by_hand=True)
        self.assertEqual([t["passed"] for t in shown["tests"]], [True, True])
        self.assertIn("appcmd", shown["by_hand"]["apply"])
        status = self.call("status")
        self.assertEqual((status["verdict"], status["pid"]), ("PROTECTED", daemon.process.pid))
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(self.changed(), sorted([WWWROOT, OWA]), "stopping leaves mitigations in place (P14)")

    def test_an_unchanged_feed_is_asked_for_with_its_etag(self):
        self.publish(1, inbound("CORP-1"))
        self.start()
        self.wait_state("CORP-1", "applied")
        wait_for("an answer 304", lambda: any(status == 304 for _, status, _ in self.server.asked))
        done = self.call("refresh")
        self.assertFalse(done["changed"])
        self.assertEqual(sum(status == 200 for _, status, _ in self.server.asked), 1)

    def test_refresh_polls_now_and_answers_when_all_is_done(self):
        self.FEED_EVERY = "1h"
        self.write_config()
        self.publish(1, inbound("CORP-1"))
        self.start()
        self.wait_state("CORP-1", "applied")
        self.publish(2, inbound("CORP-1"), outbound("CORP-2"))
        done = self.call("refresh")
        self.assertTrue(done["changed"])
        self.assertIn("serial 2", done["text"])
        self.assertEqual(self.row("CORP-2")["state"], "applied")
        with self.assertRaises(harness.RpcError) as caught:
            self.call("refresh", feed="nobody")
        self.assertIn("nobody", caught.exception.message)

    def test_a_newer_body_supersedes_and_a_withdrawal_takes_out(self):
        self.publish(1, inbound("CORP-1", pattern="evil"))
        self.start()
        self.wait_state("CORP-1", "applied")
        self.publish(2, inbound("CORP-1", revision="1.1", pattern="evil|wicked"))
        wait_for("revision 1.1", lambda: self.row("CORP-1")["revision"] == "1.1")
        self.assertIn(b"evil|wicked", self.drive.read(WWWROOT))
        judge(self.original[WWWROOT][1], self.drive.read(WWWROOT), names_of("CORP-1", "inbound"))
        self.publish(3, TOMBSTONE.format(id="CORP-1", reason="Fixed everywhere."))
        self.wait_state("CORP-1", "reverted")
        self.assertEqual(self.changed(), [])

    def test_what_others_edit_meanwhile_survives_the_rollback(self):
        self.publish(1, inbound("CORP-1"))
        self.start()
        self.wait_state("CORP-1", "applied")
        comment = b"<!-- somebody was here -->"
        self.drive.write(WWWROOT, self.drive.read(WWWROOT).replace(b"<configuration>", b"<configuration>" + comment, 1))
        self.call("rollback", id="CORP-1")
        expected = self.original[WWWROOT][1].replace(b"<configuration>", b"<configuration>" + comment, 1)
        self.assertEqual(self.drive.read(WWWROOT), expected)

    def test_one_file_two_mitigations_ended_in_either_order(self):
        self.FEED_EVERY = "1h"
        self.write_config()
        self.publish(1, inbound("CORP-1", "autodiscover"), inbound("CORP-2", "ews"))
        self.start()
        for first, second in (("CORP-1", "CORP-2"), ("CORP-2", "CORP-1")):
            self.wait_state("CORP-1", "applied")
            self.wait_state("CORP-2", "applied")
            self.call("rollback", id=first)
            judge(self.original[WWWROOT][1], self.drive.read(WWWROOT), names_of(second, "inbound"))
            self.call("rollback", id=second)
            self.assertEqual(self.changed(), [])
            self.call("apply", id="CORP-1")
            self.call("apply", id="CORP-2")


class Deciding(harness.Stage):
    def setUp(self):
        super().setUp()
        self.publish(1, inbound("CORP-1"), outbound("CORP-2"))
        self.daemon = self.start()
        self.wait_state("CORP-1", "applied")
        self.wait_state("CORP-2", "applied")

    def test_rollback_gives_the_bytes_back_and_stays_out(self):
        self.call("rollback", id="CORP-1", reason="breaks printing", ticket="OPS-1", on_behalf_of="anna")
        self.assertEqual(self.changed(), [OWA])
        polls = len(self.server.asked)
        wait_for("two more polls", lambda: len(self.server.asked) >= polls + 2)
        self.assertEqual(self.row("CORP-1")["state"], "reverted")
        self.call("rollback", all=True)
        self.assertEqual(self.changed(), [])
        asked = [line for line in self.call("history", id="CORP-1")["lines"] if line["name"] == "rollback-asked"]
        self.assertEqual(
            (asked[0]["reason"], asked[0]["ticket"], asked[0]["on_behalf_of"]), ("breaks printing", "OPS-1", "anna"))
        self.assertTrue(asked[0]["account"].startswith(f"uid {os.geteuid()}"))
        self.call("apply", id="CORP-1")
        self.assertEqual(self.changed(), [WWWROOT])

    def test_block_takes_out_and_unblock_lets_in_again(self):
        self.call("block", id="CORP-1", reason="no")
        self.assertEqual(self.row("CORP-1")["verdict"], "EXPOSED")
        self.assertEqual(self.changed(), [OWA])
        with self.assertRaises(harness.RpcError) as caught:
            self.call("apply", id="CORP-1")
        self.assertEqual(caught.exception.exit, 5)
        self.call("unblock", id="CORP-1")
        self.assertEqual(self.row("CORP-1")["state"], "applied")

    def test_a_block_with_keep_keeps_and_one_with_an_end_ends(self):
        before = self.drive.snapshot()
        self.call("block", id="CORP-1", keep=True)
        self.assertEqual(self.drive.snapshot(), before)
        self.call("unblock", id="CORP-1")
        self.call("block", id="CORP-2", until=int(time.time() * 1000) + 2000)
        self.assertEqual(self.row("CORP-2")["state"], "blocked")
        self.wait_state("CORP-2", "applied")

    def test_a_block_for_an_id_that_no_feed_has_yet(self):
        self.call("block", id="CORP-9")
        self.publish(2, inbound("CORP-1"), outbound("CORP-2"), inbound("CORP-9", "rpc"))
        self.wait_state("CORP-9", "blocked")
        self.assertNotIn(b"CORP-9", self.drive.read(WWWROOT))

    def test_paused_nothing_moves(self):
        self.call("pause")
        self.publish(2, TOMBSTONE.format(id="CORP-1", reason="x"), outbound("CORP-2"))
        self.call("refresh")
        self.assertEqual(self.row("CORP-1")["state"], "applied")
        self.assertTrue(self.call("status")["paused"])
        self.call("resume")
        self.wait_state("CORP-1", "reverted")
        self.assertEqual(self.changed(), [OWA])

    def test_a_rule_edited_by_hand_is_drift_and_never_written(self):
        edited = self.drive.read(WWWROOT).replace(b"interim mitigation", b"my own words")
        self.drive.write(WWWROOT, edited)
        self.call("audit")
        self.assertEqual((self.row("CORP-1")["state"], self.row("CORP-1")["reason"]), ("blocked", "drift"))
        with self.assertRaises(harness.RpcError) as caught:
            self.call("rollback", id="CORP-1")
        self.assertEqual(caught.exception.exit, 5)
        self.assertIn(b"my own words", self.drive.read(WWWROOT))
        self.call("resolve", id="CORP-1", how="accept")
        self.assertIn(b"my own words", self.drive.read(WWWROOT))


class Trusting(harness.Stage):
    def test_a_document_that_was_tampered_with_changes_nothing(self):
        self.publish(1, inbound("CORP-1"))
        self.start()
        self.wait_state("CORP-1", "applied")
        good = self.server.document
        self.server.document = good.replace(b"evil", b"ev.l", 1)
        with self.assertRaises(harness.RpcError) as caught:
            self.call("refresh")
        self.assertEqual(caught.exception.exit, 1)
        self.assertEqual(self.row("CORP-1")["state"], "applied")
        self.assertTrue(self.call("status")["feeds"][0]["error"])
        self.server.document = good
        self.call("refresh")
        self.assertIsNone(self.call("status")["feeds"][0]["error"])

    def test_an_older_serial_is_refused(self):
        self.publish(5, inbound("CORP-1"))
        self.start()
        self.wait_state("CORP-1", "applied")
        self.publish(4, TOMBSTONE.format(id="CORP-1", reason="x"))
        with self.assertRaises(harness.RpcError):
            self.call("refresh")
        self.assertEqual(self.row("CORP-1")["state"], "applied")

    def test_a_server_that_fails_leaves_everything_as_it_is(self):
        self.publish(1, inbound("CORP-1"))
        self.start()
        self.wait_state("CORP-1", "applied")
        self.server.status = 500
        with self.assertRaises(harness.RpcError) as caught:
            self.call("refresh")
        self.assertIn("500", caught.exception.message)
        self.assertEqual(self.row("CORP-1")["verdict"], "IN FORCE")
        self.server.status = 200
        self.call("refresh")

    def test_a_slow_server_delays_nobody(self):
        self.publish(1, inbound("CORP-1"))
        daemon = self.start()
        self.wait_state("CORP-1", "applied")
        asked = len(self.server.asked)
        self.server.delay = 6
        time.sleep(1.5)  # the next poll hangs now
        begun = time.monotonic()
        self.call("status")
        self.call("rollback", id="CORP-1")
        self.assertEqual(self.changed(), [])
        self.assertEqual(len(self.server.asked), asked, "no poll has ended meanwhile")
        self.assertEqual(daemon.stop(), 0)
        self.assertLess(time.monotonic() - begun, 4.0)


class Living(harness.Stage):
    def test_the_service_manager_is_told_everything(self):
        daemon = self.start(env={"WATCHDOG_USEC": "400000"})
        wait_for("five signs of life", lambda: daemon.notify.count("WATCHDOG") >= 5, 5)
        self.assertEqual(daemon.notify.count("READY"), 1)
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        daemon.signal(signal.SIGHUP)
        wait_for("the second READY", lambda: daemon.notify.count("READY") == 2)
        reloading = [message for message in daemon.notify.poll() if "RELOADING" in message]
        self.assertEqual(len(reloading), 1)
        self.assertGreaterEqual(int(reloading[0]["MONOTONIC_USEC"]), before)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(daemon.notify.count("STOPPING"), 1)

    def test_a_second_instance_is_refused_and_named(self):
        first = self.start()
        second = self.start("--socket", self.path("run/other.sock"), wait=False)
        self.assertEqual(second.ended(), 1)
        self.assertIn(str(first.process.pid), second.text())
        self.assertEqual(self.call("status")["pid"], first.process.pid)

    def test_another_machines_journal_is_refused_by_its_code_until_it_is_accepted(self):
        self.start().stop()
        self.drive.write("ProgramData/stopgap/machine", b"another-machine")
        refused = self.start(wait=False)
        self.assertEqual(refused.ended(), 1)
        self.assertIn("9004", refused.text())
        self.assertIn("--any-machine", refused.text())
        self.start("--any-machine")
        self.assertEqual(self.call("status")["mode"], "enforce")

    def test_a_damaged_journal_is_named_by_its_code(self):
        self.start().stop()
        name = "ProgramData/stopgap/journal/journal.mdb"
        octets = bytearray(self.drive.read(name))
        octets[:8192] = b"\xff" * 8192
        self.drive.write(name, bytes(octets))
        refused = self.start(wait=False)
        self.assertEqual(refused.ended(), 1)
        self.assertIn("9001", refused.text())

    def test_a_socket_left_over_is_replaced_and_one_in_use_is_not(self):
        self.start().kill()
        self.assertTrue(os.path.exists(self.socket))
        self.start()
        other = harness.Drive(self.path("other"))
        mine, self.drive = self.drive, other
        second = self.start(wait=False)
        self.drive = mine
        self.assertEqual(second.ended(), 1)
        self.assertIn("listens", second.text())
        self.call("status")

    def test_sigint_stops_too_and_the_socket_goes(self):
        daemon = self.start()
        daemon.signal(signal.SIGINT)
        self.assertEqual(daemon.ended(), 0)
        self.assertFalse(os.path.exists(self.socket))

    def test_a_signal_at_any_moment_of_the_start_ends_it(self):
        for delay in (0.02, 0.05, 0.08, 0.12, 0.16, 0.2, 0.3, 0.5):
            with self.subTest(delay=delay):
                daemon = self.start(wait=False)
                time.sleep(delay)
                daemon.signal(signal.SIGTERM)
                # before main() has run a signal just kills
                self.assertIn(daemon.ended(), (0, -signal.SIGTERM), daemon.text())

    @unittest.skipUnless(shutil.which("strace"), "needs strace to make a flush fail")
    def test_a_failed_flush_ends_the_process_and_the_next_start_recovers(self):
        self.publish(1, inbound("CORP-1"), outbound("CORP-2"))
        for nth in (1, 3, 5):  # of each thread
            with self.subTest(nth=nth):
                # the leak check cannot run under a tracer
                daemon = self.start(env={"ASAN_OPTIONS": "detect_leaks=0"})
                self.wait_state("CORP-1", "applied")
                self.wait_state("CORP-2", "applied")
                tracer = subprocess.Popen(
                    ["strace", "-f", "-qq", "-o", os.devnull, "-e", "trace=fsync,fdatasync,msync", "-e",
                        f"inject=fsync,fdatasync,msync:error=EIO:when={nth}", "-p", str(daemon.process.pid)], stderr=subprocess.PIPE)
                self.addCleanup(tracer.stderr.close)
                self.addCleanup(tracer.wait)
                wait_for("the tracer", lambda: self.is_traced(daemon) or tracer.poll() is not None)
                if tracer.poll() is not None:
                    self.skipTest("this machine allows no tracing")
                with self.assertRaises((harness.RpcError, EOFError)):
                    self.call("rollback", all=True)
                self.assertEqual(daemon.ended(), 1, daemon.text())
                daemon = self.start()
                self.call("rollback", all=True)
                self.assertEqual(self.changed(), [])
                self.call("apply", id="CORP-1")
                self.call("apply", id="CORP-2")
                daemon.stop()

    def is_traced(self, daemon):
        """Every thread of it."""
        tasks = f"/proc/{daemon.process.pid}/task"
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/status", encoding="ascii") as f:
                if "TracerPid:\t0\n" in f.read():
                    return False
        return True

    def test_killed_at_any_moment_it_recovers(self):
        self.publish(1, inbound("CORP-1"), outbound("CORP-2"), inbound("CORP-3", "ews"))
        seed = int(os.environ.get("STOPGAP_SEED", "7"))
        chance = random.Random(seed)
        for attempt in range(8):
            daemon = self.start(refresh=False)
            method, params = chance.choice([("rollback", {"all": True}), ("apply", {"id": "CORP-1"}), ("apply", {"id": "CORP-2"})])
            with self.subTest(attempt=attempt, seed=seed):
                self.client().request(*(("refresh", {}) if attempt < 2 else (method, params)))
            time.sleep(chance.uniform(0, 0.25))
            daemon.kill()
        daemon = self.start()
        for path in (WWWROOT, OWA):
            names = [f"stopgap {id} - inbound" for id in ("CORP-1", "CORP-3")] if path == WWWROOT else names_of("CORP-2", "outbound")
            octets = self.drive.read(path)
            judge(self.original[path][1], octets, [name for name in names if f'name="{name}"'.encode() in octets])
        self.call("rollback", all=True)
        self.assertEqual(self.changed(), [])
        daemon.stop()
        code, out, err = self.once("recover")
        self.assertEqual(code, 0, out + err)

    def test_once_works_without_feed_configuration_and_daemon(self):
        self.publish(1, inbound("CORP-1"), outbound("CORP-2"))
        daemon = self.start()
        self.wait_state("CORP-1", "applied")
        self.wait_state("CORP-2", "applied")
        code, _, err = self.once("rollback", "--all")
        self.assertEqual(code, 1)
        self.assertIn(str(daemon.process.pid), err)
        self.assertIn("stopgapctl", err)
        daemon.kill()
        self.server.close()
        os.unlink(self.path("stopgap.xml"))
        code, out, err = self.once("rollback", "CORP-1")
        self.assertEqual(code, 0, err)
        self.assertEqual(self.changed(), [OWA])
        code, out, err = self.ctl("rollback", "--all", "--offline", "--root", "C=" + self.drive.folder, "--reason", "r")
        self.assertEqual(code, 0, err)
        self.assertEqual(self.changed(), [])
        code, _, err = self.once("rollback", "NOBODY")
        self.assertEqual(code, 1)
        self.assertIn("NOBODY", err)

    def test_once_on_a_drive_without_a_journal_makes_none(self):
        code, _, err = self.once("rollback", "--all")
        self.assertEqual(code, 1)
        self.assertIn("no journal", err)
        self.assertFalse(os.path.exists(self.drive.path("ProgramData/stopgap/journal")))

    def test_the_tool_finds_the_daemon_of_a_drive(self):
        self.socket = self.drive.path("ProgramData/stopgap/control/control.sock")
        self.start()
        code, out, err = self.ctl("status", "--root", "C=" + self.drive.folder, env={"STOPGAP_SOCKET": ""})
        self.assertEqual(code, 0, err)
        self.assertIn("corp", out)


if __name__ == "__main__":
    harness.main()
