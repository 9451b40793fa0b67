#!/usr/bin/env python3
"""test_worker - the service's workers on the real daemon: who they are, what they are given, and what the service does when they die.

Promises shown here: P8, P12 (design.md section 6); that no library which meets strangers' octets or the network is at work in the service itself."""
import os
import re
import shutil
import subprocess
import threading
import time
import unittest

import harness
from harness import STOPGAPD, inbound, wait_for


def children(pid):
    """Process ids whose parent it is."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="latin-1") as f:
                    if int(f.read().rpartition(")")[2].split()[1]) == pid:
                        found.append(int(name))
            except OSError:
                pass
    return found


def status(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def command(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as f:
        return f.read().decode().split("\0")


class Workers(harness.Stage):
    def test_the_fetcher_is_nobody_without_files_or_capabilities(self):
        self.publish(1, inbound("CORP-1"))
        self.server.delay = 1.5  # long enough to be looked at
        daemon = self.start(refresh=False)

        def fetcher():
            for pid in children(daemon.process.pid):
                try:
                    if command(pid)[:3] == ["stopgap-worker", "--worker", "fetch"] and status(pid)["Seccomp"] == "2":
                        return pid, status(pid)
                except OSError:
                    pass
            return None

        pid, seen = wait_for("a fetcher at work", fetcher)
        self.assertEqual(seen["NoNewPrivs"], "1")
        for kind in ("CapEff", "CapPrm", "CapAmb"):
            self.assertEqual(int(seen[kind], 16), 0)
        if os.geteuid() == 0:
            self.assertEqual(seen["Uid"].split(), ["65534"] * 4)
            self.assertEqual(seen["Gid"].split(), ["65534"] * 4)
            # only the channel, /dev/null and sockets and such of libcurl's own: no file of the drive, the journal or the service
            names = [os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")]
            self.assertEqual([n for n in names if not re.match(r"socket:|pipe:|anon_inode:|/dev/null$", n)], [])
            with open(f"/proc/{pid}/environ", "rb") as f:
                self.assertNotIn(b"NOTIFY_SOCKET", f.read())
        self.server.delay = 0.0
        self.wait_state("CORP-1", "applied")

    def test_no_worker_stays_behind(self):
        self.publish(1, inbound("CORP-1"))
        daemon = self.start()
        self.wait_state("CORP-1", "applied")
        for serial in range(2, 6):
            self.publish(serial, inbound("CORP-1", revision=f"1.{serial}", pattern=f"evil{serial}"))
            self.call("refresh")
            self.assertEqual(self.row("CORP-1")["revision"], f"1.{serial}")
        self.server.status = 503
        wait_for("nobody at work", lambda: not children(daemon.process.pid))

    def test_stopping_does_not_wait_for_a_slow_server(self):
        self.publish(1, inbound("CORP-1"))
        self.server.delay = 15.0
        daemon = self.start(refresh=False)
        wait_for("a fetcher", lambda: children(daemon.process.pid))
        begun = time.monotonic()
        self.assertEqual(daemon.stop(), 0)
        self.assertLess(time.monotonic() - begun, 5)

    def test_a_fetcher_that_is_killed_is_one_failed_poll(self):
        self.FEED_EVERY = "1h"
        self.write_config()
        self.publish(1, inbound("CORP-1"))
        daemon = self.start()
        self.wait_state("CORP-1", "applied")
        self.publish(2, inbound("CORP-1", revision="2.0", pattern="worse"))
        self.server.delay = 2.0
        answers = []

        def ask():
            try:
                answers.append(self.call("refresh"))
            except harness.RpcError as e:
                answers.append(e)

        asker = threading.Thread(target=ask)
        asker.start()
        pid = wait_for("a fetcher", lambda: children(daemon.process.pid))[0]
        os.kill(pid, 9)
        asker.join(harness.PATIENCE)
        self.assertIn("signal 9", str(answers[0]))
        self.assertEqual(self.row("CORP-1")["state"], "applied", "the last good feed stays in force")
        self.server.delay = 0.0
        self.call("refresh")
        self.assertEqual(self.row("CORP-1")["revision"], "2.0")

    def test_hostile_xml_is_refused_and_the_last_good_feed_stays(self):
        self.FEED_EVERY = "1h"
        self.write_config()
        self.publish(1, inbound("CORP-1"))
        self.start()
        self.wait_state("CORP-1", "applied")
        good = self.server.document
        for document in (
            b'<!DOCTYPE a [<!ENTITY b "c">]><EOCS/>', b"<EOCS>" + b"<a>" * 100000, b"\0" * 70000,
            b"<EOCS " + b" ".join(b'a%d="1"' % i for i in range(100000)) + b"/>", good[:-20]):
            self.server.document = document
            begun = time.monotonic()
            with self.assertRaises(harness.RpcError):
                self.call("refresh")
            self.assertLess(time.monotonic() - begun, 10)
            self.assertEqual(self.row("CORP-1")["state"], "applied")
            self.assertTrue(self.call("status")["feeds"][0]["error"])
        self.server.document = good
        self.call("refresh")
        self.assertFalse(self.call("status")["feeds"][0].get("error"))

    def test_the_option_is_not_for_people(self):
        for arguments in (["--worker"], ["--worker", "fetch"], ["--worker", "fetch", "5"], ["--worker", "feed-take", "5"]):
            done = subprocess.run([STOPGAPD, *arguments], input=b"\0\0\0\0\0", capture_output=True, timeout=20)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"--worker is for this program itself", done.stderr)
            self.assertEqual(done.stdout, b"")


@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class Traced(harness.Stage):
    def trace(self, daemon, *options):
        """An strace that looks on; its folder's file `trace` says what it saw."""
        tracer = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", self.path("trace"), *options, "-p", str(daemon.process.pid)], stderr=subprocess.DEVNULL)
        self.addCleanup(tracer.wait)
        self.addCleanup(tracer.kill)
        wait_for("strace", lambda: os.path.exists(self.path("trace")))
        wait_for("strace at every thread", lambda: all(
            status(f"{daemon.process.pid}/task/{t}")["TracerPid"] == str(tracer.pid)
            for t in os.listdir(f"/proc/{daemon.process.pid}/task")))
        return tracer

    def readers(self):
        """How many workers for configuration were started."""
        with open(self.path("trace"), encoding="utf-8", errors="replace") as f:
            return sum('"--worker", "config"' in line and "execve(" in line for line in f)

    def test_configuration_is_read_by_workers_and_once(self):
        self.FEED_EVERY = "1h"
        self.write_config()
        self.publish(1, inbound("CORP-1"))
        daemon = self.start()
        self.wait_state("CORP-1", "applied")
        tracer = self.trace(daemon, "-e", "trace=execve")
        self.publish(2, *[inbound(f"CORP-{n}", word=f"path{n}") for n in range(1, 25)])
        self.call("refresh")
        for n in range(1, 25):
            self.wait_state(f"CORP-{n}", "applied")
        applied = self.readers()
        self.assertGreater(applied, 0, "workers were at work")
        self.assertLess(applied, 8, "and few of them for 24 mitigations in one file")
        for _ in range(3):
            self.call("doctor")
            self.call("show", id="CORP-7")
            self.call("refresh")
        self.assertEqual(self.readers(), applied, "what has not changed is known")
        self.call("rollback", all=True)
        wait_for("what was there before", lambda: self.changed() == [])
        tracer.kill()
        tracer.wait()

    def test_without_readers_a_rollback_waits_and_says_so(self):
        self.FEED_EVERY = "1h"
        self.write_config()
        self.publish(1, inbound("CORP-1"))
        daemon = self.start()
        self.wait_state("CORP-1", "applied")
        before = self.drive.read(harness.WWWROOT)
        tracer = self.trace(daemon, "-e", "trace=execve", "-e", "inject=execve:error=EAGAIN")
        edited = before.replace(b"<configuration>", b"<configuration><!-- theirs -->", 1)
        self.drive.write(harness.WWWROOT, edited)
        with self.assertRaises(harness.RpcError) as refused:
            self.call("rollback", id="CORP-1")
        self.assertIn("web.config: no worker process can be started for 'config'", str(refused.exception))
        row = self.row("CORP-1")
        self.assertEqual((row["state"], row["reason"]), ("blocked", "io"))
        self.assertEqual(self.drive.read(harness.WWWROOT), edited, "nothing is written that no worker has read")
        tracer.kill()
        tracer.wait()
        self.call("rollback", id="CORP-1")
        self.wait_state("CORP-1", "reverted")
        original = self.original[harness.WWWROOT][1].replace(b"<configuration>", b"<configuration><!-- theirs -->", 1)
        self.assertEqual(self.drive.read(harness.WWWROOT), original)

    def test_the_service_itself_opens_no_connection(self):
        """Every AF_INET socket belongs to a worker, and no worker that is not the fetcher opens anything after its filter."""
        trace = self.path("trace")
        self.publish(1, inbound("CORP-1"))
        daemon = self.start(refresh=False)
        tracer = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", trace, "-e", "trace=socket,connect,execve", "-p", str(daemon.process.pid)],
            stderr=subprocess.DEVNULL)
        self.addCleanup(tracer.wait)
        self.addCleanup(tracer.kill)
        wait_for("strace", lambda: os.path.exists(trace))
        time.sleep(0.5)
        self.publish(2, inbound("CORP-1", revision="2.0", pattern="worse"))
        wait_for("revision 2.0", lambda: (self.row("CORP-1") or {}).get("revision") == "2.0", 60)
        tracer.kill()  # not terminate(): strace waits for a process in vfork() whose child waits for strace
        tracer.wait()
        with open(trace, encoding="utf-8", errors="replace") as f:
            lines = [line.split(None, 1) for line in f]
        workers = {pid for pid, text in lines if text.startswith("execve(") and '"--worker"' in text}
        fetchers = {pid for pid, text in lines if text.startswith("execve(") and '"fetch"' in text}
        readers = workers - fetchers
        self.assertTrue(fetchers and readers, "both kinds were at work")
        inet = {pid for pid, text in lines if re.match(r"(socket\(AF_INET|connect\(.*AF_INET)", text)}
        self.assertTrue(inet, "somebody connected")
        threads = {str(t) for t in os.listdir(f"/proc/{daemon.process.pid}/task")}
        self.assertEqual(inet & (threads | readers), set())


if __name__ == "__main__":
    harness.main()
