#!/usr/bin/env python3
"""test_feed_sign - what stopgap-feed signs as xmlsec1 and openssl judge it, what it refuses to sign, and where keys come from."""
import glob
import json
import os
import re
import shutil
import subprocess
import time
import unittest

import harness
from feed_stage import Author, Files, config, contents

MODULES = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so"]


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

    def old_signer(self):
        """A root of last year and a signer of it who ended a month ago: old-root.pem, old.key, old.pem."""
        ca = self.path("ca")
        os.makedirs(ca)
        self.write("ca/index.txt", "")
        self.write("ca/ca.cnf", f"""[ca]
default_ca = it
[it]
database = {ca}/index.txt
new_certs_dir = {ca}
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
keyUsage = critical,digitalSignature
extendedKeyUsage = codeSigning
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
""")

        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=60)

        def at(days):
            return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400))

        for name in ("old-root", "old"):
            openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=" + name)
        batch = "ca", "-config", "ca/ca.cnf", "-batch", "-notext"
        openssl(*batch, "-selfsign", "-keyfile", "old-root.key", "-in", "old-root.csr", "-extensions", "root", "-startdate", at(-400), "-enddate", at(400),
            "-out", "old-root.pem")
        openssl(*batch, "-cert", "old-root.pem", "-keyfile", "old-root.key", "-in", "old.csr", "-extensions", "leaf", "-startdate", at(-100), "-enddate",
            at(-30), "-out", "old.pem")

    def test_a_previous_document_whose_signer_has_ended_holds_nobody_up(self):
        self.old_signer()
        self.live("CORP-1")
        issued = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60 * 86400))
        self.write("was.xml", re.sub(r'sg:issued="[^"]*"', f'sg:issued="{issued}"', self.read("live.xml").decode()))
        maker = os.path.join(harness.BUILD, "tests", "sign-feed")
        subprocess.run([maker, "--key", self.path("old.key"), "--cert", self.path("old.pem"), self.path("was.xml"), self.path("was-signed.xml")],
            check=True, capture_output=True)
        anchors = "--anchor", "keys/root.pem", "--anchor", "old-root.pem"
        self.refused("expired", "verify", "was-signed.xml", *anchors)
        self.live("CORP-2")
        out = self.sign(*anchors, previous="was-signed.xml")
        self.assertIn("the signer of the previous document has ended", out)
        self.assertIn("adds      CORP-2", out)
        # one that was issued when its signer had ended already is nobody's
        late = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 10 * 86400))
        self.write("late.xml", self.read("was.xml").decode().replace(issued, late))
        subprocess.run([maker, "--key", self.path("old.key"), "--cert", self.path("old.pem"), self.path("late.xml"), self.path("late-signed.xml")],
            check=True, capture_output=True)
        self.no_sign("leave --anchor away", *anchors, previous="late-signed.xml")

    def test_a_tombstone_must_stay_and_a_missing_id_is_said(self):
        self.live("CORP-1", "CORP-2")
        self.good("withdraw", "live.xml", "CORP-2", "--reason", "fixed")
        self.sign()
        text = self.read("live.xml").decode().replace('serial="3"', 'serial="4"')
        self.write("live.xml", re.sub(r'<Config id="CORP-2".*?/>', "", text))
        self.no_sign("tombstone of CORP-2 is missing", previous="feed.xml")
        self.write("live.xml", re.sub(r'<Config [^>]*id="CORP-1".*?</Config>', "", text, flags=re.S))
        self.assertIn("DROPS     CORP-1", self.sign(previous="feed.xml", out="feed2.xml"))

    def test_a_tombstone_is_kept_for_90_days(self):
        self.live("CORP-1", "CORP-2")
        self.good("withdraw", "live.xml", "CORP-2", "--reason", "fixed")
        text = self.read("live.xml").decode()
        for days, goes in (89, False), (91, True):
            was = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86400))
            self.write("live.xml", re.sub(r'sg:withdrawn="[^"]*"', f'sg:withdrawn="{was}"', text))
            self.sign(out=f"was{days}.xml")
            self.write("live.xml", re.sub(r'<Config id="CORP-2".*?/>', "", text.replace('serial="3"', 'serial="4"')))
            if goes:
                self.assertIn("its tombstone of more than 90 days ago is gone", self.sign(previous=f"was{days}.xml", out="feed.xml"))
            else:
                self.no_sign("tombstone of CORP-2 is missing", previous=f"was{days}.xml")

    def test_the_previous_document_comes_from_its_address(self):
        os.mkdir(self.path("www"))
        self.live("CORP-1")
        self.sign(out="www/feed.xml")
        self.live("CORP-2")
        signer = harness.Signer(self.path("chain"))
        with Files(self.path("www"), signer) as files:
            there = "--ca-file", signer.path("tls-ca.pem"), "--proxy", "none"
            out = self.sign(*there, previous=files.url + "/feed.xml")
            self.assertRegex(out, r"(?i)adds? +CORP-2")
            self.assertRegex(out, r"(?i)keeps? +CORP-1")
            shutil.copy(self.path("feed.xml"), self.path("www/feed.xml"))
            self.no_sign("serial", *there, previous=files.url + "/feed.xml")  # what is published has this serial already
            self.no_sign("absent.xml", *there, previous=files.url + "/absent.xml")

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


if __name__ == "__main__":
    unittest.main()
