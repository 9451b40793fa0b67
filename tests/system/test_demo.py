#!/usr/bin/env python3
"""test_demo - scripts/demo runs to its end on the programs under test, leaves nothing behind, and fails when a step does not hold."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEMO = os.path.join(TOP, "scripts", "demo")
BUILD = os.environ.get("STOPGAP_BUILD") or sys.exit("STOPGAP_BUILD must name the build folder")


def demo(*arguments, folder, build=BUILD):
    return subprocess.run(
        ["bash", DEMO, "--no-setup", "--build-dir", build, *arguments], env={**os.environ, "TMPDIR": folder},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240, check=False)


class Demo(unittest.TestCase):
    def setUp(self):
        # a control socket's path has little room, so the folder is near the root
        folder = tempfile.TemporaryDirectory(prefix="sg-", dir="/tmp")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def left(self):
        """What is left in the folder, and the processes that were started in it."""
        found = os.listdir(self.folder)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{pid}/cwd").startswith(self.folder):
                    found.append(f"process {pid}")
            except OSError:
                pass
        return found

    def test_every_step_does_what_it_claims_and_nothing_is_left(self):
        run = demo("--fast", folder=self.folder)
        self.assertEqual(run.returncode, 0, run.stdout)
        steps = re.findall(r"^== \d+\. (.*)$", run.stdout, flags=re.M)
        self.assertIn("Killed in mid-apply", steps)
        self.assertEqual(steps[-1], "The journal")
        for line in ("   ok  the attack request is served", "   ok  the attack is refused, also when it is encoded",
                     "   ok  the drive is half-way: one file has the rule", "   ok  recovery gave back every byte from before",
                     "   ok  the drive is byte-identical: names, modes, contents"):
            self.assertIn(line + "\n", run.stdout)
        self.assertRegex(run.stdout, r"(?m)^\+ +<rule name=\"stopgap EXK-2022-41040 ")
        self.assertRegex(run.stdout, rf"{len(steps)} steps, \d+ checks good, 0 failed")
        self.assertNotIn("\x1b", run.stdout, "colours are for terminals")
        self.assertEqual(self.left(), [])

    def test_a_step_that_does_not_hold_fails_the_demo(self):
        crooked = os.path.join(self.folder, "build")
        os.makedirs(os.path.join(crooked, "tests"))
        for name in ("stopgapd", "stopgapctl", "tests/sign-feed", "tests/make-drive"):
            os.symlink(os.path.join(BUILD, name), os.path.join(crooked, name))
        with open(os.path.join(crooked, "stopgap-journal"), "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\necho nothing\nexit 1\n")
        os.chmod(f.name, 0o755)
        run = demo("--keep", folder=self.folder, build=crooked)
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertIn(" FAIL  every promise that the journal can show holds\n", run.stdout)
        kept = re.search(r"demo: kept in (.*)$", run.stdout, flags=re.M).group(1)
        self.assertTrue(os.path.isdir(os.path.join(kept, "drive")))
        self.assertEqual([name for name in self.left() if name.startswith("process")], [])

    def test_help_and_mistakes(self):
        run = subprocess.run(["bash", DEMO, "--help"], capture_output=True, text=True, check=True)
        self.assertIn("usage: scripts/demo", run.stdout)
        for arguments in (["--fats"], ["--build-dir", self.folder], ["--build-dir"]):
            run = subprocess.run(["bash", DEMO, *arguments], capture_output=True, text=True, check=False)
            self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertEqual(self.left(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
