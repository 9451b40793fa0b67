"""The author's verbs through the real programs: new, lint, test, try and collect, and what a mitigation made so does on a server."""
import json
import os
import pty
import subprocess
import tempfile
import unittest

import harness

FEED = os.path.join(harness.BUILD, "stopgap-feed")


def run(*args, **more):
    return subprocess.run(args, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, **more)


class Author(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="stopgap-author-")
        self.addCleanup(self.folder.cleanup)
        self.config = self.path("CORP-7.xml")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def new(self, *args):
        return run(FEED, "new", "--id", "CORP-7", "--refuse", "/owa/auth/x.aspx?cmd=run&x=1", "--out", self.config, *args)

    def drive(self, name):
        folder = self.path(name)
        os.mkdir(folder)
        subprocess.run([harness.MAKE_DRIVE, folder], check=True)
        return folder

    def octets(self, folder):
        found = {}
        for where, _, files in os.walk(folder):
            for name in files:
                with open(os.path.join(where, name), "rb") as f:
                    found[os.path.join(where, name)] = f.read()
        return found

    def test_new_asks_nothing_without_a_terminal_and_what_it_writes_is_clean(self):
        made = self.new()
        self.assertEqual(made.returncode, 0, made.stderr)
        lint = run(FEED, "lint", "--json", self.config)
        self.assertEqual(lint.returncode, 0, lint.stdout)
        reply = json.loads(lint.stdout)
        self.assertEqual((reply["errors"], reply["warnings"], reply["mitigations"]), (0, 0, 1))
        again = self.new()
        self.assertEqual(again.returncode, 1)
        self.assertIn("--out", again.stderr)
        nothing = run(FEED, "new", "--id", "CORP-7")
        self.assertEqual(nothing.returncode, 2)
        self.assertIn("--refuse", nothing.stderr)

    def test_new_asks_at_a_terminal_and_takes_what_is_in_brackets(self):
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.folder.name)
            os.execv(FEED, [FEED, "new", "--cve", "CVE-2026-10001", "--severity", "critical"])
        answers = ["CORP-9", "", "", "/owa/a.aspx?x=1", "", "", "", "", "", "", "", "", ""]
        seen = b""
        for answer in answers:
            os.write(fd, answer.encode() + b"\n")
        while True:
            try:
                some = os.read(fd, 4096)
            except OSError:
                break
            if not some:
                break
            seen += some
        status = os.waitpid(pid, 0)[1]
        self.assertEqual(os.waitstatus_to_exitcode(status) if hasattr(os, "waitstatus_to_exitcode") else status, 0, seen)
        self.assertIn(b"Id, such as CORP-7: ", seen)
        self.assertIn(b"[url_rewrite]: ", seen)
        self.assertNotIn(b"CVE, KB", seen)  # it was given
        with open(self.path("CORP-9.xml")) as f:
            text = f.read()
        self.assertIn('sg:severity="critical"', text)
        self.assertIn('uri="/owa/a.aspx?x=1"', text)
        self.assertIn('name="Exchange"', text)

    def test_lint_names_file_line_and_rule_and_fails_on_errors(self):
        self.new()
        with open(self.config) as f:
            text = f.read().replace("^owa/auth/x\\.aspx", "^owa/auth/(x+)+$")
        with open(self.config, "w") as f:
            f.write(text)
        line = next(n for n, s in enumerate(text.split("\n"), 1) if "<match" in s)
        lint = run(FEED, "lint", self.config)
        self.assertEqual(lint.returncode, 1)
        self.assertIn(f"{self.config}:{line}: error: CORP-7: ", lint.stdout)
        self.assertIn("[pattern-catastrophic]", lint.stdout)

    def test_test_shows_each_request_and_the_health_pages(self):
        self.new()
        good = run(FEED, "test", "--json", self.config)
        self.assertEqual(good.returncode, 0, good.stdout)
        tests = json.loads(good.stdout)["mitigations"][0]["tests"]
        self.assertEqual(len([t for t in tests if t["health_page"]]), 9)
        with open(self.config) as f:
            text = f.read()
        with open(self.config, "w") as f:
            f.write(text.replace("cmd=run\"/>", "cmd=stop\"/>"))
        bad = run(FEED, "test", self.config)
        self.assertEqual(bad.returncode, 1)
        self.assertIn("FAIL", bad.stdout)

    def test_try_says_one_line_per_server_and_touches_nothing(self):
        self.new()
        drives = [self.drive(f"s{i}") for i in range(3)]
        os.remove(os.path.join(drives[2], "Windows/System32/inetsrv/config/schema/rewrite_schema.xml"))
        before = self.octets(self.folder.name)
        tried = run(FEED, "try", self.config, "--drives", *drives)
        self.assertEqual(tried.returncode, 1, tried.stderr)
        lines = tried.stdout.split("\n")
        self.assertEqual(lines[0], f"{drives[0]}: would apply: CORP-7")
        self.assertEqual(lines[1], f"{drives[1]}: would apply: CORP-7")
        self.assertTrue(lines[2].startswith(f"{drives[2]}: REFUSED: CORP-7 (URL Rewrite is not installed"), lines[2])
        self.assertEqual(self.octets(self.folder.name), before)
        self.assertEqual(run(FEED, "try", self.config, "--drives", drives[0]).returncode, 0)

    def test_a_collected_copy_holds_no_secret_and_can_be_tried(self):
        self.new()
        drive, tar = self.drive("s"), self.path("s.tar")
        config = os.path.join(drive, harness.WWWROOT)
        with open(config, "rb") as f:
            octets = f.read()
        secret = b"connectionString=\"Server=db;Password=geheim\""
        with open(config, "wb") as f:
            f.write(octets.replace(b"<configuration>", b"<configuration><connectionStrings><add name=\"a\" " + secret +
                                   b"/></connectionStrings>", 1))
        before = self.octets(drive)
        done = run(harness.STOPGAPCTL, "collect", tar, "--hives", "--root", f"C={drive}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.octets(drive), before)
        self.assertEqual(os.stat(tar).st_mode & 0o777, 0o600)
        with open(tar, "rb") as f:
            self.assertNotIn(b"geheim", f.read())
        listed = run("tar", "tf", tar).stdout
        self.assertIn("C/Windows/System32/inetsrv/config/applicationHost.config", listed)
        out = self.path("out")
        os.mkdir(out)
        self.assertEqual(run("tar", "xf", tar, "-C", out).returncode, 0)
        self.assertEqual(os.path.getsize(os.path.join(out, "C", harness.WWWROOT)), os.path.getsize(config))
        for copy in (tar, out):
            tried = run(FEED, "try", self.config, "--drives", copy)
            self.assertEqual(tried.stdout.split("\n")[0], f"{copy}: would apply: CORP-7")
        self.assertEqual(run(harness.STOPGAPCTL, "collect", tar, "--root", f"C={drive}").returncode, 1)  # it is there

    def test_from_new_to_a_signed_feed_that_a_server_would_accept(self):
        self.assertEqual(self.new().returncode, 0)
        live, keys, signed = self.path("live.xml"), self.path("keys"), self.path("feed.xml")
        self.assertEqual(run(FEED, "add", live, self.config, "--feed", "corp").returncode, 0)
        self.assertEqual(run(FEED, "lint", live).returncode, 0)
        self.assertEqual(run(FEED, "test", live).returncode, 0)
        self.assertEqual(run(FEED, "try", live, "--drives", self.drive("s")).returncode, 0)
        self.assertEqual(run(FEED, "keygen", "--out", keys).returncode, 0)
        sign = run(FEED, "sign", live, "--key", f"{keys}/leaf.key", "--cert", f"{keys}/leaf.pem", "--chain", f"{keys}/root.pem",
                   "--previous", "none", "--out", signed)
        self.assertEqual(sign.returncode, 0, sign.stderr)
        self.assertEqual(run(FEED, "lint", signed).returncode, 0)  # a signature says nothing about the content
        self.assertEqual(run(FEED, "verify", signed, "--anchor", f"{keys}/root.pem").returncode, 0)


if __name__ == "__main__":
    unittest.main()
