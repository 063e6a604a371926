"""Frames of HTTP/2 as bytes."""

import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS = 1, 4
CANCEL, ENHANCE_YOUR_CALM = 8, 11
GET = b"\x82\x86\x84\x01\x01x"     # :method GET, :scheme http, :path /, :authority x
POST = b"\x83\x86\x84\x01\x01x"


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    return struct.pack(">IBI", len(payload) << 8 | kind, flags, stream) + payload


def frames(data: bytes) -> tuple[list[tuple[int, int, bytes]], bytes]:
    """The whole ones (kind, flags, payload), and the rest."""
    out = []
    while len(data) >= 9 and len(data) >= 9 + (size := int.from_bytes(data[:3], "big")):
        out.append((data[3], data[4], data[9:9 + size]))
        data = data[9 + size:]
    return out, data
