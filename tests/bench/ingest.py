#!/usr/bin/env python3
"""ingest.py BUILD - what verifying and reading a feed costs, against `xmlsec1 --verify` as a process over the same document in the same run.

Compared is processor time, user and system, since others may use the machine: medians, both in turn. A line per size; the bars are for reading it as the
service does, by a worker without rights, whose start is taken off and shown. What it costs in one process stands beside it.
Exit status 1 when a ratio is above its bound, 77 without xmlsec1.
"""
import os
import shutil
import statistics
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


def cpu_ms(command):
    """The processor time of a process that must succeed, in milliseconds."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    if status:
        raise SystemExit(f"{command[0]} failed")
    return (used.ru_utime + used.ru_stime) * 1000


def main():
    build, wrong = sys.argv[1], 0
    if not shutil.which("xmlsec1"):
        print("skipped: xmlsec1 is not there")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        chain = folder + "/chain"
        subprocess.run([build + "/tests/sign-feed", "--make-chain", chain], check=True, stdout=subprocess.DEVNULL)
        for octets, bound, times in ((50_000, 0.15, 15), (5_000_000, 0.85, 5)):
            plain, signed = folder + "/plain.xml", folder + "/signed.xml"
            with open(plain, "w", encoding="utf-8") as f:
                f.write(document(octets))
            subprocess.run([build + "/tests/sign-feed", "--key", chain + "/leaf.key", "--cert", chain + "/chain.pem", plain, signed], check=True)

            def ours(how):
                return float(subprocess.run([build + "/tests/bench/ingest", how, signed, chain + "/root.pem", "5"], check=True,
                                            capture_output=True, text=True).stdout)

            apart, theirs, start = [], [], []
            for _ in range(times):  # in turn, so that all see the same neighbours
                apart.append(ours("apart"))
                theirs.append(cpu_ms(["xmlsec1", "--verify", "--trusted-pem", chain + "/root.pem", signed]))
                start.append(ours("start"))
            here, theirs, start, apart = ours("here"), statistics.median(theirs), statistics.median(start), statistics.median(apart)
            ratio = (apart - start) / theirs
            print(f"ingest of {os.path.getsize(signed):,} octets by a worker: {apart:.2f} ms of processor time, of which its start {start:.2f} ms; "
                  f"xmlsec1 --verify as a process: {theirs:.2f} ms; ratio without the start {ratio:.3f}, at most {bound}{'' if ratio <= bound else ' MISSED'}; "
                  f"in one process: {here:.2f} ms, {here / theirs:.3f}")
            wrong += ratio > bound
    return 1 if wrong else 0


sys.exit(main())
