#!/usr/bin/env python3
"""test_powershell - what can be known of scripts/windows/Stopgap without a PowerShell: that stopgapctl takes every verb and option that it passes on, that it
exports what it has, that whatever changes something asks first, and that it says that it was not run. The syntax: scripts/windows/check-powershell.
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
FOLDER = os.path.join(TOP, "scripts", "windows", "Stopgap")
STOPGAPCTL = os.path.join(os.environ.get("STOPGAP_BUILD") or sys.exit("STOPGAP_BUILD must name the build folder"), "stopgapctl")
NOT_RUN = "Not run: there was no Windows PowerShell"
PROMISED = ("Get Block Unblock Approve Resolve Undo Suspend Resume".split(), "Get-StopgapHistory", "Test-StopgapHealth")
CHANGING = {"Block": "block", "Unblock": "unblock", "Approve": "approve", "Resolve": "resolve", "Undo": "rollback", "Suspend": "pause", "Resume": "resume"}
SAMPLES = {"Feed": "corp", "For": "8h", "Until": "2099-01-01T00:00:00Z", "Ticket": "OPS 17", "OnBehalfOf": "CORP\\anna"}


def read(name):
    with open(os.path.join(FOLDER, name), "rb") as f:
        return f.read()


class Function:
    def __init__(self, help_text, name, body):
        self.help, self.name, self.body = help_text or "", name, body
        block = re.search(r"(?s)    param\(\n(.*?)\n    \)\n", body)
        self.params = re.findall(r"(?m)^        \[\w+(?:\[\])?\] \$(\w+)", block.group(1)) if block else []
        self.code = body[block.end():] if block else body

    def options(self, literal):
        """The switches that a variable is given, as they stand in the text."""
        return re.findall(r"'(--[a-z-]+(?:=[\w-]+)?)'", "\n".join(re.findall(literal, self.code)))


MAIN = read("Stopgap.psm1").decode()
MODULE = "\n".join(read(name).decode() for name in re.findall(r"(?m)^\. \(Join-Path -Path \$PSScriptRoot -ChildPath '(\w+\.ps1)'\)$", MAIN)) + "\n" + MAIN
FUNCTIONS = {m[1]: Function(m[0], m[1], m[2]) for m in re.findall(r"(?ms)^(<#.*?#>\n)?function ([\w-]+) \{\n(.*?)^\}\n", MODULE)}
EXPORTED = re.findall(r"'([\w-]+)'", MODULE[MODULE.index("Export-ModuleMember"):])


def ctl(*arguments):
    done = subprocess.run([STOPGAPCTL, *arguments], input=b"why\r\n", capture_output=True, timeout=30, env={**os.environ, "STOPGAP_SOCKET": "/nonexistent/socket"})
    return done.returncode, done.stdout.decode() + done.stderr.decode()


PLANTED = {
    "if ($A) { 1": "missing", "if ($A { 1 }": "error at", "foreach ($x in $A { 1 }": "error at", "$x = @(1, 2": "error at", "$x = \"a": "error at",
    "$x = 'it's'": "error at", "$x = 1 +": "error at", "function G { param([int $B) }": "missing", "$x = $A -foo 3": "error at",
    # PowerShell 7's
    "$x = $A ?? 'b'": "error at", "$A ??= 'b'": "error at", "$x = $A ? 1 : 2": "error at", "$x = ${A}?.Length": "error at", "$x = ${A}?[0]": "error at",
    "Get-Item a && Get-Item b": "&& and ||", "Get-Item a || Get-Item b": "&& and ||", "$A | ForEach-Object -Parallel { 1 }": "ForEach-Object has no parameter -Parallel",
    "$x = Get-Content -LiteralPath a -AsByteStream": "Get-Content has no parameter -AsByteStream", "$x = ConvertFrom-Json -InputObject $A -AsHashtable": "no parameter -AsHashtable",
    "$x = Join-Path -Path a -ChildPath b -AdditionalChildPath c": "no parameter -AdditionalChildPath", "$x = 0b101": "0b101 is no function",
    # what nobody has
    "Get-Nothing -Such $A": "Get-Nothing is no function", "Get-Item -Pth a": "Get-Item has no parameter -Pth", "gci": "gci is no function", "try { 1 }": "try without catch",
    "$x = Invoke-Stopgap -Argument $A": "Invoke-Stopgap has no parameter -Argument", "if ($A) { Write-Host (Get-Item -Pth a) }": "Get-Item has no parameter -Pth",
    "Block-StopgapMitigation -Id $A -Revision 2": "Block-StopgapMitigation has no parameter -Revision"}
RIGHT = ("$x = Invoke-Stopgap -Arguments $A", "Block-StopgapMitigation -Id $A -Keep -WhatIf -Confirm:$false", "try { 1 } catch { 2 }", "try { 1 } finally { 2 }", "& $A -any",
         "stopgapctl.exe --json -x", "Get-Item -LiteralPath (Join-Path -Path a -ChildPath b) -Force -ErrorAction Stop", "get-item -literalpath a")


class Check(unittest.TestCase):
    def test_planted_faults_are_found_each_at_its_line(self):
        with tempfile.TemporaryDirectory() as folder:
            files = {}
            for i, line in enumerate((*PLANTED, *RIGHT)):
                path = os.path.join(folder, f"{i}.ps1")
                with open(path, "w", encoding="ascii") as f:
                    f.write("function F {\n    param([string] $A)\n    " + line + "\n}\n")
                files[line] = path
            done = subprocess.run([os.path.join(TOP, "scripts", "windows", "check-powershell"), "--cached", *files.values()],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=280)
            if done.returncode == 77:
                self.skipTest(done.stdout.strip())
            self.assertEqual(done.returncode, 1, done.stdout)
            for line, path in files.items():
                said = [x for x in done.stdout.splitlines() if x.startswith(path + ":")]
                with self.subTest(line=line):
                    if line in PLANTED:
                        self.assertTrue(said and all("no error" not in x for x in said), done.stdout)
                        self.assertTrue(any(PLANTED[line] in x for x in said), said)
                    else:
                        self.assertTrue(len(said) == 1 and "no error" in said[0], said)


class Module(unittest.TestCase):
    def test_it_has_what_was_promised_and_exports_no_more(self):
        verbs, *others = PROMISED
        self.assertEqual(set(EXPORTED), {f"{verb}-StopgapMitigation" for verb in verbs} | set(others))
        self.assertLessEqual(set(EXPORTED), FUNCTIONS.keys())
        manifest = read("Stopgap.psd1").decode()
        block = re.search(r"(?s)FunctionsToExport = @\((.*?)\)", manifest).group(1)
        self.assertEqual(re.findall(r"'([\w-]+)'", block), EXPORTED)
        with open(os.path.join(TOP, "CMakeLists.txt"), encoding="utf-8") as f:
            version = re.search(r"project\(\w+ VERSION ([\d.]+)", f.read()).group(1)
        self.assertIn(f"ModuleVersion = '{version}'", manifest)
        self.assertIn("PowerShellVersion = '5.1'", manifest)

    def test_files_are_ascii_with_plain_line_ends(self):
        for name in sorted(os.listdir(FOLDER)):
            with self.subTest(name=name):
                octets = read(name)
                self.assertTrue(octets.isascii())
                self.assertNotIn(b"\r", octets)
                self.assertNotIn(b"\t", octets)
                self.assertTrue(octets.endswith(b"\n"))

    def test_all_say_that_they_were_not_run(self):
        for name in EXPORTED:
            with self.subTest(name=name):
                text = FUNCTIONS[name].help
                self.assertIn(NOT_RUN, text)
                for part in (".SYNOPSIS", ".DESCRIPTION", ".EXAMPLE", ".NOTES"):
                    self.assertIn(part, text)
                self.assertEqual(re.findall(r"(?m)^\.PARAMETER (\w+)", text), FUNCTIONS[name].params)
        for name in os.listdir(FOLDER):
            self.assertIn("not run", read(name).decode().lower(), name)

    def test_what_changes_something_asks_first_and_plans_on_whatif(self):
        for verb, called in CHANGING.items():
            f = FUNCTIONS[f"{verb}-StopgapMitigation"]
            with self.subTest(name=f.name):
                self.assertRegex(f.body, r"\A    \[CmdletBinding\(SupportsShouldProcess = \$true, ConfirmImpact = 'High'")
                self.assertIn(f"@('{called}', '--json')", f.code)
                plans, asks, does = (f.code.index(x) for x in ("if ($WhatIfPreference) {\n                Show-StopgapPlan", "if ($PSCmdlet.ShouldProcess(", "Invoke-StopgapChange"))
                self.assertLess(plans, asks)
                self.assertLess(asks, does)
                self.assertEqual(f.code.count("Invoke-StopgapChange"), 1)
        for name, f in FUNCTIONS.items():
            if "ShouldProcess" not in f.body and name != "Invoke-StopgapChange":
                self.assertNotIn("Invoke-StopgapChange", f.code, name)
                called = set(re.findall(r"@\('([a-z-]+)', '--json'", f.code))
                self.assertLessEqual(called, {"list", "history", "doctor", "plan"}, name)

    def test_a_server_that_fails_does_not_end_the_pipeline(self):
        for name in EXPORTED:
            self.assertRegex(FUNCTIONS[name].code, r"\A    process \{\n        try \{\n(            .*\n|\n)+        \} catch \{\n            \$PSCmdlet\.WriteError\(\$_\)\n        \}\n    \}\n\Z", name)

    def test_stopgapctl_takes_all_that_is_passed_on(self):
        """Each function's whole command line: nobody is there to be asked, but the line itself is understood."""
        bound = dict(re.findall(r"Contains\('(\w+)'\)[^{]*\) \{\n +[\"'](--[a-z-]+)=", FUNCTIONS["Get-StopgapOption"].code))
        self.assertEqual(set(bound), set(SAMPLES) | {"Reason"})
        lines = 0
        for name in EXPORTED:
            f = FUNCTIONS[name]
            verb = re.search(r"@\('([a-z-]+)', '--json'", f.code).group(1)
            options = [f"{bound[p]}={SAMPLES.get(p, '-')}" for p in f.params if p in bound and "Get-StopgapOption" in f.code]
            extra = f.options(r"(?m)^ +\$arguments \+= .*$")
            how = re.findall(r"'(--[a-z-]+)'", "".join(re.findall(r"\$how = .*", f.code)))
            word = ["--", "CORP-1"] if "'--', $Id" in f.code else []
            for one in [[x] for x in how] or [[]]:
                tries = [(o, [] if "--all" in extra else word) for o in (options, [o for o in options if not o.startswith("--until")])]
                for chosen, words in tries:
                    if any(o.startswith("--for") for o in chosen) and any(o.startswith("--until") for o in chosen):
                        chosen = [o for o in chosen if not o.startswith("--for")]
                    arguments = [verb, "--json", *chosen, *one, *[o for o in extra if o != "--all"], *([] if words else ["--all"] if "--all" in extra else []), *words]
                    with self.subTest(arguments=arguments):
                        code, said = ctl(*arguments)
                        self.assertEqual(code, 3, said)
                        lines += 1
            if word and "--all" in extra:
                self.assertEqual(ctl(verb, "--json", *options[:1], *word)[0], 3)
            if "Show-StopgapPlan" in f.code:
                self.assertRegex(f.code, r"\$planned = @\(")
                self.assertEqual("$planned += $how" in f.code, bool(how))
                for one in [[x] for x in how] or [[]]:
                    planned = f.options(r"(?m)^ +\$planned \+?= .*$")
                    self.assertIn(f"--as={verb}", planned, "the plan of -WhatIf is of this verb")
                    arguments = ["plan", "--json", *planned, *one, *(f"{o}=corp" for o in re.findall(r'\$planned \+= "(--[a-z-]+)=\$Feed"', f.code)), *word]
                    with self.subTest(arguments=arguments):
                        code, said = ctl(*arguments)
                        self.assertEqual(code, 3, said)
                        lines += 1
        self.assertGreater(lines, 20)

    def test_a_word_that_looks_like_an_option_is_none(self):
        for f in (FUNCTIONS[name] for name in EXPORTED):
            for use in re.findall(r".*Arguments.*\$Id.*|.*\$arguments \+= .*\$Id.*|.*\$word = .*\$Id.*", f.code):
                self.assertIn("'--', $Id", use, f.name)
            for name in ("Id", "Feed", "For", "Ticket", "OnBehalfOf"):
                if name in f.params:  # quotes that Windows PowerShell 5.1 would take apart are refused before
                    pattern = re.search(r"\[ValidatePattern\('(.*)'\)\]\n        \[string\] \$" + name, f.body).group(1)
                    empty = name == "Feed" and "$planned" in f.code  # a row of the pipeline may have none
                    self.assertEqual(pattern, r'^([^"]*[^"\\])?$' if empty else r'^[^"]*[^"\\]$', f.name)
                    self.assertEqual(re.fullmatch(pattern, "") is not None, empty)
        self.assertEqual(ctl("rollback", "--json", "--", "--all")[0], 3)

    def test_columns_are_fields_that_stopgapctl_gives(self):
        with open(os.path.join(TOP, "schemas", "control.md"), encoding="utf-8") as f:
            shapes = dict(re.findall(r"(?m)^- `(stopgap\.\w+\.v1)`: (.*(?:\n  .*)*)", f.read()))
        row = FUNCTIONS["ConvertTo-StopgapMitigation"].code
        self.assertEqual(re.findall(r"(?m)^            (\w+) = ", row)[:7], "Server ID Type Description Status Verdict Reason".split())
        for text, variable, schema in ((row, "row", "stopgap.list.v1"), (FUNCTIONS["Get-StopgapHistory"].code, "line", "stopgap.history.v1"),
                (FUNCTIONS["Test-StopgapHealth"].code, "check", "stopgap.doctor.v1"), (FUNCTIONS["Test-StopgapHealth"].code, "step", "stopgap.doctor.v1"),
                (FUNCTIONS["ConvertTo-StopgapCheck"].code, "Check", "stopgap.doctor.v1"), (FUNCTIONS["Show-StopgapPlan"].code, "plan", "stopgap.plan.v1"),
                (FUNCTIONS["Show-StopgapPlan"].code, "file", "stopgap.plan.v1")):
            fields = set(re.findall(rf"\${variable}\.(\w+)", text))
            self.assertTrue(fields, variable)
            for field in fields:
                self.assertIn(f"`{field}`", shapes[schema], variable)
        views = xml.etree.ElementTree.fromstring(read("Stopgap.format.ps1xml"))
        columns = {v.find("ViewSelectedBy/TypeName").text: [p.text for p in v.iter("PropertyName")] for v in views.iter("View")}
        self.assertEqual(columns["Stopgap.Mitigation"], "Server ID Type Description Status Verdict Reason".split())
        for name in columns:
            self.assertIn(f"'{name}'", MODULE)
        for v in views.iter("View"):
            self.assertEqual(len(v.findall(".//TableColumnHeader")), len(v.findall(".//TableColumnItem")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
