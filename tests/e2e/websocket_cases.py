"""WebSocket frames as bytes, and what a client may and may not say with them: the groups of the Autobahn test suite, to be said to a
service directly and through the gateway."""

import base64
import hashlib
import socket
import struct
import threading
import zlib
from dataclasses import dataclass

from wire import TIMEOUT_S

KEY = base64.b64encode(b"the same key 16.").decode()
MASK = b"\x37\xfa\x21\x3d"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def accept_of(key: str) -> str:
    return base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True, form: int = 0) -> bytes:
    """`form` is the size of the length field (1, 2 or 8 bytes) where the shortest is not meant."""
    size = len(payload)
    form = form or (1 if size < 126 else 2 if size < 65536 else 8)
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    mask_bit = 0x80 if masked else 0
    if form == 1:
        head = struct.pack("!BB", first, mask_bit | size)
    elif form == 2:
        head = struct.pack("!BBH", first, mask_bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, size)
    if not masked:
        return head + payload
    stream = (MASK * (size // 4 + 1))[:size]
    return head + MASK + (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


def closing(code: int | None = 1000, why: bytes = b"") -> bytes:
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + why)


def deflated(payload: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


@dataclass(frozen=True)
class Case:
    name: str
    data: bytes
    code: int | None              # that the service closes with; None: it echoes a Close without one
    echo: tuple = ()              # messages that come back: (opcode, payload)
    pieces: int = 0               # bytes per send; 0: all at once
    path: str = "echo"

    @property
    def bad(self) -> bool:
        return self.code not in (None, 1000) and not self.name.startswith("close")


def good() -> list[Case]:
    out = []
    for size in (0, 1, 125, 126, 127, 65535, 65536, 1 << 20):
        for opcode, name in ((TEXT, "text"), (BINARY, "binary")):
            payload = (b"grover! " * (size // 8 + 1))[:size]
            out.append(Case(f"{name} of {size}", frame(opcode, payload) + closing(), 1000, ((opcode, payload),)))
    euro = "κόσμε€😀".encode()
    two = frame(TEXT, euro[:4], fin=False) + frame(0, euro[4:])
    out += [
        Case("two fragments, cut in a character", two + closing(), 1000, ((TEXT, euro),)),
        Case("fragments of nothing", frame(TEXT, fin=False) + frame(0, fin=False) + frame(0) + closing(), 1000, ((TEXT, b""),)),
        Case("a byte at a time", two + closing(), 1000, ((TEXT, euro),), pieces=1),
        Case("a ping between fragments", frame(TEXT, b"a", fin=False) + frame(PING, b"?") + frame(0, b"b") + closing(), 1000,
             ((PONG, b"?"), (TEXT, b"ab"))),
        Case("pings of 0 and 125", frame(PING) + frame(PING, b"p" * 125) + closing(), 1000, ((PONG, b""), (PONG, b"p" * 125))),
        Case("a pong that nobody asked for", frame(PONG, b"!") + frame(TEXT, b"x") + closing(), 1000, ((TEXT, b"x"),)),
        Case("many messages in odd pieces", b"".join(frame(BINARY, bytes([n]) * (n * 7)) for n in range(60)) + closing(), 1000,
             tuple((BINARY, bytes([n]) * (n * 7)) for n in range(60)), pieces=1021),
        Case("what looks like a request", frame(TEXT, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") + closing(), 1000,
             ((TEXT, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),)),
        Case("compressed", frame(TEXT, deflated(b"hello hello hello"), rsv=4) + closing(), 1000, path="deflate"),
        Case("compressed, in fragments", frame(TEXT, deflated(b"hello")[:3], rsv=4, fin=False) + frame(0, deflated(b"hello")[3:]) + closing(),
             1000, path="deflate"),
        Case("plain where compression was agreed on", frame(TEXT, b"hello") + closing(), 1000, path="deflate"),
        Case("close without a code", closing(None), None),
        Case("close with the longest reason", closing(1000, b"r" * 123), 1000),
    ]
    return out + [Case(f"close {code}", closing(code), code) for code in (1001, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 4999)]


def bad() -> list[Case]:
    out = [Case(f"invalid UTF-8: {sequence.hex()}", frame(TEXT, b"ok " + sequence), 1007) for sequence in (
        b"\x80", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xff", b"\xe2\x82")]
    out += [Case(f"opcode {code}", frame(code, b"x"), 1002) for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)]
    out += [Case(f"reserved bits {rsv}", frame(TEXT, b"x", rsv=rsv), 1002) for rsv in range(1, 8)]
    out += [Case(f"bad close {code}", closing(code), 1002) for code in (0, 999, 1004, 1005, 1006, 1016, 2999, 5000, 65535)]
    out += [
        Case("unmasked", frame(TEXT, b"x", masked=False), 1002),
        Case("a ping of 126", frame(PING, b"p" * 126), 1002),
        Case("a ping in fragments", frame(PING, b"p", fin=False), 1002),
        Case("a close of 126", frame(CLOSE, struct.pack("!H", 1000) + b"r" * 124), 1002),
        Case("a close of one byte", frame(CLOSE, b"\x03"), 1002),
        Case("a close whose reason is no UTF-8", closing(1000, b"\xff"), 1007),
        Case("a fragment of nothing begun", frame(0, b"x"), 1002),
        Case("a message within a message", frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), 1002),
        Case("invalid UTF-8 over two fragments", frame(TEXT, b"\xe2\x82", fin=False) + frame(0, b"\x28"), 1007),
        Case("a message that is too large", frame(BINARY, bytes(3 << 20))[:4096], 1009),
        Case("a length beyond all sense", struct.pack("!BBQ", 0x82, 0xff, 1 << 63) + MASK, 1009),
        Case("compressed rubbish", frame(TEXT, b"\xff" * 64, rsv=4), 1007, path="deflate"),
        Case("a request instead of a frame", b"GET /api/secret HTTP/1.1\r\nHost: x\r\n\r\n", 1002),
    ]
    return out


def handshake(path: str, fields: str = "", key: str = KEY) -> bytes:
    return (f"GET {path} HTTP/1.1\r\nHost: api.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{fields}\r\n").encode()


class Socket:
    """A client's end of a WebSocket, whose frames are bytes."""

    def __init__(self, port: int, path: str, fields: str = "", before: bytes = b""):
        self.connection = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self.connection.sendall(handshake(path, fields) + before)
        self.data = b""

    def answered(self) -> "Socket":
        """With the head of the answer."""
        while b"\r\n\r\n" not in self.data:
            assert self.more(), f"no answer: {self.data!r}"
        self.head, _, self.data = self.data.partition(b"\r\n\r\n")
        return self

    @property
    def status(self) -> int:
        return int(self.head.split()[1])

    def field(self, name: str) -> str | None:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            if line.partition(":")[0].lower() == name.lower():
                return line.partition(":")[2].strip()
        return None

    def more(self) -> bool:
        try:
            piece = self.connection.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.data += piece
        return bool(piece)

    def take(self, count: int) -> bytes | None:
        while len(self.data) < count:
            if not self.more():
                return None
        out, self.data = self.data[:count], self.data[count:]
        return out

    def frame(self) -> tuple[int, bytes] | None:
        """The next one; nothing at the end."""
        head = self.take(2)
        if head is None:
            return None
        size = head[1] & 0x7f
        if size >= 126:
            size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
        return head[0], self.take(size)

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def close(self) -> None:
        self.connection.close()

    def reset(self) -> None:
        """Gone without a word."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def transcript(port: int, folder: str, case: Case) -> list[tuple[int, bytes]]:
    """All frames that a service says to the bytes of a case, to the end of the connection."""
    extension = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if case.path == "deflate" else ""
    client = Socket(port, folder + case.path, extension).answered()
    assert client.status == 101 and client.field("Sec-WebSocket-Accept") == accept_of(KEY), client.head
    assert client.field("Sec-WebSocket-Extensions") == ("permessage-deflate" if extension else None)

    def say():
        step = case.pieces or len(case.data)
        try:
            for at in range(0, len(case.data), step):
                client.send(case.data[at:at + step])
        except OSError:
            pass    # It has heard enough.
    speaker = threading.Thread(target=say)
    speaker.start()
    out = []
    while heard := client.frame():
        out.append(heard)
        if heard[0] & 0xf == CLOSE:
            speaker.join()
            try:
                client.connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass
    speaker.join()
    client.close()
    return out


