#!/usr/bin/env python3
"""test_foreign_verifiers.py BUILD - the xmlsec1 and openssl command lines and we agree: on every good document and timestamp, and on what was changed in them.

Exit status 77, with a word, where one of them is not installed. Microsoft's own document is asked about where it is at hand (STOPGAP_DATA, or ../shared/data
beside the sources).
"""
import base64
import os
import re
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


def holds(*command):
    return subprocess.run(command, capture_output=True).returncode == 0


def write(name, octets):
    with open(name, "wb") as f:
        f.write(octets)


def read(name):
    with open(name, "rb") as f:
        return f.read()


def swapped(octets, old, new):
    assert octets.count(old) == 1 and len(old) == len(new), octets.count(old)
    return octets.replace(old, new)


def timestamps(build, folder, chain):
    """Our own authority's token: the openssl command line reads it and finds the imprint of the raw SignatureValue; what is changed, nobody takes."""
    plain, signed, token, changed = folder + "/em.xml", folder + "/em-signed.xml", folder + "/token", folder + "/token.changed"
    other = folder + "/token.other"
    for text, made in ("another document", other), ("as EM has it", token):
        write(plain, ('<EOCS version="1.0.4">' + CONFIG % (1, text) + "</EOCS>").encode())
        subprocess.run([build + "/tests/sign-feed", "--key", chain + "/leaf.key", "--cert", chain + "/chain.pem", "--token", made, plain, signed], check=True)

    def openssl(name, root=token + ".pem"):
        return (holds("openssl", "ts", "-verify", "-token_in", "-in", name, "-data", token + ".value", "-CAfile", root),
                holds("openssl", "cms", "-verify", "-inform", "DER", "-in", name, "-binary", "-purpose", "timestampsign", "-CAfile", root, "-out", os.devnull))

    def ours(root=token + ".pem"):  # the leaf has ended by then: it is the token that counts
        return holds(build + "/stopgap-feed", "verify", signed, "--eocs", "--feed", "em", "--anchor", chain + "/root.pem",
                     "--timestamp-anchor", root, "--at", "2035-01-01T00:00:00Z")

    assert openssl(token) == (True, True) and ours()
    assert holds("xmlsec1", "--verify", "--enabled-key-data", "x509", "--trusted-pem", chain + "/root.pem", signed)
    octets, document = read(token), read(signed)
    time_in_token = re.findall(rb"\x18\x0f(20\d{12})Z", octets)[0]
    write(changed, swapped(octets, time_in_token, b"1999" + time_in_token[4:]))
    assert openssl(changed) == (False, False)
    write(signed, swapped(document, base64.b64encode(octets), base64.b64encode(read(changed))))
    assert not ours()
    assert openssl(other, other + ".pem") == (False, True)  # the token is good, but another signature's
    write(signed, swapped(document, base64.b64encode(octets), base64.b64encode(read(other))))
    assert not ours(other + ".pem")
    print("a timestamp of ours: openssl ts and cms take it, too; one with another time and one for another signature are refused by both")


def microsofts(build, folder):
    data = os.environ.get("STOPGAP_DATA") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared", "data")
    name = os.path.join(data, "feed", "eems-feed-PING1-2021.xml")
    if not os.path.exists(name):
        print("skipped: there is no signed document of Microsoft's (STOPGAP_DATA names the folder of real files)")
        return
    root, pca, copy = folder + "/microsoft.pem", folder + "/microsoft-time.pem", folder + "/microsoft.xml"
    document = read(name)
    certs = re.findall(rb"<X509Certificate>([^<]*)", document)
    for file, cert in (root, certs[2]), (pca, certs[4]):
        write(file, b"-----BEGIN CERTIFICATE-----\n" + cert.strip() + b"\n-----END CERTIFICATE-----\n")

    def both():
        return (holds("xmlsec1", "--verify", "--enabled-key-data", "x509", "--verification-gmt-time", "2021-09-15 16:42:08", "--trusted-pem", root, copy),
                holds(build + "/stopgap-feed", "verify", copy, "--eocs", "--feed", "em", "--anchor", root, "--timestamp-anchor", pca))

    write(copy, document)
    assert both() == (True, True), both()
    assert not holds("xmlsec1", "--verify", "--enabled-key-data", "x509", "--trusted-pem", root, copy)  # its leaf has ended: the time was needed
    write(copy, swapped(document, b"Heartbeat", b"heartbeat"))
    assert both() == (False, False), both()
    token = base64.b64decode(re.search(rb"<CounterSignature[^>]*>([^<]*)", document)[1])

    # OpenSSL's reader for timestamps refuses any token with an attribute certificate, as this one has; its CMS reads it. That the use is for
    # timestamps is not marked critical there, so it is no purpose to OpenSSL.
    def stamped():
        return holds("openssl", "cms", "-verify", "-inform", "DER", "-in", folder + "/microsoft.token", "-binary", "-purpose", "any",
                     "-partial_chain", "-CAfile", pca, "-attime", "1631724128", "-out", os.devnull)

    write(folder + "/microsoft.token", token)
    assert stamped()
    changed = swapped(token, b"20210915164208.621Z", b"20310915164208.621Z")
    write(folder + "/microsoft.token", changed)
    write(copy, swapped(document, base64.b64encode(token), base64.b64encode(changed)))
    assert not stamped() and not both()[1]
    print("Microsoft's document and its timestamp: xmlsec1 and openssl take them at their time, as we do; what was changed is refused by both")


def main():
    build = sys.argv[1]
    for name in "xmlsec1", "openssl":
        if not shutil.which(name):
            print(f"skipped: {name} is not installed")
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
        timestamps(build, folder, chain)
        microsofts(build, folder)
    assert good >= 8 and changed == good
    print(f"{good} good documents accepted by both, {changed} changed ones refused by both")
    return 0


sys.exit(main())
