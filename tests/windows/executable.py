#!/usr/bin/env python3
"""executable.py BUILD - scripts/windows/check-executable says yes to what is built, and no to each way in which a program could be wrong. Runs no Wine."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

if len(sys.argv) < 2:
    sys.exit(__doc__.strip())
BUILD = os.path.realpath(sys.argv.pop(1))
CHECK = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "scripts", "windows", "check-executable")
PROGRAM = os.path.join(BUILD, "stopgap-journal.exe")


def check(program):
    done = subprocess.run([CHECK, program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


class Executable(unittest.TestCase):
    def test_what_is_built_is_as_it_must_be(self):
        for name in ("stopgapd.exe", "stopgapctl.exe", "stopgap-feed.exe", "stopgap-journal.exe"):
            status, text = check(os.path.join(BUILD, name))
            self.assertEqual(status, 0, text)

    def test_each_fault_of_a_manifest_is_named(self):
        with open(PROGRAM, "rb") as f:
            octets = f.read()
        for old, new, said in ((b'level="asInvoker"', b'level="asinvoker"', "other rights"), (b'uiAccess="false"', b'uiAccess="truee"', "other rights"),
                               (b">UTF-8<", b">UTF-7<", "activeCodePage"), (b"SMI/2019/", b"SMI/2016/", "activeCodePage"),
                               (b">true</longPathAware", b">TRUE</longPathAware", "longPathAware"), (b"SMI/2016/", b"SMI/2015/", "longPathAware"),
                               (b"{1f676c76", b"{1f676c77", "2012 R2"), (b"{8e0f7a12", b"{8e0f7a13", "2016 and later"), (b"asm.v1", b"asm.v2", "no assembly"),
                               (b"</assembly>", b"</assemble>", "mismatched tag"), (b"ADVAPI32.dll", b"ADVAPI33.dll", "imports ADVAPI33.dll")):
            with self.subTest(new=new), tempfile.TemporaryDirectory() as folder:
                wrong, n = re.subn(re.escape(old), new, octets)
                self.assertGreaterEqual(n, 1)
                path = os.path.join(folder, "wrong.exe")
                with open(path, "wb") as f:
                    f.write(wrong)
                status, text = check(path)
                self.assertEqual(status, 1, text)
                self.assertIn(said, text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
