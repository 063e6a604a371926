"""Answers that are streams (server-sent events) through the gateway, by HTTP/1.1 and HTTP/2: each event when it is said, no end that
looks whole and is not, and no more in between than buffers hold."""

import select
import subprocess

import pytest

from processes import Process, free_ports
from stage import Stage, let_flow, stall
from wire import TIMEOUT_S

PROTOCOLS = ["--http1.1", "--http2-prior-knowledge"]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LARGE_BYTES = 32 << 20    # far more than the sockets and buffers of both sides hold


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    stage = Stage()
    port, = free_ports(1)
    service = f"http://127.0.0.1:{stage.port}"
    gateway = Process("gateway", port, tmp_path_factory.mktemp("streams"), {"USER_SERVICE_URL": service, "POST_SERVICE_URL": service, "RATE_LIMIT": "off", "H2C": "on"})
    gateway.start()
    try:
        gateway.wait_ready()
        stage.url = f"http://127.0.0.1:{port}/api/posts/stream"
        yield stage
    finally:
        gateway.terminate()
        stage.close()


class Listener:
    """curl, which shows what has come as soon as it comes."""

    def __init__(self, stage: Stage, protocol: str):
        self.child = subprocess.Popen(["curl", "-sN", protocol, stage.url], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.service = stage.asked.get(timeout=TIMEOUT_S).connection
        self.service.settimeout(TIMEOUT_S)
        self.service.sendall(HEAD)

    def say(self, event: bytes) -> None:
        self.service.sendall(b"%x\r\n%b\r\n" % (len(event), event))

    def ended(self) -> int:
        code = self.child.wait(TIMEOUT_S)
        self.child.stdout.close()
        self.service.close()
        return code


@pytest.fixture(params=PROTOCOLS)
def listener(stage, request):
    listener = Listener(stage, request.param)
    yield listener
    listener.child.kill()
    listener.ended()


def test_events_arrive_one_by_one(listener):
    for number in range(20):
        event = b"data: %d\n\n" % number
        listener.say(event)
        assert listener.child.stdout.read(len(event)) == event    # before the next is said
    listener.service.sendall(b"0\r\n\r\n")
    assert listener.child.stdout.read() == b"" and listener.ended() == 0


def test_a_stream_that_breaks_off_does_not_look_whole(listener):
    listener.say(b"data: 1\n\n")
    assert listener.child.stdout.read(9) == b"data: 1\n\n"
    listener.service.close()
    assert listener.child.stdout.read() == b""
    assert listener.ended() != 0


def test_a_stream_of_broken_chunks_does_not_look_whole(listener):
    listener.say(b"data: 1\n\n")
    assert listener.child.stdout.read(9) == b"data: 1\n\n"
    listener.service.sendall(b"-1\r\nevil\r\n")
    assert listener.child.stdout.read() == b""
    assert listener.ended() != 0


def test_a_listener_that_leaves_ends_the_stream_at_the_service(listener):
    listener.say(b"data: 1\n\n")
    assert listener.child.stdout.read(9) == b"data: 1\n\n"
    listener.child.kill()
    try:
        while listener.service.send(b"7\r\ndata:\n\n\r\n"):
            if select.select([listener.service], [], [], 0.01)[0] and not listener.service.recv(1):
                break
    except ConnectionError:
        pass


def test_a_listener_that_does_not_read_stops_the_service(listener):
    service, heard = listener.service, listener.child.stdout
    service.sendall(b"%x\r\n" % LARGE_BYTES)
    left = stall(service, LARGE_BYTES)
    let_flow(service, left, heard, heard.read1, LARGE_BYTES)
    service.sendall(b"\r\n0\r\n\r\n")
    assert heard.read() == b"" and listener.ended() == 0
