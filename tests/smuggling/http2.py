"""Requests of HTTP/2 that would become something else as HTTP/1.1: one entry for each class of request smuggling from 2 to 1
(RFC 9113 sections 8.2, 8.3 and 10.3). Frames and HPACK literals are made here, since no library would send them.
"""

import socket
import struct
from dataclasses import dataclass

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS, ACK = 1, 4, 1
PATIENCE_S = 30
PATH = b"/api/posts/x"

Field = tuple[bytes, bytes]
Message = tuple[bytes, bytes, bytes]


@dataclass(frozen=True)
class Entry:
    name: str
    fields: tuple[Field, ...]
    data: bytes | None = None                  # None: the request ends with its head
    trailers: tuple[Field, ...] = ()
    passed: Message | None = None              # what may reach the service; None: nothing
    must_pass: bool = False                    # else it may be refused as well


def fields(*more: Field, method: bytes = b"POST", path: bytes = PATH, authority: bytes = b"example.org", scheme: bytes = b"http") -> tuple[Field, ...]:
    return ((b":method", method), (b":scheme", scheme), (b":authority", authority), (b":path", path), *more)


def bad(name: str, *more: Field, data: bytes | None = None, trailers: tuple[Field, ...] = (), **pseudo: bytes) -> Entry:
    return Entry(name, fields(*more, **pseudo), data, trailers)


def good(name: str, *more: Field, data: bytes | None = None, body: bytes | None = None, trailers: tuple[Field, ...] = (), must: bool = True,
         **pseudo: bytes) -> Entry:
    return Entry(name, fields(*more, **pseudo), data, trailers, (pseudo.get("method", b"POST"), PATH, data or b"" if body is None else body), must)


SMUGGLED = b"\r\n\r\nGET /api/posts/evil HTTP/1.1\r\nHost: evil\r\n\r\n"

ENTRIES = [
    good("GET", method=b"GET"), good("a body without a length", data=b"hello"), good("a body of known length", (b"content-length", b"5"), data=b"hello"),
    good("an empty body", data=b""), good("trailers", data=b"hello", trailers=((b"x-check", b"1"),)), good("te: trailers", (b"te", b"trailers"), method=b"GET"),
    good("a body that looks like a request", data=SMUGGLED[4:]), good("a body that looks like chunks", data=b"0\r\n\r\nGET /api/posts/evil HTTP/1.1\r\nHost: e\r\n\r\n"),
    good("host like the authority", (b"host", b"example.org"), method=b"GET", must=False),
    good("a blank before a value", (b"x", b" y"), method=b"GET", must=False), good("a blank behind a value", (b"x", b"y "), method=b"GET", must=False),
    good("8 bits in a value", (b"x", b"\xff"), method=b"GET", must=False),
    bad("CR LF in a value", (b"x", b"y\r\nContent-Length: 5")), bad("a request in a value", (b"x", b"y" + SMUGGLED)), bad("LF in a value", (b"x", b"y\nz: 1")),
    bad("CR in a value", (b"x", b"y\rz: 1")), bad("NUL in a value", (b"x", b"y\x00z")), bad("CR LF in a name", (b"x: y\r\nz", b"1")), bad("LF in a name", (b"x\nz", b"1")),
    bad("a colon in a name", (b"x:y", b"1")), bad("a blank in a name", (b"x y", b"1")), bad("a blank behind a name", (b"content-length ", b"5"), data=b"hello"),
    bad("an empty name", (b"", b"1")), bad("capitals in a name", (b"X-A", b"1")), bad("NUL in a name", (b"x\x00", b"1")), bad("8 bits in a name", (b"x\xff", b"1")),
    bad("Transfer-Encoding", (b"transfer-encoding", b"chunked"), data=b"0" + SMUGGLED), bad("Transfer-Encoding: identity", (b"transfer-encoding", b"identity"), data=b"hello"),
    bad("Connection", (b"connection", b"close")), bad("Keep-Alive", (b"keep-alive", b"5")), bad("Proxy-Connection", (b"proxy-connection", b"close")),
    bad("Upgrade", (b"upgrade", b"h2c")), bad("te: gzip", (b"te", b"gzip")),
    bad("a length larger than the data", (b"content-length", b"6"), data=b"hello"), bad("a length smaller than the data", (b"content-length", b"4"), data=b"hello"),
    bad("length 0 with data", (b"content-length", b"0"), data=b"GET /api/posts/evil HTTP/1.1\r\nHost: e\r\n\r\n"), bad("a length without data", (b"content-length", b"5")),
    bad("two lengths", (b"content-length", b"5"), (b"content-length", b"6"), data=b"hello"), bad("a length with a plus", (b"content-length", b"+5"), data=b"hello"),
    bad("a length list", (b"content-length", b"5, 5"), data=b"hello"), bad("an empty length", (b"content-length", b""), data=b"hello"),
    bad("blanks in the path", path=b"/api/posts/x HTTP/1.1"), bad("CR LF in the path", path=b"/api/posts/x HTTP/1.1\r\nHost: evil\r\n\r\nGET /api/posts/evil"),
    bad("LF in the path", path=b"/api/posts/x\nX: y"), bad("NUL in the path", path=b"/api/posts/\x00"), bad("8 bits in the path", path=b"/api/posts/\xff"), bad("a fragment", path=b"/api/posts/x#y"),
    bad("an empty path", path=b""), bad("a path without a slash", path=b"api/posts/x"), bad("a URL as path", path=b"http://evil/api/posts/x"), bad("an asterisk", path=b"*", method=b"GET"),
    bad("blanks in the method", method=b"GET /api/posts/evil HTTP/1.1\r\nX:"), bad("CR LF in the method", method=b"GET / HTTP/1.1\r\n\r\n"), bad("an empty method", method=b""), bad("a blank behind the method", method=b"GET "),
    bad("CR LF in the authority", authority=b"a\r\nX: y"), bad("a blank in the authority", authority=b"a b"), bad("a user in the authority", authority=b"a@b"), bad("a path in the authority", authority=b"a/b"),
    bad("an empty authority", authority=b""), bad("another host than the authority", (b"host", b"evil")), bad("two hosts", (b"host", b"example.org"), (b"host", b"evil")), bad("CR LF in the scheme", scheme=b"http\r\nX: y"),
    bad("two paths", (b":path", b"/api/posts/evil")), bad("two methods", (b":method", b"GET")), bad("two authorities", (b":authority", b"evil")), bad("two schemes", (b":scheme", b"https")),
    bad("an unknown pseudo field", (b":evil", b"1")), bad(":status in a request", (b":status", b"200")), bad(":protocol that nobody asked for", (b":protocol", b"websocket"), method=b"CONNECT"),
    Entry("a pseudo field behind another", ((b":method", b"GET"), (b":scheme", b"http"), (b"x", b"y"), (b":path", PATH), (b":authority", b"example.org"))),
    Entry("no path", ((b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"example.org"))), Entry("no method", ((b":scheme", b"http"), (b":authority", b"example.org"), (b":path", PATH))),
    Entry("no scheme", ((b":method", b"GET"), (b":authority", b"example.org"), (b":path", PATH))),
    Entry("CONNECT", ((b":method", b"CONNECT"), (b":authority", b"example.org:443"))), Entry("CONNECT with a path", fields(method=b"CONNECT")),
    bad("a pseudo field among the trailers", data=b"hello", trailers=((b":path", b"/api/posts/evil"),)), bad("CR LF in a trailer", data=b"hello", trailers=((b"x", b"y\r\n\r\nGET /"),)),
    bad("a name with CR LF in the trailers", data=b"hello", trailers=((b"x\r\n\r\nGET /api/posts/evil HTTP/1.1\r\nhost", b"e"),)), bad("Transfer-Encoding as trailer", data=b"hello", trailers=((b"transfer-encoding", b"chunked"),)),
    bad("Content-Length as trailer", data=b"hello", trailers=((b"content-length", b"50"),)),
]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def text(value: bytes) -> bytes:
    """A string of HPACK (RFC 7541 section 5.2), not coded."""
    rest = len(value) - 127
    if rest < 0:
        return bytes([len(value)]) + value
    out = bytes([127])
    while rest >= 128:
        out, rest = out + bytes([rest % 128 + 128]), rest // 128
    return out + bytes([rest]) + value


def block(these: tuple[Field, ...]) -> bytes:
    return b"".join(b"\x00" + text(name) + text(value) for name, value in these)


def request(entry: Entry) -> bytes:
    ends = entry.data is None and not entry.trailers
    out = PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, END_HEADERS | (END_STREAM if ends else 0), 1, block(entry.fields))
    if entry.data is not None:
        out += frame(DATA, 0 if entry.trailers else END_STREAM, 1, entry.data)
    if entry.trailers:
        out += frame(HEADERS, END_HEADERS | END_STREAM, 1, block(entry.trailers))
    return out


def exchange(port: int, entry: Entry) -> str:
    """How the server ended the stream: "answered", "reset" or "closed"."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection:
        data = b""
        try:
            connection.sendall(request(entry))
            while True:
                while len(data) < 9 or len(data) < 9 + int.from_bytes(data[:3], "big"):
                    piece = connection.recv(65536)
                    if not piece:
                        return "closed"
                    data += piece
                size, kind, flags = int.from_bytes(data[:3], "big"), data[3], data[4]
                stream = int.from_bytes(data[5:9], "big")
                data = data[9 + size:]
                if kind == SETTINGS and not flags & ACK:
                    connection.sendall(frame(SETTINGS, ACK, 0))
                if kind in (RST_STREAM, GOAWAY):
                    return "reset"
                if stream == 1 and kind in (HEADERS, DATA) and flags & END_STREAM:
                    return "answered"
        except ConnectionError:
            return "closed"
