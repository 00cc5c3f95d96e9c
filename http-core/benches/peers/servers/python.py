"""Python's http.server: python3 python.py PORT (HTTPServer | ThreadingHTTPServer)."""

import http.server
import sys
import time


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path in ("/sleep", "/block"):
            time.sleep(0.2)
        self.answer(b"Hello, HTTP!\n")

    def do_POST(self):
        left = length = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 65536)))
        self.answer(b"%d\n" % length)

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    port, name = sys.argv[1:]
    if name == "ThreadingHTTPServer":
        # Persistent connections. HTTPServer keeps its default, HTTP/1.0: with
        # 1.1 its first client would be its only one.
        Hello.protocol_version = "HTTP/1.1"
    getattr(http.server, name)(("127.0.0.1", int(port)), Hello).serve_forever()
