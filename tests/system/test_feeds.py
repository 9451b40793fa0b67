"""test_feeds - feeds as a server meets them: a detached signature beside the document, a race while both are replaced, a folder as a feed, a share that is
away, documents brought by hand, a server that is slow or never ends, and what stopgapctl says of all that."""
import http.server
import os
import subprocess
import threading
import time
import unittest

import harness
from harness import feed_xml, inbound, wait_for


def detached(signer, octets, path):
    """FEED.p7s with the openssl command line, a signer that shares no code with the product."""
    with open(path + ".in", "wb") as f:
        f.write(octets)
    with open(signer.path("chain.pem"), encoding="ascii") as f, open(path + ".ca", "w", encoding="ascii") as out:
        out.write("-----BEGIN" + f.read().split("-----BEGIN")[-1])  # the intermediate alone: the signer comes along by itself
    subprocess.run(
        ["openssl", "cms", "-sign", "-binary", "-md", "sha256", "-outform", "DER", "-nosmimecap", "-signer", signer.path("leaf.pem"), "-inkey",
         signer.path("leaf.key"), "-certfile", path + ".ca", "-in", path + ".in", "-out", path], check=True, capture_output=True)
    os.unlink(path + ".in")
    os.unlink(path + ".ca")


class Folder(harness.Stage):
    """A folder or a share as a feed."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("share"))

    def put(self, serial, *configs, sign=True):
        document = self.signer.sign(feed_xml(serial, configs))
        with open(self.path("share/corp.xml.new"), "wb") as f:
            f.write(document)
        if sign:
            detached(self.signer, document, self.path("share/corp.xml.p7s"))
        os.rename(self.path("share/corp.xml.new"), self.path("share/corp.xml"))

    def configure(self, url, attributes=""):
        self.write("stopgap.xml", f"""<stopgap xmlns="urn:stopgap:config:1">
  <trust><anchor name="corp" file="pki/root.pem"/></trust>
  <feed name="corp" {f'url="{url}"' if url else ''} every="1s" {attributes}/>
</stopgap>""")

    def feed(self):
        return self.call("status")["feeds"][0]

    def test_a_folder_is_a_feed_with_its_detached_signature(self):
        self.configure("file://" + self.path("share/corp.xml"), 'signature="both"')
        self.put(1, inbound("CORP-1"))
        self.start(refresh=False)
        self.wait_state("CORP-1", "applied")
        read = self.call("status")["documents_read"]
        tried = self.feed()["tried"]
        wait_for("two more polls", lambda: self.feed()["tried"] > tried + 2000)
        self.assertEqual(self.call("status")["documents_read"], read)  # the same octets are not read again
        os.unlink(self.path("share/corp.xml.p7s"))
        wait_for("no signature", lambda: "corp.xml.p7s" in (self.feed()["error"] or ""))
        self.assertEqual(self.row("CORP-1")["state"], "applied")

    def test_a_share_that_is_away_takes_nothing_back_and_returns(self):
        self.configure(self.path("share/corp.xml"))
        self.put(1, inbound("CORP-1"), sign=False)
        self.start(refresh=False)
        self.wait_state("CORP-1", "applied")
        os.rename(self.path("share"), self.path("away"))
        wait_for("an error", lambda: self.feed()["error"])
        self.assertEqual(self.row("CORP-1")["state"], "applied")
        os.rename(self.path("away"), self.path("share"))
        self.ctl("refresh", "--reason", "the share is back")
        self.assertIsNone(self.feed()["error"])

    def test_documents_of_two_publications_are_fetched_again_before_they_are_an_error(self):
        self.configure(self.path("share/corp.xml"), 'signature="cms"')
        self.put(1, inbound("CORP-1"))
        self.start(refresh=False)
        self.wait_state("CORP-1", "applied")
        document = self.signer.sign(feed_xml(2, [inbound("CORP-1", revision="1.1")]))
        detached(self.signer, document, self.path("new.p7s"))
        with open(self.path("new.xml"), "wb") as f:
            f.write(document)
        os.rename(self.path("new.xml"), self.path("share/corp.xml"))  # and its signature half a second later

        def later():
            time.sleep(0.5)
            os.rename(self.path("new.p7s"), self.path("share/corp.xml.p7s"))

        thread = threading.Thread(target=later)
        thread.start()
        status, out, err = self.ctl("refresh")
        thread.join()
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(self.feed()["serial"], 2)
        names = [line["name"] for line in self.call("history")["lines"]]
        self.assertNotIn("trust-signature", names)
        # a pair that stays wrong is an error, and says so
        detached(self.signer, b"something else", self.path("share/corp.xml.p7s"))
        status, out, err = self.ctl("refresh")
        self.assertEqual(status, 1)
        self.assertIn("belong together", err)

    def test_an_air_gapped_server_is_brought_its_documents(self):
        self.configure(None)
        daemon = self.start(refresh=False)
        bundle = self.path("bundle.xml")
        with open(bundle, "wb") as f:  # far more than what an ordinary request may have
            f.write(self.signer.sign(feed_xml(3, [inbound("CORP-1")])))
            f.write(b"\n" * 200000)
        status, out, err = self.ctl("import", bundle, "--reason", "by hand", "--ticket", "OPS-3")
        self.assertEqual((status, err), (0, ""), daemon.text())
        self.assertIn("serial 3", out)
        self.assertEqual(self.row("CORP-1")["state"], "applied")
        lines = [line for line in self.call("history")["lines"] if line["name"] == "imported"]
        self.assertEqual((lines[0]["ticket"], lines[0]["reason"]), ("OPS-3", "by hand"))
        self.assertTrue(lines[0]["account"].startswith(f"uid {os.geteuid()}"))
        with open(bundle, "wb") as f:
            f.write(self.signer.sign(feed_xml(2, [inbound("CORP-1", pattern="other")])))
        status, out, err = self.ctl("import", bundle)
        self.assertEqual(status, 1)
        self.assertIn("3 was accepted before", err)
        status, out, err = self.ctl("feed", "reset-serial", "corp")
        self.assertEqual(status, 2)
        self.assertEqual(self.ctl("feed", "reset-serial", "corp", "--reason", "the publisher lost count")[0], 0)
        self.assertEqual(self.ctl("import", bundle)[0], 0)
        self.assertEqual(self.feed()["serial"], 2)
        self.assertEqual(self.ctl("import", self.path("none.xml"))[0], 1)
        with open(self.path("huge.xml"), "wb") as f:
            f.truncate((6 << 20) + 1)
        self.assertEqual(self.ctl("import", self.path("huge.xml"))[0], 1)
        self.assertTrue(self.call("status"))  # and nobody was dropped for it

    @unittest.skipUnless(os.geteuid() == 0, "only root can be somebody else")
    def test_who_may_only_read_brings_nothing(self):
        self.configure(None)
        with open(self.path("stopgap.xml"), encoding="utf-8") as f:
            text = f.read().replace("</stopgap>", '<access read="4711"/></stopgap>')
        self.write("stopgap.xml", text)
        os.chmod(self.folder, 0o755)
        os.chmod(self.path("run"), 0o755)
        self.start(refresh=False)
        with open(self.path("bundle.xml"), "wb") as f:
            f.write(self.signer.sign(feed_xml(3, [inbound("CORP-1")])))
        os.chmod(self.path("bundle.xml"), 0o644)
        self.assertEqual(self.ctl("status", user=4711)[0], 0)
        self.assertEqual(self.ctl("import", self.path("bundle.xml"), user=4711)[0], 4)
        self.assertIsNone(self.row("CORP-1"))


class Hostile(harness.Stage):
    FEED_EVERY = "1s"

    def serve(self, handler):
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                try:
                    handler(self)
                except OSError:
                    pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_address[1]}/feed.xml"

    def two_feeds(self, url, attributes):
        self.write_config(more=f'<feed name="other" url="{url}" every="1s" {attributes}/>')

    def other(self):
        return self.call("status")["feeds"][1]

    def test_endless_data_ends_at_the_limit_and_the_other_feed_works_on(self):
        def endless(h):
            h.send_response(200)
            h.end_headers()
            while True:
                h.wfile.write(b"<EOCS>" * 4096)

        self.two_feeds(self.serve(endless), 'max-size="64KiB" timeout="20s"')
        self.publish(1, inbound("CORP-1"))
        self.start(refresh=False)
        self.wait_state("CORP-1", "applied")
        wait_for("the limit", lambda: "larger than the allowed 65536" in (self.other()["error"] or ""))

    def test_endless_heads_end_and_the_other_feed_works_on(self):
        sent = {"heads": 0, "answers": 0}

        def heads(h):
            h.send_response(200)
            h.flush_headers()
            while True:
                h.wfile.write(b"X-More: " + b"x" * 8000 + b"\r\n")
                sent["heads"] += 8000

        def answers(h):  # interim ones, of which there may be any number
            while True:
                h.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: " + b"x" * 8000 + b"\r\n\r\n")
                sent["answers"] += 8000

        self.write_config(more=f'<feed name="other" url="{self.serve(heads)}" every="1h" timeout="4s"/>'
                          f'<feed name="third" url="{self.serve(answers)}" every="1h" timeout="4s"/>')
        self.publish(1, inbound("CORP-1"))
        self.start(refresh=False)
        self.wait_state("CORP-1", "applied")
        wait_for("both to end", lambda: all(feed["error"] for feed in self.call("status")["feeds"][1:]))
        was = dict(sent)
        time.sleep(0.5)
        self.assertEqual(sent, was)  # nobody listens any more
        self.publish(2, inbound("CORP-1", revision="1.1"))
        wait_for("the next", lambda: self.row("CORP-1")["revision"] == "1.1")

    def test_a_slow_server_ends_at_its_time_and_the_other_feed_works_on(self):
        def slow(h):
            h.send_response(200)
            h.end_headers()
            while True:
                h.wfile.write(b" ")
                time.sleep(0.2)

        self.two_feeds(self.serve(slow), 'timeout="2s"')
        self.publish(1, inbound("CORP-1"))
        self.start(refresh=False)
        self.wait_state("CORP-1", "applied")
        wait_for("the time", lambda: "took too long" in (self.other()["error"] or ""))
        self.publish(2, inbound("CORP-1", revision="1.1"))
        wait_for("the next", lambda: self.row("CORP-1")["revision"] == "1.1")


class Help(harness.Stage):
    def test_events_are_printed_from_the_table_one_or_all(self):
        status, out, err = self.ctl("help", "events")
        self.assertEqual((status, err), (0, ""))
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "schemas", "events.md"), encoding="utf-8") as f:
            self.assertEqual(out, f.read())
        status, out, err = self.ctl("help", "event", "3003")
        self.assertEqual(status, 0)
        self.assertIn("trust-equivocation (critical)", out)
        self.assertIn("Cause:", out)
        self.assertEqual(self.ctl("help", "event", "drift")[0], 0)
        self.assertEqual(self.ctl("help", "event", "7")[0], 2)
        self.assertEqual(self.ctl("help", "event")[0], 2)
        self.assertEqual(self.ctl("help", "list", "event")[0], 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
