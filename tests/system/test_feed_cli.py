#!/usr/bin/env python3
"""test_feed_cli - stopgap-feed as a security engineer uses it, and what it signs as xmlsec1 and openssl judge it."""
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

import harness
from harness import inbound

FEED = os.path.join(harness.BUILD, "stopgap-feed")
SG = 'xmlns:sg="urn:stopgap:feed:1"'
MODULES = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so"]
KEYS = None  # made once: keys take their time


def keys():
    global KEYS
    if not KEYS:
        KEYS = tempfile.mkdtemp(prefix="stopgap-keys-")
        harness.atexit.register(shutil.rmtree, KEYS, ignore_errors=True)
        subprocess.run([FEED, "keygen", "--out", KEYS], check=True, capture_output=True, timeout=120)
        subprocess.run([FEED, "keygen", "--out", os.path.join(KEYS, "other"), "--name", "Other Signer"], check=True, capture_output=True,
            timeout=120)
    return KEYS


def contents(name):
    with open(name, "rb") as f:
        return f.read()


def config(id, **more):
    return inbound(id, **more).replace("<Config ", f"<Config {SG} ", 1)


class Author(unittest.TestCase):
    """A folder of its own, in which every command runs."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="stopgap-feed-")
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(keys(), self.path("keys"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def run_feed(self, *arguments, env=None, stdin=subprocess.DEVNULL):
        done = subprocess.run([FEED, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=120, stdin=stdin,
            env={**os.environ, **(env or {})}, start_new_session=True)  # no terminal to ask on
        return done.returncode, done.stdout, done.stderr

    def good(self, *arguments, **more):
        code, out, err = self.run_feed(*arguments, **more)
        self.assertEqual((code, err), (0, ""), arguments)
        return out

    def refused(self, says, *arguments, status=1, **more):
        code, out, err = self.run_feed(*arguments, **more)
        self.assertEqual(code, status, out + err)
        self.assertIn(says, err)
        self.assertTrue(err.startswith("stopgap-feed: "), err)
        self.assertEqual(err.count("\n"), 2 if status == 2 else 1, err)  # one sentence, and where help is
        return out

    def live(self, *ids, name="live.xml"):
        for id in ids:
            self.write(id + ".xml", config(id))
            self.good("add", name, id + ".xml", "--feed", "corp")

    def sign(self, *more, source="live.xml", out="feed.xml", previous="none"):
        return self.good("sign", source, "--key", "keys/leaf.key", "--cert", "keys/leaf.pem", "--chain", "keys/root.pem", "--previous", previous,
            "--out", out, *more)

    def no_sign(self, says, *more, source="live.xml", previous="none", status=1):
        self.refused(says, "sign", source, "--key", "keys/leaf.key", "--cert", "keys/leaf.pem", "--chain", "keys/root.pem", "--previous", previous,
            "--out", "never.xml", *more, status=status)
        self.assertEqual(glob.glob(self.path("never*")), [])

    # --- foreign verifiers

    def xmlsec(self, name, root="keys/root.pem"):
        done = subprocess.run(["xmlsec1", "--verify", "--trusted-pem", root, "--enabled-reference-uris", "empty", "--enabled-key-data", "x509", name],
            cwd=self.folder, capture_output=True, text=True, timeout=60)
        return done.returncode == 0 and "OK" in done.stdout + done.stderr

    def openssl(self, name, root="keys/root.pem"):
        done = subprocess.run(["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", name + ".p7s", "-content", name, "-CAfile", root,
            "-purpose", "any", "-out", os.devnull], cwd=self.folder, capture_output=True, text=True, timeout=60)
        return done.returncode == 0


class Typing(Author):
    def test_mistakes_are_named_and_guessed(self):
        for arguments, says in (
                (["sing", "x"], 'did you mean "sign"'),
                (["sign", "x", "--prevous", "none"], 'did you mean "--previous"'),
                (["verify"], "verify needs more"),
                (["verify", "a", "b"], "one word too many"),
                (["show", "a", "--key", "k"], "--key"),
                (["--key", "k", "show", "a"], "--key"),
                (["sign", "x", "--key"], "--key needs a value: --key KEY"),
                (["sign", "x", "--cms=yes"], "--cms takes no value"),
                (["sign", "x"], "--key"),
                (["sign", "x", "--key", "k"], "--previous none"),
                (["sign", "x", "--key", "k", "--previous", "none"], "--out"),
                (["sign", "x", "--key", "k", "--key", "l", "--previous", "none", "--out", "o"], "--cms"),
                (["sign", "x", "--key", "k", "--out", "a", "--out", "b"], "--out is given twice"),
                (["sign", "x", "--profile", "ecos"], 'did you mean "eocs"'),
                (["publish", "x"], "--to"),
                (["publish", "x", "--to", "y", "--url", "https://feed.example/"], "--anchor"),
                (["mirror", "x", "--to", "y"], "--anchor"),
                (["withdraw", "x", "Y"], "--reason"),
                (["keygen"], "--out"),
                (["help", "nothing"], "lists them")):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.refused(says, *arguments, status=2), "")

    def test_values_that_are_wrong_say_what_is_right(self):
        self.live("CORP-1")
        self.refused("2026-11-21T09:00:00Z", "add", "live.xml", "CORP-1.xml", "--expires", "soon")
        self.refused("in the past", "add", "live.xml", "CORP-1.xml", "--expires", "2020-01-01T00:00:00Z")
        self.refused("from 1 to 3650", "keygen", "--out", "k", "--days", "0")
        self.refused("2026-11-21T09:00:00Z", "verify", "live.xml", "--at", "now")
        self.refused("64 hex digits", "verify", "live.xml", "--timestamp-anchor", "sha256:12")
        self.refused("absent.xml", "show", "absent.xml")
        self.write("x.xml", "<x/>")
        self.refused("root element is x", "show", "x.xml")
        self.assertFalse(os.path.exists(self.path("k")))

    def test_errors_are_json_where_it_is_asked_for(self):
        code, out, err = self.run_feed("show", "absent.xml", "--json")
        error = json.loads(out)
        self.assertEqual((error["schema"], error["code"], error["exit"], code), ("stopgap.error.v1", "notfound", 1, 1))
        self.assertIn("absent.xml", error["message"])

    def test_every_verb_has_help_with_an_example_that_works(self):
        """The examples of the verbs, one after the other, in one folder."""
        shutil.rmtree(self.path("keys"))
        os.mkdir(self.path("www"))
        os.mkdir(self.path("share"))
        self.write("CORP-1.xml", config("CORP-1"))
        examples = {}
        for line in self.good().splitlines():
            m = re.match(r"  ([a-z]+) ", line)
            if m:
                text = self.good("help", m[1])
                self.assertEqual(text, self.good(m[1], "--help") if m[1] != "help" else text)
                self.assertIn("example: stopgap-feed " + m[1], text)
                examples[m[1]] = text.split("example: ", 1)[1]
        for verb in "help", "keygen", "add", "show", "sign", "verify", "publish", "mirror", "withdraw", "diff":
            if verb == "diff":
                shutil.copy(self.path("feed.xml"), self.path("published.xml"))
            done = subprocess.run(examples[verb], shell=True, cwd=self.folder, capture_output=True, text=True, timeout=60,
                env={**os.environ, "PATH": harness.BUILD + ":" + os.environ["PATH"]})
            self.assertEqual((done.returncode, done.stderr), (0, ""), examples[verb])
        self.assertEqual(self.read("www/corp.xml"), self.read("share/corp.xml"))


class Keygen(Author):
    def test_keys_are_private_and_never_replaced(self):
        for name in "root.key", "leaf.key":
            self.assertEqual(os.stat(self.path("keys/" + name)).st_mode & 0o777, 0o600)
        before = self.read("keys/leaf.key")
        self.refused("is there already", "keygen", "--out", "keys")
        self.assertEqual(self.read("keys/leaf.key"), before)
        self.assertIn("For trials only", self.good("keygen", "--out", "new", "--days", "3"))
        text = subprocess.run(["openssl", "x509", "-in", "new/leaf.pem", "-noout", "-text"], cwd=self.folder, capture_output=True, text=True).stdout
        for says in "(3072 bit)", "CA:FALSE", "Digital Signature", "Code Signing", "sha256WithRSA":
            self.assertIn(says, text)


class Edit(Author):
    HEAD = ('<?xml version="1.0" encoding="utf-8"?>\r\n<!-- <Config id="CORP-1"/> -->\r\n<EOCS version=\'1.0\' xmlns:s="urn:stopgap:feed:1"\r\n'
            '  s:feed="corp" s:serial="41" s:issued="2026-01-01T00:00:00Z"  s:expires=\'2026-02-01T00:00:00Z\' >\r\n')

    def test_all_but_one_mitigation_and_the_head_keeps_its_octets(self):
        one, two = config("CORP-1").replace("\n", "\r\n"), config("CORP-2", word="x")
        self.write("live.xml", self.HEAD + "    " + one + "\r\n    <!-- é > -->\r\n    " + two + "\r\n</EOCS>\r\n<!-- end -->\r\n")
        before = self.read("live.xml").decode()
        self.write("CORP-2.xml", "<?xml version='1.0'?><!-- c -->\n" + config("CORP-2", word="y", revision="2") + "\n<!-- d -->")
        out = self.good("add", "live.xml", "CORP-2.xml")
        self.assertIn("changes   CORP-2 1.0 -> 2", out)
        after = self.read("live.xml").decode()
        self.assertIn('s:serial="42"', after)
        normal = re.sub(r"s:issued=\"[^\"]*\"", 's:issued="2026-01-01T00:00:00Z"', after.replace('s:serial="42"', 's:serial="41"'))
        normal = re.sub(r"s:expires='[^']*'", "s:expires='2026-02-01T00:00:00Z'", normal)
        self.assertEqual(normal.replace(config("CORP-2", word="y", revision="2"), two), before)
        # and a new one goes behind the last, as far to the right
        self.write("CORP-3.xml", config("CORP-3"))
        self.good("add", "live.xml", "CORP-3.xml", "--expires", "3d")
        third = self.read("live.xml").decode()
        self.assertIn("</Config>\n    " + config("CORP-3") + "\r\n</EOCS>\r\n<!-- end -->\r\n", third)
        left = json.loads(self.good("show", "live.xml", "--json"))
        self.assertEqual(left["serial"], 43)
        self.assertEqual([m["id"] for m in left["mitigations"]], ["CORP-1", "CORP-2", "CORP-3"])
        self.assertAlmostEqual(left["expires"] - left["issued"], 3 * 86400000, delta=2000)
        self.assertAlmostEqual(left["issued"] / 1000, time.time(), delta=60)

    def test_a_withdrawal_is_a_tombstone_with_its_reason(self):
        self.live("CORP-1", "CORP-2")
        before = self.read("live.xml").decode()
        self.assertIn("withdraws CORP-1", self.good("withdraw", "live.xml", "CORP-1", "--reason", 'fixed <by> "KB1" & more\nso'))
        shown = json.loads(self.good("show", "live.xml", "--json"))["mitigations"]
        self.assertEqual(shown[0]["reason"], 'fixed <by> "KB1" & more so')
        self.assertAlmostEqual(shown[0]["withdrawn"] / 1000, time.time(), delta=60)
        self.assertIn(before[before.index('<Config xmlns:sg="urn:stopgap:feed:1" id="CORP-2"'):], self.read("live.xml").decode())
        self.refused("is withdrawn already", "withdraw", "live.xml", "CORP-1", "--reason", "again")
        self.refused('did you mean "CORP-2"', "withdraw", "live.xml", "CORP-22", "--reason", "typo")
        self.assertIn("it was withdrawn before", self.good("add", "live.xml", "CORP-1.xml"))

    def test_an_old_tombstone_is_mentioned(self):
        self.live("CORP-2")
        self.write("live.xml", self.read("live.xml").decode().replace("</EOCS>",
            '<Config id="OLD-1" sg:withdrawn="2020-01-01T00:00:00Z" sg:reason="long ago"/></EOCS>'))
        self.assertIn("OLD-1 was withdrawn more than 90 days ago", self.good("add", "live.xml", "CORP-2.xml"))

    def test_what_servers_would_refuse_is_not_added(self):
        self.live("CORP-1")
        before = self.read("live.xml")
        for says, text in (
                ("severity", config("CORP-2").replace('severity="critical"', 'severity="grave"')),
                ("has no id", config("CORP-2").replace('id="CORP-2"', "", 1)),
                ("is not allowed", config("CORP 2")),
                ("one Config is wanted", "<rewrite/>"),
                ("line 1", "<Config id='X'"),
                ("DOCTYPE", "<!DOCTYPE x><Config id='X'/>")):
            with self.subTest(says=says):
                self.write("bad.xml", text)
                self.refused(says, "add", "live.xml", "bad.xml")
                self.assertEqual(self.read("live.xml"), before)
        self.refused("--feed NAME", "add", "new.xml", "CORP-1.xml")
        self.assertEqual(sorted(os.listdir(self.folder)), ["CORP-1.xml", "bad.xml", "keys", "live.xml"])

    def test_editing_a_signed_document_takes_its_signature_out(self):
        self.live("CORP-1")
        self.sign(out="live.xml")
        self.write("CORP-2.xml", config("CORP-2"))
        self.assertIn("its signature was taken out", self.good("add", "live.xml", "CORP-2.xml"))
        self.assertNotIn(b"Signature", self.read("live.xml"))
        self.assertIn("not signed", self.good("show", "live.xml"))

    def test_a_document_in_em_form_has_no_head(self):
        self.write("M1.xml", harness.HEARTBEAT.format(id="M1"))
        self.write("PING1.xml", harness.HEARTBEAT.format(id="PING1"))
        self.good("add", "em.xml", "M1.xml", "--eocs", "--feed", "em")
        self.good("add", "em.xml", "PING1.xml", "--profile", "eocs")
        self.assertNotIn(b"sg:", self.read("em.xml"))
        self.refused("no tombstones", "withdraw", "em.xml", "M1", "--reason", "x", "--eocs", status=2)
        self.refused("add --eocs", "show", "em.xml")
        self.sign("--eocs", source="em.xml")
        self.assertTrue(self.xmlsec("feed.xml"))
        self.assertIn("GOOD", self.good("verify", "feed.xml", "--anchor", "keys/root.pem", "--eocs"))


class Sign(Author):
    def test_foreign_verifiers_agree(self):
        self.live("CORP-1")
        self.sign("--cms")
        self.assertTrue(self.xmlsec("feed.xml"))
        self.assertTrue(self.openssl("feed.xml"))
        self.assertFalse(self.xmlsec("feed.xml", "keys/other/root.pem"))
        self.assertFalse(self.openssl("feed.xml", "keys/other/root.pem"))
        self.write("feed.xml", self.read("feed.xml").replace(b"evil", b"good"))
        self.assertFalse(self.xmlsec("feed.xml"))
        self.assertFalse(self.openssl("feed.xml"))

    def test_foreign_verifiers_agree_on_every_feed_in_the_examples(self):
        examples = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "schemas", "examples")
        found = [f for f in glob.glob(os.path.join(examples, "**", "*.xml"), recursive=True) if b"sg:serial=" in contents(f)]
        self.assertGreater(len(found), 3)
        for name in found:
            with self.subTest(name=os.path.relpath(name, examples)):
                with open(name, encoding="utf-8") as f:
                    text = re.sub(r'sg:expires="[^"]*"', 'sg:expires="2099-01-01T00:00:00Z"', f.read())
                    text = re.sub(r'sg:issued="[^"]*"', 'sg:issued="2026-01-01T00:00:00Z"', text)
                self.write("live.xml", text)
                self.sign("--cms")
                self.assertTrue(self.xmlsec("feed.xml"))
                self.assertTrue(self.openssl("feed.xml"))
                # the author's octets are all there
                self.assertEqual(re.sub(r"<Signature .*</Signature>", "", self.read("feed.xml").decode(), flags=re.S), text)

    def test_the_plan_is_said(self):
        self.live("CORP-1", "CORP-2", "CORP-3")
        self.sign()
        self.write("CORP-2.xml", config("CORP-2", revision="1.1"))
        self.good("add", "live.xml", "CORP-2.xml")
        self.good("withdraw", "live.xml", "CORP-3", "--reason", "fixed")
        self.live("CORP-4")
        out = self.sign("--anchor", "keys/root.pem", previous="feed.xml", out="feed2.xml")
        self.assertEqual(out.splitlines()[:4], ["adds      CORP-4 1.0", "changes   CORP-2 1.0 -> 1.1", "withdraws CORP-3 (fixed)", "keeps     CORP-1 1.0"])
        self.assertNotIn("not verified", out)
        self.assertIn("not verified", self.sign(previous="feed.xml", out="feed3.xml"))
        diff = self.good("diff", "feed.xml", "feed2.xml")
        self.assertIn('    +<Config xmlns:sg="urn:stopgap:feed:1"', diff)
        code, out, _ = self.run_feed("diff", "feed.xml", "feed2.xml", "--exit-code", "--json")
        self.assertEqual(code, 10)
        self.assertEqual([(c["change"], c["id"]) for c in json.loads(out)["changes"]],
            [("keep", "CORP-1"), ("change", "CORP-2"), ("withdraw", "CORP-3"), ("add", "CORP-4")])
        self.assertEqual(self.run_feed("diff", "feed.xml", "feed.xml", "--exit-code")[0], 0)

    def test_what_is_refused_is_not_written(self):
        self.live("CORP-1", "CORP-2")
        self.sign()
        good = self.read("live.xml").decode()
        self.no_sign("is not greater than 2", previous="feed.xml")

        def bad(says, text, **more):
            with self.subTest(says=says):
                self.assertNotEqual(text, good)
                self.write("bad.xml", text)
                self.no_sign(says, source="bad.xml", **more)

        bad("is not greater", good.replace('serial="2"', 'serial="1"'), previous="feed.xml")
        bad("at most 10000", good.replace('serial="2"', 'serial="90000"'), previous="feed.xml")
        bad("sg:serial' is missing", good.replace(' sg:serial="2"', ""))
        bad("sg:issued' is missing", re.sub(r' sg:issued="[^"]*"', "", good))
        bad("sg:expires' is missing", re.sub(r' sg:expires="[^"]*"', "", good))
        bad("in the past", re.sub(r'sg:issued="[^"]*" sg:expires="[^"]*"', 'sg:issued="2020-01-01T00:00:00Z" sg:expires="2020-02-01T00:00:00Z"', good))
        bad("in the future", re.sub(r'sg:issued="[^"]*" sg:expires="[^"]*"', 'sg:issued="2090-01-01T00:00:00Z" sg:expires="2090-02-01T00:00:00Z"', good))
        bad("stands in the document twice", good.replace('id="CORP-2"', 'id="corp-1"'))
        bad("severity", good.replace('severity="critical"', 'severity="grave"', 1))
        bad("of the feed 'other'", good.replace('sg:feed="corp"', 'sg:feed="other"').replace('serial="2"', 'serial="3"'), previous="feed.xml")
        bad("sg:feed", good.replace(' sg:feed="corp"', ""))
        bad("line", good.replace("</EOCS>", ""))
        self.no_sign("absent.xml", previous="absent.xml")
        self.refused("is not that of this key", "sign", "live.xml", "--key", "keys/leaf.key", "--cert", "keys/other/leaf.pem", "--chain",
            "keys/other/root.pem", "--previous", "none", "--out", "never.xml")
        self.refused("--chain", "sign", "live.xml", "--key", "keys/leaf.key", "--cert", "keys/leaf.pem", "--previous", "none", "--out", "never.xml")
        self.no_sign("not accepted", "--anchor", "keys/other/root.pem")
        # a key that servers would not let sign: an authority's
        self.refused("does not lead to a pinned anchor", "sign", "live.xml", "--key", "keys/root.key", "--cert", "keys/root.pem", "--anchor", "keys/root.pem", "--previous",
            "none", "--out", "never.xml")
        self.assertFalse(os.path.exists(self.path("never.xml")))

    def test_the_previous_document_is_verified_where_an_anchor_is_named(self):
        self.live("CORP-1")
        self.sign()
        self.write("feed.xml", self.read("feed.xml").replace(b"evil", b"good"))
        self.live("CORP-2")
        self.no_sign("was changed", "--anchor", "keys/root.pem", previous="feed.xml")

    def test_a_tombstone_must_stay_and_a_missing_id_is_said(self):
        self.live("CORP-1", "CORP-2")
        self.good("withdraw", "live.xml", "CORP-2", "--reason", "fixed")
        self.sign()
        text = self.read("live.xml").decode().replace('serial="3"', 'serial="4"')
        self.write("live.xml", re.sub(r'<Config id="CORP-2".*?/>', "", text))
        self.no_sign("tombstone of CORP-2 is missing", previous="feed.xml")
        self.write("live.xml", re.sub(r'<Config [^>]*id="CORP-1".*?</Config>', "", text, flags=re.S))
        self.assertIn("DROPS     CORP-1", self.sign(previous="feed.xml", out="feed2.xml"))

    def test_keys_in_pkcs12_and_under_a_password(self):
        self.live("CORP-1")
        self.write("word", "pass & word\n")
        self.write("wrong", "word\n")
        subprocess.run(["openssl", "pkcs12", "-export", "-inkey", "keys/leaf.key", "-in", "keys/leaf.pem", "-certfile", "keys/root.pem", "-passout",
            "file:word", "-out", "leaf.p12"], cwd=self.folder, check=True)
        subprocess.run(["openssl", "pkcs8", "-topk8", "-in", "keys/leaf.key", "-passout", "file:word", "-out", "locked.key"], cwd=self.folder, check=True)
        rest = "--previous", "none", "--out", "feed.xml", "--cms"
        for key in ["leaf.p12"], ["locked.key", "--cert", "keys/leaf.pem", "--chain", "keys/root.pem"]:
            with self.subTest(key=key[0]):
                self.good("sign", "live.xml", "--key", *key, "--password-file", "word", *rest)
                self.assertTrue(self.xmlsec("feed.xml") and self.openssl("feed.xml"))
                os.unlink(self.path("feed.xml"))
                os.unlink(self.path("feed.xml.p7s"))
                self.refused("password", "sign", "live.xml", "--key", *key, "--password-file", "wrong", *rest)
                code, _, err = self.run_feed("sign", "live.xml", "--key", *key, *rest)  # asked, and nobody answers
                self.assertEqual(code, 1)
                self.assertIn("Password of " + key[0], err)
                self.assertIn("nobody answered: name a file that holds it with --password-file FILE", err)
                self.assertFalse(os.path.exists(self.path("feed.xml")))

    def test_a_key_in_a_token(self):
        module = next((m for m in MODULES if os.path.exists(m)), None)
        if not module or not shutil.which("softhsm2-util") or not glob.glob("/usr/lib*/engines-3/pkcs11.so") + glob.glob("/usr/lib/*/engines-3/pkcs11.so"):
            self.skipTest("softhsm2 and libengine-pkcs11-openssl are not installed: scripts/setup installs them")
        os.mkdir(self.path("tokens"))
        self.write("softhsm2.conf", f"directories.tokendir = {self.path('tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n")
        env = {"SOFTHSM2_CONF": self.path("softhsm2.conf"), "ASAN_OPTIONS": "detect_leaks=0"}  # the engine's own
        for command in (["--init-token", "--free", "--label", "feed", "--so-pin", "1234", "--pin", "5678"],
                ["--import", "keys/leaf.key", "--token", "feed", "--label", "signer", "--id", "01", "--pin", "5678"]):
            subprocess.run(["softhsm2-util", *command], cwd=self.folder, check=True, capture_output=True, env={**os.environ, **env})
        self.live("CORP-1")
        self.write("pin", "5678\n")
        self.write("wrong", "1111\n")

        def sign(key="pkcs11:token=feed;object=signer;type=private", pin="pin", module=module):
            return ("sign", "live.xml", "--key", key, "--module", module, "--cert", "keys/leaf.pem", "--chain", "keys/root.pem", "--password-file", pin,
                "--previous", "none", "--out", "feed.xml", "--cms")

        self.good(*sign(), env=env)
        self.assertTrue(self.xmlsec("feed.xml") and self.openssl("feed.xml"))
        os.unlink(self.path("feed.xml"))
        self.refused("the PIN?", *sign(pin="wrong"), env=env)
        self.refused("no private key is found", *sign(key="pkcs11:token=feed;object=nobody"), env=env)
        self.refused("nowhere.so", *sign(module="nowhere.so"), env=env)
        self.refused("--password-file", *sign(key="pkcs11:token=feed;object=signer?pin-value=5678"), env=env)
        self.refused("libengine-pkcs11-openssl", *sign(), env={**env, "OPENSSL_ENGINES": "/nonexistent"})
        self.assertFalse(os.path.exists(self.path("feed.xml")))

    def test_several_signers(self):
        self.live("CORP-1")
        two = ("--key", "keys/leaf.key", "--cert", "keys/leaf.pem", "--key", "keys/other/leaf.key", "--cert", "keys/other/leaf.pem", "--chain",
            "keys/root.pem", "--chain", "keys/other/root.pem")
        self.good("sign", "live.xml", *two, "--previous", "none", "--out", "feed.xml", "--cms")
        self.write("roots.pem", self.read("keys/root.pem") + self.read("keys/other/root.pem"))
        self.assertTrue(self.openssl("feed.xml", "roots.pem"))
        both = "--anchor", "keys/root.pem", "--anchor", "keys/other/root.pem", "--p7s", "feed.xml.p7s"
        said = json.loads(self.good("verify", "feed.xml", *both, "--signers", "2", "--json"))
        self.assertEqual(len(said["cms_signers"]), 2)
        self.refused("3 are wanted", "verify", "feed.xml", *both, "--signers", "3")
        self.refused("not accepted", "verify", "feed.xml", "--anchor", "keys/root.pem", "--p7s", "feed.xml.p7s")

    def test_a_detached_signature_of_an_older_document_is_not_left_beside_a_new_one(self):
        self.live("CORP-1")
        self.sign("--cms", out="feed.xml")
        self.refused("belongs to an older document", "sign", "live.xml", "--key", "keys/leaf.key", "--cert", "keys/leaf.pem", "--chain", "keys/root.pem",
            "--previous", "none", "--out", "feed.xml")


class Verify(Author):
    def setUp(self):
        super().setUp()
        self.live("CORP-1")
        self.sign("--cms")

    def test_it_says_who_when_and_what(self):
        out = self.good("verify", "feed.xml", "--anchor", "keys/root.pem", "--p7s", "feed.xml.p7s")
        for says in "GOOD", "XMLDSig and CMS", "CN=Trial Feed Signing,O=stopgap trial", "issued by CN=Trial Feed Signing Root", "serial", "CORP-1", "expires":
            self.assertIn(says, out)
        said = json.loads(self.good("verify", "feed.xml", "--anchor", "keys/root.pem", "--json"))
        self.assertEqual((said["good"], said["feed"], said["serial"], said["ids"]), (True, "corp", 1, ["CORP-1"]))

    def test_what_a_server_refuses_it_refuses(self):
        self.refused("--anchor", "verify", "feed.xml")
        self.refused("not accepted", "verify", "feed.xml", "--anchor", "keys/other/root.pem")
        self.refused("expired", "verify", "feed.xml", "--anchor", "keys/root.pem", "--at", "2099-01-01T00:00:00Z")
        self.refused("not yet valid", "verify", "feed.xml", "--anchor", "keys/root.pem", "--at", "2001-01-01T00:00:00Z")
        self.refused("not signed", "verify", "live.xml", "--anchor", "keys/root.pem")
        self.refused("of the feed 'corp'", "verify", "feed.xml", "--anchor", "keys/root.pem", "--feed", "other")
        self.refused("--p7s", "verify", "feed.xml", "--anchor", "keys/root.pem", "--signers", "2", status=2)
        self.refused("not accepted", "verify", "live.xml", "--anchor", "keys/root.pem", "--p7s", "feed.xml.p7s")
        self.write("bad.xml", self.read("feed.xml").replace(b"evil", b"good"))
        self.refused("was changed", "verify", "bad.xml", "--anchor", "keys/root.pem")
        self.write("empty", "")
        self.refused("is empty", "verify", "feed.xml", "--anchor", "keys/root.pem", "--p7s", "empty")
        self.refused("revocation list", "verify", "feed.xml", "--anchor", "keys/root.pem", "--crl", "live.xml")

    def test_a_revoked_signer_is_refused(self):
        self.write("ca.cnf", "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=30\n")
        self.write("index", "")
        self.write("number", "01\n")
        ca = ["openssl", "ca", "-config", "ca.cnf", "-keyfile", "keys/root.key", "-cert", "keys/root.pem"]
        subprocess.run([*ca, "-gencrl", "-out", "clean.crl"], cwd=self.folder, check=True, capture_output=True)
        subprocess.run([*ca, "-revoke", "keys/leaf.pem"], cwd=self.folder, check=True, capture_output=True)
        subprocess.run([*ca, "-gencrl", "-out", "revoked.crl"], cwd=self.folder, check=True, capture_output=True)
        self.good("verify", "feed.xml", "--anchor", "keys/root.pem", "--crl", "clean.crl")
        self.refused("revoked", "verify", "feed.xml", "--anchor", "keys/root.pem", "--crl", "revoked.crl")
        self.no_sign("revoked", "--crl", "revoked.crl")

    def test_microsofts_own_document(self):
        data = os.environ.get("STOPGAP_DATA") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared", "data")
        name = os.path.join(data, "feed", "eems-feed-PING1-2021.xml")
        if not os.path.exists(name):
            self.skipTest("there is no signed document of EM's (STOPGAP_DATA names the folder of real files)")
        certs = re.findall(r"<X509Certificate>(.*?)</X509Certificate>", contents(name).decode(), re.S)
        self.write("root.pem", "-----BEGIN CERTIFICATE-----\n" + certs[2].strip() + "\n-----END CERTIFICATE-----\n")
        stamp = "sha256:86ec118d1ee69670a46e2be29c4b4208be043e36600d4e1dd3f3d515ca119020"
        out = self.good("verify", name, "--eocs", "--anchor", "root.pem", "--timestamp-anchor", stamp)
        self.assertIn("2021-09-15T16:42:08Z", out)
        self.refused("expired", "verify", name, "--eocs", "--anchor", "root.pem")
        self.refused("--eocs", "verify", name, "--anchor", "root.pem")
        self.assertIn("PING1", self.good("show", name, "--eocs"))


class Publish(Author):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("www"))
        self.live("CORP-1")
        self.sign("--cms")

    def next_feed(self, id, *more):
        self.live(id)
        self.sign(*more, previous="feed.xml", out="next.xml")
        os.replace(self.path("next.xml"), self.path("feed.xml"))
        if os.path.exists(self.path("next.xml.p7s")):
            os.replace(self.path("next.xml.p7s"), self.path("feed.xml.p7s"))

    def test_both_files_arrive_and_an_older_document_does_not(self):
        old = self.read("feed.xml")
        self.assertIn("published with its .p7s", self.good("publish", "feed.xml", "--to", "www", "--anchor", "keys/root.pem"))
        self.assertEqual(sorted(os.listdir(self.path("www"))), ["feed.xml", "feed.xml.p7s"])
        self.assertEqual(self.read("www/feed.xml"), old)
        self.assertEqual(os.stat(self.path("www/feed.xml")).st_mode & 0o777, 0o666 & ~umask())
        self.assertIn("unchanged", self.good("publish", "feed.xml", "--to", "www"))
        self.next_feed("CORP-2", "--cms")
        os.chmod(self.path("www/feed.xml"), 0o640)
        self.good("publish", "feed.xml", "--to", "www/feed.xml")
        self.assertEqual(os.stat(self.path("www/feed.xml")).st_mode & 0o777, 0o640)
        self.write("old.xml", old)
        self.refused("has serial 1", "publish", "old.xml", "--to", "www/feed.xml")
        self.assertEqual(self.read("www/feed.xml"), self.read("feed.xml"))

    def test_only_what_verifies_is_published(self):
        self.refused("not signed", "publish", "live.xml", "--to", "www/feed.xml")
        self.refused("not accepted", "publish", "feed.xml", "--to", "www/feed.xml", "--anchor", "keys/other/root.pem")
        self.write("feed.xml", self.read("feed.xml").replace(b"evil", b"good"))
        self.refused("was changed", "publish", "feed.xml", "--to", "www/feed.xml")
        self.assertEqual(os.listdir(self.path("www")), [])
        shutil.copy(self.path("live.xml"), self.path("feed.xml"))
        os.unlink(self.path("feed.xml.p7s"))
        self.sign()
        self.refused("nowhere/feed.xml", "publish", "feed.xml", "--to", "nowhere/feed.xml")

    def test_it_is_fetched_back_through_its_address(self):
        signer = harness.Signer(self.path("chain"))
        server = harness.FeedServer(signer)
        self.addCleanup(server.close)
        os.unlink(self.path("feed.xml.p7s"))
        to = "--to", "www/corp.xml", "--anchor", "keys/root.pem", "--url", server.url, "--ca-file", signer.path("tls-ca.pem"), "--proxy", "none"
        server.document = self.read("feed.xml")
        code, out, err = self.run_feed("publish", "feed.xml", *to)
        # the harness answers every path with the document, so its .p7s is the document, too: no CMS message
        self.assertEqual(code, 1)
        self.assertIn("it was written, but servers do not get it", err)
        with Files(self.path("www"), signer) as files:
            to = (*to[:5], files.url + "/corp.xml", *to[6:])
            self.assertIn("served, and it verifies", self.good("publish", "feed.xml", *to))
            self.write("www/other.xml", b"<EOCS/>")
            wrong = (*to[:5], files.url + "/absent.xml", *to[6:])
            self.refused("servers do not get it", "publish", "feed.xml", *wrong)
            self.live("CORP-9")
            self.sign(previous="feed.xml", out="next.xml")
            shutil.copy(self.path("www/corp.xml"), self.path("www/cached.xml"))
            stale = (*to[:5], files.url + "/cached.xml", *to[6:])
            self.refused("still serves something else", "publish", "next.xml", *stale)

    def test_a_reader_never_sees_half_a_document(self):
        os.unlink(self.path("feed.xml.p7s"))
        self.good("publish", "feed.xml", "--to", "www/feed.xml")
        seen, stop = set(), threading.Event()

        def read():
            while not stop.is_set():
                seen.add(self.read("www/feed.xml"))

        reader = threading.Thread(target=read)
        reader.start()
        published = {self.read("feed.xml")}
        try:
            for i in range(4):
                self.next_feed(f"CORP-{i + 2}")
                self.good("publish", "feed.xml", "--to", "www/feed.xml")
                published.add(self.read("feed.xml"))
        finally:
            stop.set()
            reader.join()
        self.assertLessEqual(seen, published)
        self.assertEqual(os.listdir(self.path("www")), ["feed.xml"])


class Mirror(Author):
    def setUp(self):
        super().setUp()
        for name in "www", "share":
            os.mkdir(self.path(name))
        self.live("CORP-1")
        self.sign("--cms", out="www/corp.xml")

    def state(self):
        return {n: (os.stat(self.path("share/" + n)).st_ino, self.read("share/" + n)) for n in os.listdir(self.path("share"))}

    def test_the_same_octets_arrive_and_nothing_is_written_twice(self):
        self.assertIn("mirrored with its .p7s", self.good("mirror", "www/corp.xml", "--to", "share/corp.xml", "--anchor", "keys/root.pem"))
        for name in "corp.xml", "corp.xml.p7s":
            self.assertEqual(self.read("www/" + name), self.read("share/" + name))
        before = self.state()
        self.assertIn("unchanged", self.good("mirror", "www/corp.xml", "--to", "share/corp.xml", "--anchor", "keys/root.pem"))
        self.assertEqual(self.state(), before)

    def test_what_does_not_verify_or_is_older_stays_out(self):
        mirror = "mirror", "www/corp.xml", "--to", "share/corp.xml", "--anchor", "keys/root.pem"
        self.good(*mirror)
        first = self.read("www/corp.xml"), self.read("www/corp.xml.p7s")
        self.live("CORP-2")
        self.sign("--cms", out="www/corp.xml", previous="www/corp.xml")
        self.good(*mirror)
        before = self.state()
        self.write("www/corp.xml", first[0])
        self.write("www/corp.xml.p7s", first[1])
        self.refused("has serial 1", *mirror)
        self.write("www/corp.xml", first[0].replace(b"evil", b"good"))
        self.refused("was changed", *mirror)
        os.unlink(self.path("www/corp.xml"))
        self.refused("corp.xml", *mirror)
        self.assertEqual(self.state(), before)

    def test_a_folder_is_mirrored_document_by_document(self):
        self.write("www/readme.txt", "no feed")
        self.write("www/bad.xml", self.read("www/corp.xml").replace(b"evil", b"good"))
        mirror = "mirror", "www", "--to", "share", "--anchor", "keys/root.pem"
        out = self.refused("was changed", *mirror)
        self.assertIn("share/corp.xml: mirrored", out)
        self.assertEqual(sorted(os.listdir(self.path("share"))), ["corp.xml", "corp.xml.p7s"])
        os.unlink(self.path("www/bad.xml"))
        self.assertIn("unchanged", self.good(*mirror))

    def test_over_https(self):
        signer = harness.Signer(self.path("chain"))
        with Files(self.path("www"), signer) as files:
            mirror = ("mirror", files.url + "/corp.xml", "--to", "share", "--anchor", "keys/root.pem", "--proxy", "none")
            self.refused("check", *mirror)  # its authority is not the system's
            self.good(*mirror, "--ca-file", signer.path("tls-ca.pem"))
            self.assertEqual(self.read("www/corp.xml.p7s"), self.read("share/corp.xml.p7s"))
            os.unlink(self.path("www/corp.xml.p7s"))
            self.assertIn("mirrored,", self.good(*mirror, "--ca-file", signer.path("tls-ca.pem")))
            self.assertEqual(os.listdir(self.path("share")), ["corp.xml"])


class Files:
    """The demo's server of a folder's files over HTTPS."""

    def __init__(self, folder, signer):
        self.port = os.path.join(signer.folder, "port")
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib", "serve_feeds.py")
        self.process = subprocess.Popen([harness.sys.executable, script, folder, signer.path("tls.pem"), signer.path("tls.key"), self.port],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        harness.wait_for("the server's port", lambda: os.path.exists(self.port))
        with open(self.port, encoding="ascii") as f:
            self.url = "https://localhost:" + f.read().strip()
        return self

    def __exit__(self, *what):
        self.process.kill()
        self.process.wait()


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


if __name__ == "__main__":
    unittest.main()
