#!/usr/bin/env python3
"""test_known - the known mitigations as a user meets them: signed with sign-feed, served over HTTPS, taken in by stopgapd on an Exchange-shaped drive, read with
stopgapctl, and given back."""
import json
import os
import re
import time
import unittest

import harness
from harness import OWA, WWWROOT

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "schemas", "examples")
NEEDED = ("EXK-2022-41040", "EXK-2026-42897")  # by the drive's build: 2019 CU11 with the update of August 2022
FIXED = ("EXK-2021-26855", "EXK-2021-27065-ECP", "EXK-2021-27065-OAB", "EXK-2021-26857", "CORP-7", "CORP-8", "EXK-2021-OLD")


class Known(harness.Stage):
    def write_config(self, name="stopgap.xml", feed_attributes="", more=""):
        super().write_config(name, feed_attributes, more)
        with open(self.path(name), encoding="utf-8") as f:
            text = f.read()
        self.write(name, text.replace('<feed name="corp"', '<feed name="exchange-known"'))

    def publish_file(self, name, serial):
        """A document of the examples under a serial and dates of now, as scripts/demo does."""
        with open(os.path.join(EXAMPLES, name), encoding="utf-8") as f:
            text = f.read()
        stamp = lambda days: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86400))
        for attribute, value in (("serial", serial), ("issued", stamp(-1)), ("expires", stamp(14))):
            text, n = re.subn(rf'sg:{attribute}="[^"]*"', f'sg:{attribute}="{value}"', text, count=1)
            self.assertEqual(n, 1)
        self.server.document = self.signer.sign(text.encode())

    def test_the_newest_feed_goes_in_and_comes_out(self):
        self.publish_file("exchange-known.xml", 7)
        self.start()
        for id in NEEDED:
            row = self.wait_state(id, "applied")
            self.assertEqual((row["verdict"], row["effective"]), ("IN FORCE", "yes"))
        for id in FIXED:
            self.assertEqual(self.row(id)["verdict"], "NOT NEEDED", self.row(id))
        self.assertEqual(self.row("PING1")["verdict"], "IN FORCE")
        self.assertEqual(self.ctl("status")[1].split(":")[0], "PROTECTED")
        self.assertEqual(self.changed(), sorted([WWWROOT, OWA]))
        shown = json.loads(self.ctl("show", "EXK-2022-41040", "--json")[1])
        self.assertTrue(shown["tests"] and all(test["passed"] for test in shown["tests"]))
        self.assertIn("The November 2022 security update", shown["body"]["fixed_by"])
        shown = json.loads(self.ctl("show", "EXK-2026-42897", "--json")[1])
        self.assertEqual(len(shown["body"]["side_effects"]), 5)
        self.assertEqual(self.ctl("rollback", "--all")[0], 0)
        self.assertEqual(self.changed(), [])
        covered = json.loads(self.ctl("coverage", "EXK-2022-41040", "--json")[1])["mitigations"][0]
        self.assertEqual([s["coverage"] for s in covered["spans"]][-2:], ["protected", "exposed"])

    def test_five_bodies_in_the_order_of_those_days(self):
        for serial in range(1, 7):
            self.publish_file(f"known/serial-{serial}.xml", serial)
            if serial == 1:
                self.start()
            else:
                self.ctl("refresh")
            row = self.wait_state("EXK-2022-41040", "applied")
            self.assertEqual(row["revision"], ["1.0", "1.0.1", "1.0.2", "1.0.3", "1.1", "1.1"][serial - 1])
            self.assertEqual(row["effective"], "yes")
        self.assertEqual(self.row("EXK-2026-42897")["revision"], "2.0")
        self.publish_file("exchange-known.xml", 7)
        self.ctl("refresh")
        self.assertEqual(self.row("EXK-2026-42897")["revision"], "2.1.0")
        names = [line["name"] for line in self.call("history", id="EXK-2022-41040")["lines"]]
        self.assertEqual(names.count("superseded"), 4)
        self.assertEqual(self.ctl("rollback", "--all")[0], 0)
        self.assertEqual(self.changed(), [])


if __name__ == "__main__":
    harness.main()
