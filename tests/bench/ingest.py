#!/usr/bin/env python3
"""ingest.py BUILD - what verifying and reading a feed costs, against `xmlsec1 --verify` as a process over the same document in the same run.

Prints a line per size; exit status 1 when a ratio is above its bound, 77 without xmlsec1. The largest document is nearly the largest that a feed may have: its canonical form, which writes empty elements out, counts against the 4 MiB, too.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

HEAD = ('<EOCS version="1.0.4" xmlns:sg="urn:stopgap:feed:1" sg:feed="corp" sg:serial="7" '
        'sg:issued="%s" sg:expires="2099-01-01T00:00:00Z">\n')
CONFIG = """  <Config id="CORP-%d" desc="A rule at a site" sg:revision="1" sg:severity="high">
    <sg:Reference type="cve">CVE-2026-%05d</sg:Reference>
    <ActionList><Action type="UrlRewrite" scope="Site" desc="Inbound rule"><sg:At sites="Default Web Site" path="/" inherit="yes"/>
      <rewrite><rules><rule name="stopgap CORP-%d - inbound" stopProcessing="true"><match url=".*"/>
        <conditions><add input="{UrlDecode:{REQUEST_URI}}" pattern="%s"/></conditions>
        <action type="CustomResponse" statusCode="403" statusReason="Forbidden" statusDescription="Refused."/></rule></rules></rewrite>
    </Action></ActionList>
  </Config>
"""


def document(octets):
    """A feed of about that many octets; no more than 4,096 mitigations fit, so those of a large one are long."""
    pattern = "x" * (700 if octets > 1 << 20 else 40)
    one = len(CONFIG % (1000, 1000, 1000, pattern))
    body = "".join(CONFIG % (i, i, i, pattern) for i in range(1000, 1000 + (octets - 3500) // one))
    return HEAD % time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60)) + body + "</EOCS>\n"


def wall_ms(command, times):
    """The least time of a process that must succeed, in milliseconds: it does nothing but reckon."""
    least = 1e9
    for _ in range(times):
        before = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        least = min(least, (time.monotonic() - before) * 1000)
    return least


def main():
    build, wrong = sys.argv[1], 0
    if not shutil.which("xmlsec1"):
        print("skipped: xmlsec1 is not there")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        chain = folder + "/chain"
        subprocess.run([build + "/tests/sign-feed", "--make-chain", chain], check=True, stdout=subprocess.DEVNULL)
        for octets, bound, times in ((50_000, 0.15, 30), (4_000_000, 0.85, 8)):
            plain, signed = folder + "/plain.xml", folder + "/signed.xml"
            with open(plain, "w", encoding="utf-8") as f:
                f.write(document(octets))
            subprocess.run([build + "/tests/sign-feed", "--key", chain + "/leaf.key", "--cert", chain + "/chain.pem", plain, signed], check=True)
            ours = float(subprocess.run([build + "/tests/bench/ingest", signed, chain + "/root.pem", str(times)], check=True,
                                        capture_output=True, text=True).stdout)
            theirs = wall_ms(["xmlsec1", "--verify", "--trusted-pem", chain + "/root.pem", signed], times)
            ratio = ours / theirs
            print(f"ingest of {os.path.getsize(signed):,} octets: {ours:.2f} ms; xmlsec1 --verify as a process: {theirs:.2f} ms; "
                  f"ratio {ratio:.3f}, at most {bound}{'' if ratio <= bound else ' MISSED'}")
            wrong += ratio > bound
    return 1 if wrong else 0


sys.exit(main())
