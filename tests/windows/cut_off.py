#!/usr/bin/env python3
"""cut_off.py BUILD - an operation on services of this Windows is cut off in its middle: the service stopgap is killed, or told to stop, between a change of
start types and the stop that follows it, and between their return and the start that follows. Recovery, or the stop itself, leads to the very start types and
to what ran.

Nothing in the product makes it slow: the services are a test's own (real_service_win.c), and one takes seconds to stop, the other to start. The one that is
slow to stop is a companion, which is stopped first and started last: while it stops, the start type of the other one has changed and it runs still; while the
other one starts, the companion's start type is back and nobody has asked it to start yet. Run by scripts/test-windows in a prefix of its own.
"""
import os
import re
import subprocess
import unittest

from stage import (BUILD, DRIVE_C, MARKS, RULE, configuration, document, find, kill, must, processes, publish, read, run, wait_for, windows)

TARGET, COMPANION = "StopgapTestTarget", "StopgapTestCompanion"
STOPPED, STARTING, STOPPING, RUNNING = 1, 2, 3, 4
SLOW = f"""<Config id="S-9" desc="Two services of the test do not run" sg:revision="1.0" sg:severity="high">
  <ActionList><Action type="Service" scope="Server" desc="Disabled">
    <sg:Service name="{TARGET}" start="Disabled" run="Stopped"><sg:Companion name="{COMPANION}"/></sg:Service></Action></ActionList>
</Config>
"""


def make_service(name, start, stop_ms, start_ms):
    program = windows(os.path.join(BUILD, "tests", "test_live_win.exe"))
    must("sc.exe", "create", name, f"binpath={program} serve {name} {stop_ms} {start_ms}", f"start={start}")


def setUpModule():
    must("tests/make-drive.exe", "C:")
    make_service(TARGET, "auto", 0, 2500)
    make_service(COMPANION, "demand", 4000, 0)
    publish(RULE, SLOW)
    must("stopgapd.exe", "install", "--config", windows(configuration("stopgap.xml")))


def tearDownModule():
    run("stopgapd.exe", "uninstall", "--keep")
    for name in (TARGET, COMPANION):
        run("sc.exe", "stop", name)
    for name in (TARGET, COMPANION):
        wait_for(f"the end of {name}", lambda: status_of(name)[0] == STOPPED)
        run("sc.exe", "delete", name)


def status_of(name):
    """(state, checkpoint), as the service manager says."""
    text = run("sc.exe", "query", name)[1]
    state, checkpoint = re.search(r"STATE\s*:\s*(\d+)", text), re.search(r"CHECKPOINT\s*:\s*(?:0x)?([0-9a-fA-F]+)", text)
    return int(state.group(1)) if state else None, int(checkpoint.group(1), 16) if checkpoint else None


def state(name):
    return status_of(name)[0]


def start_type(name):
    text = must("reg.exe", "query", f"HKLM\\SYSTEM\\CurrentControlSet\\Services\\{name}", "/v", "Start")
    return int(re.search(r"REG_DWORD\s+0x(\d+)", text).group(1))


def row():
    code, text = run("stopgapctl.exe", "list", "--json")
    return {m["id"]: m for m in document(text)["mitigations"]}.get("S-9", {}).get("state") if code in (0, 1) and "{" in text else None


class CutOff(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        for name in (TARGET, COMPANION):
            if state(name) == STOPPED:
                must("sc.exe", "start", name)
        wait_for("both run", lambda: [state(TARGET), state(COMPANION)] == [RUNNING, RUNNING])
        self.assertEqual(self.starts(), [2, 3])

    def starts(self):
        return [start_type(TARGET), start_type(COMPANION)]

    def start_stopgap(self):
        must("stopgapd.exe", "start")
        wait_for("an answer", lambda: run("stopgapctl.exe", "status")[0] in (0, 1))

    def ask(self, *words):
        client = subprocess.Popen(["wine", os.path.join(BUILD, "stopgapctl.exe"), *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(client.wait, 60)

    def kill_stopgap(self):
        found = processes("stopgapd.exe", " run ")
        self.assertEqual(len(found), 1)
        kill(found[0])

    def in_the_middle_of_going_in(self):
        """The start types have changed, the companion stops, and the other one has not been told anything yet."""
        wait_for(lambda: f"the companion stops: {status_of(COMPANION)}, {row()}", lambda: state(COMPANION) == STOPPING)
        self.assertEqual(self.starts(), [4, 4])
        self.assertEqual(state(TARGET), RUNNING)

    def all_is_as_it_was(self):
        self.assertIn("no operation is under way", must("stopgap-journal.exe", "intent"))
        must("stopgap-journal.exe", "check")
        self.assertEqual(self.starts(), [2, 3])
        self.assertEqual([state(TARGET), state(COMPANION)], [RUNNING, RUNNING])

    def test_1_killed_between_the_start_type_and_the_stop(self):
        self.start_stopgap()
        self.ask("refresh")
        self.in_the_middle_of_going_in()
        self.kill_stopgap()
        self.assertNotIn("no operation is under way", must("stopgap-journal.exe", "intent"))
        must("stopgapd.exe", "--once", "recover")
        self.all_is_as_it_was()

    def test_2_killed_between_the_start_type_s_return_and_the_start(self):
        self.start_stopgap()
        wait_for(lambda: f"S-9 applied: {row()}", lambda: row() == "applied")
        self.assertEqual([state(TARGET), state(COMPANION)], [STOPPED, STOPPED])
        self.ask("rollback", "S-9", "--reason", "cut")
        wait_for("the target starts", lambda: state(TARGET) == STARTING)
        self.assertEqual(self.starts(), [2, 3])
        self.assertEqual(state(COMPANION), STOPPED)
        self.kill_stopgap()
        self.assertNotIn("no operation is under way", must("stopgap-journal.exe", "intent"))
        must("stopgapd.exe", "--once", "recover")
        self.all_is_as_it_was()

    def test_3_a_stop_in_mid_operation_settles_first_and_is_seen_to_go_on(self):
        self.start_stopgap()
        wait_for("the rule", lambda: MARKS["W-1"][1] in read(DRIVE_C, MARKS["W-1"][0]))
        self.ask("apply", "S-9", "--reason", "again")
        self.in_the_middle_of_going_in()
        must("sc.exe", "stop", "stopgap")
        seen = []

        def stopped():
            now, checkpoint = status_of("stopgap")
            if now == STOPPING:
                seen.append(checkpoint)
            return now == STOPPED

        wait_for("the stop", stopped)
        self.assertEqual(seen, sorted(seen))
        self.assertGreater(len(set(seen)), 2, f"checkpoints {seen}: who waits for it must see it go on")
        self.all_is_as_it_was()
        self.assertIn(MARKS["W-1"][1], read(DRIVE_C, MARKS["W-1"][0]), "what was in place stays in place")
        self.assertIn("stopped; mitigations stay in place", must("stopgap-journal.exe", "dump").splitlines()[-1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
