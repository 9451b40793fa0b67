#!/usr/bin/env python3
"""test_feed_publish - feeds go into their place whole, in order, and only when they verify; and from there to where no network is."""
import os
import shutil
import subprocess
import threading
import unittest

import harness
from feed_stage import FEED, Author, Files


class Publish(Author):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("www"))
        self.live("CORP-1")
        self.sign("--cms")

    def next_feed(self, id, *more):
        self.live(id)
        self.sign(*more, previous="feed.xml", out="next.xml")
        os.replace(self.path("next.xml"), self.path("feed.xml"))
        if os.path.exists(self.path("next.xml.p7s")):
            os.replace(self.path("next.xml.p7s"), self.path("feed.xml.p7s"))

    def killed(self, call, n):
        """Whether publishing the next feed was killed as it made that system call for the n-th time."""
        done = subprocess.run(["strace", "-f", "-qq", "-o", self.path("trace"), "-e", "trace=" + call, "-e", f"inject={call}:signal=KILL:when={n}",
            FEED, "publish", "feed.xml", "--to", "www/feed.xml"], cwd=self.folder, capture_output=True, timeout=60)
        return done.returncode != 0

    @unittest.skipUnless(shutil.which("strace"), "strace is not there")
    def test_killed_anywhere_it_leaves_files_whole_and_never_a_new_document_with_the_old_signature(self):
        old = self.read("feed.xml"), self.read("feed.xml.p7s")
        self.next_feed("CORP-2", "--cms")
        new = self.read("feed.xml"), self.read("feed.xml.p7s")
        seen, kills, halves = set(), 0, 0
        for call in ("openat", "write", "fsync", "fdatasync", "rename,renameat,renameat2", "unlink,unlinkat", "close"):
            for n in range(1, 200):
                shutil.rmtree(self.path("www"))
                os.mkdir(self.path("www"))
                self.write("www/feed.xml", old[0])
                self.write("www/feed.xml.p7s", old[1])
                if not self.killed(call, n):
                    break
                kills += 1
                halves += len(os.listdir(self.path("www"))) > 2
                is_now = self.read("www/feed.xml"), self.read("www/feed.xml.p7s")
                self.assertIn(is_now, (old, (old[0], new[1]), new), (call, n))
                seen.add(is_now)
                # and the next attempt, by a person who runs it again, finishes
                self.good("publish", "feed.xml", "--to", "www/feed.xml")
                self.assertEqual((self.read("www/feed.xml"), self.read("www/feed.xml.p7s")), new)
                self.assertEqual(sorted(os.listdir(self.path("www"))), ["feed.xml", "feed.xml.p7s"], (call, n))
        self.assertGreater(kills, 20)
        self.assertGreater(halves, 5)
        self.assertEqual(len(seen), 3)  # each moment was met

    def test_only_its_own_left_overs_are_removed(self):
        self.good("publish", "feed.xml", "--to", "www")
        own = ["feed.xml.0123456789ab.tmp", "feed.xml.p7s.ba9876543210.tmp"]
        others = ["feed.xml.0123456789aB.tmp", "feed.xml.0123456789a.tmp", "feed.xml.0123456789ab.tmp.bak", "feed.xml.tmp", "other.xml.0123456789ab.tmp",
            "afeed.xml.0123456789ab.tmp"]
        for name in own + others:
            self.write("www/" + name, "half")
        os.mkdir(self.path("www/feed.xml.abcdefabcdef.tmp"))
        self.assertIn("unchanged", self.good("publish", "feed.xml", "--to", "www"))
        self.assertEqual(sorted(os.listdir(self.path("www"))), sorted(["feed.xml", "feed.xml.p7s", "feed.xml.abcdefabcdef.tmp"] + others))

    def test_both_files_arrive_and_an_older_document_does_not(self):
        old = self.read("feed.xml")
        self.assertIn("published with its .p7s", self.good("publish", "feed.xml", "--to", "www", "--anchor", "keys/root.pem"))
        self.assertEqual(sorted(os.listdir(self.path("www"))), ["feed.xml", "feed.xml.p7s"])
        self.assertEqual(self.read("www/feed.xml"), old)
        self.assertEqual(os.stat(self.path("www/feed.xml")).st_mode & 0o777, 0o666 & ~umask())
        self.assertIn("unchanged", self.good("publish", "feed.xml", "--to", "www"))
        self.next_feed("CORP-2", "--cms")
        os.chmod(self.path("www/feed.xml"), 0o640)
        self.good("publish", "feed.xml", "--to", "www/feed.xml")
        self.assertEqual(os.stat(self.path("www/feed.xml")).st_mode & 0o777, 0o640)
        self.write("old.xml", old)
        self.refused("has serial 1", "publish", "old.xml", "--to", "www/feed.xml")
        self.assertEqual(self.read("www/feed.xml"), self.read("feed.xml"))

    def test_only_what_verifies_is_published(self):
        self.refused("not signed", "publish", "live.xml", "--to", "www/feed.xml")
        self.refused("not accepted", "publish", "feed.xml", "--to", "www/feed.xml", "--anchor", "keys/other/root.pem")
        self.write("feed.xml", self.read("feed.xml").replace(b"evil", b"good"))
        self.refused("was changed", "publish", "feed.xml", "--to", "www/feed.xml")
        self.assertEqual(os.listdir(self.path("www")), [])
        shutil.copy(self.path("live.xml"), self.path("feed.xml"))
        os.unlink(self.path("feed.xml.p7s"))
        self.sign()
        self.refused("nowhere/feed.xml", "publish", "feed.xml", "--to", "nowhere/feed.xml")

    def test_it_is_fetched_back_through_its_address(self):
        signer = harness.Signer(self.path("chain"))
        server = harness.FeedServer(signer)
        self.addCleanup(server.close)
        os.unlink(self.path("feed.xml.p7s"))
        to = "--to", "www/corp.xml", "--anchor", "keys/root.pem", "--url", server.url, "--ca-file", signer.path("tls-ca.pem"), "--proxy", "none"
        server.document = self.read("feed.xml")
        code, out, err = self.run_feed("publish", "feed.xml", *to)
        # the harness answers every path with the document, so its .p7s is the document, too: no CMS message
        self.assertEqual(code, 1)
        self.assertIn("it was written, but servers do not get it", err)
        with Files(self.path("www"), signer) as files:
            to = (*to[:5], files.url + "/corp.xml", *to[6:])
            self.assertIn("served, and it verifies", self.good("publish", "feed.xml", *to))
            self.write("www/other.xml", b"<EOCS/>")
            wrong = (*to[:5], files.url + "/absent.xml", *to[6:])
            self.refused("servers do not get it", "publish", "feed.xml", *wrong)
            self.live("CORP-9")
            self.sign(previous="feed.xml", out="next.xml")
            shutil.copy(self.path("www/corp.xml"), self.path("www/cached.xml"))
            stale = (*to[:5], files.url + "/cached.xml", *to[6:])
            self.refused("still serves something else", "publish", "next.xml", *stale)

    def test_a_reader_never_sees_half_a_document(self):
        os.unlink(self.path("feed.xml.p7s"))
        self.good("publish", "feed.xml", "--to", "www/feed.xml")
        seen, stop = set(), threading.Event()

        def read():
            while not stop.is_set():
                seen.add(self.read("www/feed.xml"))

        reader = threading.Thread(target=read)
        reader.start()
        published = {self.read("feed.xml")}
        try:
            for i in range(4):
                self.next_feed(f"CORP-{i + 2}")
                self.good("publish", "feed.xml", "--to", "www/feed.xml")
                published.add(self.read("feed.xml"))
        finally:
            stop.set()
            reader.join()
        self.assertLessEqual(seen, published)
        self.assertEqual(os.listdir(self.path("www")), ["feed.xml"])


class Mirror(Author):
    def setUp(self):
        super().setUp()
        for name in "www", "share":
            os.mkdir(self.path(name))
        self.live("CORP-1")
        self.sign("--cms", out="www/corp.xml")

    def state(self):
        return {n: (os.stat(self.path("share/" + n)).st_ino, self.read("share/" + n)) for n in os.listdir(self.path("share"))}

    def test_the_same_octets_arrive_and_nothing_is_written_twice(self):
        self.assertIn("mirrored with its .p7s", self.good("mirror", "www/corp.xml", "--to", "share/corp.xml", "--anchor", "keys/root.pem"))
        for name in "corp.xml", "corp.xml.p7s":
            self.assertEqual(self.read("www/" + name), self.read("share/" + name))
        before = self.state()
        self.assertIn("unchanged", self.good("mirror", "www/corp.xml", "--to", "share/corp.xml", "--anchor", "keys/root.pem"))
        self.assertEqual(self.state(), before)

    def test_what_does_not_verify_or_is_older_stays_out(self):
        mirror = "mirror", "www/corp.xml", "--to", "share/corp.xml", "--anchor", "keys/root.pem"
        self.good(*mirror)
        first = self.read("www/corp.xml"), self.read("www/corp.xml.p7s")
        self.live("CORP-2")
        self.sign("--cms", out="www/corp.xml", previous="www/corp.xml")
        self.good(*mirror)
        before = self.state()
        self.write("www/corp.xml", first[0])
        self.write("www/corp.xml.p7s", first[1])
        self.refused("has serial 1", *mirror)
        self.write("www/corp.xml", first[0].replace(b"evil", b"good"))
        self.refused("was changed", *mirror)
        os.unlink(self.path("www/corp.xml"))
        self.refused("corp.xml", *mirror)
        self.assertEqual(self.state(), before)

    def test_a_folder_is_mirrored_document_by_document(self):
        self.write("www/readme.txt", "no feed")
        self.write("www/bad.xml", self.read("www/corp.xml").replace(b"evil", b"good"))
        mirror = "mirror", "www", "--to", "share", "--anchor", "keys/root.pem"
        out = self.refused("was changed", *mirror)
        self.assertIn("share/corp.xml: mirrored", out)
        self.assertEqual(sorted(os.listdir(self.path("share"))), ["corp.xml", "corp.xml.p7s"])
        os.unlink(self.path("www/bad.xml"))
        self.assertIn("unchanged", self.good(*mirror))

    def test_over_https(self):
        signer = harness.Signer(self.path("chain"))
        with Files(self.path("www"), signer) as files:
            mirror = ("mirror", files.url + "/corp.xml", "--to", "share", "--anchor", "keys/root.pem", "--proxy", "none")
            self.refused("check", *mirror)  # its authority is not the system's
            self.good(*mirror, "--ca-file", signer.path("tls-ca.pem"))
            self.assertEqual(self.read("www/corp.xml.p7s"), self.read("share/corp.xml.p7s"))
            os.unlink(self.path("www/corp.xml.p7s"))
            self.assertIn("mirrored,", self.good(*mirror, "--ca-file", signer.path("tls-ca.pem")))
            self.assertEqual(os.listdir(self.path("share")), ["corp.xml"])


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


if __name__ == "__main__":
    unittest.main()
