#!/usr/bin/env python3
"""test_coverage - "were we protected from X to Y" (P13), asked of the running service and of its journal: one answer. The service is stopped, killed and
kept from its feed for real."""
import json
import re
import subprocess
import time
import unittest

import harness
from harness import inbound, wait_for

JOURNAL = "ProgramData/stopgap/journal"


class Coverage(harness.Stage):
    def setUp(self):
        super().setUp()
        self.publish(1, inbound("CORP-1"), inbound("CORP-2", word="owa"))
        self.start()
        self.wait_state("CORP-1", "applied")
        self.wait_state("CORP-2", "applied")

    def tool(self, *arguments):
        done = subprocess.run([harness.JOURNAL_TOOL, "coverage", "-o", "json", *arguments, self.drive.path(JOURNAL)],
            capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def service(self, *arguments):
        code, out, err = self.ctl("coverage", "--json", *arguments)
        self.assertEqual((code, err), (0, ""))
        return json.loads(out)

    def now(self):
        """The time of the journal's last line, which no earlier line has."""
        time.sleep(0.01)
        self.ctl("block", "NOBODY", "--keep")
        self.ctl("unblock", "NOBODY")
        line = self.call("history", limit=1)["lines"][0]
        time.sleep(0.01)
        return line["time"]

    def both(self, *arguments):
        """What both say, up to the last line."""
        end = self.now()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(end // 1000)) + f".{end % 1000:03}Z"
        service = self.service("--to", stamp, *arguments)
        self.assertEqual(service["to"], end)
        self.assertEqual(service, self.tool("--until", stamp, *(a.replace("--from", "--since") for a in arguments)))
        return service

    def spans(self, subject):
        return [(s["coverage"], s["cause"]) for s in subject["spans"]]

    def of(self, report, id):
        return next(m for m in report["mitigations"] if m["id"] == id)

    def test_both_tools_give_the_same_answer_through_a_life(self):
        self.ctl("block", "CORP-1", "--reason", "breaks")
        self.wait_state("CORP-1", "blocked")
        self.ctl("unblock", "CORP-1")
        self.wait_state("CORP-1", "applied")
        self.daemons[-1].stop()
        time.sleep(0.2)
        self.start()
        self.daemons[-1].kill()
        time.sleep(0.2)
        self.start()
        self.wait_state("CORP-1", "applied")
        report = self.both()
        words = [s["coverage"] for s in self.of(report, "CORP-1")["spans"]]
        self.assertIn("exposed", words)
        self.assertGreaterEqual(words.count("unknown"), 2)
        causes = " ".join(cause for _, cause in self.spans(report["server"]))
        self.assertIn("the service was stopped", causes)
        self.assertIn("the service died some time after this", causes)
        self.assertIn("CORP-1: EXPOSED: blocked (admin)", causes)
        self.assertEqual(report["server"]["coverage"], "exposed")
        for subject in [report["server"], *report["mitigations"]]:
            with self.subTest(subject=subject.get("id")):
                at = subject["spans"]
                self.assertTrue(all(a["to"] == b["from"] for a, b in zip(at, at[1:])), "a hole")
                self.assertEqual(sum(s["to"] - s["from"] for s in at), sum(subject["ms"][k] for k in ("protected", "exposed", "unknown")))
        one = self.both("CORP-2")
        self.assertIsNone(one["server"])
        self.assertEqual([m["id"] for m in one["mitigations"]], ["CORP-2"])
        self.assertNotIn("blocked", " ".join(s["cause"] for s in one["mitigations"][0]["spans"]))

    def test_a_feed_that_fails_is_unknown_with_its_cause(self):
        self.server.status = 500
        wait_for("the failure", lambda: any(l["name"] == "feed-unreachable" for l in self.call("history")["lines"]))
        self.now()
        self.server.status = 200
        wait_for("the end of it", lambda: any(l["name"] == "feed-reachable" for l in self.call("history")["lines"]))
        report = self.both()
        unknown = [s["cause"] for s in report["server"]["spans"] if s["coverage"] == "unknown" and "feed corp" in s["cause"]]
        self.assertTrue(any("500" in cause and "whether it had anything new is not known" in cause for cause in unknown), unknown)
        self.assertEqual(report["server"]["spans"][-1]["coverage"], "protected")

    def test_what_a_person_reads_and_what_a_script_gets(self):
        applied = next(s for s in self.of(self.service(), "CORP-1")["spans"] if s["verdict"] == "IN FORCE")["from"]
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(applied // 1000 + 1))
        time.sleep(1.1)
        self.assertEqual(self.ctl("coverage", "CORP-1", "--from", stamp, "--exit-code")[0], 0)
        code, out, err = self.ctl("coverage", "CORP-1", "--from", stamp)
        self.assertEqual((code, err), (0, ""))
        self.assertIn("PROTECTED  CORP-1 (feed corp)", out)
        self.assertIn("(100.0%)", out)
        self.assertEqual(self.ctl("coverage", "--from", "30d", "--to", "1d", "--exit-code")[0], 12)  # older than the journal
        self.ctl("block", "CORP-1")
        self.wait_state("CORP-1", "blocked")
        self.now()
        self.assertEqual(self.ctl("coverage", "CORP-1", "--from", stamp, "--exit-code")[0], 11)
        self.assertEqual(self.ctl("coverage", "--exit-code")[0], 11)
        self.assertEqual(self.ctl("coverage")[0], 0)
        out = self.ctl("coverage")[1]
        self.assertIn("EXPOSED  this server", out)
        shares = re.findall(r"(?:protected|exposed|unknown) [^,(]*\(([0-9.]+)%\)", out.splitlines()[2])
        self.assertGreaterEqual(len(shares), 2)
        self.assertTrue(99.5 < sum(map(float, shares)) <= 100.0, out)

    def test_mistakes_are_named(self):
        code, _, err = self.ctl("coverage", "NOPE")
        self.assertEqual(code, 1)
        self.assertIn("stopgapctl list", err)
        for arguments, says in ((["--from", "yesterday"], "30d"), (["--from", "1d", "--to", "2d"], "before --to"),
                (["A", "B"], "one word")):
            code, _, err = self.ctl("coverage", *arguments)
            self.assertEqual(code, 2)
            self.assertIn(says, err)


if __name__ == "__main__":
    harness.main()
