#!/usr/bin/env python3
"""What a real Windows has to show: the page of steps, its script and README's table belong together, and every command in them is one that our programs know.

None of it can be run here. The feed and the configuration that the script makes are made here with the same words, and accepted.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

BUILD = os.environ.get("STOPGAP_BUILD") or sys.exit("STOPGAP_BUILD must name the build folder")
TOP = pathlib.Path(__file__).resolve().parent.parent.parent
RECIPE = TOP / "scripts" / "windows"
PAGE = (RECIPE / "on-windows.md").read_text(encoding="ascii")
MAIN = (RECIPE / "findings.ps1").read_text(encoding="ascii")
PARTS = {name: (RECIPE / name).read_text(encoding="ascii") for name in ("findings-iis.ps1", "findings-service.ps1")}
README = (TOP / "README.md").read_text(encoding="utf-8")
STEPS = dict(re.findall(r"^### (S\d\d) .*\((machine|asks|hand)\)$", PAGE, re.M))
PROGRAM = r"(stopgapctl|stopgapd|stopgap-feed|stopgap-journal)"


def run(*command, **how):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **how)
    return done.returncode, done.stdout


def help_of(program, verb):
    """What it says about that verb; None: there is no such verb."""
    path = os.path.join(BUILD, program)
    if program in ("stopgapctl", "stopgap-feed"):
        status, text = run(path, "help", verb)
        return text if status == 0 else None
    status, text = run(path, "--help")
    if status:
        raise AssertionError(f"{program} --help: {status}\n{text}")
    return text if re.search(rf"(^|[\s\[|]){re.escape(verb)}($|[\s\],|])", text) else None


def commands():
    """(where, program, verb, options) of every command line of ours in the page and the script."""
    for span in re.findall(r"`([^`\n]+)`", PAGE):
        m = re.match(rf"{PROGRAM}(?:\.exe)? (\S+)(.*)", span)
        if m:
            yield "on-windows.md", m[1], m[2], re.findall(r"(?<!\S)--[a-z-]+", m[3])
    for name, text in {"findings.ps1": MAIN, **PARTS}.items():
        for line in text.split("\n"):
            for m in re.finditer(rf"{PROGRAM}\.exe[\"']? ([a-z$]\S*?)(?=[\s'\"])(.*)", line):
                if not m[2].startswith("$"):
                    yield name, m[1], m[2], re.findall(r"(?<!\S)--[a-z-]+", m[3])


class Page(unittest.TestCase):
    def test_only_what_a_run_made_is_taken_away_and_only_what_is_there_is_read(self):
        body = re.search(r"^function Remove-Stage \{\n(.*?)^\}", MAIN, re.M | re.S)[1]
        self.assertRegex(body, r"\} elseif \(\$made\) \{\n[^}]*stopgapd\.exe uninstall")
        self.assertEqual(body.count("stopgapd.exe uninstall"), 1)
        read = re.search(r"^    if \(Test-Path \$AppHostBefore\) \{\n(.*?)^    \}", body, re.M | re.S)[1]
        for word in ("Get-FileHash", "Copy-Item", "appcmd.exe delete site", "appcmd.exe delete apppool"):
            self.assertEqual((read.count(word) > 0, body.count(word)), (True, read.count(word)), word)
        self.assertRegex(MAIN, r"if \(-not \(Test-Path \$CommandBefore\)\) \{\n *Write-Text \$ServiceMade")

    def test_the_key_may_be_there_without_the_packages_folder(self):
        self.assertNotIn("'HKLM:\\SOFTWARE\\stopgap').Folder", MAIN)

    def test_page_and_script_have_the_same_steps(self):
        table = re.search(r"^\$Steps = \[ordered\]@\{\n(.*?)^\}", MAIN, re.M | re.S)[1]
        self.assertEqual(dict(re.findall(r"(S\d\d) = '(\w+)'", table)), STEPS)
        self.assertEqual(list(STEPS), [f"S{n:02}" for n in range(1, len(STEPS) + 1)])

    def test_what_a_machine_can_do_has_a_function_and_nothing_else_has(self):
        functions = [f for text in PARTS.values() for f in re.findall(r"^function Test-(S\d\d) \{", text, re.M)]
        self.assertEqual(sorted(functions), sorted(step for step, how in STEPS.items() if how != "hand"))

    def test_each_step_says_what_to_do_and_what_must_be_seen(self):
        for part in re.split(r"^### ", PAGE, flags=re.M)[1:]:
            self.assertRegex(part, r"\nDo: ", part[:3])
            self.assertRegex(part, r"\nSeen: |\. Seen: ", part[:3])

    def test_each_open_question_has_a_step_that_settles_it_and_writes_a_finding(self):
        table = re.search(r"^\| question \| step \|\n\|[- |]+\n((?:\|.*\n)+)", PAGE, re.M)[1]
        rows = re.findall(r"^\| (.+\?) \| (S\d\d) \|$", table, re.M)
        self.assertEqual(len(rows), len(table.splitlines()))
        self.assertEqual([step for _, step in rows], [f"S{n:02}" for n in range(2, 8)])
        for question, step in rows:
            part = re.search(rf"^### {step} (.*?)(?=^###? |\Z)", PAGE, re.M | re.S)[1]
            self.assertIn("Settles: ", part, question)
            body = re.search(rf"^function Test-{step} \{{\n(.*?)^\}}", PARTS["findings-iis.ps1"], re.M | re.S)
            self.assertIsNotNone(body, question)
            self.assertRegex(body[1], r"Get-Verdict|'(yes|no|unknown)'", question)

    def test_each_row_that_only_windows_can_show_names_its_steps(self):
        table = re.search(r"^\| what \| Linux \| Wine.*\n\|[- |]+\n((?:\|.*\n)+)", README, re.M)[1]
        named = []
        for row in table.splitlines():
            last = row.rstrip("| ").rsplit("|", 1)[1] if not row.rstrip().endswith("| |") else ""
            if not last.strip():
                continue
            steps = [step for first, end in re.findall(r"\bS(\d\d)(?:-S(\d\d))?", last) for step in range(int(first), int(end or first) + 1)]
            self.assertTrue(steps, f"README's row names no step: {row}")
            named += [f"S{step:02}" for step in steps]
        self.assertEqual(set(named), set(STEPS) - {"S01"})

    def test_the_readme_leads_to_the_page(self):
        self.assertTrue("(scripts/windows/on-windows.md)" in README)

    def test_every_command_is_one_that_the_programs_know(self):
        known, found = {}, list(commands())
        self.assertGreater(len(found), 60)
        for where, program, verb, options in found:
            key = (program, verb)
            if key not in known:
                known[key] = help_of(program, verb)
            self.assertIsNotNone(known[key], f"{where}: {program} has no verb {verb}")
            for option in options:
                self.assertRegex(known[key], rf"(?<![\w-]){option}(?![\w-])", f"{where}: {program} {verb} has no {option}")

    def test_every_event_that_is_waited_for_exists(self):
        events = (TOP / "schemas" / "events.md").read_text(encoding="utf-8")
        for number in {*re.findall(r"\bGet-OurEvent (\d{4})", "".join(PARTS.values())), *re.findall(r"event (\d{4})", PAGE)}:
            self.assertIn(f"## {number} ", events)

    def test_the_privileges_that_are_wanted_are_those_of_the_code(self):
        code = re.search(r"^static const char \*const privileges\[\] = \{\n(.*?)^\};$", (TOP / "core" / "daemon" / "service_settings.c").read_text(encoding="utf-8"), re.M | re.S)[1]
        script = re.search(r"^\$Privileges = @\(\n(.*?)^\)", PARTS["findings-service.ps1"], re.M | re.S)[1]
        self.assertEqual(re.findall(r"'(Se\w+)'", script), re.findall(r'"(Se\w+)"', code))
        self.assertTrue(re.findall(r"'(Se\w+)'", script))

    def test_the_steps_of_the_answer_examples_exist(self):
        for step in re.findall(r"\bS\d\d\b", MAIN + "".join(PARTS.values()) + PAGE):
            self.assertIn(step, STEPS)


class Stage(unittest.TestCase):
    def test_the_feed_and_the_configuration_of_the_script_are_accepted(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "keys"))
            body = re.search(r"^function New-Feed \{\n(.*?)^\}", MAIN, re.M | re.S)[1]
            lines = re.findall(r"\"stopgap-feed\.exe ([^\"]+)\"", body)
            self.assertEqual(len(lines), 6)
            for line in lines:
                for id in ("TRY-1", "TRY-2", "TRY-3") if "$id" in line else ("",):
                    words = [w.replace("$Try", folder).replace("\\", "/").replace("$id", id).replace("$Service", "Spooler") for w in line.split()]
                    status, text = run(os.path.join(BUILD, "stopgap-feed"), *words)
                    self.assertEqual(status, 0, f"{words}: {text}")
            config = re.search(r"^\$Config = @'\n(.*?)\n'@", MAIN, re.M | re.S)[1]
            config = re.sub(r"C:\\StopgapTry([\w\\.-]+)", lambda m: folder + m[1].replace("\\", "/"), config)
            path = os.path.join(folder, "stopgap.xml")
            pathlib.Path(path).write_text(config, encoding="ascii")
            status, text = run(os.path.join(BUILD, "stopgapd"), "--check-config", "--config", path, "--root", "C=" + folder)
            self.assertEqual(status, 0, text)

    def test_a_script_that_was_never_run_says_so(self):
        for text in (MAIN, *PARTS.values()):
            self.assertIn("NOT RUN", text)


if __name__ == "__main__":
    unittest.main()
