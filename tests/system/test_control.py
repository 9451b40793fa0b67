#!/usr/bin/env python3
"""test_control - the control pipe against clients that are slow, wrong, many, or not allowed (P11, P12): each gets one clear answer or is dropped, and
the daemon goes on serving the others."""
import os
import pwd
import socket
import stat
import subprocess
import sys
import threading
import time
import unittest

import msgpack

import harness
from harness import TOMBSTONE, Client, inbound, outbound, wait_for

NOBODY = pwd.getpwnam("nobody").pw_uid


def pack(*message):
    return msgpack.packb(list(message))


class Frames(harness.Stage):
    def setUp(self):
        super().setUp()
        self.daemon = self.start(config=None)

    def dropped(self, octets, code):
        """Sends the octets; the id of the one error answer, after which the connection is closed."""
        client = self.client()
        client.send(octets)
        answer = client.message()
        self.assertIsNotNone(answer, "closed without a word")
        self.assertEqual((answer[0], answer[2]["code"], answer[3]), (1, code, None))
        self.assertTrue(answer[2]["message"])
        self.assertIsNone(client.message(), "the connection is still open")
        return answer[1]

    def test_a_request_in_single_octets(self):
        client = self.client()
        for octet in pack(0, 77, "status", [{}]):
            client.send(bytes([octet]))
            time.sleep(0.002)
        self.assertEqual(client.answer(77)["schema"], "stopgap.status.v1")

    def test_many_requests_in_one_write(self):
        client = self.client()
        client.send(b"".join(pack(0, i, "list" if i % 6 else "history", []) for i in range(1, 13)))
        seen = {}
        while len(seen) < 12:
            message = client.message()
            self.assertIsNone(message[2])
            seen[message[1]] = message[3]["schema"]
        self.assertEqual(set(seen), set(range(1, 13)))
        self.assertEqual(seen[1], "stopgap.list.v1")
        self.assertEqual(seen[6], "stopgap.history.v1")

    def test_more_requests_than_may_be_under_way(self):
        client = self.client()
        client.send(b"".join(pack(0, i, "resume", []) for i in range(1, 41)))
        answers = [client.message() for _ in range(40)]
        refused = [a for a in answers if a[2] is not None]
        self.assertEqual({a[1] for a in answers}, set(range(1, 41)))
        self.assertTrue(refused)
        self.assertTrue(all(a[2]["code"] == "limit" for a in refused))
        self.assertLessEqual(len(answers) - len(refused), 40)

    def test_what_is_no_message_is_refused_and_dropped(self):
        for octets in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\xc1", b"\x2a", b"\x90", pack("status"), pack(3, 1, "x", []),
                pack(0, -1, "x", []), pack(0, 1 << 40, "x", []), pack(0, "1", "x", []), b"\xd4\x01\x00", b"\xff" * 64):
            with self.subTest(octets=octets):
                self.assertEqual(self.dropped(octets, "parse"), 0)
        self.call("status")

    def test_the_answer_names_the_request_where_it_can(self):
        self.assertEqual(self.dropped(pack(0, 5, "status", {}), "parse"), 5)
        self.assertEqual(self.dropped(pack(0, 6, "status", [1]), "parse"), 6)
        self.assertEqual(self.dropped(pack(0, 7, 8, []), "parse"), 7)

    def test_too_large_too_deep_too_many(self):
        self.dropped(pack(0, 1, "pause", [{"reason": "x" * 70000}]), "limit")
        deep = []
        for _ in range(20):
            deep = [deep]
        self.dropped(pack(0, 1, "status", [{"x": deep}]), "limit")
        self.dropped(pack(0, 1, "status", [{"x": list(range(1100))}]), "limit")

    def test_a_few_octets_that_ask_for_much(self):
        before = self.memory()
        for octets in (b"\xdd\x01\x80\x00\x00", b"\xdf\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff", b"\x94\x00\x01\xdb\xff\xff\xff\xff",
                b"\x94\x00\x01\xc6\xff\xff\xff\xff", b"\x91" * 4000):
            with self.subTest(octets=octets[:8]):
                self.dropped(octets, "limit")
        self.assertLess(self.memory() - before, 32 << 20)

    def memory(self):
        with open(f"/proc/{self.daemon.process.pid}/statm", encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def test_an_unknown_method_and_wrong_params_keep_the_connection(self):
        client = self.client()
        for method, params, exit in (("frobnicate", {}, 2), ("show", {}, 2), ("show", {"id": "NOPE"}, 1), ("history", {"limit": "x"}, 2),
                ("block", {"id": "no id"}, 2), ("block", {"id": "X", "keep": 1}, 2), ("rollback", {"all": "yes"}, 2), ("list.x", {}, 2)):
            with self.subTest(method=method, params=params):
                with self.assertRaises(harness.RpcError) as caught:
                    client.call(method, **params)
                self.assertEqual(caught.exception.exit, exit)
        self.assertEqual(client.call("status")["schema"], "stopgap.status.v1")

    def test_notifications_and_answers_of_a_client_are_ignored(self):
        client = self.client()
        client.send(pack(2, "event", [{}]) + pack(1, 9, None, {}))
        self.assertEqual(client.call("list")["schema"], "stopgap.list.v1")

    def test_who_stops_writing_still_gets_the_answer(self):
        client = self.client()
        client.send(pack(0, 3, "history", []))
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(client.answer(3)["schema"], "stopgap.history.v1")
        self.assertIsNone(client.message())

    def test_who_sends_nothing_or_half_is_dropped_in_time(self):
        silent, slow, begun = self.client(), self.client(), time.monotonic()
        slow.send(b"\x94\x00")
        self.assertIsNone(silent.message())
        self.assertAlmostEqual(time.monotonic() - begun, 2, delta=1)
        self.assertIsNone(slow.message())
        self.assertAlmostEqual(time.monotonic() - begun, 5, delta=1.5)
        self.call("status")

    def test_others_have_their_turn_among_a_thousand_requests_of_one_write(self):
        crowd, other = self.client(), self.client()
        last, half = pack(0, 1501, "status", []), pack(0, 1502, "list", [])

        def came_between():
            crowd.send(b"".join(pack(0, i, "no such", []) for i in range(1, 1501)) + last + half[:3])
            self.assertEqual(crowd.message()[1], 1)
            now = other.call("status")["now"]
            crowd.send(half[3:])
            self.assertEqual([crowd.message()[1] for _ in range(1499)], list(range(2, 1501)))
            came = now < crowd.answer(1501)["now"]
            self.assertIn("mitigations", crowd.answer(1502))
            return came

        wait_for("an answer before the last of them", came_between)

    def test_who_does_not_read_is_dropped(self):
        client = self.client()
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.socket.settimeout(2)
        sent = 0
        try:
            while sent < 20000:
                client.send(pack(0, 1, "states", []) * 10)
                sent += 10
        except OSError:
            pass
        self.assertLess(sent, 20000, "it was never dropped")
        self.assertLess(self.memory(), 600 << 20)
        self.call("status")


class Flood:
    """Asks for `plan` on several connections as fast as it is answered; ends by itself after `most` that were done."""

    def __init__(self, path, connections=4, at_once=4, most=1500):
        self.done, self.refused, self.most, self.over = 0, 0, most, False
        self.clients = [Client(path) for _ in range(connections)]
        for client in self.clients:
            for _ in range(at_once):
                client.request("plan")
        self.threads = [threading.Thread(target=self.go_on, args=(client,), daemon=True) for client in self.clients]
        for thread in self.threads:
            thread.start()

    def go_on(self, client):
        while not self.over and self.done < self.most:
            answer = client.message()
            if answer[2] is None:
                self.done += 1
            elif answer[2]["code"] == "busy":
                self.refused += 1
            else:
                raise AssertionError(answer[2])
            client.request("plan")

    def close(self):
        self.over = True
        for thread in self.threads:
            thread.join(30)
        for client in self.clients:
            client.close()


class Turns(harness.Stage):
    FEED_EVERY = "1h"

    def setUp(self):
        super().setUp()
        self.publish(1, inbound("CORP-1"))
        self.start()
        self.wait_state("CORP-1", "applied")

    def test_a_reader_in_a_loop_keeps_no_mitigation_from_coming_and_none_from_going(self):
        flood = Flood(self.socket)
        try:
            wait_for("reads", lambda: flood.done > 5)
            self.publish(2, TOMBSTONE.format(id="CORP-1", reason="Fixed everywhere."), outbound("CORP-2"))
            before = flood.done
            self.call("refresh")
            between = flood.done - before
        finally:
            flood.close()
        self.assertEqual((self.row("CORP-1")["state"], self.row("CORP-2")["state"]), ("reverted", "applied"))
        self.assertGreater(flood.refused, 0)
        # one for each document, request and round; and what was answered while the document was on its way
        self.assertLess(between, 150, "reads were answered before the feed was applied")

    def test_of_one_account_two_reads_wait_and_the_next_is_refused_at_once(self):
        client = self.client()
        client.send(b"".join(pack(0, i, "plan", []) for i in range(1, 11)))
        answers = [client.message() for _ in range(10)]
        refused = [a[2] for a in answers if a[2] is not None]
        self.assertEqual({a[1] for a in answers}, set(range(1, 11)))
        self.assertIn(len(refused), (7, 8))  # one is under way, unless a round was
        for error in refused:
            self.assertEqual((error["code"], error["exit"]), ("busy", 1))
            self.assertIn("ask again once one of them is answered", error["message"])
        self.assertEqual([a[1] for a in answers[:len(refused)]], list(range(11 - len(refused), 11)), "at once, before the others")
        self.assertEqual(client.call("plan")["schema"], "stopgap.plan.v1")

    def test_what_memory_answers_and_what_changes_is_not_counted(self):
        client = self.client()
        client.send(b"".join(pack(0, i, method, []) for i, method in enumerate(["plan", "plan", "plan", "list", "status", "resume", "resume"], 1)))
        answers = {a[1]: a[2] for a in (client.message() for _ in range(7))}
        self.assertEqual([answers[i] for i in (4, 5, 6, 7)], [None] * 4)


class Many(harness.Stage):
    def test_a_hundred_clients(self):
        self.start(config=None)
        clients, served, refused = [], 0, 0
        for i in range(100):
            with self.subTest(client=i):
                client = self.client()
                clients.append(client)
                try:
                    client.request("status")
                except OSError:
                    pass  # it was refused already, and says so when read
        for client in clients:
            answer = client.message()
            if answer is None:
                refused += 1
            elif answer[2] is not None:
                self.assertEqual((answer[1], answer[2]["code"]), (0, "limit"))
                refused += 1
            else:
                served += 1
        self.assertEqual((served, refused), (8, 92), "eight connections per account")
        for client in clients:
            client.close()
        wait_for("a place", self.place_is_free, 5)

    def place_is_free(self):
        try:
            return self.call("status")
        except (harness.RpcError, EOFError, OSError):
            return None

    def test_watchers_hear_everything_and_leave_room_for_others(self):
        self.FEED_EVERY = "1h"
        self.write_config()
        self.publish(1, inbound("CORP-1"))
        self.start()
        self.wait_state("CORP-1", "applied")
        watchers = [self.client() for _ in range(5)]
        for watcher in watchers[:4]:
            self.assertEqual(watcher.call("watch")["schema"], "stopgap.watch.v1")
        with self.assertRaises(harness.RpcError) as caught:
            watchers[4].call("watch")
        self.assertEqual(caught.exception.code, "limit")
        self.call("rollback", id="CORP-1", reason="because")
        for watcher in watchers[:4]:
            names = []
            while "reverted" not in names:
                message = watcher.message()
                self.assertEqual(message[:2], [2, "event"])
                names.append(message[2][0]["name"])
            self.assertIn("rollback-asked", names)


@unittest.skipUnless(os.geteuid() == 0, "needs root to become somebody else")
class Rights(harness.Stage):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)
        self.publish(1, inbound("CORP-1"))

    def as_nobody(self, method):
        """Exit status of one request of the account nobody, made with the independent client."""
        code = (
            "import socket, sys, msgpack\n"
            "s = socket.socket(socket.AF_UNIX)\n"
            "try:\n    s.connect(sys.argv[1])\n"
            "except PermissionError:\n    sys.exit(77)\n"
            "s.sendall(msgpack.packb([0, 1, sys.argv[2], [{'id': 'CORP-1'}] if sys.argv[2] != 'status' else []]))\n"
            "u = msgpack.Unpacker(raw=False)\n"
            "while True:\n"
            "    u.feed(s.recv(65536))\n"
            "    for m in u:\n"
            "        sys.exit(m[2]['exit'] if m[2] else 0)\n")
        return subprocess.run(
            [sys.executable, "-c", code, self.socket, method], user=NOBODY, group=NOBODY, extra_groups=[], timeout=30,
            cwd="/").returncode

    def test_nobody_else_can_even_connect(self):
        self.start()
        self.assertEqual(stat.S_IMODE(os.stat(self.socket).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("run")).st_mode), 0o700)
        self.assertEqual(self.as_nobody("status"), 77)
        code, _, err = self.ctl("status", user=NOBODY)
        self.assertEqual(code, 4, err)

    def test_who_may_read_may_not_change(self):
        self.ACCESS = '<access read="root, nobody" change="root"/>'
        self.write_config()
        daemon = self.start()
        self.wait_state("CORP-1", "applied")
        self.assertEqual(self.as_nobody("status"), 0)
        self.assertEqual(self.as_nobody("show"), 0)
        self.assertEqual(self.as_nobody("watch"), 0)
        for method in ("rollback", "block", "apply", "refresh", "pause", "approve", "resolve", "unblock", "resume"):
            with self.subTest(method=method):
                self.assertEqual(self.as_nobody(method), 4)
        self.assertEqual(self.row("CORP-1")["state"], "applied")
        self.assertIn(f"5007 uid {NOBODY}", daemon.text())
        code, out, err = self.ctl("rollback", "CORP-1", user=NOBODY)
        self.assertEqual((code, out), (4, ""))
        self.assertIn("<access>", err)

    def test_who_may_change_is_recorded_and_loses_it_with_a_reload(self):
        self.ACCESS = f'<access change="{NOBODY}"/>'
        self.write_config()
        daemon = self.start()
        self.wait_state("CORP-1", "applied")
        self.assertEqual(self.as_nobody("rollback"), 0)
        asked = [line for line in self.call("history", id="CORP-1")["lines"] if line["name"] == "rollback-asked"]
        self.assertEqual(asked[0]["account"], f"uid {NOBODY} (nobody)")
        self.ACCESS = ""
        self.write_config()
        daemon.signal(1)
        wait_for("the socket to close to others", lambda: stat.S_IMODE(os.stat(self.socket).st_mode) == 0o600)
        self.assertEqual(self.as_nobody("status"), 77)

    def test_many_accounts_cannot_keep_out_who_may_change(self):
        self.ACCESS = '<access read="root, nobody" change="root, 29999"/>'
        self.write_config()
        self.start()
        code = (
            "import os, socket, sys\n"
            "held = []\n"
            "for _ in range(8):\n"
            "    s = socket.socket(socket.AF_UNIX)\n"
            "    s.connect(sys.argv[1])\n"
            "    s.sendall(bytes([0x94, 0, 1, 0xa4]) + b'list' + bytes([0x90]))\n"
            "    s.recv(1)\n"
            "    held.append(s)\n"
            "print('held', flush=True)\n"
            "sys.stdin.read()\n")
        crowd = [subprocess.Popen([sys.executable, "-c", code, self.socket], user=30000 + i, group=30000 + i,
                                  extra_groups=[], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/")
                 for i in range(4)]
        try:
            for one in crowd:
                self.assertEqual(one.stdout.readline(), b"held\n")
            code, _, err = self.ctl("status", user=NOBODY)
            self.assertEqual(code, 1, err)
            self.assertIn("too many connections", err)
            code, _, err = self.ctl("status", user=29999)
            self.assertEqual(code, 0, err)
            self.assertIn("mitigations", self.call("list"))
        finally:
            for one in crowd:
                one.communicate()

    def test_a_reader_that_asks_in_a_loop_keeps_no_other_from_reading(self):
        self.ACCESS = '<access read="root, nobody" change="root"/>'
        self.write_config()
        self.start()
        self.wait_state("CORP-1", "applied")
        code = (
            "import socket, sys\n"
            "plan = bytes([0x94, 0, 1, 0xa4]) + b'plan' + bytes([0x90])\n"
            "held = [socket.socket(socket.AF_UNIX) for _ in range(4)]\n"
            "for s in held:\n"
            "    s.connect(sys.argv[1])\n"
            "    s.sendall(plan * 8)\n"
            "print('asked', flush=True)\n"
            "while True:\n"
            "    for s in held:\n"
            "        s.recv(65536)\n"
            "        s.sendall(plan)\n")
        loop = subprocess.Popen([sys.executable, "-c", code, self.socket], user=NOBODY, group=NOBODY, extra_groups=[],
                                stdout=subprocess.PIPE, cwd="/")
        try:
            self.assertEqual(loop.stdout.readline(), b"asked\n")
            for _ in range(10):
                self.assertEqual(self.call("plan")["schema"], "stopgap.plan.v1")
            self.assertIsNone(loop.poll())
        finally:
            loop.kill()
            loop.communicate()

    def test_a_folder_that_others_may_write_is_refused(self):
        os.chmod(self.path("run"), 0o777)
        daemon = self.start(wait=False)
        self.assertEqual(daemon.ended(), 1)
        self.assertIn("folder of its own", daemon.text())


if __name__ == "__main__":
    harness.main()
