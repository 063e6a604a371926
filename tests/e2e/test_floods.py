"""Clients that flood the gateway with frames of HTTP/2: each kind is sent away and counted under its name, the others go on."""

import re
import socket
import struct

import pytest

from http2 import (CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, GET, GOAWAY, HEADERS, PING, POST, PREFACE, PRIORITY,
                   RST_STREAM, SETTINGS, WINDOW_UPDATE, frame, frames)
from processes import Process, free_ports
from stage import Stage
from wire import TIMEOUT_S, Wire, eventually

def request_given_up(number: int) -> bytes:
    stream = 2 * number + 1
    return frame(HEADERS, GET, END_STREAM | END_HEADERS, stream) + frame(RST_STREAM, struct.pack(">I", CANCEL), stream=stream)


# kind -> what comes before, the frames of the n-th time, how often is far too often, and how often anybody may.
FLOODS = {
    "resets": (b"", request_given_up, 1000, 20),
    "continuations": (frame(HEADERS, GET, END_STREAM, 1), lambda _: frame(CONTINUATION, stream=1), 100, 0),
    "pings": (b"", lambda _: frame(PING, b"12345678"), 300, 20),
    "settings": (b"", lambda _: frame(SETTINGS), 100, 5),
    "empty_frames": (frame(HEADERS, POST, END_HEADERS, 1), lambda _: frame(DATA, stream=1), 500, 20),
    "priorities": (b"", lambda _: frame(PRIORITY, b"\0\0\0\0\1", stream=5), 3000, 50),
    "fields": (frame(HEADERS, GET + b"\x40\x01x\x7f\xa1\x1e" + b"a" * 4000, END_STREAM | END_HEADERS, 1),
               lambda number: frame(HEADERS, GET + b"\xbe" * 400, END_STREAM | END_HEADERS, 2 * number + 3), 50, 1),
    "window_updates": (b"", lambda _: frame(WINDOW_UPDATE, struct.pack(">I", 1)), 5000, 50),
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    stage = Stage()
    url, (port,) = f"http://127.0.0.1:{stage.port}", free_ports(1)
    gateway = Process("gateway", port, tmp_path_factory.mktemp("floods"), {"USER_SERVICE_URL": url, "POST_SERVICE_URL": url, "H2C": "on"})
    gateway.start()
    try:
        gateway.wait_ready()
        yield gateway
    finally:
        gateway.terminate()
        stage.close()


def counted(gateway) -> dict[str, int]:
    wire = Wire(gateway.port)
    text = wire.send("GET", "/metrics").body.decode()
    wire.close()
    assert "# TYPE http2_floods_total counter\n" in text
    return {kind: int(float(value)) for kind, value in re.findall(r'^http2_floods_total{kind="(\w+)"} (\S+)$', text, re.M)}


def last_word(connection: socket.socket) -> int | None:
    """The code of GOAWAY; none when the connection ends without."""
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except ConnectionError:
        pass
    said = [payload for kind, _, payload in frames(data)[0] if kind == GOAWAY]
    return int.from_bytes(said[-1][4:8], "big") if said else None


@pytest.mark.parametrize("kind", FLOODS)
def test_floods_are_counted_under_their_name(gateway, kind):
    before, times, count, _ = FLOODS[kind]
    was = counted(gateway)
    assert set(was) == set(FLOODS), "each kind is there from the start"
    with socket.create_connection(("127.0.0.1", gateway.port), TIMEOUT_S) as connection:
        try:
            connection.sendall(PREFACE + frame(SETTINGS) + before)
            for number in range(count):
                connection.sendall(times(number))
        except ConnectionError:
            pass    # it has heard enough
        assert last_word(connection) in (ENHANCE_YOUR_CALM, None)
    eventually(lambda: counted(gateway) == was | {kind: was[kind] + 1})


@pytest.mark.parametrize("kind", FLOODS)
def test_what_anybody_may_do_is_no_flood(gateway, kind):
    before, times, _, count = FLOODS[kind]
    was = counted(gateway)
    with socket.create_connection(("127.0.0.1", gateway.port), TIMEOUT_S) as connection:
        end = frame(CONTINUATION, flags=END_HEADERS, stream=1) if kind == "continuations" else b""
        connection.sendall(PREFACE + frame(SETTINGS) + before + b"".join(map(times, range(count))) + end + frame(GOAWAY, bytes(8)))
        connection.shutdown(socket.SHUT_WR)
        assert last_word(connection) in (0, None)
    assert counted(gateway) == was
