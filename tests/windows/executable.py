#!/usr/bin/env python3
"""executable.py BUILD - scripts/windows/check-executable says yes to what is built, and no to each way in which a program could be wrong. Runs no Wine."""
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest

if len(sys.argv) < 2:
    sys.exit(__doc__.strip())
BUILD = os.path.realpath(sys.argv.pop(1))
SCRIPTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "scripts")
CHECK, PACKAGE = os.path.join(SCRIPTS, "windows", "check-executable"), os.path.join(SCRIPTS, "package-windows")
PROGRAMS = ("stopgapd.exe", "stopgapctl.exe", "stopgap-feed.exe", "stopgap-journal.exe")
PROGRAM = os.path.join(BUILD, "stopgap-journal.exe")


def u16(octets, at):
    return struct.unpack_from("<H", octets, at)[0]


def u32(octets, at):
    return struct.unpack_from("<I", octets, at)[0]


class Image:
    """Where a program's headers lie in its file ("PE Format")."""

    def __init__(self, octets):
        self.octets = octets
        self.coff = u32(octets, 0x3C) + 4
        self.optional = self.coff + 20
        self.directories = self.optional + 112
        first = self.optional + u16(octets, self.coff + 16)
        self.sections = {octets[at:at + 8].rstrip(b"\0").decode(): at for at in range(first, first + 40 * u16(octets, self.coff + 2), 40)}

    def set(self, form, at, value):
        octets = bytearray(self.octets)
        struct.pack_into("<" + form, octets, at, value)
        return bytes(octets)

    def flip(self, form, at, bits):
        return self.set(form, at, struct.unpack_from("<" + form, self.octets, at)[0] ^ bits)

    def resource(self, kind):
        """Where the first level of the resources says `kind`."""
        base = u32(self.octets, self.sections[".rsrc"] + 20)
        for i in range(u16(self.octets, base + 12) + u16(self.octets, base + 14)):
            if u32(self.octets, base + 16 + 8 * i) == kind:
                return base + 16 + 8 * i
        raise AssertionError(f"no resource of type {kind}")

    def below(self, entry):
        """The first entry of the table that this one leads to."""
        return u32(self.octets, self.sections[".rsrc"] + 20) + (u32(self.octets, entry + 4) & 0x7FFFFFFF) + 16


def check(program):
    done = subprocess.run([CHECK, program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


class Executable(unittest.TestCase):
    def test_what_is_built_is_as_it_must_be(self):
        for name in PROGRAMS:
            status, text = check(os.path.join(BUILD, name))
            self.assertEqual(status, 0, text)

    def test_what_the_package_holds_is_so_too(self):
        """Its programs are stripped, and the library of its custom action runs as the system's account."""
        with tempfile.TemporaryDirectory() as folder:
            package, library = os.path.join(folder, "stopgap.msi"), os.path.join(folder, "installer.dll")
            subprocess.run([PACKAGE, "--programs", BUILD, "--output", package], check=True, stdout=subprocess.DEVNULL)
            subprocess.run(["msiextract", "-C", folder, package], check=True, stdout=subprocess.DEVNULL)
            with open(library, "wb") as f:
                subprocess.run(["msiinfo", "extract", package, "Binary.Installer"], check=True, stdout=f)
            found = [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names if name.endswith((".exe", ".dll"))]
            self.assertEqual(len(found), len(PROGRAMS) + 1)
            for path in found:
                status, text = check(path)
                self.assertEqual(status, 0, text)
            # What holds of a library is seen to fail, too.
            with open(library, "rb") as f:
                octets = f.read()
            image = Image(octets)
            for wrong, said in ((image.flip("H", image.optional + 70, 0x40), "not marked DYNAMIC_BASE"), (octets.replace(b"msi.dll", b"msj.dll"), r"imports msj\.dll")):
                self.assert_refused(wrong, said, "wrong.dll")

    def assert_refused(self, octets, said, name="wrong.exe"):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, name)
            with open(path, "wb") as f:
                f.write(octets)
            status, text = check(path)
            self.assertEqual(status, 1, text)
            self.assertRegex(text, said)
            self.assertNotIn(";", text)  # it is wrong in this one point

    def test_each_fault_of_the_headers_is_named(self):
        with open(PROGRAM, "rb") as f:
            image = Image(f.read())
        characteristics, marks, o = image.coff + 18, image.optional + 70, image.optional
        version, manifest = image.resource(16), image.resource(24)
        for what, octets, said in (
                ("HIGH_ENTROPY_VA", image.flip("H", marks, 0x20), "not marked HIGH_ENTROPY_VA"),
                ("DYNAMIC_BASE", image.flip("H", marks, 0x40), "not marked DYNAMIC_BASE"),
                ("NX_COMPAT", image.flip("H", marks, 0x100), "not marked NX_COMPAT"),
                ("stripped", image.flip("H", characteristics, 1), "relocations are stripped"),
                ("no .reloc", image.set("I", image.directories + 8 * 5 + 4, 0), "has no relocations"),
                ("large", image.flip("H", characteristics, 0x20), "lower 2 GB"),
                ("written", image.flip("I", image.sections[".text"] + 36, 0x80000000), r"section \.text is written to and executed"),
                ("executed", image.flip("I", image.sections[".data"] + 36, 0x20000020), r"section \.data is written to and executed"),
                ("windows", image.set("H", o + 68, 2), "no console program"),
                ("10.0", image.set("I", o + 48, 10), r"version 10\.0, and"),
                ("6.4", image.set("I", o + 48, 6 | 4 << 16), r"version 6\.4, and"),
                ("at first use", image.set("I", image.directories + 8 * 13 + 4, 0x40), "at first use"),
                ("no load configuration", image.set("I", image.directories + 8 * 10, 0), "no load configuration"),
                ("its size", image.set("I", image.directories + 8 * 10 + 4, 148), "another size than the headers say"),
                ("its flags", image.set("H", u32(image.octets, image.sections[".loadcfg"] + 20) + 78, 0), "another folder than System32"),
                ("no imports", image.set("20s", u32(image.octets, image.sections[".idata"] + 20), b""), "imports nothing"),
                ("version", image.set("I", version, 17), "no version resource"),
                ("version below", Image(image.set("I", version, 17)).set("I", image.below(version), 16), "no version resource"),
                ("manifest", image.set("I", manifest, 25), "no manifest of a process"),
                ("manifest of a library", image.set("I", image.below(manifest), 2), "no manifest of a process")):
            with self.subTest(what=what):
                self.assertNotEqual(octets, image.octets)
                self.assert_refused(octets, said)
        self.assertEqual(check(PROGRAM)[0], 0)

    def test_the_load_configuration_is_entered_with_a_checksum_and_only_where_there_is_one(self):
        tool = os.path.join(os.path.dirname(CHECK), "load-config")
        with open(PROGRAM, "rb") as f:
            built = Image(f.read())
        linked = Image(Image(built.set("Q", built.directories + 8 * 10, 0)).set("I", built.optional + 64, 0))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "linked.exe")
            for octets, status in ((linked.octets, 0), (linked.octets.replace(b".loadcfg", b".loadcfh", 1), 1)):
                with open(path, "wb") as f:
                    f.write(octets)
                self.assertEqual(subprocess.run([tool, "set", path], stdout=subprocess.DEVNULL, check=False).returncode, status)
                with open(path, "rb") as f:
                    self.assertEqual(f.read(), octets if status else built.octets)

    def test_each_fault_of_a_manifest_is_named(self):
        with open(PROGRAM, "rb") as f:
            octets = f.read()
        for old, new, said in ((b'level="asInvoker"', b'level="asinvoker"', "other rights"), (b'uiAccess="false"', b'uiAccess="truee"', "other rights"),
                               (b">UTF-8<", b">UTF-7<", "activeCodePage"), (b"SMI/2019/", b"SMI/2016/", "activeCodePage"),
                               (b">true</longPathAware", b">TRUE</longPathAware", "longPathAware"), (b"SMI/2016/", b"SMI/2015/", "longPathAware"),
                               (b"{1f676c76", b"{1f676c77", "2012 R2"), (b"{8e0f7a12", b"{8e0f7a13", "2016 and later"), (b"asm.v1", b"asm.v2", "no assembly"),
                               (b"</assembly>", b"</assemble>", "mismatched tag"), (b"ADVAPI32.dll", b"ADVAPI33.dll", "imports ADVAPI33.dll")):
            with self.subTest(new=new):
                wrong, n = re.subn(re.escape(old), new, octets)
                self.assertGreaterEqual(n, 1)
                self.assert_refused(wrong, re.escape(said))


if __name__ == "__main__":
    unittest.main(verbosity=2)
