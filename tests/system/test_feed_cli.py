#!/usr/bin/env python3
"""test_feed_cli - stopgap-feed as a security engineer uses it: mistakes, help, keys, editing, verifying."""
import json
import os
import re
import shutil
import subprocess
import time
import unittest

import harness
from feed_stage import Author, config, contents


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
                (["help", "sing"], 'did you mean "sign"'),
                (["help", "nothing"], 'there is no verb "nothing"')):
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
        self.assertEqual(self.refused("cannot open absent.xml", "lint", "absent.xml"), "")  # and counts nothing
        self.run_feed("keygen", "--out", "trial")
        signing = ("--key", "trial/leaf.key", "--cert", "trial/leaf.pem", "--chain", "trial/root.pem")
        self.refused("for a feed's first document: --previous none", "sign", "live.xml", *signing, "--previous", "published.xml", "--out", "f.xml")
        self.refused("there is no folder nowhere; make it first", "sign", "live.xml", *signing, "--previous", "none", "--out", "nowhere/f.xml")
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


if __name__ == "__main__":
    unittest.main()
