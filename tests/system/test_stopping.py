#!/usr/bin/env python3
"""A stop in the middle of an operation on many files: the operation settles before the process ends, its files are all as before or all as wanted, nothing is
left under way in the journal, and what was in place before stays in place.

No hook in the product makes it slow: the server has many sites, and the signal comes when the first of their files is seen to have changed.

And a stop among clients that do all they can to be in its way: it ends in its time, whatever they sent and do not read.
"""
import fcntl
import os
import struct
import subprocess
import termios
import time
import unittest

import msgpack

import harness
from harness import OWA, outbound

SITES = 40
APPHOST = "Windows/System32/inetsrv/config/applicationHost.config"
SITE = """            <site name="Many {i}" id="{id}">
                <application path="/" applicationPool="MSExchangeOWAAppPool">
                    <virtualDirectory path="/" physicalPath="C:\\inetpub\\many\\{i}" />
                </application>
                <application path="/many" applicationPool="MSExchangeOWAAppPool">
                    <virtualDirectory path="/" physicalPath="C:\\inetpub\\app" />
                </application>
                <bindings><binding protocol="http" bindingInformation="*:80:many{i}.example" /></bindings>
            </site>
"""
MANY = """<Config id="M-1" desc="A rule in each of many files" sg:revision="1.0" sg:severity="critical">
  <ActionList><Action type="UrlRewrite" scope="Site" desc="Inbound rule"><sg:At sites="having-app:/many" path="/" inherit="yes"/>
    <rewrite><rules>
      <rule name="stopgap M-1 - inbound" stopProcessing="true"><match url="many/.*"/>
        <conditions><add input="{QUERY_STRING}" pattern="evil"/></conditions>
        <action type="AbortRequest"/></rule>
    </rules></rewrite></Action></ActionList>
</Config>"""


class Stopping(harness.Stage):
    def setUp(self):
        super().setUp()
        sites = ""
        for i in range(SITES):
            os.makedirs(self.drive.path(f"inetpub/many/{i}"))
            self.drive.write(f"inetpub/many/{i}/web.config", b'<?xml version="1.0"?>\r\n<configuration>\r\n\t<system.webServer />\r\n</configuration>\r\n')
            sites += SITE.format(i=i, id=100 + i)
        text = self.drive.read(APPHOST).decode()
        at = text.index("<site name=")
        self.drive.write(APPHOST, (text[:at].rstrip(" ") + sites + text[at - 12:]).encode())
        self.original = self.drive.snapshot()

    def has_rule(self, i):
        return b"stopgap M-1" in self.drive.read(f"inetpub/many/{i}/web.config")

    def journal(self, *words):
        done = subprocess.run([harness.JOURNAL_TOOL, *words, "-j", self.drive.path("ProgramData/stopgap/journal")], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def has_begun(self, i):
        return self.has_new_file(i) or self.has_rule(i)

    def has_new_file(self, i):
        return any(name.startswith("stopgap-") for name in os.listdir(self.drive.path(f"inetpub/many/{i}")))

    def stopped_when(self, daemon, seen, method, **params):
        """Asks for it, and for a stop as soon as one of the sites shows what is waited for. How many files have the rule in the end: all of them or none."""
        self.client().request(method, params)
        end = time.monotonic() + 60
        while not any(seen(i) for i in range(SITES)):  # without a rest: what is looked for may stand there for milliseconds
            self.assertLess(time.monotonic(), end, "waited in vain for the operation")
        self.assertEqual(daemon.stop(), 0, daemon.text())
        self.assertIn("stopping on SIGTERM: mitigations stay in place", daemon.text())
        self.assertIn("stopped; mitigations stay in place", self.journal("dump").splitlines()[-1])
        self.assertIn("no operation is under way", self.journal("intent"))
        self.journal("check")
        self.assertFalse(any(self.has_new_file(i) for i in range(SITES)))
        self.assertEqual([name for name in self.changed() if not name.startswith("inetpub/many/")], [OWA])
        left = sum(self.has_rule(i) for i in range(SITES))
        self.assertIn(left, (0, SITES))
        return left

    def test_an_operation_that_has_written_nothing_yet_settles_at_what_was_there(self):
        self.publish(1, outbound("CORP-2"))
        daemon = self.start()
        self.wait_state("CORP-2", "applied")
        self.publish(2, outbound("CORP-2"), MANY)
        ask = {"method": "refresh"}
        for _ in range(6):  # on a busy machine the signal may come too late
            if self.stopped_when(daemon, self.has_begun, **ask) == 0:
                break
            daemon = self.start(refresh=False)
            self.call("rollback", id="M-1")
            ask = {"method": "apply", "id": "M-1"}
        else:
            self.fail("no stop came in time")
        daemon = self.start(refresh=False)
        self.wait_state("M-1", "applied")  # taken up again by itself, and at once: a stop is no failure that waits for a retry
        self.assertEqual(sum(self.has_rule(i) for i in range(SITES)), SITES)

    def test_an_operation_that_writes_goes_to_its_end(self):
        self.publish(1, outbound("CORP-2"))
        daemon = self.start()
        self.wait_state("CORP-2", "applied")
        self.publish(2, outbound("CORP-2"), MANY)
        self.assertEqual(self.stopped_when(daemon, self.has_rule, "refresh"), SITES)
        daemon = self.start(refresh=False)
        self.assertEqual(self.row("M-1")["state"], "applied")
        self.assertEqual(self.stopped_when(daemon, lambda i: not self.has_rule(i), "rollback", id="M-1"), 0)
        daemon = self.start(refresh=False)
        self.assertEqual(self.row("M-1")["state"], "reverted")
        self.call("rollback", id="CORP-2")
        self.assertEqual(self.changed(), [])


class Clients(harness.Stage):
    FEED_EVERY = "1h"
    LINGER = 1.0  # seconds for answers that nobody takes; a busy machine has the harness's patience besides

    def seconds_to_stop(self, daemon):
        begun = time.monotonic()
        self.assertEqual(daemon.stop(), 0, daemon.text())
        return time.monotonic() - begun

    @staticmethod
    def unread(client):
        return struct.unpack("i", fcntl.ioctl(client.socket, termios.FIONREAD, b"\0" * 4))[0]

    def is_full(self, client):
        """Whether the system takes no more of the answers that this client leaves unread: from now on the daemon keeps them."""
        seen = {self.unread(client)}
        for _ in range(15):
            time.sleep(0.02)
            seen.add(self.unread(client))
        return len(seen) == 1 and 0 not in seen

    def test_who_sends_without_end_and_reads_no_answer_is_not_waited_for(self):
        daemon = self.start(config=None)
        clients = [self.client() for _ in range(3)]
        for client in clients:
            # answers that are too few to be dropped for; and then seconds of messages that have none
            client.socket.setblocking(False)
            client.socket.send(msgpack.packb([0, 1, "watch", []]) * 1000 + msgpack.packb([2, "x", []]) * 60000)
        harness.wait_for("answers", lambda: self.is_full(clients[-1]))
        self.assertGreater(self.seconds_to_stop(daemon), 0.9 * self.LINGER, "there was nothing to wait for")

    def test_who_asks_for_a_refresh_that_is_under_way_is_not_waited_for(self):
        self.publish(1, outbound("CORP-1"))
        for i in range(4):  # the end of one of their jobs is hit by chance
            daemon = self.start()
            clients = [self.client() for _ in range(7)]
            for client in clients:
                client.send(msgpack.packb([0, 1, "refresh", []]) * 16)
            time.sleep(0.002 * i)
            self.seconds_to_stop(daemon)
            for client in clients:
                client.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
