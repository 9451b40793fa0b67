#!/usr/bin/env python3
"""crash.py BUILD - the crash matrix over os_win.c: the real engine dies before its n-th call that changes a file, starts again, and everything is looked at.

The scenarios and the looks are those of tests/crash; this drives its children (crash_child_main.c) as processes, since there is no fork. What a process told the
system stays: a loss of power is tried on Linux, where the log of the calls decides what a disk has kept. A start that recovers leads to the files and claims
before or after the step that was under way; finishing the act leads to its end; giving back leads to the very octets that were there. In one of four
points the second start dies, too.

STOPGAP_POINTS (all: every one, without a bound in time) and STOPGAP_SECONDS bound the sample; which points are in it depends on the scenarios alone, until the
time is over. ctest ends it after 240 s, so all of them are for a direct call: scripts/windows/wine-apart BUILD crash python3 tests/windows/crash.py BUILD
"""
import concurrent.futures
import math
import os
import shutil
import subprocess
import sys
import threading
import time

from stage import BUILD, must, path, windows

CHILD = os.path.join(BUILD, "tests", "crash_child.exe")
POINTS = os.environ.get("STOPGAP_POINTS", "240")
SECONDS = math.inf if POINTS == "all" else float(os.environ.get("STOPGAP_SECONDS", "70"))
AT_LEAST = 32
DIED = 77


class Broken(Exception):
    pass


def copy(source, target):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    return target


def files(drive):
    """What is on the drive but for the journal: that one is looked at by its claims."""
    seen = {}
    for folder, _, names in os.walk(drive):
        for name in names:
            full = os.path.join(folder, name)
            relative = os.path.relpath(full, drive)
            if not relative.lower().startswith("programdata/stopgap/state"):
                with open(full, "rb") as f:
                    seen[relative] = f.read()
    return seen


def difference(a, b):
    return ", ".join(sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name)))


def child(*words):
    """Exit status and what it told: numbers, and claims as text."""
    done = subprocess.run(["wine", CHILD, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    told, name = {}, None
    text = done.stdout.decode("utf-8", "replace").replace("\r", "")
    for line in text.splitlines():
        if name:
            if line == "end":
                name = None
            else:
                told[name] += line + "\n"
            continue
        key, _, rest = line.partition(" ")
        if key in ("recovery", "again", "return"):
            told[key] = "" if rest == "end" else rest + "\n"
            name = None if rest == "end" else key
        else:
            told[key] = rest
    told["text"] = text + done.stderr.decode("utf-8", "replace")
    return done.returncode, told


class Scenario:
    def __init__(self, name, steps, export):
        self.name, self.steps, self.export = name, steps, export
        self.folder = path("stage-" + name)
        os.mkdir(self.folder)
        self.origin = files(self.made("origin"))
        self.begin = self.made("stage")
        self.states, self.claims = [], []
        for i in range(steps + 1):
            drive = copy(self.begin, os.path.join(self.folder, "state"))
            told = self.child("act", windows(drive), str(1 if export else i), "0")
            self.states.append(files(drive))
            self.claims.append(told["again"])
            self.calls = int(told["calls"])
        if export:
            drive = copy(self.begin, os.path.join(self.folder, "state"))
            self.claims[0] = self.child("start", windows(drive), "0", "0", "0")["recovery"]
        shutil.rmtree(os.path.join(self.folder, "state"))

    def made(self, verb):
        drive = copy(path("made"), os.path.join(self.folder, verb))
        self.child(verb, windows(drive))
        return drive

    def child(self, verb, drive, *words, status=0):
        code, told = child(verb, self.name, drive, *words)
        if code != status:
            raise Broken(f"{verb} {' '.join(words)}: status {code}, expected {status}: {told['text'].strip()[-700:]}")
        return told

    def state_of(self, drive, claims, first, last):
        """Which of the states this is, files and claims alike."""
        now, why = files(drive), []
        for i in range(first, min(last, len(self.states) - 1) + 1):
            if self.export:  # the file that is exported is no part of a state
                now = {name: octets for name, octets in now.items() if not name.endswith("export.mdb")}
            if now == self.states[i] and claims == self.claims[i]:
                return i
            why.append(f"not as after {i} steps: {difference(now, self.states[i]) or 'the claims are ' + claims}")
        raise Broken("; ".join(why))

    def point(self, n, place, start="start"):
        """Dies before call n of the act; and everything after it. True: the second start died, too."""
        drive = copy(self.begin, place)
        steps = 1 if self.export else self.steps
        told = self.child("act", windows(drive), str(steps), str(n), status=DIED if n <= self.calls else 0)
        acknowledged = int(told["acknowledged"])
        first, last = (0, 0) if self.export else (acknowledged, acknowledged + 1)
        again = 0
        if n % 4 == 0 and start == "start":
            trial = copy(drive, place + "-trial")
            calls = int(self.child("start", windows(trial), str(acknowledged), "0", "0")["calls"])
            shutil.rmtree(trial)
            if calls:
                again = 1 + n * 7 % calls
                self.child("start", windows(drive), str(acknowledged), str(again), "0", status=DIED)
        told = self.child(start, windows(drive), str(acknowledged), "0", "0")
        self.state_of(drive, told["recovery"], first, last)
        told = self.child("start", windows(drive), str(acknowledged), "0", "1")
        if told["again"] != self.claims[-1]:
            raise Broken(f"the act, done after recovery, ends elsewhere: {told['again']}")
        now = {name: octets for name, octets in files(drive).items() if not name.endswith("export.mdb")}
        if now != self.origin or told["return"]:
            raise Broken(f"not given back as it was (P7): {difference(now, self.origin)} {told['return']}")
        return again > 0


def sample(scenarios):
    """All points in an order whose every beginning is spread over the scenarios and their calls."""
    points = [(s, n) for s in scenarios for n in range(1, s.calls + 2)]
    step = max(1, int(len(points) * 0.6180339887))
    while math.gcd(step, len(points)) > 1:
        step += 1
    order = [points[i * step % len(points)] for i in range(len(points))]
    return order, len(points) if POINTS == "all" else min(int(POINTS), len(points))


def noticed(scenario):
    """A start that leaves out recovery leads somewhere else from some point of the act: if nobody sees that, all of this sees nothing."""
    for n in range(scenario.calls // 2, scenario.calls):
        try:
            scenario.point(n, path("blind"), start="blind")
        except Broken:
            return True
    return False


def main():
    begun = time.monotonic()
    os.mkdir(path("made"))
    must("tests/make-drive.exe", windows(path("made")))
    failures = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        wanted = [line.split() for line in must("tests/crash_child.exe", "list").splitlines()]
        scenarios = list(pool.map(lambda w: Scenario(w[0], int(w[1]), w[2] == "1"), wanted))
        order, count = sample(scenarios)
        tried, lock = [0, 0], threading.Lock()

        def one(i):
            s, n = order[i]
            if (time.monotonic() - begun > SECONDS and i >= AT_LEAST) or len(failures) > 4:
                return
            place = path(f"point-{i}")
            again = False
            try:
                again = s.point(n, place)
            except (Broken, subprocess.TimeoutExpired) as e:
                failures.append(f"{s.name}, dying before call {n} of {s.calls}: {e}")
            with lock:
                tried[0] += 1
                tried[1] += again
            shutil.rmtree(place, ignore_errors=True)

        list(pool.map(one, range(count)))
    if not noticed(next(s for s in scenarios if s.name == "revert")):
        failures.append("a start without recovery was not noticed")
    for failure in failures:
        print("FAILED:", failure)
    print(f"{len(scenarios)} scenarios, {tried[0]} of {len(order)} points, {tried[1]} double points, {len(failures)} failures, "
          f"{time.monotonic() - begun:.0f} s")
    return 1 if failures or tried[0] < AT_LEAST or not tried[1] else 0


if __name__ == "__main__":
    sys.exit(main())
