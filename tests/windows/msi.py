#!/usr/bin/env python3
"""msi.py BUILD - the package under Wine, silently: installed with a seed, upgraded with a mitigation in place, removed with and without what it holds.

BUILD holds a Windows build (scripts/build-windows); WINEPREFIX names a Windows that nobody else uses (scripts/windows/wine-apart), because its drive C: gets
IIS's files. Wine's installer undoes no file of an installation that failed; what scripts/package-windows reads back from the tables is for that.
"""
import glob
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
    sys.exit("msi.py: scripts/test-windows runs this test")
if len(sys.argv) < 2:
    sys.exit(__doc__.strip())
if not shutil.which("wixl"):
    print("skipped: no wixl here (scripts/setup --windows)")
    sys.exit(77)
BUILD = os.path.realpath(sys.argv.pop(1))
TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
PATIENCE = float(os.environ.get("STOPGAP_PATIENCE", "60"))
DRIVE = os.path.join(os.environ["WINEPREFIX"], "drive_c")
PROGRAMS = os.path.join(DRIVE, "Program Files", "stopgap")
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


class Package(unittest.TestCase):
    """One life, in the order of the names: each test begins with what the one before it left."""

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
        cls.write("feed.in", FEED.format(issued=stamp(-1), expires=stamp(14)))
        run_or_fail(BUILD + "/tests/sign-feed.exe", "--key", windows(keys + "/leaf.key"), "--cert", windows(keys + "/chain.pem"),
                    windows(cls.path("feed.in")), windows(cls.path("feed.xml")))
        cls.write("first.xml", CONFIG.format(feed=windows(cls.path("feed.xml"))))
        cls.write("wrong.xml", CONFIG.format(feed="x").replace("</stopgap>", "<stopgup/></stopgap>"))
        for name, version in (("old", "0.1.0"), ("new", "0.1.1")):
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

    def ctl(self, *arguments):
        return run(PROGRAMS + "/stopgapctl.exe", *arguments)

    def state(self, id):
        status, text = self.ctl("list", "--json")
        rows = {m["id"]: m for m in json.loads(text)["mitigations"]} if status == 0 else {}
        return rows.get(id, {}).get("state")

    def assert_gone(self):
        self.assertIsNone(self.key("stopgap"))
        self.assertIsNone(self.key("EventLog\\Application\\stopgap"))

    def assert_held(self):
        self.assertTrue(self.is_running())
        wait_for(lambda: "W-1 applied\n" + self.ctl("list")[1], lambda: self.state("W-1") == "applied")
        self.assertIn(RULE, read(WEB_CONFIG))

    def test_1_a_wrong_seed_installs_nothing(self):
        for properties, said in ((("CONFIG=" + windows(self.path("wrong.xml")),), "wrong.xml:4: "),
                                 (("CONFIG=" + windows(self.path("none.xml")),), "none.xml"),
                                 (("CONFIG=" + windows(self.path("first.xml")),), "root.pem"),
                                 (("CONFIG=" + windows(self.path("first.xml")), "ANCHOR=" + windows(self.path("keys/root.pem")), "MODE=sometimes"), "sometimes"),
                                 (("MODE=observe",), "name that, too")):
            log = self.msiexec("/i", "old.msi", *properties, fails=True)
            self.assertRegex(log, "stopgap: stopgapd: .*" + re.escape(said))
            self.assert_gone()
            self.assertFalse(os.path.exists(DATA + "/stopgap.xml"))
            self.assertEqual(glob.glob(DATA + "/*/*.pem"), [])

    def test_2_a_silent_installation_begins_with_its_seed(self):
        log = self.msiexec("/i", "old.msi", "CONFIG=" + windows(self.path("first.xml")), "ANCHOR=" + windows(self.path("keys/root.pem")), "MODE=enforce")
        self.assertIn("stopgap: made the service stopgap", log)
        self.assertEqual(read(DATA + "/stopgap.xml"), read(self.path("first.xml")).replace(b"observe", b"enforce"))
        self.assertEqual(read(DATA + "/anchors/root.pem"), read(self.path("keys/root.pem")))
        self.assertIn('"C:\\Program Files\\stopgap\\stopgapd.exe" run', self.key("stopgap"))
        self.assertIn("stopgapd.exe", self.key("EventLog\\Application\\stopgap"))
        for name in ("stopgapctl.exe", "stopgap-feed.exe", "stopgap-journal.exe", "README.md", "LICENSE", "schemas/config.xsd", "schemas/examples/stopgap.xml"):
            self.assertTrue(os.path.exists(os.path.join(PROGRAMS, name)), name)
        self.assert_held()

    def test_3_an_upgrade_and_a_repair_touch_nothing_that_is_held(self):
        held, config, identity = read(WEB_CONFIG), read(DATA + "/stopgap.xml"), os.stat(WEB_CONFIG)
        other = "|--config=" + windows(self.path("wrong.xml"))  # whoever repairs may say properties, and is not always an administrator
        for properties in (("CONFIG=" + windows(self.path("wrong.xml")),), ("REINSTALL=ALL", "REINSTALLMODE=amus", "MODE=observe" + other)):
            log = self.msiexec("/i", "new.msi", *properties)
            ours = [line for line in log.split("\n") if line.startswith("stopgap: ")]
            self.assertTrue(any(line.endswith('"install" "--start"') for line in ours), ours)
            self.assertFalse(any("wrong.xml" in line for line in ours), ours)
            self.assertIn("has stopped; mitigations stay in place", log)
            self.assertNotIn("rolled back", log)
            self.assertTrue(self.is_running())
            self.assertEqual(read(WEB_CONFIG), held)
            self.assertEqual((os.stat(WEB_CONFIG).st_ino, os.stat(WEB_CONFIG).st_mtime_ns), (identity.st_ino, identity.st_mtime_ns))
            self.assertEqual(read(DATA + "/stopgap.xml"), config)
            self.assertTrue(os.path.exists(PROGRAMS + "/schemas/config.xsd"))
            self.assertIn("0.1.1", self.installed())
            self.assertNotIn("0.1.0", self.installed())
            self.assert_held()

    def installed(self):
        status, text = run("reg.exe", "query", "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall", "/s")
        return " ".join(re.findall(r"DisplayVersion\s+REG_SZ\s+(\S+)", text)) if status == 0 else ""

    def test_4_removal_is_refused_with_the_list_while_somebody_elses_edit_is_in_the_way(self):
        held = read(WEB_CONFIG)
        drifted = held.replace(b'pattern="evil"', b'pattern="less"')
        self.assertNotEqual(drifted, held)
        with open(WEB_CONFIG, "wb") as f:
            f.write(drifted)

        # What the package asks for, of a service that is stopped: it stays so.
        run_or_fail(PROGRAMS + "/stopgapd.exe", "stop")
        status, text = run(PROGRAMS + "/stopgapd.exe", "uninstall", "--rollback")
        self.assertEqual(status, 5, text)
        self.assertIn("nothing was changed", text)
        self.assertIsNotNone(self.key("stopgap"))
        self.assertFalse(self.is_running())
        run_or_fail(PROGRAMS + "/stopgapd.exe", "start")

        log = self.msiexec("/x", "new.msi", fails=True)
        self.assertRegex(log, r"stopgap:   W-1: .*web\.config")
        self.assertRegex(log, "stopgap: stopgapd: not everything would be given back, and nothing was changed: .* W-1")
        self.assertEqual(read(WEB_CONFIG), drifted)
        self.assertTrue(self.is_running())
        for name in ("stopgapd.exe", "stopgapctl.exe", "schemas/config.xsd"):
            self.assertTrue(os.path.exists(os.path.join(PROGRAMS, name)), name)
        with open(WEB_CONFIG, "wb") as f:
            f.write(held)
        self.assert_held()

    def test_5_keep_leaves_what_is_held_and_says_so(self):
        held = read(WEB_CONFIG)
        log = self.msiexec("/x", "new.msi", "KEEP=1")
        self.assertIn("W-1 stays in place", log)
        self.assertEqual(read(WEB_CONFIG), held)
        self.assert_gone()
        self.assertFalse(os.path.exists(PROGRAMS + "/stopgapd.exe"))
        self.assertTrue(os.path.exists(DATA + "/stopgap.xml"))

    def test_6_removal_gives_everything_back(self):
        self.msiexec("/i", "new.msi", "CONFIG=" + windows(self.path("wrong.xml")))  # there is a configuration: this one is not looked at
        self.assert_held()
        log = self.msiexec("/x", "new.msi")
        self.assertIn("1 mitigation rolled back", log)
        self.assertEqual(read(WEB_CONFIG), self.original)
        self.assert_gone()
        self.assertFalse(os.path.exists(PROGRAMS + "/stopgapd.exe"))
        self.assertTrue(os.path.exists(DATA + "/journal"))
        self.assertEqual(self.installed(), "")


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
