"""msi_stage.py - the stage of the tests of the package under Wine: a drive with IIS's files, a signed feed, and the installer run silently.

Whoever imports it is started as `TEST BUILD`: BUILD holds a Windows build (scripts/build-windows); WINEPREFIX names a Windows that nobody else uses
(scripts/windows/wine-apart), because its drive C: gets IIS's files. Wine's installer undoes no file of an installation that failed; what
scripts/package-windows reads back from the tables is for that.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

if not os.environ.get("WINEPREFIX"):
    sys.exit("scripts/test-windows runs this test")
if len(sys.argv) < 2:
    sys.exit(f"usage: {os.path.basename(sys.argv[0])} BUILD")
if not shutil.which("wixl"):
    print("skipped: no wixl here (scripts/setup --windows)")
    sys.exit(77)
BUILD = os.path.realpath(sys.argv.pop(1))
TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
PATIENCE = float(os.environ.get("STOPGAP_PATIENCE", "60"))
DRIVE = os.path.join(os.environ["WINEPREFIX"], "drive_c")
DATA = os.path.join(DRIVE, "ProgramData", "stopgap")
WEB_CONFIG = os.path.join(DRIVE, "inetpub", "wwwroot", "web.config")
RULE = b"stopgap W-1 - inbound"

FEED = """<?xml version="1.0" encoding="utf-8"?>
<EOCS version="1.0.4" xmlns:sg="urn:stopgap:feed:1" sg:feed="corp" sg:serial="1" sg:issued="{issued}" sg:expires="{expires}">
<Config id="W-1" desc="Refuse autodiscover requests" sg:revision="1.0" sg:severity="critical">
  <sg:Test><sg:Refuse uri="/autodiscover/x?evil=1"/><sg:Serve uri="/autodiscover/"/></sg:Test>
  <ActionList><Action type="UrlRewrite" scope="Site" desc="Inbound rule"><sg:At sites="Default Web Site" path="/" inherit="yes"/>
    <rewrite><rules>
      <rule name="stopgap W-1 - inbound" stopProcessing="true">
        <match url="autodiscover/.*"/>
        <conditions><add input="{{QUERY_STRING}}" pattern="evil"/></conditions>
        <action type="CustomResponse" statusCode="403" statusReason="Forbidden" statusDescription="Refused by an interim mitigation."/>
      </rule>
    </rules></rewrite></Action></ActionList>
</Config>
</EOCS>
"""
CONFIG = """<stopgap xmlns="urn:stopgap:config:1" mode="observe">
  <trust><anchor name="corp" file="anchors/root.pem"/></trust>
  <feed name="corp" url="{feed}" anchors="corp" every="1m"/>
</stopgap>
"""


def windows(path):
    return "Z:" + os.path.realpath(path).replace("/", "\\")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def run(program, *arguments, patience=120):
    """(exit status, stdout and stderr)"""
    done = subprocess.run(["wine", program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=patience)
    return done.returncode, done.stdout.decode("utf-8", "replace").replace("\r", "")


def run_or_fail(program, *arguments):
    status, text = run(program, *arguments)
    if status:
        raise AssertionError(f"{program} {arguments}: {status}\n{text}")
    return text


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {PATIENCE} s in vain for: {what() if callable(what) else what}")
        time.sleep(0.1)


def merge(source, target):
    """Windows' names differ by more than case, and what the prefix shares with others is replaced, not written."""
    names = {name.lower(): name for name in os.listdir(target)}
    for name in os.listdir(source):
        here, there = os.path.join(source, name), os.path.join(target, names.get(name.lower(), name))
        if os.path.isdir(here):
            os.makedirs(there, exist_ok=True)
            merge(here, there)
        else:
            if os.path.lexists(there):
                os.unlink(there)
            shutil.copyfile(here, there)


class Stage(unittest.TestCase):
    """One life, in the order of the names: each test begins with what the one before it left."""

    programs = os.path.join(DRIVE, "Program Files", "stopgap")
    versions = ("0.1.0", "0.1.1")
    feed = FEED

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="stopgap-msi-")
        drive, keys = cls.path("drive"), cls.path("keys")
        os.mkdir(drive)
        os.mkdir(keys)
        run_or_fail(BUILD + "/tests/make-drive.exe", windows(drive))
        shutil.rmtree(os.path.join(drive, "Windows", "System32", "config"), ignore_errors=True)  # Wine has a registry of its own
        merge(drive, DRIVE)
        run_or_fail(BUILD + "/tests/sign-feed.exe", "--make-chain", windows(keys))
        stamp = lambda days: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86400))
        cls.write("feed.in", cls.feed.format(issued=stamp(-1), expires=stamp(14)))
        run_or_fail(BUILD + "/tests/sign-feed.exe", "--key", windows(keys + "/leaf.key"), "--cert", windows(keys + "/chain.pem"),
                    windows(cls.path("feed.in")), windows(cls.path("feed.xml")))
        cls.write("first.xml", CONFIG.format(feed=windows(cls.path("feed.xml"))))
        cls.write("wrong.xml", CONFIG.format(feed="x").replace("</stopgap>", "<stopgup/></stopgap>"))
        for name, version in zip(("old", "new", "newer"), cls.versions):
            subprocess.run([TOP + "/scripts/package-windows", "--programs", BUILD, "--package-version", version, "--output", cls.path(name + ".msi")],
                           check=True, stdout=subprocess.DEVNULL)
        # Wine calls itself Windows 7, which the package refuses.
        run_or_fail("reg.exe", "add", "HKCU\\Software\\Wine", "/v", "Version", "/d", "win81", "/f")
        cls.original = read(WEB_CONFIG)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    @classmethod
    def write(cls, name, text):
        with open(cls.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def msiexec(self, what, package, *properties, fails=False):
        """The log, without the lines' ends of its encoding."""
        log = self.path("msiexec.log")
        if os.path.exists(log):
            os.unlink(log)
        status, text = run("msiexec.exe", what, windows(self.path(package)), "/qn", "/l*v", windows(log), *properties)
        octets = read(log) if os.path.exists(log) else b""
        text += octets.decode("utf-16" if octets[:2] == b"\xff\xfe" else "utf-8", "replace").replace("\r", "")
        self.assertEqual(status != 0, fails, f"{what} {package} {properties}: {status}\n{text[-6000:]}")
        return text

    def key(self, name):
        status, text = run("reg.exe", "query", "HKLM\\SYSTEM\\CurrentControlSet\\Services\\" + name)
        return text if status == 0 else None

    def is_running(self):
        return bool(re.search(r"STATE\s*:\s*4", run("sc.exe", "query", "stopgap")[1]))

    def assert_running(self):
        status, text = run("sc.exe", "query", "stopgap")
        self.assertRegex(text, r"STATE\s*:\s*4", f"the service does not run: {status}; {run('tasklist.exe')}")

    def ctl(self, *arguments):
        return run(self.programs + "/stopgapctl.exe", *arguments)

    def state(self, id):
        status, text = self.ctl("list", "--json")
        rows = {m["id"]: m for m in json.loads(text)["mitigations"]} if status == 0 else {}
        return rows.get(id, {}).get("state")

    def assert_gone(self):
        self.assertIsNone(self.key("stopgap"))
        self.assertIsNone(self.key("EventLog\\Application\\stopgap"))

    def assert_held(self):
        self.assert_running()
        wait_for(lambda: "W-1 applied\n" + self.ctl("list")[1], lambda: self.state("W-1") == "applied")
        self.assertIn(RULE, read(WEB_CONFIG))

    def installed(self):
        status, text = run("reg.exe", "query", "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall", "/s")
        return " ".join(re.findall(r"DisplayVersion\s+REG_SZ\s+(\S+)", text)) if status == 0 else ""
