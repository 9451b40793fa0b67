"""stopgapctl doctor against the real daemon: each feed's way, walked while everything else goes on."""
import json
import socket
import threading
import time
import unittest

from harness import Client, RpcError, Stage, inbound, wait_for

STEPS = ["name", "tcp", "proxy", "tls", "http", "size", "parse", "signature", "time", "serial"]


class Doctor(Stage):
    FEED_EVERY = "1h"

    def setUp(self):
        super().setUp()
        self.publish(5, inbound("CORP-1"))
        self.daemon = self.start()
        self.wait_state("CORP-1", "applied")

    def feed_at(self, url, network='proxy="none" ca-file="pki/tls-ca.pem"', feed='timeout="2s"'):
        """The same feed by another address, in force."""
        self.write("stopgap.xml", f"""<stopgap xmlns="urn:stopgap:config:1" mode="enforce">
  <trust><anchor name="corp" file="pki/root.pem"/></trust><network {network}/>
  <feed name="corp" url="{url}" anchors="corp" every="1h" {feed}/>
</stopgap>
""")
        self.daemon.signal(1)
        wait_for("the new address", lambda: self.call("status")["feeds"][0]["url"] == url)

    def doctor(self):
        """Exit status, {step: line} and the printed text."""
        code, out, err = self.ctl("doctor", "--json")
        reply = json.loads(out)
        self.assertEqual(err, "")
        self.assertEqual([line["step"] for line in reply["path"] if line["step"] != "file"], STEPS[-len(reply["path"]) + 1:]
                         if reply["path"][0]["step"] == "file" else STEPS)
        return code, {line["step"]: line for line in reply["path"]}, self.ctl("doctor")[1]

    def fails(self, step, says, do):
        code, lines, text = self.doctor()
        self.assertEqual(code, 1)
        self.assertEqual([name for name, line in lines.items() if line["status"] == "failed"], [step], lines)
        self.assertIn(says, lines[step]["text"])
        self.assertIn(do, lines[step]["cure"])
        self.assertTrue(all(line["status"] == "skipped" for name, line in lines.items()
                            if name in STEPS[STEPS.index(step) + 1 if step in STEPS else STEPS.index("size"):]), lines)
        self.assertRegex(text, rf"(?m)^FAIL +{step} ")
        self.assertIn("do: " + lines[step]["cure"], text)
        return lines

    def silent(self):
        """A port that accepts, and says nothing."""
        s = socket.socket()
        s.bind(("127.0.0.1", 0))
        s.listen(16)
        self.addCleanup(s.close)
        return s.getsockname()[1]

    # --- the way

    def test_a_good_way_is_walked_to_the_serial_and_nothing_is_taken_in(self):
        before, history = self.call("status"), self.call("history")
        self.publish(6, inbound("CORP-1"), inbound("CORP-2", "owa"))
        code, lines, text = self.doctor()
        self.assertEqual(code, 0, lines)
        self.assertTrue(all(line["status"] == "ok" for line in lines.values()), lines)
        self.assertIn("issued by 'O = stopgap tests, CN = Test TLS Root'", lines["tls"]["text"])
        self.assertIn("6 follows 5", lines["serial"]["text"])
        self.assertIn("the way of feed corp\n", text)
        self.assertIn("nothing is wrong", text)
        after = self.call("status")
        self.assertEqual([f["serial"] for f in after["feeds"]], [5])
        self.assertEqual((after["documents_read"], after["feeds"][0]["tried"]), (before["documents_read"], before["feeds"][0]["tried"]))
        self.assertEqual(self.call("history"), history)
        self.assertEqual([m["id"] for m in self.call("list")["mitigations"]], ["CORP-1"])
        self.call("refresh")
        self.assertEqual(self.call("status")["feeds"][0]["serial"], 6)

    def test_slips_in_the_address_are_named_where_they_are(self):
        port = int(self.server.url.split(":")[2].split("/")[0])
        self.feed_at("https://feeds.exmaple.invalid/feed.xml")
        self.fails("name", "feeds.exmaple.invalid", "DNS")
        with socket.socket() as s:  # a port that is not used
            s.bind(("127.0.0.1", 0))
            shut = s.getsockname()[1]
        self.feed_at(f"https://127.0.0.1:{shut}/feed.xml")
        self.fails("tcp", f"no connection to 127.0.0.1 port {shut}: Connection refused", "the port in the feed's url")
        self.feed_at(f"https://127.0.0.1:{port}/fed.xml")
        self.server.status = 404
        self.fails("http", f"no such document (404): https://127.0.0.1:{port}/fed.xml", "the path in the feed's url")
        self.server.status = 200
        self.feed_at(f"http://127.0.0.1:{port}/feed.xml")
        self.fails("http", "no answer in HTTP", "wants https")
        self.feed_at(self.path("fed.xml"))
        self.fails("file", "fed.xml", "the path in the feed's url")

    def test_whoever_stands_in_between_is_named(self):
        self.feed_at(self.server.url + "?x", network='proxy="none"')
        lines = self.fails("tls", "is issued by 'O = stopgap tests, CN = Test TLS Root'", "<network ca-file>")
        self.assertIn("an inspection box stands in between, unless", lines["tls"]["text"])
        self.feed_at("https://feed.example/feed.xml", network='proxy="http://127.0.0.1:9"')
        self.fails("proxy", "http://127.0.0.1:9 (<network proxy>): Connection refused", "the proxy's host and port")

    def test_documents_that_are_none_are_named_where_they_fail(self):
        self.server.document = b"<!DOCTYPE html><html><body>Please log in</body></html>"
        self.fails("parse", "a web page came instead of the document", "browser")
        self.publish(4, inbound("CORP-1"))
        self.fails("serial", "has serial 4, but 5 was accepted before", "reset-serial")
        self.publish(6, inbound("CORP-1"))
        self.server.document = self.server.document.replace(b"Refuse autodiscover", b"Refuse autodiscoveR")
        self.fails("signature", "does not hold", "changed after it was signed")
        self.feed_at(self.server.url + "?small", feed='timeout="2s" max-size="1KiB"')
        self.fails("size", "larger than the 1024 octets", "max-size")

    # --- beside everything else

    def test_others_are_answered_while_it_walks_and_its_time_is_bounded(self):
        self.feed_at(f"https://127.0.0.1:{self.silent()}/feed.xml", feed='timeout="4s"')
        answer, began = [], time.monotonic()
        asker = threading.Thread(target=lambda: answer.append(self.call("doctor")))
        asker.start()
        time.sleep(0.5)
        for method, params in (("status", {}), ("list", {}), ("plan", {}), ("block", {"id": "X-1"}), ("unblock", {"id": "X-1"})):
            at = time.monotonic()
            self.call(method, **params)
            self.assertLess(time.monotonic() - at, 2, method)
        self.assertTrue(asker.is_alive())
        asker.join(20)
        self.assertFalse(asker.is_alive())
        self.assertLess(time.monotonic() - began, 12)
        failed = [line for line in answer[0]["path"] if line["status"] == "failed"]
        self.assertEqual([line["step"] for line in failed], ["tls"])
        self.assertIn("longer than 4s", failed[0]["text"])
        self.assertIn("keeps silent", failed[0]["cure"])

    def test_many_that_ask_at_once_share_a_round_that_began_after_they_asked(self):
        self.server.delay = 0.7
        asked = len(self.server.asked)
        answers = []

        def ask():
            answers.append(self.call("doctor"))

        askers = [threading.Thread(target=ask) for _ in range(3)]  # as many as one account may: one walks, two wait
        for asker in askers:
            asker.start()
            time.sleep(0.05)
        for asker in askers:
            asker.join(30)
        self.assertEqual(len(answers), 3)
        self.assertTrue(all(line["status"] == "ok" for answer in answers for line in answer["path"]))
        self.assertEqual(len(self.server.asked) - asked, 2)  # the first one's, and one for all others

    def test_a_third_of_one_account_that_would_wait_is_refused(self):
        self.server.delay = 1
        clients = [Client(self.socket) for _ in range(4)]
        for client in clients:  # one walks, two wait
            client.request("doctor")
            time.sleep(0.1)
        refused = clients[3].message()[2]
        self.assertEqual((refused["code"], refused["exit"]), ("busy", 1))
        with self.assertRaises(RpcError) as caught:
            self.call("plan")
        self.assertEqual(caught.exception.code, "busy")
        for client in clients[:3]:
            self.assertIsNone(client.message()[2])
            client.close()
        self.assertEqual(clients[3].call("doctor")["schema"], "stopgap.doctor.v1")
        clients[3].close()

    def test_a_stop_ends_a_walk(self):
        self.feed_at(f"https://127.0.0.1:{self.silent()}/feed.xml", feed='timeout="30s"')
        heard = []

        def ask():
            try:
                heard.append(self.call("doctor"))
            except RpcError as e:
                heard.append(e)

        askers = [threading.Thread(target=ask) for _ in range(2)]  # one walks, one waits
        for asker in askers:
            asker.start()
            time.sleep(0.3)
        began = time.monotonic()
        self.assertEqual(self.daemon.stop(), 0)
        self.assertLess(time.monotonic() - began, 5)
        for asker in askers:
            asker.join(5)
        self.assertEqual(len(heard), 2)
        self.assertTrue(all(isinstance(e, RpcError) and "stopping" in str(e) for e in heard), heard)

    def test_who_leaves_before_the_answer_harms_nobody(self):
        self.server.delay = 1
        for _ in range(2):  # one walks, one waits
            client = Client(self.socket)
            client.request("doctor")
            client.close()
        self.server.delay = 0
        self.assertEqual(self.doctor()[0], 0)

    def test_many_feeds_on_silent_servers_are_over_in_time(self):
        port = self.silent()
        feeds = "".join(f'<feed name="f{i}" url="https://127.0.0.1:{port}/{i}.xml" every="1h" timeout="20s"/>' for i in range(18))
        self.write("stopgap.xml", f"""<stopgap xmlns="urn:stopgap:config:1" mode="enforce">
  <trust><anchor name="corp" file="pki/root.pem"/></trust><network proxy="none"/>{feeds}</stopgap>
""")
        self.daemon.signal(1)
        wait_for("18 feeds", lambda: len(self.call("status")["feeds"]) == 18)
        began = time.monotonic()
        reply = json.loads(self.ctl("doctor", "--json")[1])
        self.assertLess(time.monotonic() - began, 45)
        first = {}
        for line in reply["path"]:
            first.setdefault(line["feed"], []).append(line)
        self.assertEqual(len(first), 18)
        asked = [lines for lines in first.values() if any(line["status"] == "failed" for line in lines)]
        left = [lines for lines in first.values() if "30 s were up" in lines[0]["text"]]
        self.assertEqual(len(asked) + len(left), 18)
        self.assertTrue(len(asked) >= 12 and left, (len(asked), len(left)))


if __name__ == "__main__":
    unittest.main()
