#!/usr/bin/env python3
"""test_hive_readers.py MAKE-DRIVE HIVE-EDIT - five readers that others wrote agree with what we make of a SYSTEM hive.

For hives of several shapes: before our edit, after it and after it was undone, each reader finds the same number of keys and, for every service, the
start type that we say; the edited file differs in the Start octets alone, and the undone one is identical. A reader that is not installed is named and
makes the test a skip (status 77), not a pass; the others still have to agree.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SHAPES = ("usual", "lf", "li", "nested", "moved", "old")
# Service, its start type on the test drive, and ours.
EDITS = (("W3SVC", 2, 4), ("WAS", 3, 4), ("MSExchangeUM", 2, 4), ("MSExchangeHMRecovery", 3, 4), ("MSExchangeMitigation", 4, 2),
         ("MSExchangeHM", 2, 3))
UNTOUCHED = (("MSExchangeUMCR", 2), ("RpcSs", 2), ("W32Time", 3))
SERVICES = "ControlSet001\\Services"
NAMES = [e[0] for e in EDITS] + [u[0] for u in UNTOUCHED]


def run(*args):
    done = subprocess.run(args, capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    if done.returncode != 0:
        raise AssertionError(f"{args[0]} failed with {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")
    return done.stdout.decode(errors="replace")


# Readers: each gives the number of keys and {service: start type}.

def hivex(path):
    import hivex as library
    h = library.Hivex(path)

    def count(node):
        return 1 + sum(count(kid) for kid in h.node_children(node))

    services = h.root()
    for name in SERVICES.split("\\"):
        services = h.node_get_child(services, name)
    return count(h.root()), {name: h.value_dword(h.node_get_value(h.node_get_child(services, name), "Start")) for name in NAMES}


def libregf(path):
    import pyregf
    f = pyregf.file()
    f.open(path)
    if f.is_corrupted():
        raise AssertionError(f"libregf calls {path} corrupt")

    def count(key):
        return 1 + sum(count(key.get_sub_key(i)) for i in range(key.number_of_sub_keys))

    found = {name: f.get_key_by_path(f"\\{SERVICES}\\{name}").get_value_by_name("Start").get_data_as_integer() for name in NAMES}
    keys = count(f.get_root_key())
    f.close()
    return keys, found


def reglookup(path):
    keys = len(re.findall(r"(?m)^/[^\n]*,KEY,", run("reglookup", "-t", "KEY", path)))
    starts = dict(re.findall(r"(?m)^/ControlSet001/Services/([^/\n]+)/Start,DWORD,(0x[0-9A-Fa-f]+)", run("reglookup", "-t", "DWORD", path)))
    return keys, {name: int(starts[name], 16) for name in NAMES}


def regtree(path):
    keys, starts, way = 0, {}, []
    for line in run("regtree", "-F", path).splitlines():
        depth = len(line) - len(line.lstrip(" "))  # a key's children and values stand one blank behind it
        value = re.match(r"^ *(.*?) = (REG_\w+) : (.*)$", line)
        del way[depth:]
        if not value:
            keys += 1
            way.append(line.strip())
        elif value.group(1) == "Start":
            starts[way[-1]] = int(value.group(3), 16)
    return keys, {name: starts[name] for name in NAMES}


PERL = r"""
use Parse::Win32Registry;
my ($file, $path, @names) = @ARGV;
my $root = Parse::Win32Registry->new($file)->get_root_key;
my $n = 0;
sub count { my $key = shift; $n++; count($_) for $key->get_list_of_subkeys; }
count($root);
print "$n\n";
print "$_ ", $root->get_subkey("$path\\$_")->get_value("Start")->get_data, "\n" for @names;
"""


def perl(path):
    lines = run("perl", "-e", PERL, path, SERVICES, *NAMES).splitlines()
    return int(lines[0]), {name: int(start) for name, start in (line.split() for line in lines[1:])}


def module(name):
    try:
        __import__(name)
        return True
    except ImportError:
        return False


def perl_module():
    return shutil.which("perl") and subprocess.run(["perl", "-MParse::Win32Registry", "-e", "1"], capture_output=True).returncode == 0


# Name, the reader, whether it is here, its package, and the shapes that it cannot read whoever wrote them.
READERS = (
    ("hivex", hivex, lambda: module("hivex"), "python3-hivex", ()),
    ("libregf", libregf, lambda: module("pyregf"), "python3-libregf", ()),
    ("reglookup", reglookup, lambda: shutil.which("reglookup"), "reglookup", ()),
    ("Samba's regtree", regtree, lambda: shutil.which("regtree"), "registry-tools", ("nested",)),  # 4.17 stops at any list of lists
    ("Parse::Win32Registry", perl, perl_module, "libparse-win32registry-perl", ()),
)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def agree(readers, path, expected, keys, moment):
    for name, reader, unable in readers:
        found_keys, found = reader(path)
        assert found == expected, f"{moment}: {name} reads {found} and we say {expected}"
        assert found_keys == keys, f"{moment}: {name} counts {found_keys} keys, {keys} are there"


def check(shape, readers, make_drive, hive_edit):
    with tempfile.TemporaryDirectory(prefix="stopgap-hive-") as drive:
        run(make_drive, drive)
        run(hive_edit, drive, "shape", shape)
        path = os.path.join(drive, "Windows/System32/config/SYSTEM")
        before, inode = read(path), os.stat(path).st_ino
        keys = before.count(b"nk\x20\0") + before.count(b"nk\x2c\0")
        here = [(name, reader, unable) for name, reader, unable in readers if shape not in unable]
        start = {name: old for name, old, _ in EDITS} | dict(UNTOUCHED)
        agree(here, path, start, keys, f"{shape}, before")
        said = run(hive_edit, drive, "set", *(f"{name}={new}" for name, _, new in EDITS)).splitlines()
        assert len(said) == len(EDITS), said
        edited = read(path)
        differs = [i for i in range(len(before)) if before[i] != edited[i]]
        assert len(before) == len(edited) and len(differs) == len(EDITS), f"{shape}: {len(differs)} octets changed"
        agree(here, path, start | {name: new for name, _, new in EDITS}, keys, f"{shape}, edited")
        run(hive_edit, drive, "set", *(f"{name}={old}" for name, old, _ in reversed(EDITS)))
        agree(here, path, start, keys, f"{shape}, undone")
        assert read(path) == before, f"{shape}: the undone hive is another one"
        assert os.stat(path).st_ino == inode, f"{shape}: the hive was replaced"
        assert sorted(os.listdir(os.path.dirname(path))) == ["SOFTWARE", "SYSTEM"], "something was left beside the hive"
    print(f"ok: {shape}: {keys} keys, {len(EDITS)} services moved and back, {len(here)} readers agree")


def main():
    make_drive, hive_edit = sys.argv[1:3]
    missing = [(name, package) for name, _, there, package, _ in READERS if not there()]
    readers = [(name, reader, unable) for name, reader, there, _, unable in READERS if there()]
    for shape in SHAPES:
        check(shape, readers, make_drive, hive_edit)
    for name, package in missing:
        print(f"SKIP: {name} is not here and was not asked (package {package}: scripts/setup)")
    return 77 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
