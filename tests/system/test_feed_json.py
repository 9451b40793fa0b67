#!/usr/bin/env python3
"""test_feed_json - what stopgap-feed prints as JSON has the members that schemas/feed-json.md documents, no more and no fewer."""
import json
import os
import re
import subprocess
import unittest

import harness
from feed_stage import Author, config, contents

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "schemas", "feed-json.md")


def documented():
    """Of each shape, its paths; a list's "[]" entry without members stands for whatever is in it."""
    shapes = {}
    for part in re.split(r"^## ", contents(PAGE).decode(), flags=re.M)[1:]:
        shapes[part.split("\n", 1)[0]] = set(re.findall(r"^\| `([^`]+)` \|", part, flags=re.M))
    return shapes


def paths(value, at=""):
    if isinstance(value, dict):
        found = set()
        for key, inner in value.items():
            found |= paths(inner, f"{at}.{key}" if at else key)
        return found
    if isinstance(value, list):
        return set().union(*(paths(one, at + "[]") for one in value)) if value else {at + "[]"}
    return {at}


class Shapes(Author):
    def printed(self, schema, *commands, codes=(0, 10)):
        """The paths of what these commands print together must be the documented ones."""
        is_now, want = set(), documented()[schema]
        for command in commands:
            code, out, err = self.run_feed(*command, "--json")
            self.assertIn(code, codes, err)
            answer = json.loads(out)
            self.assertEqual(answer.pop("schema"), schema)
            is_now |= paths(answer)
        for whole in [p for p in want if p.endswith("[]")]:  # documented elsewhere, or plain texts
            is_now = {whole if p.startswith(whole) else p for p in is_now}
        is_now = {p for p in is_now if not (p.endswith("[]") and any(w.startswith(p + ".") for w in want))}
        self.assertEqual(is_now, want)

    def test_each_shape_is_as_documented(self):
        key = "--key", "keys/leaf.key", "--cert", "keys/leaf.pem", "--chain", "keys/root.pem"
        anchor = "--anchor", "keys/root.pem"
        self.live("CORP-1", "CORP-2", "CORP-3", name="live.xml")
        self.printed("stopgap.feed-sign.v1", ("sign", "live.xml", *key, "--previous", "none", "--out", "feed.xml", "--cms"))
        self.write("old.xml", self.read("live.xml"))
        self.write("CORP-2.xml", config("CORP-2", revision="1.1"))
        self.printed("stopgap.feed-edit.v1", ("add", "live.xml", "CORP-2.xml"), ("withdraw", "live.xml", "CORP-3", "--reason", "fixed"))
        self.printed("stopgap.feed-diff.v1", ("diff", "old.xml", "live.xml"))
        self.printed("stopgap.feed-verify.v1", ("verify", "feed.xml", *anchor, "--p7s", "feed.xml.p7s"))
        bad = self.read("live.xml").decode().replace('id="CORP-1"', 'id="CORP 1"', 1).encode()
        self.write("bad.xml", bad)
        self.printed("stopgap.feed-show.v1", ("show", "live.xml"), ("show", "bad.xml"))
        os.mkdir(self.path("www"))
        self.printed("stopgap.feed-publish.v1", ("publish", "feed.xml", "--to", "www", *anchor))
        self.printed("stopgap.feed-keygen.v1", ("keygen", "--out", "more"))

    def test_what_is_asked_before_signing(self):
        self.live("CORP-1", name="live.xml")
        rule = "--id", "CORP-7", "--refuse", "/owa/auth/x.aspx?cmd=run", "--serve", "/owa/"
        self.printed("stopgap.new.v1", ("new", *rule), ("new", "--id", "CORP-8", "--kind", "service", "--service", "X", "--companion", "Y",
            "--review-by", "2099-01-01"))
        self.write("wrong.xml", self.read("CORP-7.xml").replace(b"<sg:Serve", b"<sg:Refuse", 1))
        self.printed("stopgap.lint.v1", ("lint", "live.xml", "CORP-7.xml"), ("lint", "wrong.xml"), codes=(0, 1))
        self.printed("stopgap.test.v1", ("test", "CORP-7.xml"), ("test", "wrong.xml"), codes=(0, 1))
        subprocess.run([harness.MAKE_DRIVE, self.path("server")], check=True)
        self.printed("stopgap.try.v1", ("try", "live.xml", "--drives", "server", "nowhere"), codes=(1,))
        self.printed("stopgap.error.v1", ("show", "absent.xml"), ("sign", "absent.xml", "--json", "--to", "x"), codes=(1, 2))
        self.assertEqual(len(documented()), 12)


if __name__ == "__main__":
    unittest.main()
