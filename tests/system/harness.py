"""harness - the stage of the system tests: a drive, a signing chain, an HTTPS server, the real daemon, and a client of the control pipe that shares
no code with the product (python3-msgpack, by the public specification of MessagePack-RPC).

The programs are looked for in the folder that STOPGAP_BUILD names. Everything lives in one temporary folder that is removed at the end.
"""
import atexit
import contextlib
import hashlib
import http.server
import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from rpc_client import Client, RpcError  # noqa: E402,F401 - tests take both from here

BUILD = os.environ.get("STOPGAP_BUILD") or sys.exit("STOPGAP_BUILD must name the build folder")
STOPGAPD = os.path.join(BUILD, "stopgapd")
STOPGAPCTL = os.path.join(BUILD, "stopgapctl")
JOURNAL_TOOL = os.path.join(BUILD, "stopgap-journal")
SIGN_FEED = os.path.join(BUILD, "tests", "sign-feed")
MAKE_DRIVE = os.path.join(BUILD, "tests", "make-drive")

WWWROOT = "inetpub/wwwroot/web.config"
OWA = "Program Files/Microsoft/Exchange Server/V15/FrontEnd/HttpProxy/owa/web.config"
PATIENCE = float(os.environ.get("STOPGAP_PATIENCE", "20"))  # seconds until something that must happen counts as missing


def wait_for(what, condition, patience=PATIENCE):
    """The condition's first true value."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s in vain for: {what}")
        time.sleep(0.02)


# --- feeds

INBOUND = """<Config id="{id}" desc="Refuse {word} requests" sg:revision="{revision}" sg:severity="critical">
  <sg:Test><sg:Refuse uri="/{word}/x?evil=1"/><sg:Serve uri="/{word}/"/></sg:Test>
  <ActionList><Action type="UrlRewrite" scope="Site" desc="Inbound rule"><sg:At sites="Default Web Site" path="/" inherit="yes"/>
    <rewrite><rules>
      <rule name="stopgap {id} - inbound" stopProcessing="true">
        <match url="{word}/.*"/>
        <conditions><add input="{{QUERY_STRING}}" pattern="{pattern}"/></conditions>
        <action type="CustomResponse" statusCode="403" statusReason="Forbidden" statusDescription="Refused by an interim mitigation."/>
      </rule>
    </rules></rewrite></Action></ActionList>
</Config>"""

OUTBOUND = """<Config id="{id}" desc="A stricter policy for OWA" sg:revision="{revision}" sg:severity="high">
  <ActionList><Action type="UrlRewrite" scope="VDir" desc="Outbound rule"><sg:At sites="Default Web Site" path="/owa" inherit="no"/>
    <rewrite><outboundRules>
      <preConditions><preCondition name="stopgap {id} - html"><add input="{{RESPONSE_CONTENT_TYPE}}" pattern="^text/html"/></preCondition></preConditions>
      <rule name="stopgap {id} - outbound" preCondition="stopgap {id} - html">
        <match serverVariable="RESPONSE_X_Test" pattern="(.*)"/>
        <action type="Rewrite" value="{{R:1}}; strict"/>
      </rule>
    </outboundRules></rewrite></Action></ActionList>
</Config>"""

HEARTBEAT = """<Config id="{id}" desc="Heartbeat"><ActionList><Action type="DoNothing" scope="Server" desc="Heartbeat"><Value>DoNothing</Value>
</Action></ActionList></Config>"""

TOMBSTONE = '<Config id="{id}" sg:withdrawn="2026-10-01T00:00:00Z" sg:reason="{reason}" desc="Withdrawn"/>'


def inbound(id, word="autodiscover", revision="1.0", pattern="evil"):
    return INBOUND.format(id=id, word=word, revision=revision, pattern=pattern)


def outbound(id, revision="1.0"):
    return OUTBOUND.format(id=id, revision=revision)


def names_of(id, kind):
    """The names of the elements that a mitigation of this file puts in."""
    if kind == "inbound":
        return [f"stopgap {id} - inbound"]
    return [f"stopgap {id} - html", f"stopgap {id} - outbound"]


def feed_xml(serial, configs, name="corp"):
    stamp = lambda days: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86400))
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<EOCS version="1.0.4" xmlns:sg="urn:stopgap:feed:1" sg:feed="{name}" '
        f'sg:serial="{serial}" sg:issued="{stamp(-1)}" sg:expires="{stamp(14)}">\n' + "\n".join(configs) + "\n</EOCS>\n"
    ).encode()


_for_others = None


def program_for(user):
    """stopgapctl where that account may start it: a checkout may lie below a folder that nobody else may enter."""
    global _for_others
    if user is None:
        return STOPGAPCTL
    if _for_others is None:
        folder = tempfile.mkdtemp(prefix="stopgap-for-others-")
        atexit.register(shutil.rmtree, folder, True)
        os.chmod(folder, 0o755)
        _for_others = shutil.copy(STOPGAPCTL, folder)
    return _for_others


class Signer:
    """A throw-away chain: made once per process, because keys take their time."""

    made = None

    def __init__(self, folder):
        self.folder = folder
        if not Signer.made:
            Signer.made = tempfile.mkdtemp(prefix="stopgap-chain-")
            atexit.register(shutil.rmtree, Signer.made, ignore_errors=True)
            subprocess.run([SIGN_FEED, "--make-chain", Signer.made], check=True)
        shutil.copytree(Signer.made, folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def sign(self, document):
        with tempfile.TemporaryDirectory() as work:
            source, target = os.path.join(work, "in.xml"), os.path.join(work, "out.xml")
            with open(source, "wb") as f:
                f.write(document)
            subprocess.run(
                [SIGN_FEED, "--key", self.path("leaf.key"), "--cert", self.path("chain.pem"), source, target], check=True)
            with open(target, "rb") as f:
                return f.read()


class FeedServer:
    """HTTPS on loopback with ETag; counts what it was asked."""

    def __init__(self, signer):
        self.document = b""
        self.status = 200
        self.delay = 0.0  # seconds before the answer
        self.asked = []  # (time, status that was answered, If-None-Match)
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                if owner.delay:
                    time.sleep(owner.delay)
                body, tag = owner.document, '"' + hashlib.sha256(owner.document).hexdigest()[:16] + '"'
                status = owner.status
                if status == 200 and self.headers.get("If-None-Match") == tag:
                    status = 304
                owner.asked.append((time.monotonic(), status, self.headers.get("If-None-Match")))
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    self.send_header("ETag", tag)
                    if status == 304:
                        self.end_headers()
                        return
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # a client that went away

        self.server = Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(signer.path("tls.pem"), signer.path("tls.key"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}/feed.xml"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


# --- the drive

class Drive:
    """An Exchange-shaped system drive. What stopgap keeps of its own is no part of it."""

    OURS = ("ProgramData/stopgap",)

    def __init__(self, folder):
        self.folder = folder
        os.mkdir(folder)
        subprocess.run([MAKE_DRIVE, folder], check=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def write(self, name, octets):
        with open(self.path(name), "wb") as f:
            f.write(octets)

    def snapshot(self):
        seen = {}
        for folder, folders, files in os.walk(self.folder):
            for name in folders + files:
                path = os.path.join(folder, name)
                relative = os.path.relpath(path, self.folder)
                if relative.startswith(self.OURS) or relative == "ProgramData":
                    continue
                st = os.lstat(path)
                content = None
                if stat.S_ISREG(st.st_mode):
                    with open(path, "rb") as f:
                        content = f.read()
                seen[relative] = (st.st_mode, content)
        return seen


def changed(before, after):
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


# --- the daemon

class Notify:
    """What a service manager hears: sd_notify(3)."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.setblocking(False)
        self.heard = []

    def poll(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                lines = self.socket.recv(4096).decode().splitlines()
                self.heard.append(dict(line.split("=", 1) for line in lines))
        return self.heard

    def count(self, key):
        return sum(key in message for message in self.poll())

    def close(self):
        self.socket.close()


class Daemon:
    def __init__(self, stage, *extra, config="stopgap.xml", env=None, wait=True):
        self.stage = stage
        self.notify_path = os.path.join(stage.folder, f"notify-{time.monotonic_ns()}")
        self.notify = Notify(self.notify_path)
        self.log_path = os.path.join(stage.folder, "stopgapd.log")
        arguments = [STOPGAPD, "--root", "C=" + stage.drive.folder, "--foreground", "--socket", stage.socket]
        if config:
            arguments += ["--config", stage.path(config)]
        self.log = open(self.log_path, "ab")
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            arguments + list(extra), stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": self.notify_path, **(env or {})})
        if wait:
            wait_for("READY=1", lambda: self.notify.count("READY") or self.process.poll() is not None)
            if self.process.poll() is not None:
                raise AssertionError(f"stopgapd ended with {self.process.returncode}:\n{self.text()}")

    def text(self):
        with open(self.log_path, encoding="utf-8") as f:
            return f.read()

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """SIGTERM; the exit status."""
        self.signal(signal.SIGTERM)
        return self.ended()

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.ended()

    def ended(self, patience=PATIENCE):
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"stopgapd does not end:\n{self.text()}") from None

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.notify.close()
        self.log.close()


class Stage(unittest.TestCase):
    """One temporary folder per test, with a drive, a chain and a server; daemons are ended at the end, and a sanitizer's finding fails the test."""

    FEED_EVERY = "1s"
    MODE = "enforce"
    POLICY = ""
    ACCESS = ""

    def setUp(self):
        self.daemons = []
        self.folder = tempfile.mkdtemp(prefix="stopgap-system-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.addCleanup(self.check_sanitizers)
        self.signer = Signer(self.path("pki"))
        self.drive = Drive(self.path("drive"))
        self.original = self.drive.snapshot()
        self.server = FeedServer(self.signer)
        self.addCleanup(self.server.close)
        os.mkdir(self.path("run"), 0o700)
        self.socket = self.path("run/control.sock")
        self.write_config()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def write_config(self, name="stopgap.xml", feed_attributes="", more=""):
        self.write(name, f"""<?xml version="1.0" encoding="utf-8"?>
<stopgap xmlns="urn:stopgap:config:1" mode="{self.MODE}">
  <trust><anchor name="corp" file="pki/root.pem"/></trust>
  <network proxy="none" ca-file="pki/tls-ca.pem"/>
  <feed name="corp" url="{self.server.url}" anchors="corp" every="{self.FEED_EVERY}" timeout="30s" {feed_attributes}/>
  {self.POLICY}
  {self.ACCESS}
  {more}
</stopgap>
""")

    def publish(self, serial, *configs):
        self.server.document = self.signer.sign(feed_xml(serial, configs))

    def start(self, *extra, refresh=True, **options):
        """A daemon that is ready; it has polled, too, unless refresh=False leaves that to its own time."""
        daemon = Daemon(self, *extra, **options)
        self.daemons.append(daemon)
        self.addCleanup(daemon.close)
        if refresh and self.server.document and options.get("config", True) and options.get("wait", True):
            with contextlib.suppress(RpcError):
                self.call("refresh")
        return daemon

    def client(self):
        client = Client(self.socket)
        self.addCleanup(client.close)
        return client

    def call(self, method, **params):
        with Client(self.socket) as client:
            return client.call(method, **params)

    def row(self, id):
        for mitigation in self.call("list")["mitigations"]:
            if mitigation["id"] == id:
                return mitigation
        return None

    def wait_state(self, id, state, patience=PATIENCE):
        def reached():
            row = self.row(id)
            return row if row and row["state"] == state else None

        try:
            return wait_for(f"{id} {state}", reached, patience)
        except AssertionError as e:
            raise AssertionError(f"{e}; it is {self.row(id)}") from None

    def ctl(self, *arguments, timeout=60, env=None, user=None):
        """Exit status, stdout, stderr of stopgapctl."""
        extra = {"user": user, "group": user, "extra_groups": []} if user is not None else {}
        done = subprocess.run(
            [program_for(user), *arguments], capture_output=True, text=True, timeout=timeout,
            env={**os.environ, "STOPGAP_SOCKET": self.socket, **(env or {})}, **extra)
        return done.returncode, done.stdout, done.stderr

    def once(self, *arguments):
        done = subprocess.run(
            [STOPGAPD, "--root", "C=" + self.drive.folder, "--once", *arguments], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def changed(self):
        """What differs on the drive from how it was made."""
        return changed(self.original, self.drive.snapshot())

    def check_sanitizers(self):
        for daemon in self.daemons:
            text = daemon.text() if os.path.exists(daemon.log_path) else ""
            for sign in ("AddressSanitizer", "LeakSanitizer", "runtime error:"):
                if sign in text:
                    raise AssertionError(f"a sanitizer complains:\n{text[-6000:]}")


def main():
    unittest.main(verbosity=2)
