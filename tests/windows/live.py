#!/usr/bin/env python3
"""live.py BUILD - the service on the drive C: of a Windows that is thrown away: a rule and a pool go in and come back, asked for by a second process over the
pipe; and whenever the service is killed, the next start leads to what was there or to what goes in, and to the very octets at the end.

appcmd.exe is a small program of ours (appcmd_main.c): no IIS runs here. Run by scripts/test-windows in a prefix of its own.
"""
import collections
import contextlib
import os
import random
import shutil
import subprocess
import tarfile
import time
import unittest

from stage import (APPHOST, BUILD, DRIVE_C, MARKS, POOL, RULE, WEB, configuration, differ, document, find, kill, must, path, processes, publish, read, run,
                   snapshot, wait_for, windows)

KILLS = int(os.environ.get("STOPGAP_KILLS", "20"))
ENOUGH_S = 50  # on a busy machine fewer kills have to do
SEED = int(os.environ.get("STOPGAP_SEED", "1"))


def setUpModule():
    must("tests/make-drive.exe", "C:")
    shutil.copy(os.path.join(BUILD, "tests", "appcmd.exe"), find(DRIVE_C, "windows/system32/inetsrv"))
    publish(RULE, POOL)
    must("stopgapd.exe", "install", "--config", windows(configuration("stopgap.xml")))


def tearDownModule():
    run("stopgapd.exe", "uninstall", "--keep")


def told():
    """What appcmd was told since the last time, but for questions."""
    name = os.path.join(find(DRIVE_C, "windows/system32/inetsrv"), "told.txt")
    if not os.path.exists(name):
        return []
    with open(name, encoding="utf-8") as f:
        lines = [line for line in f.read().splitlines() if not line.startswith("list ")]
    os.unlink(name)
    return lines


def service():
    """None: it does not run. A process that it starts has its command line for a moment: the older one is the service."""
    found = processes("stopgapd.exe", " run ")
    return min(found, default=None)


def rows():
    status, text = run("stopgapctl.exe", "list", "--json")
    return {m["id"]: m for m in document(text)["mitigations"]} if status == 0 else {}


def is_in(id):
    name, mark = MARKS[id]
    return mark in read(DRIVE_C, name)


class Live(unittest.TestCase):
    def start(self):
        must("stopgapd.exe", "start")
        wait_for("an answer", lambda: run("stopgapctl.exe", "status")[0] in (0, 1) and service())

    def do(self, *words):
        status, text = run("stopgapctl.exe", *words, "--reason", "a test under Wine")
        self.assertEqual(status, 0, f"{words}: {text}")
        return text

    def server(self):
        seen = snapshot(DRIVE_C)
        return {name: octets for name, octets in seen.items() if not name.endswith(("appcmd.exe", "told.txt", ".stopped"))}

    def settled(self, id):
        idle, row = "no operation is under way" in must("stopgap-journal.exe", "intent"), rows().get(id)
        return idle and row and is_in(id) == (row["state"] == "applied")

    def test_0_a_copy_for_those_who_write_feeds_needs_no_root_and_says_that_the_registry_is_not_in_it(self):
        hive = os.path.join(find(DRIVE_C, "windows/system32/config"), "SYSTEM")
        self.assertTrue(os.path.exists(hive))
        text = must("stopgapctl.exe", "collect", windows(path("server.tar")), "--hives")
        self.assertIn("the registry: that of a running Windows is not taken", text)
        with tarfile.open(path("server.tar")) as tar:
            inside = {name.lower(): name for name in tar.getnames()}
            web = tar.extractfile(inside["c/" + WEB.lower()]).read()
        masked = read(DRIVE_C, WEB).replace(b"AutoGenerate,IsolateApps", b"x" * 24)
        self.assertEqual(web, masked)
        self.assertIn("c/" + APPHOST.lower(), inside)
        self.assertEqual([name for name in inside if "/system32/config/" in name], [])

    def test_1_a_rule_and_a_pool_go_in_and_come_back(self):
        before = self.server()
        self.start()
        self.do("refresh")
        wait_for(lambda: f"both applied: {rows()}", lambda: [rows().get(id, {}).get("state") for id in MARKS] == ["applied", "applied"])
        self.assertEqual(differ(before, self.server()), sorted(name.lower() for name in (WEB, APPHOST)))
        for id in MARKS:
            self.assertTrue(is_in(id), id)
        self.assertIn("stop apppool /apppool.name:MSExchangeECPAppPool", told())
        status = document(must("stopgapctl.exe", "status", "--json"))
        self.assertEqual((status["mode"], status["pid"] > 0), ("enforce", True), status)

        self.assertIn("P-1", self.do("rollback", "P-1"))
        self.assertEqual(differ(before, self.server()), [WEB.lower()])
        self.assertIn("start apppool /apppool.name:MSExchangeECPAppPool", told())
        self.do("rollback", "W-1")
        self.assertEqual(differ(before, self.server()), [])
        self.assertEqual([rows()[id]["state"] for id in MARKS], ["reverted", "reverted"])
        must("stopgap-journal.exe", "check")

    def test_2_killed_at_any_time_it_starts_again_with_old_or_new_octets_and_gives_back_the_very_ones(self):
        rng = random.Random(SEED)
        before = self.server()
        if not service():
            self.start()
        begun = time.monotonic()
        self.do("apply", "W-1")
        self.do("apply", "P-1")
        per_change = (time.monotonic() - begun) / 2
        new = self.server()
        self.do("rollback", "--all")
        killed = cut = 0
        while killed < KILLS and (killed < 6 or time.monotonic() - begun < ENOUGH_S):
            killed += 1
            id, verb = rng.choice(list(MARKS)), rng.choice(["apply", "rollback"])
            pid = service()
            if verb == "rollback" and not is_in(id):
                self.do("apply", id)
            elif verb == "apply" and is_in(id):
                self.do("rollback", id)
            was = self.server()
            client = subprocess.Popen(["wine", os.path.join(BUILD, "stopgapctl.exe"), verb, id, "--reason", "cut"], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0, per_change))
            kill(pid)
            acknowledged = client.wait(60) == 0
            cut += not acknowledged
            for name, octets in self.server().items():  # at every instant each file is whole: each has the edit of one mitigation
                if name in before:
                    self.assertIn(octets, (before[name], new[name]), name)
            self.start()
            # recovery is over when it answers; what it then takes up again by itself may still be under way
            wait_for(lambda: f"{verb} {id}, kill {killed}: in {is_in(id)}, {rows().get(id)}", lambda: self.settled(id))
            if acknowledged:  # what a user was told is durable (P3)
                self.assertEqual(is_in(id), verb == "apply", killed)
            other = next(o for o in MARKS if o != id)
            self.assertEqual(is_in(other), MARKS[other][1] in was[MARKS[other][0].lower()], "the other one is untouched")
            more = lambda: sorted(self.server().keys() - before.keys())  # what is taken up again may have some for a moment; what is left over stays
            wait_for(lambda: f"no file is left over: {more()}", lambda: not more())
        self.do("rollback", "--all")
        self.assertEqual(differ(before, self.server()), [])
        must("stopgap-journal.exe", "check")
        print(f"killed {killed} times, {cut} of them before the answer (seed {SEED})")
        self.assertGreater(cut, killed // 4, "hardly any kill came in time to prove something")

    def test_3_no_handle_of_the_service_is_in_the_way_of_whoever_renames_a_folder_above_what_it_watches(self):
        if not service():
            self.start()
        self.do("refresh")
        self.do("apply", "W-1")
        inside = [os.path.realpath(os.path.join(DRIVE_C, name)) for name in ("inetpub", os.path.dirname(find(DRIVE_C, APPHOST)), "Program Files/Microsoft")]

        def held():
            """Wine's server has the handles of its processes; each is a descriptor of it, and of those that used it."""
            names = set()
            for pid in {service(), *processes("wineserver")}:
                for link in os.listdir(f"/proc/{pid}/fd"):
                    with contextlib.suppress(OSError):
                        names.add(os.readlink(f"/proc/{pid}/fd/{link}"))
            return sorted(name for name in names if any(name == top or name.startswith(top + "/") for top in inside))

        self.assertTrue(processes("wineserver"))
        wait_for(lambda: f"nothing is open: {held()}", lambda: not held())
        seen = collections.Counter()
        for _ in range(30):  # while it looks at them each second, too: what it opens it closes in the same breath, which a busy machine may let us see
            time.sleep(0.1)
            seen.update(name for name in held() if os.path.isdir(name))
        self.assertEqual([name for name, times in seen.items() if times > 10], [])
        # On Windows an open folder keeps those above it from being renamed; here only that the service finds the way back is seen.
        os.rename(os.path.join(DRIVE_C, "inetpub"), os.path.join(DRIVE_C, "inetpub.away"))
        time.sleep(2.5)
        self.assertEqual(run("stopgapctl.exe", "status")[0] in (0, 1), True)
        os.rename(os.path.join(DRIVE_C, "inetpub.away"), os.path.join(DRIVE_C, "inetpub"))
        octets = read(DRIVE_C, WEB)
        with open(find(DRIVE_C, WEB), "wb") as f:
            f.write(octets.replace(MARKS["W-1"][1], b"somebody else's"))
        wait_for(lambda: f"the edit is noticed: {rows().get('W-1')}", lambda: rows().get("W-1", {}).get("state") == "blocked")
        with open(find(DRIVE_C, WEB), "wb") as f:
            f.write(octets)
        self.do("rollback", "--all")


if __name__ == "__main__":
    unittest.main(verbosity=2)
