#!/usr/bin/env python3
"""test_cli - stopgapctl as people and scripts use it: exit statuses, JSON shapes, tables, mistakes in typing."""
import json
import os
import re
import unittest

import harness
from harness import WWWROOT, inbound, outbound, wait_for

# What every answer of a schema has: schemas/control.md.
ROW = {"feed", "id", "revision", "desc", "severity", "state", "reason", "text", "verdict", "applies", "proof", "effective", "since",
    "offered_revision", "missing", "retry_at", "server", "status", "type", "why"}
SHAPES = {
    "stopgap.status.v1": {"verdict", "why", "version", "pid", "started", "now", "mode", "paused", "paused_until", "feeds", "counts",
        "journal", "products", "config"},
    "stopgap.list.v1": {"mitigations", "blocks"},
    "stopgap.show.v1": {"mitigation", "values", "tests", "blocks", "history"},
    "stopgap.plan.v1": {"would_change", "mitigations", "files", "effects"},
    "stopgap.history.v1": {"lines"},
    "stopgap.coverage.v1": {"from", "to", "server", "mitigations"},
    "stopgap.audit.v1": {"values", "findings", "text"},
    "stopgap.doctor.v1": {"checks", "ok", "warn", "fail", "unknown", "text"},
    "stopgap.done.v1": {"changed", "text", "mitigations"},
    "stopgap.error.v1": {"code", "message", "exit"},
    "stopgap.states.v1": {"text"},
}
FEED = {"name", "url", "serial", "verified", "expires", "tried", "next", "stale", "signer", "error"}
LINE = {"seq", "time", "code", "name", "level", "feed", "id", "account", "reason", "ticket", "on_behalf_of", "text"}


class Typing(unittest.TestCase):
    """No daemon is needed to be told about a mistake."""

    def ctl(self, *arguments):
        import subprocess
        done = subprocess.run([harness.STOPGAPCTL, *arguments], capture_output=True, text=True, timeout=30,
            env={**os.environ, "STOPGAP_SOCKET": "/nonexistent/control.sock"})
        return done.returncode, done.stdout, done.stderr

    def test_mistakes_are_named_and_guessed(self):
        for arguments, says in (
                (["rollbak", "X"], 'did you mean "rollback"'),
                (["statsu"], 'did you mean "status"'),
                (["block", "X", "--untl", "x"], 'did you mean "--until"'),
                (["show"], "needs the id"),
                (["resolve", "X"], "--take-over"),
                (["block", "X", "--for", "yes"], "--for"),
                (["list", "--keep"], "does not take --keep"),
                (["status", "--root", "C=/nonexistent"], "nonexistent")):
            with self.subTest(arguments=arguments):
                code, out, err = self.ctl(*arguments)
                self.assertEqual(code, 2, err)
                self.assertEqual(out, "")
                self.assertIn(says, err)

    def test_mistakes_are_json_where_json_was_asked_for(self):
        for arguments in (["lits", "--json"], ["--json", "resolve", "X"], ["list", "--json", "--keep"], ["block", "X", "--json", "--for", "gr\u00fc\u00df"]):
            with self.subTest(arguments=arguments):
                code, out, err = self.ctl(*arguments)
                self.assertEqual(code, 2)
                error = json.loads(out)
                self.assertEqual((error["schema"], error["exit"]), ("stopgap.error.v1", 2))
                self.assertIn("stopgapctl: " + error["message"], err)
                self.assertTrue(out.isascii(), out)

    def test_no_daemon_is_3_and_says_what_to_do(self):
        for arguments in (["status"], [], ["rollback", "X"], ["watch"], ["list", "--json"]):
            with self.subTest(arguments=arguments):
                code, _, err = self.ctl(*arguments)
                self.assertEqual(code, 3)
                self.assertIn("stopgapd --config", err)
                self.assertIn("--offline", err)

    def test_help_needs_nobody(self):
        code, out, _ = self.ctl("help")
        self.assertEqual(code, 0)
        for verb in ("status list show refresh approve apply block unblock rollback resolve plan pause resume history coverage watch audit doctor help").split():
            self.assertRegex(out, rf"(?m)^  {verb} ")
            code, text, _ = self.ctl("help", verb)
            self.assertEqual(code, 0)
            self.assertTrue(text.startswith(f"usage: stopgapctl {verb}"))
            if verb != "help":
                self.assertEqual(self.ctl(verb, "--help")[1], text)
        self.assertEqual(self.ctl("help", "nonsense")[0], 2)

    def test_help_states_is_the_table(self):
        code, text, _ = self.ctl("help", "states")
        self.assertEqual(code, 0)
        for word in ("pending", "applicable", "applied", "blocked", "reverted"):
            self.assertIn(word, text)
        code, dot, _ = self.ctl("help", "states", "--dot")
        self.assertEqual(code, 0)
        self.assertIn("digraph", dot)
        self.assertEqual(json.loads(self.ctl("help", "states", "--json")[1])["text"], text)

    def test_version(self):
        self.assertRegex(self.ctl("--version")[1], r"^stopgapctl \d+\.\d+\.\d+\n$")


class Answers(harness.Stage):
    FEED_EVERY = "1h"

    def setUp(self):
        super().setUp()
        self.publish(1, inbound("CORP-1"), outbound("CORP-2"))
        self.daemon = self.start()
        self.wait_state("CORP-2", "applied")

    def json(self, *arguments, code=0):
        status, out, err = self.ctl(*arguments, "--json")
        self.assertEqual(status, code, err)
        reply = json.loads(out)
        missing = SHAPES[reply["schema"]] - reply.keys()
        self.assertFalse(missing, f"{arguments}: {reply['schema']} lacks {missing}")
        return reply

    def test_tests_of_what_is_not_needed_do_not_count_and_say_why(self):
        unneeded = ('<Config id="CORP-9" desc="x" sg:revision="1.0"><sg:Applicability><sg:Product name="Exchange"><sg:Affected from="15.0" below="15.1"/></sg:Product>'
            '</sg:Applicability>' + inbound("CORP-9", word="ecp").split("\n", 1)[1])
        self.publish(2, inbound("CORP-1"), outbound("CORP-2"), unneeded)
        self.ctl("refresh")
        code, out, err = self.ctl("show", "CORP-9")
        self.assertEqual(code, 0, err)
        self.assertIn("NOT NEEDED", out)
        self.assertIn("none of them counts, because it is not needed here", out)
        self.assertNotIn("FAIL", out)
        code, out, err = self.ctl("rollback", "CORP-1", "--reason", "x")
        self.assertIn("    FAIL  ", self.ctl("show", "CORP-1")[1])

    def test_plan_says_what_observe_and_a_pause_do_to_it(self):
        self.assertRegex(self.ctl("plan", "--help")[1], r"(?s)observe, and while work is paused,\s+nothing would be done")

    def test_a_row_says_what_an_administrator_of_exchange_looks_for(self):
        import socket
        row = {m["id"]: m for m in self.json("list")["mitigations"]}
        one = row["CORP-1"]
        self.assertEqual([one[k] for k in ("server", "id", "type", "desc", "status", "verdict")],
            [socket.gethostname(), "CORP-1", "UrlRewrite", "Refuse autodiscover requests", "Applied", "IN FORCE"])
        self.assertEqual(one["why"], one["text"] or one["reason"])
        done = self.json("block", "CORP-1", "--reason", "r")["mitigations"][0]
        self.assertEqual((done["status"], done["type"], done["server"]), ("Blocked", "UrlRewrite", one["server"]))
        self.assertEqual(self.json("unblock", "CORP-1")["mitigations"][0]["status"], "Applied")
        self.assertEqual(self.json("rollback", "CORP-1")["mitigations"][0]["status"], "Blocked")
        self.publish(2, outbound("CORP-2"))
        self.ctl("refresh")
        self.assertIn("no longer in its feed", {m["id"]: m for m in self.json("list")["mitigations"]}["CORP-1"]["why"])

    def with_stdin(self, octets, *arguments):
        import subprocess
        done = subprocess.run([harness.STOPGAPCTL, "--socket", self.socket, "--json", *arguments], input=octets, capture_output=True, timeout=60)
        return done.returncode, json.loads(done.stdout), done.stdout

    def test_a_reason_on_stdin_arrives_as_it_was_typed(self):
        reason = 'breaks "calendar" printing,\n\tsays gr\u00fc\u00dfe \u20ac \U0001f600 \\'
        code, reply, _ = self.with_stdin(b"\xef\xbb\xbf" + reason.encode() + b"\r\n", "block", "--reason", "-", "--", "CORP-1")
        self.assertEqual((code, reply["changed"]), (0, True), reply)
        code, listed, octets = self.with_stdin(b"", "list")
        self.assertEqual(listed["blocks"][0]["reason"], reason)
        self.assertTrue(octets.isascii(), octets)
        self.assertIn(b"\\ud83d\\ude00", octets)
        for wrong in (b"", b"\n", b"gr\xfc\xdfe", b"a\0b", b"x" * 4097, b"x" * 100000):
            with self.subTest(wrong=wrong[:9]):
                code, reply, _ = self.with_stdin(wrong, "unblock", "CORP-1", "--reason=-")
                self.assertEqual((code, reply["schema"]), (2, "stopgap.error.v1"))
        self.assertTrue(self.json("list")["blocks"], "refused, and unblocked all the same")

    def test_json_has_the_shapes_that_are_written_down(self):
        status = self.json("status")
        self.assertLessEqual(FEED, status["feeds"][0].keys())
        self.assertLessEqual({"folder", "size", "used", "full"}, status["journal"].keys())
        self.assertLessEqual({"file", "last_good", "error"}, status["config"].keys())
        listed = self.json("list")
        self.assertLessEqual(ROW, listed["mitigations"][0].keys())
        shown = self.json("show", "CORP-1", "--by-hand")
        self.assertLessEqual(ROW | {"body", "applied_at", "approved_by"}, shown["mitigation"].keys())
        self.assertLessEqual({"container", "path", "kind", "seen", "before", "after", "holders"}, shown["values"][0].keys())
        self.assertLessEqual({"apply", "undo"}, shown["by_hand"].keys())
        self.assertLessEqual({"passed", "text"}, shown["tests"][0].keys())
        self.assertLessEqual(LINE, self.json("history")["lines"][0].keys())
        self.assertEqual(len(self.json("history", "--limit", "2")["lines"]), 2)
        self.assertEqual(self.json("audit")["findings"], 0)
        self.assertFalse(self.json("plan")["would_change"])
        self.assertFalse(self.json("refresh")["changed"])
        blocked = self.json("block", "CORP-1", "--for", "2h", "--keep", "--reason", "r", "--ticket", "t", "--on-behalf-of", "b")
        self.assertTrue(blocked["changed"])
        block = self.json("list")["blocks"][0]
        self.assertLessEqual({"id", "feed", "revision", "source", "keep", "reason", "account", "until"}, block.keys())
        self.assertEqual((block["id"], block["keep"], block["reason"]), ("CORP-1", True, "r"))
        for arguments in (["unblock", "CORP-1"], ["rollback", "CORP-1"], ["apply", "CORP-1"], ["approve", "CORP-1"], ["pause", "--for", "1h"],
                ["resume"], ["rollback", "--all"]):
            self.assertEqual(self.json(*arguments)["schema"], "stopgap.done.v1")
        error = self.json("show", "NOPE", code=1)
        self.assertEqual((error["schema"], error["code"], error["exit"]), ("stopgap.error.v1", "notfound", 1))

    def test_tables_are_aligned_and_end_without_blanks(self):
        for verb in (["status"], ["list"], ["show", "CORP-1"], ["plan"], ["history"], ["audit"], ["doctor"], []):
            with self.subTest(verb=verb):
                code, out, err = self.ctl(*verb)
                self.assertEqual((code, err), (0, ""))
                self.assertFalse(re.search(r"[ \t]$", out, re.MULTILINE), out)
                self.assertFalse(re.search(r"[\x00-\x08\x0b-\x1f\x7f]", out))
        lines = self.ctl("list")[1].splitlines()
        at = lines[0].index("STATE")
        self.assertTrue(all(line[at:].startswith("applied") for line in lines[1:]), lines)

    def test_refused_because_of_the_state_is_5(self):
        self.assertEqual(self.ctl("block", "CORP-1")[0], 0)
        code, _, err = self.ctl("apply", "CORP-1")
        self.assertEqual(code, 5)
        self.assertIn("unblock CORP-1", err)
        self.assertEqual(self.ctl("resolve", "CORP-2", "--retry")[0], 5)

    def test_plan_says_10_when_something_would_change(self):
        self.assertEqual(self.ctl("plan", "--exit-code")[0], 0)
        # what somebody changes in a file, the daemon has perhaps answered before the plan is made
        code, out, _ = self.ctl("plan", "CORP-1", "--as", "rollback", "--exit-code")
        self.assertEqual(code, 10, out)
        self.assertEqual(self.ctl("plan", "CORP-1", "--as", "rollback")[0], 0)

    def test_time_over_is_6(self):
        self.server.delay = 3
        code, _, err = self.ctl("refresh", "--timeout", "300ms")
        self.assertEqual(code, 6)
        self.assertIn("still be at work", err)

    def test_a_reason_may_be_required(self):
        self.POLICY = '<policy require-reason="true"/>'
        self.write_config()
        self.daemon.signal(1)
        wait_for("the new configuration", lambda: self.ctl("resume")[0] != 0)
        code, _, err = self.ctl("rollback", "CORP-1")
        self.assertIn("reason", err)
        self.assertNotEqual(code, 0)
        self.assertEqual(self.row("CORP-1")["state"], "applied")
        self.assertEqual(self.ctl("rollback", "CORP-1", "--reason", "because")[0], 0)

    def test_watch_prints_and_stops_when_asked(self):
        code, out, err = self.ctl("watch", "--timeout", "500ms")
        self.assertEqual((code, out, err), (0, "", ""))
        import subprocess
        watch = subprocess.Popen([harness.STOPGAPCTL, "watch", "--json", "--timeout", "20s", "--socket", self.socket],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)
        while True:
            self.ctl("pause")
            self.ctl("resume")
            line = json.loads(watch.stdout.readline())
            if line["name"] in ("paused", "resumed"):
                self.assertLessEqual(LINE, line.keys())
                break

    def test_offline_needs_the_daemon_gone(self):
        arguments = ["rollback", "--all", "--offline", "--root", "C=" + self.drive.folder]
        code, _, err = self.ctl(*arguments)
        self.assertEqual(code, 1)
        self.assertIn("without --offline", err)
        self.daemon.stop()
        code, out, err = self.ctl(*arguments, "--json")
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["schema"], "stopgap.done.v1")
        self.assertEqual(self.changed(), [])

    def test_a_hostile_text_stays_text(self):
        self.ctl("block", "CORP-1", "--reason", "\x1b[31mred\x1b[0m\u202e")
        for verb in ("list", "history"):
            out = self.ctl(verb)[1]
            self.assertNotIn("\x1b", out)
            self.assertNotIn("\u202e", out)


if __name__ == "__main__":
    harness.main()
