"""Sends every entry of classes.py through the gateway and judges what its service sees; with `--all` through nginx and
HAProxy too, which must not understand differently what all of them pass. Prints the failures and the counts.
"""

import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).resolve().parent), str(ROOT / "tests" / "e2e")]

import http2  # noqa: E402
from classes import ANSWERS, CANARY, REQUESTS, Entry  # noqa: E402
from origin import Origin, Seen  # noqa: E402
from processes import BIN, Process, free_ports  # noqa: E402

PATIENCE_S = 30
SENTINEL = b"GET /api/posts/sentinel HTTP/1.1\r\nHost: sentinel\r\n\r\n"
NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log crit;
events {{ worker_connections 256; }}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_ignore_client_abort on;
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{origin}; }} }} }}
"""
HAPROXY = """global
  nbthread 1
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s
frontend f
  bind 127.0.0.1:{port}
  default_backend b
backend b
  server s1 127.0.0.1:{origin}
"""


def exchange(port: int, data: bytes) -> bytes:
    """Sends all, says that nothing more comes, and reads to the end."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection:
        got = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                got += piece
        except ConnectionError:
            pass    # refused half-way, which is an answer too
        return got


def statuses(got: bytes) -> list[int]:
    """Of the answers one after the other, each with a Content-Length or chunked as the gateway writes them."""
    out = []
    while found := re.match(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n", got):
        length = re.search(rb"(?im)^content-length:[ \t]*(\d+)", found[2])
        out.append(int(found[1]))
        got = got[found.end() + (int(length[1]) if length else 0):]
    return out


def until_seen(port: int, origin: Origin) -> list[Seen]:
    """What the origin has got up to now: a sentinel goes the same way, and everything before it has arrived with it."""
    exchange(port, SENTINEL)
    return [one for one in origin.taken() if one.target != b"/api/posts/sentinel"]


def path_of(target: bytes) -> bytes:
    return re.sub(rb"^https?://[^/]*", b"", target)


def shown(seen: list[Seen]) -> str:
    return "; ".join(f"{one.method.decode() or 'MALFORMED'} {one.target!r} with {one.body[:60]!r}" for one in seen) or "nothing"


def judge(entry: Entry, got: bytes, seen: list[Seen]) -> str:
    """Nothing when all is well."""
    answered = statuses(got)
    if entry.passed:
        wanted = [entry.passed] + ([(b"GET", b"/api/posts/canary", b"")] if entry.canary else [])
        if [(one.method, path_of(one.target), one.body) for one in seen] != wanted:
            return f"the service saw {shown(seen)}; answered {answered} {got[:200]!r}"
        return "" if answered == [200] * len(wanted) else f"answered {answered}"
    if seen:
        return f"the service saw {shown(seen)}; answered {answered}"
    if not got:
        return "closed without an answer"
    return "" if len(answered) == 1 and answered[0] in entry.statuses else f"answered {answered}, not one of {entry.statuses}"


class Counts:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, 0, 0

    def add(self, name: str, trouble: str) -> None:
        if trouble:
            self.failed += 1
            print(f"FAILED {name}: {trouble}", flush=True)
        else:
            self.passed += 1


def requests(gateway: int, origin: Origin, counts: Counts) -> dict[str, list[Seen]]:
    """By entry, what passed."""
    out = {}
    for entry in REQUESTS:
        got = exchange(gateway, entry.data + CANARY)
        out[entry.name] = until_seen(gateway, origin)
        counts.add(entry.name, judge(entry, got, out[entry.name]))
    return out


def answers(gateway: int, counts: Counts) -> None:
    for number, entry in enumerate(ANSWERS):
        got = exchange(gateway, b"GET /api/posts/answer-%d HTTP/1.1\r\nHost: x\r\n\r\n" % number + CANARY)
        head, _, body = got.partition(b"\r\n\r\n")
        cut = b"evil" not in got and not body.endswith(b"0\r\n\r\n") and not re.search(rb"(?im)^content-length: 5\r?$", head)
        if entry.body is None:
            # Refused, or cut where a client sees that it is cut.
            trouble = "" if statuses(got)[:1] == [502] or (cut and len(statuses(got)) <= 1) else f"the client got {got[:300]!r}"
        else:
            trouble = "" if statuses(got)[:1] == [200] and entry.body in body else f"the client got {got[:300]!r}"
        counts.add(f"answer with {entry.name}", trouble)


def over_http2(gateway: int, origin: Origin, counts: Counts) -> None:
    origin.taken()
    for entry in http2.ENTRIES:
        ended = http2.exchange(gateway, entry)
        seen = [(one.method, path_of(one.target), one.body) for one in until_seen(gateway, origin)]
        allowed = [[entry.passed]] if entry.must_pass else [[], [entry.passed]] if entry.passed else [[]]
        counts.add(f"HTTP/2: {entry.name}", "" if seen in allowed else f"the service saw {seen}; the stream was {ended}")


class Other:
    """nginx or HAProxy before an origin of its own."""

    def __init__(self, name: str, folder: Path):
        self.name, self.origin = name, Origin()
        self.port, = free_ports(1)
        file = folder / f"{name}.conf"
        file.write_text((NGINX if name == "nginx" else HAPROXY).format(folder=folder, port=self.port, origin=self.origin.port))
        command = ["nginx", "-p", folder, "-c", file] if name == "nginx" else ["haproxy", "-db", "-f", file]
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), 5).close()
            except OSError:
                if self.child.poll() is not None:
                    raise SystemExit(f"{name} does not start") from None

    def stop(self) -> None:
        self.child.terminate()
        self.child.wait(20)
        self.origin.close()


def differential(ours: dict[str, list[Seen]], folder: Path, counts: Counts) -> None:
    for name in ("nginx", "haproxy"):
        if not shutil.which(name):
            print(f"skipped: {name} is not installed, so nothing was compared with it")
            counts.skipped += 1
            continue
        other = Other(name, folder)
        passed, malformed = 0, []
        try:
            for entry in REQUESTS:
                exchange(other.port, entry.data + CANARY)
                theirs = until_seen(other.port, other.origin)
                if any(not one.method for one in theirs):
                    malformed.append(entry.name)
                    continue
                if not theirs or not ours[entry.name]:
                    passed += bool(theirs) and not entry.passed
                    continue
                # Who answers fewer of two pipelined requests (nginx, when the client half-closes) does not read them otherwise.
                same = all((one.method, path_of(one.target), one.body) == (another.method, path_of(another.target), another.body)
                           for one, another in zip(ours[entry.name], theirs))
                counts.add(f"{entry.name} as {name} has it",
                           "" if same else f"{name} sent {shown(theirs)}, the gateway {shown(ours[entry.name])}")
        finally:
            other.stop()
        print(f"{name} passes {passed} requests that the gateway refuses, and {len(malformed)} so that their service cannot "
              f"read them in one way only{': ' if malformed else ''}{', '.join(malformed)}", flush=True)


def main() -> int:
    counts = Counts()
    folder = Path(tempfile.mkdtemp(prefix="grover-smuggling-"))
    origin = Origin({b"/api/posts/answer-%d" % number: entry.data for number, entry in enumerate(ANSWERS)})
    port, = free_ports(1)
    service = f"http://127.0.0.1:{origin.port}"
    known = subprocess.run([BIN / "grover-gateway", "--print-config"], capture_output=True, text=True, check=False).stdout
    settings = {"USER_SERVICE_URL": service, "POST_SERVICE_URL": service, "RATE_LIMIT": "off", "THREADS": "1",
                "H2C": "on" if "H2C" in known else ""}
    gateway = Process("gateway", port, folder, settings)
    try:
        gateway.start()
        gateway.wait_ready()
        origin.taken()
        ours = requests(port, origin, counts)
        answers(port, counts)
        if settings["H2C"]:
            over_http2(port, origin, counts)
        if "--all" in sys.argv:
            differential(ours, folder, counts)
    finally:
        gateway.terminate()
        origin.close()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped")
    return 1 if counts.failed else 0


if __name__ == "__main__":
    sys.exit(main())
