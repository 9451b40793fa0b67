#!/usr/bin/env python3
"""msi_readme.py BUILD - the first day as README.md has it: its configuration and its lines, as they stand there, in prompts of Windows. See msi_stage.py.

Of the configuration the feed's address is another; the editor is not opened, what README says is written instead.
"""
import os
import re
import shutil
import unittest

from msi_stage import DATA, DRIVE, TOP, WEB_CONFIG, Stage, read, run, wait_for, windows

with open(TOP + "/README.md", encoding="utf-8") as f:
    DAY = re.search(r"(?ms)^### The first day\n(.*?)^### ", f.read()).group(1)
CONFIG = re.search(r"(?ms)^```xml\n(.*?)^```", DAY).group(1)
INSTALL, LOOK, ENFORCE = ([line for line in block.split("\n") if line] for block in re.findall(r"(?ms)^```bat\n(.*?)^```", DAY))
ADDRESS = "https://feed.example/corp.xml"


class FirstDay(Stage):
    versions = ("0.1.0",)
    feed = Stage.feed.replace("W-1", "CORP-1")

    def type_in(self, line, patience=120):
        """In a prompt that begins now, in the folder of the package."""
        batch = self.path("line.bat")
        with open(batch, "w", encoding="ascii", newline="\r\n") as f:  # quotes on a command line would be escaped on the way
            f.write(f"@cd /d {windows(os.path.dirname(batch))}\n@{line}\n")
        status, text = run("cmd.exe", "/c", windows(batch), patience=patience)
        if status != 0:
            last = run(self.programs + "/stopgap-journal.exe", "dump", "-j", "C:\\ProgramData\\stopgap\\journal")[1].split("\n")[-12:]
            self.fail(f"{line}: {status}\n{text}\n{run('sc.exe', 'query', 'stopgap')}\n{run('tasklist.exe')[1]}\n" + "\n".join(last))
        return text

    def test_1_install_and_look(self):
        seed = os.path.join(DRIVE, "seed")
        os.mkdir(seed)
        self.assertEqual(CONFIG.count(ADDRESS), 1)
        with open(seed + "/stopgap.xml", "w", encoding="utf-8") as f:
            f.write(CONFIG.replace(ADDRESS, windows(self.path("feed.xml"))))
        shutil.copyfile(self.path("keys/root.pem"), seed + "/corp.pem")
        os.rename(self.path("old.msi"), self.path("stopgap-0.1.0-x64.msi"))
        for line in INSTALL:
            self.type_in(line)
        self.assertTrue(os.path.exists(self.path("install.log")))
        wait_for("the feed", lambda: self.state("CORP-1"))
        said = [self.type_in(line) for line in LOOK]
        self.assertRegex(said[0], "(?i)observe")
        self.assertIn("CORP-1", said[1])
        self.assertRegex(said[2], r"(?m)^\+.*stopgap CORP-1 - inbound")
        self.assertEqual(read(WEB_CONFIG), self.original)

    def test_2_enforce_and_take_out(self):
        for line in ENFORCE:
            if line.startswith("notepad "):
                self.assertEqual(line, 'notepad "%ProgramData%\\stopgap\\stopgap.xml"')
                text = read(DATA + "/stopgap.xml")
                self.assertEqual(text.count(b'mode="observe"'), 1)
                with open(DATA + "/stopgap.xml", "wb") as f:
                    f.write(text.replace(b'mode="observe"', b'mode="enforce"'))
                continue
            text = self.type_in(line)
            if line == "stopgapd reload":
                wait_for(lambda: self.ctl("list")[1], lambda: self.state("CORP-1") == "applied")
            elif " rollback " in line:
                self.assertEqual(read(WEB_CONFIG), self.original)
            elif " apply " in line:
                self.assertIn(b"stopgap CORP-1 - inbound", read(WEB_CONFIG))
        self.assertIn("breaks calendar printing", text)
        self.assertIn("printing is mended", text)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
