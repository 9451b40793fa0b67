#!/usr/bin/env python3
"""test_foreign_verifiers.py BUILD - the xmlsec1 command line and we agree: on every good document, and on what was changed in it.

Exit status 77, with a word, where xmlsec1 is not installed.
"""
import shutil
import subprocess
import sys
import tempfile
import time

HEAD = ('<EOCS version="1.0.4" xmlns:sg="urn:stopgap:feed:1" sg:feed="corp" sg:serial="7" '
        'sg:issued="%s" sg:expires="2099-01-01T00:00:00Z">')
CONFIG = '<Config id="C-%d" desc="%s"><ActionList><Action type="DoNothing" scope="Server"><Value>DoNothing</Value></Action></ActionList></Config>'
TEXTS = ["plain", "a &lt; b &amp; c", "&#9;tab&#10;line", "gr\u00fc\u00df \u20ac \U0001f512", "quote &quot; and '"]


def documents():
    head = HEAD % time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    yield head + "</EOCS>"
    for text in TEXTS:
        yield "<?xml version='1.0' encoding='utf-8'?>\n<!-- head -->\n" + head + "\n " + CONFIG % (1, text) + "<!-- x -->\r\n</EOCS>\n"
    yield head + "".join(CONFIG % (i, "many") for i in range(500)) + "</EOCS>"
    yield head.replace("<EOCS ", '<EOCS xmlns:more="urn:more" ') + CONFIG % (1, "a further namespace") + "</EOCS>"


def main():
    build = sys.argv[1]
    if not shutil.which("xmlsec1"):
        print("skipped: xmlsec1 is not installed")
        return 77
    good = changed = 0
    with tempfile.TemporaryDirectory() as folder:
        chain, plain, signed = folder + "/chain", folder + "/plain.xml", folder + "/signed.xml"
        subprocess.run([build + "/tests/sign-feed", "--make-chain", chain], check=True, stdout=subprocess.DEVNULL)

        def accepts():
            theirs = subprocess.run(["xmlsec1", "--verify", "--trusted-pem", chain + "/root.pem", signed], capture_output=True).returncode == 0
            ours = subprocess.run([build + "/tests/bench/ingest", "here", signed, chain + "/root.pem", "1"], capture_output=True).returncode == 0
            return theirs, ours

        for text in documents():
            with open(plain, "w", encoding="utf-8", newline="") as f:
                f.write(text)
            subprocess.run([build + "/tests/sign-feed", "--key", chain + "/leaf.key", "--cert", chain + "/chain.pem", plain, signed], check=True)
            assert accepts() == (True, True), (accepts(), text[:300])
            good += 1
            with open(signed, encoding="utf-8", newline="") as f:
                octets = f.read()
            with open(signed, "w", encoding="utf-8", newline="") as f:
                f.write(octets.replace('sg:serial="7"', 'sg:serial="8"'))
            assert accepts() == (False, False), (accepts(), text[:300])
            changed += 1
    assert good >= 8 and changed == good
    print(f"{good} good documents accepted by both, {changed} changed ones refused by both")
    return 0


sys.exit(main())
