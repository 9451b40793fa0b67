#!/usr/bin/env python3
"""serve_feeds.py FOLDER CERT KEY PORT_FILE - serves a folder's files over HTTPS on a free port of the loopback, with ETag and 304.

For scripts/demo. The port is written to PORT_FILE once the server listens; each request is a line on stdout. Runs until it is ended.
"""
import hashlib
import http.server
import os
import ssl
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder = "."

    def do_GET(self):
        try:
            with open(os.path.join(self.folder, os.path.basename(self.path)), "rb") as f:
                body = f.read()
        except OSError:
            self.send_error(404)
            return
        tag = '"' + hashlib.sha256(body).hexdigest()[:16] + '"'
        unchanged = self.headers.get("If-None-Match") == tag
        self.send_response(304 if unchanged else 200)
        self.send_header("ETag", tag)
        if not unchanged:
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not unchanged:
            self.wfile.write(body)

    def log_message(self, format, *args):
        print(format % args, flush=True)


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__.strip())
    Handler.folder = sys.argv[1]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with open(sys.argv[4] + ".new", "w", encoding="ascii") as f:
        f.write(f"{server.server_address[1]}\n")
    os.rename(sys.argv[4] + ".new", sys.argv[4])
    server.serve_forever()


main()
