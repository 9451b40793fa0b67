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
import unittest

if not shutil.which("wixl"):
    print("skipped: no wixl here (scripts/setup --windows)")
    sys.exit(77)
import stage
from stage import BUILD, DRIVE_C as DRIVE, must, run, wait_for, windows

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
DATA = os.path.join(DRIVE, "ProgramData", "stopgap")
WEB_CONFIG = os.path.join(DRIVE, "inetpub", "wwwroot", "web.config")
RULE = stage.MARKS["W-1"][1]
CONFIG = stage.CONFIG.format(root="anchors/root.pem", feed="{feed}").replace("enforce", "observe").replace("1h", "1m")


def read(path):
    with open(path, "rb") as f:
        return f.read()


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
    feed = stage.RULE
    path = staticmethod(stage.closed)

    @classmethod
    def setUpClass(cls):
        drive = stage.path("drive")
        os.mkdir(drive)
        must("tests/make-drive.exe", windows(drive))
        shutil.rmtree(os.path.join(drive, "Windows", "System32", "config"), ignore_errors=True)  # Wine has a registry of its own
        merge(drive, DRIVE)
        stage.publish(cls.feed)
        cls.write("first.xml", CONFIG.format(feed=windows(cls.path("feed.xml"))))
        cls.write("wrong.xml", CONFIG.format(feed="x").replace("</stopgap>", "<stopgup/></stopgap>"))
        for name, version in zip(("old", "new", "newer"), cls.versions):
            subprocess.run([TOP + "/scripts/package-windows", "--programs", BUILD, "--package-version", version, "--output", cls.path(name + ".msi")],
                           check=True, stdout=subprocess.DEVNULL)
        # Wine calls itself Windows 7, which the package refuses.
        must("reg.exe", "add", "HKCU\\Software\\Wine", "/v", "Version", "/d", "win81", "/f")
        cls.original = read(WEB_CONFIG)

    @classmethod
    def write(cls, name, text):
        stage.write(cls.path(name), text)

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
