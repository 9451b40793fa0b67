#!/usr/bin/env python3
"""https.py BUILD - the installed service fetches its feed over HTTPS by an authority of one's own, and refuses a server of another's.

The server is this machine's own, its certificate that of the tests' chain (sign-feed --make-chain). The way is the service's whole: a worker process with a
token of its own, libcurl, Schannel. Wine's tokens are not what they should be, so it is also seen that this is said. Run by scripts/test-windows in a
prefix of its own.
"""
import http.server
import os
import shutil
import ssl
import threading
import unittest

from stage import CLOSED, CONFIG, RULE, closed, document, must, publish, run, wait_for, windows, write

CA_FILE = '<network ca-file="{ca}"/>\n  <trust>'


class Server:
    """feed.xml over HTTPS, as it is at that time."""

    def __init__(self, keys):
        handler = type("Handler", (http.server.SimpleHTTPRequestHandler,),
                       {"__init__": lambda self, *a: http.server.SimpleHTTPRequestHandler.__init__(self, *a, directory=CLOSED),
                        "log_message": lambda *a: None})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(keys, "tls.pem"), os.path.join(keys, "tls.key"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_address[1]}/feed.xml"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def setUpModule():
    must("tests/make-drive.exe", "C:")
    publish(RULE, serial=1)
    os.mkdir(closed("others"))
    must("tests/sign-feed.exe", "--make-chain", windows(closed("others")))


def tearDownModule():
    run("stopgapd.exe", "uninstall", "--keep")


def lines(name):
    return [line for line in document(must("stopgapctl.exe", "history", "--json"))["lines"] if line["name"] == name]


def feed():
    return document(must("stopgapctl.exe", "status", "--json"))["feeds"][0]


class Https(unittest.TestCase):
    def configure(self, server, ca):
        # a name that no code page of a server in the west has in common with UTF-8
        os.makedirs(closed("zertifikate-\u00e4\u4e2d"), exist_ok=True)
        shutil.copy(ca, closed("zertifikate-\u00e4\u4e2d", "ca.pem"))
        text = CONFIG.format(root=windows(closed("keys/root.pem")), feed=server.url)
        return write(closed("https.xml"), text.replace("<trust>", CA_FILE.format(ca=windows(closed("zertifikate-\u00e4\u4e2d", "ca.pem")))))

    def test_its_own_authority_and_another(self):
        mine = Server(closed("keys"))
        self.addCleanup(mine.stop)
        must("stopgapd.exe", "install", "--config", windows(self.configure(mine, closed("keys/tls-ca.pem"))))
        must("stopgapd.exe", "start")
        wait_for("an answer", lambda: run("stopgapctl.exe", "status")[0] in (0, 1))
        must("stopgapctl.exe", "refresh")
        wait_for(lambda: f"serial 1: {feed()}", lambda: feed()["serial"] == 1)
        self.assertEqual(lines("feed-unreachable"), [])

        # A server whose certificate is of another authority: what it says is not looked at, and what was good stays in force.
        theirs = Server(closed("others"))
        self.addCleanup(theirs.stop)
        publish(RULE, serial=2)
        self.configure(theirs, closed("keys/tls-ca.pem"))
        must("stopgapd.exe", "reload")
        wait_for("a refusal", lambda: run("stopgapctl.exe", "refresh") and lines("feed-unreachable"))
        self.assertIn("check <network ca-file>", lines("feed-unreachable")[-1]["text"])
        self.assertEqual(feed()["serial"], 1)

        # The same server once its authority is the one that is named.
        self.configure(theirs, closed("others/tls-ca.pem"))
        must("stopgapctl.exe", "refresh")
        wait_for(lambda: f"serial 2: {feed()}", lambda: feed()["serial"] == 2)

        # How well the workers were shut in is said once for each kind, however many there were, and doctor has it.
        kinds = [line["text"].split(":")[0] for line in lines("workers-less")]
        self.assertEqual(len(kinds), len(set(kinds)), kinds)
        checks = [c for c in document(run("stopgapctl.exe", "doctor", "--json")[1])["checks"] if c["check"] == "workers"]
        self.assertEqual(len(checks), 2, checks)
        self.assertEqual([c["status"] for c in checks].count("warn"), len(kinds), checks)
        self.assertNotIn("fail", [c["status"] for c in checks])
        print("\n".join(c["text"] for c in checks))
        must("stopgapd.exe", "stop")


if __name__ == "__main__":
    unittest.main(verbosity=2)
