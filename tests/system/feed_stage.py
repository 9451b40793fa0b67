"""feed_stage - the stage of the tests of stopgap-feed: a folder with keys, the program, and two foreign verifiers."""
import glob
import os
import shutil
import subprocess
import tempfile
import unittest

import harness
from harness import inbound

FEED = os.path.join(harness.BUILD, "stopgap-feed")
SG = 'xmlns:sg="urn:stopgap:feed:1"'
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
