#!/usr/bin/python3
"""A stand-in for a service in the tests of the supervisor: a real process with a real port that obeys the file
DATA_DIR/behave, one word a line: `refuse` (says why, exit 1), `silent` (exit 2 without a word), `unready` (503),
`stubborn` (ignores SIGTERM), `stranger` (says it is another service, and counts in DATA_DIR/probes how often it was
asked). GET /env answers its environment; GET /die ends it at once.
"""
import http.server
import json
import os
import signal
import sys
from pathlib import Path


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            os._exit(9)
        status = 503 if self.path == "/health/ready" and "unready" in words else 200
        body = json.dumps(dict(os.environ) if self.path == "/env" else {"service": own_name()}).encode()
        if "stranger" in words:
            with behave.with_name("probes").open("a") as probes:
                probes.write(".")
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def own_name() -> str:
    if "stranger" in words:
        return "another-service"
    name = Path(sys.argv[0]).name.removeprefix("grover-")
    return "api-gateway" if name == "gateway" else name


behave = Path(os.environ["DATA_DIR"]) / "behave"
words = behave.read_text().split() if behave.exists() else []
if "refuse" in words:
    sys.exit('{"level":"error","message":"the database is of a newer format"}')
if "silent" in words:
    os._exit(2)
server = http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler)


def stop(*_):
    with open(Path(os.environ["DATA_DIR"]).parent / "stopped", "a") as order:
        order.write(Path(sys.argv[0]).name + "\n")
    os._exit(0)


signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in words else stop)
print('{"level":"info","message":"started"}', flush=True)
server.serve_forever()
