"""HTTP as the tests speak it: a small client, raw bytes for what no client would send, and waiting for a condition."""

import http.client
import json
import re
import socket
import time
from dataclasses import dataclass, field

TIMEOUT_S = 30.0
SETTLE_S = 15.0    # far more than the 2 s of staleness that the contract allows: a slow machine is no failure


@dataclass
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def header_all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def next(self) -> str | None:
        """The target of Link rel="next"."""
        for link in self.header_all("Link"):
            found = re.search(r'<([^>]*)>\s*;\s*rel="next"', link)
            if found:
                return re.sub(r"^https?://[^/]*", "", found[1])
        return None

    def __str__(self) -> str:
        return f"{self.status} {self.body[:600].decode('utf-8', 'replace')}"


class Wire:
    """One keep-alive connection to one process. Opens again when the other side has closed."""

    def __init__(self, port: int, timeout: float = TIMEOUT_S):
        self.port = port
        self.timeout = timeout
        self.connection: http.client.HTTPConnection | None = None

    def send(self, method: str, target: str, body: bytes | None = None, headers: dict | None = None) -> Reply:
        fresh = self.connection is None
        try:
            return self._send(method, target, body, headers or {})
        except (ConnectionError, http.client.RemoteDisconnected, http.client.CannotSendRequest):
            self.close()
            # A kept connection that was closed meanwhile says nothing; a new one that fails does.
            if fresh:
                raise
            return self._send(method, target, body, headers or {})

    def _send(self, method: str, target: str, body: bytes | None, headers: dict) -> Reply:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        self.connection.request(method, target, body, headers)
        answer = self.connection.getresponse()
        reply = Reply(answer.status, answer.getheaders(), answer.read())
        if answer.will_close:
            self.close()
        return reply

    def close(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection = None


def raw(port: int, data: bytes, *, half_close: bool = False, timeout: float = TIMEOUT_S) -> bytes:
    """Sends bytes as they are and returns all that comes back until the other side closes or a reply is complete."""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.settimeout(timeout)
        try:
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass    # refused half-way: what it answered is still there to read
        got = b""
        while not complete(got):
            try:
                piece = connection.recv(65536)
            except ConnectionResetError:
                break
            if not piece:
                break
            got += piece
        return got


def complete(got: bytes) -> bool:
    head, separator, body = got.partition(b"\r\n\r\n")
    if not separator:
        return False
    length = re.search(rb"(?im)^content-length:\s*(\d+)\s*$", head)
    return bool(length) and len(body) >= int(length[1])


def parse(got: bytes) -> Reply:
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split()[1]) if lines[0].startswith("HTTP/1.") else 0
    headers = [(line.partition(":")[0].strip(), line.partition(":")[2].strip()) for line in lines[1:]]
    return Reply(status, headers, body)


def eventually(condition, within: float = SETTLE_S, what: str = "the condition"):
    """The first true value of condition(); AssertionErrors in it mean "not yet"."""
    end = time.monotonic() + within
    while True:
        trouble = None
        try:
            value = condition()
            if value:
                return value
        except AssertionError as error:
            trouble = error
        if time.monotonic() > end:
            raise trouble or AssertionError(f"{what} did not come true within {within} s")
        time.sleep(0.02)
