"""stage - what the tests of whole programs under Wine share: programs of a Windows build, a signed feed in a file, a drive, and looking at them from the
system that Wine runs on.

WINEPREFIX names a Windows that nobody else uses, with a process that keeps it alive (scripts/windows/wine-apart).
"""
import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PATIENCE = float(os.environ.get("STOPGAP_PATIENCE", "40"))
PREFIX = os.environ.get("WINEPREFIX") or sys.exit("scripts/test-windows runs this test")
if len(sys.argv) < 2:
    sys.exit("usage: TEST.py BUILD [unittest's arguments]")
BUILD = os.path.realpath(sys.argv.pop(1))
DRIVE_C = os.path.join(PREFIX, "drive_c")
FOLDER = tempfile.mkdtemp(prefix="stopgap-wine-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
CLOSED = os.path.join(PREFIX, "stage")  # where only its owner may put something: the service obeys no file that others may change
os.makedirs(CLOSED, mode=0o755, exist_ok=True)

WEB = "inetpub/wwwroot/web.config"
APPHOST = "Windows/System32/inetsrv/config/applicationHost.config"
OURS = "programdata/stopgap"

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<EOCS version="1.0.4" xmlns:sg="urn:stopgap:feed:1" sg:feed="corp" sg:serial="{serial}" sg:issued="{issued}" sg:expires="{expires}">
"""
RULE = """<Config id="W-1" desc="Refuse autodiscover requests" sg:revision="1.0" sg:severity="critical">
  <sg:Test><sg:Refuse uri="/autodiscover/x?evil=1"/><sg:Serve uri="/autodiscover/"/></sg:Test>
  <ActionList><Action type="UrlRewrite" scope="Site" desc="Inbound rule"><sg:At sites="Default Web Site" path="/" inherit="yes"/>
    <rewrite><rules>
      <rule name="stopgap W-1 - inbound" stopProcessing="true">
        <match url="autodiscover/.*"/>
        <conditions><add input="{QUERY_STRING}" pattern="evil"/></conditions>
        <action type="CustomResponse" statusCode="403" statusReason="Forbidden" statusDescription="Refused by an interim mitigation."/>
      </rule>
    </rules></rewrite></Action></ActionList>
</Config>
"""
POOL = """<Config id="P-1" desc="The pool of ECP does not run" sg:revision="1.0" sg:severity="high">
  <ActionList><Action type="AppPool" scope="Server" desc="Not started, and stopped">
    <sg:AppPool name="MSExchangeECPAppPool" autoStart="false" run="Stopped"/></Action></ActionList>
</Config>
"""
SERVICE = """<Config id="S-1" desc="Unified messaging does not start" sg:revision="1.0" sg:severity="high">
  <ActionList><Action type="Service" scope="Server" desc="Disabled">
    <sg:Service name="MSExchangeUM" start="Disabled" run="Stopped"/></Action></ActionList>
</Config>
"""
MARKS = {"W-1": (WEB, b"stopgap W-1 - inbound"), "P-1": (APPHOST, b'autoStart="false"')}
CONFIG = """<stopgap xmlns="urn:stopgap:config:1" mode="enforce">
  <trust><anchor name="corp" file="{root}"/></trust>
  <feed name="corp" url="{feed}" anchors="corp" every="1h"/>
</stopgap>
"""


def path(*names):
    return os.path.join(FOLDER, *names)


def closed(*names):
    return os.path.join(CLOSED, *names)


# Drives of their own: what the service obeys, and the program, may have no folder above them that everybody writes, as this system's /tmp is.
DRIVES = {"S:": os.path.realpath(CLOSED), "B:": BUILD}
for letter, folder in DRIVES.items():
    link = os.path.join(PREFIX, "dosdevices", letter.lower())
    if not os.path.lexists(link):
        os.symlink(folder, link)


def windows(name):
    name = os.path.realpath(name)
    for letter, folder in DRIVES.items():
        if name.startswith(folder + "/"):
            return letter + name[len(folder):].replace("/", "\\")
    return "Z:" + name.replace("/", "\\")


def write(name, text):
    with open(name, "w", encoding="utf-8") as f:
        f.write(text)
    return name


def run(program, *arguments, patience=120):
    """Exit status and what a program of the build said; a program of Windows itself has no folder."""
    full = os.path.join(BUILD, program)
    done = subprocess.run(["wine", full if os.path.exists(full) else program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=patience)
    return done.returncode, done.stdout.decode("utf-8", "replace").replace("\r", "")


def must(program, *arguments):
    status, text = run(program, *arguments)
    if status:
        raise AssertionError(f"{program} {' '.join(arguments)}: {status}\n{text}")
    return text


def wait_for(what, condition, patience=PATIENCE):
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s in vain for: {what() if callable(what) else what}")
        time.sleep(0.05)


def make_keys():
    if not os.path.isdir(closed("keys")):
        os.mkdir(closed("keys"))
        must("tests/sign-feed.exe", "--make-chain", windows(closed("keys")))


def publish(*configs, serial=1):
    """A signed document in the file feed.xml."""
    make_keys()
    stamp = lambda days: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86400))
    text = HEAD.format(serial=serial, issued=stamp(-1), expires=stamp(14)) + "".join(configs) + "</EOCS>\n"
    write(closed("feed.in"), text)
    must("tests/sign-feed.exe", "--key", windows(closed("keys/leaf.key")), "--cert", windows(closed("keys/chain.pem")),
         windows(closed("feed.in")), windows(closed("feed.new")))
    os.replace(closed("feed.new"), closed("feed.xml"))


def configuration(name, of=windows):
    """A configuration for the service; `of` turns names of this system into those of the one that reads it."""
    return write(closed(name), CONFIG.format(root=of(closed("keys/root.pem")), feed=of(closed("feed.xml"))))


# --- a drive

def find(drive, name):
    """The file as Windows would find it: letters' case does not count."""
    at = drive
    for part in name.split("/"):
        same = [n for n in os.listdir(at) if n.lower() == part.lower()]
        if len(same) != 1:
            raise AssertionError(f"{len(same)} names like {part} in {at}")
        at = os.path.join(at, same[0])
    return at


def read(drive, name):
    with open(find(drive, name), "rb") as f:
        return f.read()


def snapshot(drive, below=("inetpub", "windows/system32/inetsrv", "windows/system32/config", "program files/microsoft")):
    """All octets of a server's files; stopgap's own are not among them."""
    seen = {}
    for top in below:
        for folder, _, names in os.walk(find(drive, top)):
            for name in names:
                full = os.path.join(folder, name)
                with open(full, "rb") as f:
                    seen[os.path.relpath(full, drive).lower()] = f.read()
    return seen


def differ(a, b):
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))


# --- processes

def processes(*words):
    """Ids of this prefix's processes whose command line has all these words."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                line = f.read().replace(b"\0", b" ").decode("utf-8", "replace")
            if not all(word in line for word in words):
                continue
            with open(f"/proc/{pid}/environ", "rb") as f:
                if f"WINEPREFIX={PREFIX}".encode() not in f.read().split(b"\0"):
                    continue
            with open(f"/proc/{pid}/stat", "rb") as f:
                if f.read().rsplit(b")", 1)[1].split()[0] == b"Z":
                    continue
        except OSError:
            continue
        found.append(int(pid))
    return found


def kill(pid):
    """SIGKILL, and it is gone."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    wait_for("the process's end", lambda: pid not in processes("stopgapd"))


def document(text):
    """The JSON document in what a program said."""
    return json.loads(text[text.index("{"):])
