#!/usr/bin/env python3
"""test_sweep.py SWEEP - every real configuration file of STOPGAP_DATA/iis: rules of each kind in and out again, or refused for the expected reason.

lxml says, independently of the product, what each file must be refused for; SWEEP (sweep_main.c) says what the product did. Skipped, with status 77,
when the data is not there.
"""
import collections
import os
import re
import subprocess
import sys
import tempfile

try:
    from lxml import etree
except ImportError:
    sys.exit("test_sweep: python3-lxml is not there: scripts/setup")

MAX_WEB_CONFIG = 250 * 1024
SECTION = re.compile(rb'<sectionGroup\s+name="rewrite"')
MODULE = re.compile(rb'\n[ \t]*<globalModules>[ \t]*\r?\n(?:(?!</globalModules>).)*<add\s+name="RewriteModule"', re.S)
LOCKS = ("lockItem", "lockElements", "lockAllElementsExcept", "lockAttributes", "lockAllAttributesExcept")
# What the product's sentence must say, for each reason that lxml gives.
SAYS = {
    "ill-formed": r"well-formed|column|no end|end tag|expected|begins nothing|second document element|no element|does not parse",
    "doctype": r"DOCTYPE",
    "encoding": r"encoding|UTF-16|UTF-8",
    "root": r"<configuration>",
    "size": r"size|bytes|KB",
    "configSource": r"configSource",
    "encrypted": r"encrypted|configProtectionProvider",
    "locked": r"lock",
    "twice": r"location",
    "path": r"absolute|network",
    "module": r"URL Rewrite|RewriteModule|rewrite",
}


def parse(octets):
    """The document element, or the reason why the file must be refused before anybody looks inside."""
    if octets[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return None, "encoding"
    if b"<!DOCTYPE" in octets:
        return None, "doctype"
    declared = re.match(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*encoding\s*=\s*[\"']([^\"']+)", octets)
    if declared and declared.group(1).lower() not in (b"utf-8", b"us-ascii", b"ascii"):
        return None, "encoding"
    try:
        root = etree.fromstring(octets, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except (etree.XMLSyntaxError, ValueError):
        return None, "ill-formed"
    return (root, None) if root.tag == "configuration" else (None, "root")


def own_location(element):
    """Whether this is a <location> about the very folder that the file lies in."""
    return element.tag == "location" and element.get("path", ".") in (".", "")


def sections(root, name):
    """The places that hold a section: [(location or None, section element)]."""
    found = [(None, e) for e in root.findall(f"system.webServer/rewrite/{name}")]
    for location in root.findall("location"):
        if own_location(location):
            found += [(location, e) for e in location.findall(f"system.webServer/rewrite/{name}")]
    return found


def expected(octets, kind, inherit):
    """None when the rules must go in, else the reason for a refusal."""
    root, reason = parse(octets)
    if reason:
        return reason
    if kind == "web" and len(octets) > MAX_WEB_CONFIG - 4096:
        return "size"
    names = ["globalRules", "outboundRules"] if kind == "apphost" else ["rules", "outboundRules"]
    for rewrite in [e for e in root.iter("rewrite")] + [e for n in names for e in root.iter(n)]:
        if rewrite.get("configSource"):
            return "configSource"
        if rewrite.get("configProtectionProvider"):
            return "encrypted"
    for name in names:
        found = sections(root, name)
        if any(e.get(lock) for _, e in found for lock in LOCKS):
            return "locked"
        at_top = any(location is None for location, _ in found)
        inside = [location for location, _ in found if location is not None]
        own = [at for at in inside if at.get("inheritInChildApplications", "true").lower() == "false"]
        if len(set(inside)) > 1 or (at_top and inside):
            return "twice"
        if inherit == "yes" and inside:
            return "twice"
        if inherit == "no" and (at_top or len(own) != len(inside)):
            return "twice"
    if kind == "apphost" and not (SECTION.search(octets) and MODULE.search(octets)):
        return "module"
    # A site whose folder is out of reach may have the rule's name already: the outbound rule, which every site meets, must wait.
    if kind == "apphost" and any(not re.match(r"[A-Za-z]:\\|%", e.get("physicalPath", "%")) for e in root.iter("virtualDirectory")):
        return "path"
    return None


def with_signs(octets):
    """applicationHost.config with what its server would have: the two signs of URL Rewrite that live in it, and paths that lead somewhere."""
    newline = b"\r\n" if b"\r\n" in octets else b"\n"
    # IIS Express writes paths with names that only its own process knows.
    octets = re.sub(rb"%IIS_BIN%(\\rewrite\.dll)", rb"%windir%\\System32\\inetsrv\1", octets)
    octets = re.sub(rb'(physicalPath=")%(?!SystemDrive|windir|SystemRoot|ProgramFiles|ProgramData)\w+%', rb"\1C:\\inetpub", octets, flags=re.I)
    if not SECTION.search(octets):
        group = (
            b'<sectionGroup name="rewrite">'
            b'<section name="globalRules" overrideModeDefault="Deny" allowDefinition="AppHostOnly" />'
            b'<section name="rules" overrideModeDefault="Allow" /><section name="outboundRules" overrideModeDefault="Allow" />'
            b"</sectionGroup>"
        )
        octets = re.sub(rb'(<sectionGroup\s+name="system\.webServer"[^>/]*>)', rb"\1" + newline + group, octets, count=1)
    if not MODULE.search(octets):
        module = rb'<add name="RewriteModule" image="%windir%\\System32\\inetsrv\\rewrite.dll" />'
        octets = re.sub(rb"(\n[ \t]*<globalModules>)(?=[ \t]*\r?\n)", rb"\1" + newline + module, octets, count=1)  # comments name it, too
        octets = re.sub(rb"(\n[ \t]*<modules>)(?=[ \t]*\r?\n)", rb'\1' + newline + b'<add name="RewriteModule" />', octets, count=1)
    return octets


def inputs(data, folder):
    """(name, kind, inherit, path, octets) for each file: an applicationHost.config once, any other file as a site's web.config, in both forms."""
    for number in sorted(os.listdir(data)):
        if not os.path.isdir(os.path.join(data, number)):
            continue
        for name in sorted(os.listdir(os.path.join(data, number))):
            path = os.path.join(data, number, name)
            with open(path, "rb") as f:
                octets = f.read()
            if name.lower().startswith("applicationhost.config"):
                octets = with_signs(octets)
                path = os.path.join(folder, number)
                with open(path, "wb") as f:
                    f.write(octets)
                yield f"{number}/{name}", "apphost", "yes", path, octets
            else:
                yield f"{number}/{name}", "web", "yes", path, octets
                yield f"{number}/{name}", "web", "no", path, octets


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip())
        return 2
    data = os.path.join(os.environ.get("STOPGAP_DATA", os.path.join(os.path.dirname(__file__), "../../../shared/data")), "iis")
    if not os.path.isdir(data):
        print(f"skipped: no real files at {data} (STOPGAP_DATA)")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        given = list(inputs(data, folder))
        lines = "".join(f"{i}\t{kind}\t{inherit}\t{path}\n" for i, (_, kind, inherit, path, _) in enumerate(given))
        env = dict(os.environ)
        if os.access("/dev/shm", os.W_OK):
            env["TMPDIR"] = "/dev/shm"  # thousands of flushes that prove nothing here
        done = subprocess.run([sys.argv[1]], input=lines, capture_output=True, encoding="utf-8", errors="replace", env=env)
    if done.returncode not in (0, 1):
        print("\n".join(done.stderr.splitlines()[-40:]))
    results = {int(line.split("\t")[0]): line.split("\t")[1:] for line in done.stdout.splitlines()}
    counts, wrong = collections.Counter(), []
    for i, (name, kind, inherit, _, octets) in enumerate(given):
        want = expected(octets, kind, inherit)
        got, *why = results.get(i, ["BROKEN", "no answer"])
        said = " | ".join(why)
        counts[f"{kind}, inherit={inherit}: {got}" + (f" ({want})" if want else "")] += 1
        if got == "BROKEN" or (want is None) != (got == "applied") or (want and not re.search(SAYS[want], said)):
            wrong.append(f"{name} ({kind}, inherit={inherit}): expected {want or 'applied'}, got {got}: {said}")
    for what, n in sorted(counts.items()):
        print(f"{n:5} {what}")
    for line in wrong:
        print(f"WRONG {line}")
    print(f"test_sweep: {len({g[0] for g in given})} files, {len(given)} runs, {len(wrong)} wrong, exit status of sweep {done.returncode}")
    return 1 if wrong or done.returncode else 0


sys.exit(main())
