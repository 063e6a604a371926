"""The service behind the gateway: records what it gets and reads it as strictly as RFC 9112 can be read.

What it cannot read in exactly one way is recorded as malformed: a gateway that sends such bytes has passed a question on
instead of an answer. It shares no code with what it judges.
"""

import re
import socket
import threading
from dataclasses import dataclass

from listening import Listening

REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1")
FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
CHUNK = re.compile(rb"([0-9a-fA-F]{1,16})(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
REVOKED = b'{"position":"1","token_hashes":[]}'


class Malformed(Exception):
    pass


@dataclass(frozen=True)
class Seen:
    """One request, or what could not be read as one: then `method` is empty and `body` has the bytes."""
    method: bytes
    target: bytes
    body: bytes
    fields: tuple[tuple[bytes, bytes], ...] = ()


class Reader:
    """The bytes of one connection."""

    def __init__(self, connection: socket.socket):
        self.connection, self.data = connection, b""

    def more(self) -> bool:
        try:
            piece = self.connection.recv(65536)
        except OSError:
            piece = b""
        self.data += piece
        return bool(piece)

    def take(self, count: int) -> bytes:
        while len(self.data) < count:
            if not self.more():
                raise EOFError
        out, self.data = self.data[:count], self.data[count:]
        return out

    def line(self) -> bytes:
        """Up to CR LF, with it. A line with either alone is malformed."""
        while (end := self.data.find(b"\n")) < 0:
            if not self.more():
                raise EOFError
        out = self.take(end + 1)
        if not out.endswith(b"\r\n") or b"\r" in out[:-2]:
            raise Malformed("a line end")
        return out

    def fields(self) -> list[tuple[bytes, bytes]]:
        out = []
        while (text := self.line()) != b"\r\n":
            found = FIELD.fullmatch(text[:-2])
            if not found:
                raise Malformed("a field")
            out.append((found[1].lower(), found[2]))
        return out

    def request(self) -> Seen:
        start = REQUEST_LINE.fullmatch(self.line()[:-2])
        if not start:
            raise Malformed("the request line")
        fields = self.fields()
        names = [name for name, _ in fields]
        lengths = [value for name, value in fields if name == b"content-length"]
        codings = [value for name, value in fields if name == b"transfer-encoding"]
        if names.count(b"host") != 1 or len(lengths) + len(codings) > 1:
            raise Malformed("Host or framing")
        body = b""
        if lengths:
            if not re.fullmatch(rb"0|[1-9][0-9]{0,17}", lengths[0]):
                raise Malformed("Content-Length")
            body = self.take(int(lengths[0]))
        elif codings:
            if codings[0].lower() != b"chunked":
                raise Malformed("Transfer-Encoding")
            body = self.chunks()
        return Seen(start[1], start[2], body, tuple(fields))

    def chunks(self) -> bytes:
        out = b""
        while True:
            size = CHUNK.fullmatch(self.line())
            if not size:
                raise Malformed("a chunk size")
            if int(size[1], 16) == 0:
                for name, _ in self.fields():
                    if name in (b"content-length", b"transfer-encoding", b"host"):
                        raise Malformed("a trailer")
                return out
            out += self.take(int(size[1], 16))
            if self.take(2) != b"\r\n":
                raise Malformed("the end of a chunk")


class Origin(Listening):
    """`answers` maps targets to raw answers, after which the connection closes."""

    def __init__(self, answers: dict[bytes, bytes] | None = None):
        self.answers = answers or {}
        self.lock = threading.Lock()
        self.seen: list[Seen] = []
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        reader = Reader(connection)
        with connection:
            try:
                while True:
                    request = reader.request()
                    if not request.target.startswith((b"/internal/", b"/health")):
                        with self.lock:
                            self.seen.append(request)
                    if request.target in self.answers:
                        connection.sendall(self.answers[request.target])
                        return
                    body = REVOKED if b"/revoked" in request.target else b"{}"
                    connection.sendall(OK % (len(body), body))
            except Malformed as trouble:
                with self.lock:
                    self.seen.append(Seen(b"", str(trouble).encode(), reader.data))
            except (EOFError, OSError):
                pass    # a request that was not finished is none

    def taken(self) -> list[Seen]:
        with self.lock:
            out, self.seen = self.seen, []
        return out
