#!/usr/bin/env python3
"""test_hostile_text - what a feed, a file or another person calls things cannot steer a terminal: every verb of every program escapes it, and JSON stays JSON."""
import json
import os
import re
import subprocess
import unittest

import harness
from harness import WWWROOT, inbound, outbound

# C1's CSI and next line, a bidi override and an isolate, a line separator, DEL; XML 1.0 has no ESC. Between them words that must be seen.
HOSTILE = "evil\x9b31m\x85one\u202etwo\u2066three\u2028four\x7ffive"
LINES = "&#13;&#10;forged line"
TYPED = "typed\x1b]0;title\x07\x9bm\u202eword\r\nforged line"  # what a person may say over the control pipe
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]")


class HostileText(harness.Stage):
    FEED_EVERY = "1h"

    def hostile(self, config):
        return config.replace('desc="', f'desc="{HOSTILE}{LINES} ', 1)

    def setUp(self):
        super().setUp()
        apphost = "Windows/System32/inetsrv/config/applicationHost.config"
        text = self.drive.read(apphost).decode("utf-8-sig")
        self.assertIn('<site name="Exchange Back End"', text)
        self.drive.write(apphost, text.replace("Exchange Back End", "Exchange" + HOSTILE + "Back End").encode())
        rule = (f'<rewrite><rules><rule name="theirs {HOSTILE}{LINES}" stopProcessing="true"><match url="autodiscover/.*"/>'
                '<conditions><add input="{QUERY_STRING}" pattern="evil"/></conditions><action type="CustomResponse" statusCode="403" '
                'statusReason="Forbidden" statusDescription="Refused by an interim mitigation."/></rule></rules></rewrite>')
        web = self.drive.read(WWWROOT).decode("utf-8-sig")
        cut = web.rindex("</configuration>")
        self.drive.write(WWWROOT, (web[:cut] + f"<system.webServer>{rule}</system.webServer>" + web[cut:]).encode())
        self.publish(1, *(self.hostile(c) for c in (inbound("CORP-1"), outbound("CORP-2"), inbound("CORP-3", word="owa"))),
            f'<Config id="GONE" sg:withdrawn="2026-10-01T00:00:00Z" sg:reason="{HOSTILE}{LINES}" desc="{HOSTILE}"/>')
        self.start()
        self.wait_state("CORP-2", "applied")

    def run_tool(self, name, *arguments):
        done = subprocess.run([os.path.join(harness.BUILD, name), *arguments], capture_output=True, timeout=60,
            env={**os.environ, "STOPGAP_SOCKET": self.socket})
        return done.stdout, done.stderr

    def check(self, name, *arguments, shows=None):
        out, err = self.run_tool(name, *arguments)
        for octets in (out, err):
            text = octets.decode("utf-8")  # and it is UTF-8
            found = UNSAFE.search(text)
            self.assertIsNone(found, f"{name} {arguments}: {found and text[max(0, found.start() - 60):found.start() + 20]!r}")
            for line in text.split("\n"):
                self.assertFalse(line.startswith("forged line"), f"{name} {arguments}: {line!r}")
        if shows:
            self.assertIn(shows, (out + err).decode())
        return out.decode()

    def check_json(self, *arguments):
        out = self.check(*arguments)
        while out.strip():  # one document, or several
            out = out[json.JSONDecoder().raw_decode(out)[1]:].lstrip()

    def test_stopgapctl(self):
        reason = ("--reason", TYPED)
        verbs = (["status"], ["list"], ["show", "CORP-1"], ["show", "CORP-2"], ["show", "GONE"], ["plan"], ["plan", "CORP-1"], ["history"],
            ["history", "CORP-2"], ["coverage"], ["coverage", "CORP-2"], ["doctor"], ["audit"], ["refresh"], [])
        for verb in verbs:
            with self.subTest(verb=verb):
                self.check("stopgapctl", *verb)
                if verb:
                    self.check_json("stopgapctl", *verb, "--json")
        for verb in (["block", "CORP-2", *reason], ["unblock", "CORP-2", *reason], ["rollback", "CORP-2", *reason], ["apply", "CORP-2", *reason],
                ["approve", "CORP-2", *reason], ["pause", *reason], ["resume", *reason], ["resolve", "CORP-2", "--retry", *reason],
                ["rollback", "--all", *reason], ["history"], ["show", "CORP-2"], ["list"]):
            with self.subTest(verb=verb):
                self.check_json("stopgapctl", *verb, "--json")
                self.check("stopgapctl", *verb)
        out = self.check("stopgapctl", "show", "CORP-2")
        self.assertIn("evil\\u{9b}31m", out)
        self.assertIn("\\u{202e}two", out)
        self.check("stopgapctl", "show", "x\x1b[31m\u202e", shows="\\x1b[31m")
        self.check_json("stopgapctl", "show", "x\x1b[31m\u202e", "--json")
        self.check("stopgapctl", "no\x1b[31mverb", shows="\\x1b[31m")
        self.check("stopgapctl", "list", "--socket", "/x\x1b[31m", shows="\\x1b[31m")

    def test_stopgap_journal(self):
        self.ctl("block", "CORP-2", "--reason", TYPED)
        for daemon in self.daemons:
            daemon.stop()
        journal = self.drive.path("ProgramData/stopgap/journal")
        for verb in (["dump"], ["show", "CORP-2"], ["show", "GONE"], ["holds"], ["intent"], ["check"], ["stat"], ["coverage"]):
            with self.subTest(verb=verb):
                self.check("stopgap-journal", *verb, journal)
                self.check_json("stopgap-journal", *verb, "-o", "json", journal)
                self.check_json("stopgap-journal", *verb, "-o", "json-pretty", journal)
        self.check("stopgap-journal", "dump", "/x\x1b[31m\u202e", shows="\\x1b[31m")
        self.check("stopgap-journal", "no\x1b[31mverb", shows="\\x1b[31m")
        self.check("stopgap-journal", "dump", "--no\x1b[31moption", shows="\\x1b[31m")
        self.check("stopgap-journal", "export", "/x\x1b[31m/y", journal, shows="\\x1b[31m")

    def test_stopgap_feed(self):
        for name, document in (("live.xml", self.server.document), ("next.xml", self.signer.sign(harness.feed_xml(2, [self.hostile(inbound("CORP-9"))])))):
            with open(self.path(name), "wb") as f:
                f.write(document)
        self.write("one.xml", self.hostile(inbound("CORP-1")).replace("<Config ", '<Config xmlns:sg="urn:stopgap:feed:1" ', 1))
        anchor = ("--anchor", self.signer.path("root.pem"))
        for verb in (["show", "live.xml"], ["lint", "live.xml"], ["lint", "one.xml"], ["test", "live.xml"], ["test", "one.xml"],
                ["try", "live.xml", self.drive.folder], ["diff", "live.xml", "next.xml"], ["verify", "live.xml", *anchor]):
            with self.subTest(verb=verb):
                arguments = [self.path(w) if w.endswith(".xml") else w for w in verb]
                self.check("stopgap-feed", *arguments)
                self.check_json("stopgap-feed", *arguments, "--json")
        self.check("stopgap-feed", "show", "/x\x1b[31m\u202e", shows="\\x1b[31m")
        self.check("stopgap-feed", "no\x1b[31mverb", shows="\\x1b[31m")

    def test_stopgapd(self):
        self.check("stopgapd", "--no\x1b[31moption", shows="\\x1b[31m")
        self.check("stopgapd", "--check-config", "--config", "/x\x1b[31m\u202e", shows="\\x1b[31m")
        for daemon in self.daemons:
            daemon.stop()
            self.assertIsNone(UNSAFE.search(daemon.text()), daemon.text())
            self.assertIn("evil\\u{9b}31m", daemon.text())
        self.write("odd\x1b[31m.xml", "<stopgap/>")
        self.check("stopgapd", "--check-config", "--config", self.path("odd\x1b[31m.xml"), shows="\\x1b[31m")


if __name__ == "__main__":
    harness.main()
