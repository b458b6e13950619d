#!/usr/bin/env python3
"""Claude Code must give up at once where trying again is no use.

It stands between Claude Code and the server, counts the calls of `/v1/messages`, and passes everything on. Environment as
for claude_code.py, and DEROUTER_POOR_KEY and DEROUTER_PAUSED_KEY as for run.sh. With `--direct` the sandbox refuses in
the server's stead, with the headers the server must send.
"""

import http.client
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from claude_code import BASE_URL, KEY, SANDBOX_URL, ClaudeCode, fetch, install

DIRECT = sys.argv[1:2] == ["--direct"]
FINAL = {"x-should-retry": "false"}
# Claude Code reads the provider's own words, "invalid x-api-key", as a wish to sign in.
UNKNOWN = {"type": "authentication_error", "message": "This key is not known. Check it for a missing part."}
# Name, key, what the sandbox does when the server's part is played by it, and words Claude Code must print.
CASES = [
    ("an unknown key", "sk-ant-" + "0" * 64, {"scenario": "401", "headers": FINAL, "error": UNKNOWN}, "401"),
    ("a key without money", os.environ.get("DEROUTER_POOR_KEY"), {"scenario": "402", "headers": FINAL}, "402"),
    ("a paused key", os.environ.get("DEROUTER_PAUSED_KEY"), {"scenario": "403", "headers": FINAL}, "403"),
]


class Counting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    calls = 0

    def pass_on(self):
        if self.path.startswith("/v1/messages"):
            Counting.calls += 1
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        server = urlsplit(BASE_URL)
        connection = http.client.HTTPConnection(server.hostname, server.port, timeout=60)
        kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        connection.request(self.command, self.path, body, kept)
        answer = connection.getresponse()
        said = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said)
        connection.close()

    do_GET = do_POST = do_HEAD = pass_on

    def log_message(self, *_):
        pass


def check(program, between, key, script, words):
    if DIRECT:
        key = KEY
        fetch(SANDBOX_URL + "/_sandbox/scenario", "PUT", script)
    Counting.calls = 0
    claude = ClaudeCode(program, base_url=between, key=key)
    try:
        answer = claude.ask("claude-sonnet-5-5")
    finally:
        claude.close()
    assert answer["is_error"] and words in answer["result"], answer["result"]
    assert Counting.calls == 1, f"{Counting.calls} calls were made"
    return answer["result"]


def main():
    program = install()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    between = f"http://127.0.0.1:{server.server_port}"
    failed = 0
    for name, key, script, words in CASES:
        try:
            print(f"ok    {name} is tried once: {check(program, between, key, script, words)}", flush=True)
        except AssertionError as error:
            failed += 1
            print(f"FAIL  {name} is tried once: {error}", flush=True)
    if DIRECT:
        fetch(SANDBOX_URL + "/_sandbox/scenario", "DELETE")
    print(f"claude code refusals: {len(CASES) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
