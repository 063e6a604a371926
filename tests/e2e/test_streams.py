"""Answers that are streams (server-sent events) through the gateway, by HTTP/1.1 and HTTP/2 on either side: each event when it is said,
no end that looks whole and is not, and no more in between than buffers hold."""

import json
import queue
import select
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest

from api import Person
from processes import Process, free_ports, tls
from stage import BLOCK, Stage, let_flow, stall
from wire import TIMEOUT_S, eventually

PROTOCOLS = ["--http1.1", "--http2-prior-knowledge"]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LARGE_BYTES = 32 << 20    # far more than the sockets and buffers of both sides hold


def gateway_to(service: int, folder, **settings: str) -> Process:
    port, = free_ports(1)
    url = f"http://127.0.0.1:{service}"
    return Process("gateway", port, folder, {"USER_SERVICE_URL": url, "POST_SERVICE_URL": url, "RATE_LIMIT": "off", "H2C": "on"} | settings)


@pytest.fixture(scope="module", params=["http1", "http2"])
def stage(request, tmp_path_factory):
    """A service; where HTTP/2 is spoken with it, a second gateway is the one who does."""
    stage = Stage()
    stage.tls_port, = free_ports(1)
    front = tmp_path_factory.mktemp("front")
    secure = {"TLS_PORT": str(stage.tls_port)} | tls(front)
    if request.param == "http2":
        gateways = [gateway_to(stage.port, tmp_path_factory.mktemp("behind"), UPSTREAM_PROTOCOL="http1")]
        gateways.append(gateway_to(gateways[0].port, front, UPSTREAM_PROTOCOL="http2", **secure))
    else:
        gateways = [gateway_to(stage.port, front, UPSTREAM_PROTOCOL="http1", **secure)]
    for gateway in gateways:
        gateway.start()
    try:
        for gateway in gateways:
            gateway.wait_ready()
        stage.gateway, stage.port_asked = gateways[-1], gateways[-1].port
        stage.url = f"http://127.0.0.1:{stage.port_asked}/api/posts/stream"
        yield stage
    finally:
        for gateway in reversed(gateways):
            gateway.terminate()
        stage.close()


@pytest.fixture(scope="module", params=["http1", "http2"])
def impatient(request, tmp_path_factory):
    """A service behind routes whose streams may not be silent, or not be old, and whose answers may not be late."""
    stage, gateways = Stage(), []
    for protocol in ["http1", "http2"] if request.param == "http2" else ["http1"]:
        folder = tmp_path_factory.mktemp("impatient")
        (folder / "gateway.yaml").write_text(f"""
services:
  user: {{instances: ['http://127.0.0.1:{gateways[-1].port if gateways else stage.port}'], protocol: {protocol}}}
routes:
  - {{path: /api/silent/**, service: user, stream: {{idle: 300ms}}}}
  - {{path: /api/old/**, service: user, stream: {{idle: 300ms, lifetime: 900ms}}}}
  - {{path: /api/late/**, service: user, timeout: 1s}}
""")
        gateways.append(gateway_to(stage.port, folder, GATEWAY_CONFIG=str(folder / "gateway.yaml"), USER_SERVICE_URL="", POST_SERVICE_URL=""))
        gateways[-1].start()
    try:
        for gateway in gateways:
            gateway.wait_ready()
        stage.port_asked = gateways[-1].port
        stage.url = f"http://127.0.0.1:{stage.port_asked}"
        yield stage
    finally:
        for gateway in reversed(gateways):
            gateway.terminate()
        stage.close()


class Listener:
    """curl, which shows what has come as soon as it comes."""

    def __init__(self, stage: Stage, protocol: str, path: str = "", head: bytes = HEAD):
        self.child = subprocess.Popen(["curl", "-sN", protocol, stage.url + path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.service = stage.asked.get(timeout=TIMEOUT_S).connection
        self.service.settimeout(TIMEOUT_S)
        self.service.sendall(head)

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


@pytest.mark.parametrize("accept", [b"identity", b"gzip", b"br", b"zstd"])
def test_the_head_arrives_before_the_first_event(stage, accept):
    with socket.create_connection(("127.0.0.1", stage.port_asked), TIMEOUT_S) as client:
        client.sendall(b"GET /api/posts/stream HTTP/1.1\r\nHost: x\r\nAccept-Encoding: %b\r\n\r\n" % accept)
        service = stage.asked.get(timeout=TIMEOUT_S).connection
        service.sendall(HEAD)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(65536)
            assert piece
            head += piece
        assert head.startswith(b"HTTP/1.1 200") and b"text/event-stream" in head
        service.close()


def test_a_stream_that_breaks_off_does_not_look_whole(listener):
    listener.say(b"data: 1\n\n")
    assert listener.child.stdout.read(9) == b"data: 1\n\n"
    listener.service.close()
    assert listener.child.stdout.read() == b""
    assert listener.ended() != 0


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("end", ["closes", "resets"])
def test_only_a_close_ends_an_answer_of_no_length(stage, protocol, end):
    listener = Listener(stage, protocol, head=b"HTTP/1.1 200 OK\r\n\r\nso far")
    assert listener.child.stdout.read(6) == b"so far"
    if end == "resets":
        listener.service.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    listener.service.close()
    assert (listener.ended() == 0) is (end == "closes")


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


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_silence_ends_a_stream_on_both_sides(impatient, protocol):
    listener = Listener(impatient, protocol, "/api/silent/x")
    listener.say(b"data: 1\n\n")
    assert listener.child.stdout.read() == b"data: 1\n\n"
    assert listener.service.recv(1) == b""
    assert listener.ended() != 0, "it looks whole"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_stream_that_is_old_ends_whatever_is_said(impatient, protocol):
    listener = Listener(impatient, protocol, "/api/old/x")
    events = 0
    try:
        while not select.select([listener.service], [], [], 0.05)[0]:    # until the gateway closes
            listener.say(b"data: 1\n\n")
            events += 1
    except ConnectionError:
        pass
    assert events > 6, "silent for less than idle, it must not end before its time"
    heard = listener.child.stdout.read()
    assert heard and heard == b"data: 1\n\n" * (len(heard) // 9)
    assert listener.ended() != 0, "it looks whole"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_stream_that_is_old_ends_though_it_is_never_silent(impatient, protocol):
    listener = Listener(impatient, protocol, "/api/old/x")
    reader = threading.Thread(target=lambda: all(iter(lambda: listener.child.stdout.read1(1 << 20), b"")))
    reader.start()
    try:
        while True:
            listener.say(BLOCK)
    except ConnectionError:
        pass
    reader.join()
    assert listener.ended() != 0, "it looks whole"


@pytest.mark.parametrize("framing", [b"Content-Length: 30", b"Transfer-Encoding: chunked"])
def test_a_body_may_take_longer_than_its_answer(impatient, framing):
    """The time of an answer begins when its request is whole."""
    chunk = b"%b" if b"Length" in framing else b"1\r\n%b\r\n"
    with socket.create_connection(("127.0.0.1", impatient.port_asked), TIMEOUT_S) as client:
        client.sendall(b"POST /api/late/x HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n" % framing)
        asked = None
        for _ in range(30):
            client.sendall(chunk % b"a")
            try:
                asked = asked or impatient.asked.get(timeout=0.1)
            except queue.Empty:
                pass
            time.sleep(0.1)    # that is how slow it is
        if b"chunked" in framing:
            client.sendall(b"0\r\n\r\n")
        service, got = asked.connection, asked.data
        while got.count(b"a") < 30:
            got += service.recv(65536)
        service.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        assert read_until(client, b"\r\n\r\nok").startswith(b"HTTP/1.1 200")
        service.close()


@pytest.mark.parametrize("sent", ["nothing more", "all"])
def test_the_time_of_an_answer_ends_behind_its_body(impatient, sent):
    with socket.create_connection(("127.0.0.1", impatient.port_asked), TIMEOUT_S) as client:
        client.sendall(b"POST /api/late/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        service = impatient.asked.get(timeout=TIMEOUT_S).connection
        if sent == "all":
            client.sendall(b"b")
        assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 504" if sent == "all" else b"HTTP/1.1 408")
        service.close()


# --- clients of HTTP/1.0, which knows no chunks

@pytest.mark.parametrize("field", [b"", b"Connection: keep-alive\r\n"])
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_http10_gets_no_chunks(stage, method, field):
    with socket.create_connection(("127.0.0.1", stage.port_asked), TIMEOUT_S) as client:
        client.sendall(method + b" /api/posts/x HTTP/1.0\r\nHost: x\r\n" + field + b"\r\n")
        service = stage.asked.get(timeout=TIMEOUT_S).connection
        service.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        if method == b"GET":
            service.sendall(b"5\r\nhello\r\n")
            got = read_until(client, b"hello")
            service.sendall(b"6;x=y\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n")
        else:
            got = read_until(client, b"\r\n\r\n")
        got += read_all(client) if method == b"GET" else b""
        head, _, body = got.partition(b"\r\n\r\n")
        assert b"transfer-encoding" not in head.lower()
        assert body == (b"hello world" if method == b"GET" else b"")
        service.close()


def test_half_an_answer_in_chunks_does_not_look_whole_to_http10(stage):
    with socket.create_connection(("127.0.0.1", stage.port_asked), TIMEOUT_S) as client:
        client.sendall(b"GET /api/posts/x HTTP/1.0\r\nHost: x\r\n\r\n")
        service = stage.asked.get(timeout=TIMEOUT_S).connection
        service.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        read_until(client, b"hello")
        service.close()
        with pytest.raises(ConnectionResetError):
            while client.recv(65536):
                pass


@pytest.mark.parametrize("accept", [b"", b"Accept-Encoding: gzip\r\n"])
def test_no_content_has_no_length(stage, accept):
    """RFC 9110 section 8.6."""
    with socket.create_connection(("127.0.0.1", stage.port_asked), TIMEOUT_S) as client:
        client.sendall(b"DELETE /api/posts/x HTTP/1.1\r\nHost: x\r\n" + accept + b"\r\n")
        service = stage.asked.get(timeout=TIMEOUT_S).connection
        service.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello")
        got = read_until(client, b"\r\n\r\n")
        assert got.startswith(b"HTTP/1.1 204") and b"content-length" not in got.lower() and got.endswith(b"\r\n\r\n")
        service.close()


@pytest.mark.parametrize("protocol", ["1.0", "1.1"])
@pytest.mark.parametrize("answer", [b"5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n", b"zz\r\nhello\r\n", b""])
def test_what_breaks_off_before_anything_was_sent_is_502(stage, answer, protocol):
    with socket.create_connection(("127.0.0.1", stage.port_asked), TIMEOUT_S) as client:
        client.sendall(b"POST /api/posts/x HTTP/%b\r\nHost: x\r\nContent-Length: 0\r\n\r\n" % protocol.encode())
        service = stage.asked.get(timeout=TIMEOUT_S).connection
        service.sendall(answer and b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + answer)
        service.close()
        assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 502")


def test_a_listener_that_does_not_read_stops_the_service(listener):
    service, heard = listener.service, listener.child.stdout
    service.sendall(b"%x\r\n" % LARGE_BYTES)
    left = stall(service, LARGE_BYTES)
    let_flow(service, left, heard, heard.read1, LARGE_BYTES)
    service.sendall(b"\r\n0\r\n\r\n")
    assert heard.read() == b"" and listener.ended() == 0


# --- clients that leave: nobody works on for them

@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", HEAD], ids=["before the head", "after an early hint", "in a silent stream"])
def test_a_client_that_leaves_is_noticed_although_nothing_is_said(stage, protocol, head):
    listener = Listener(stage, protocol, head=head)
    listener.child.kill()
    assert listener.service.recv(1) == b""
    listener.ended()


def test_a_client_that_leaves_is_no_failure_of_the_service(stage):
    for _ in range(6):    # more than an instance may fail in a row
        with socket.create_connection(("127.0.0.1", stage.port_asked), TIMEOUT_S) as client:
            client.sendall(b"POST /api/posts HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
            service = stage.asked.get(timeout=TIMEOUT_S).connection
        service.settimeout(TIMEOUT_S)
        assert service.recv(1) == b""
        service.close()
    assert stage.asked.empty(), "asked again for nobody"
    eventually(lambda: sum(line.get("status") == 499 for line in map(json.loads, stage.gateway.log().splitlines())) >= 6)
    with socket.create_connection(("127.0.0.1", stage.port_asked), TIMEOUT_S) as client:
        client.sendall(b"GET /api/posts/1 HTTP/1.1\r\nHost: x\r\n\r\n")
        service = stage.asked.get(timeout=TIMEOUT_S).connection
        service.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        service.close()


def test_a_client_that_stays_gets_its_late_answer(stage):
    """Two sweeps and more after a client is looked for."""
    with socket.create_connection(("127.0.0.1", stage.port_asked), TIMEOUT_S) as client:
        client.sendall(b"GET /api/posts/1 HTTP/1.1\r\nHost: x\r\n\r\n")
        service = stage.asked.get(timeout=TIMEOUT_S).connection
        assert not select.select([service], [], [], 1.5)[0], "given up"
        service.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        service.close()


def test_the_end_of_a_session_is_that_of_its_streams(system, tmp_path):
    stage = Stage()
    gateway = gateway_to(stage.port, tmp_path, USER_SERVICE_URL=f"http://127.0.0.1:{system['user'].port}")
    gateway.start()
    try:
        gateway.wait_ready()
        ada, ben = Person(system, True), Person(system, True)
        ends = []
        for person in (ada, ben):
            client = socket.create_connection(("127.0.0.1", gateway.port), TIMEOUT_S)
            client.sendall(b"GET /api/posts/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n\r\n" % person.token.encode())
            service = stage.asked.get(timeout=TIMEOUT_S).connection
            service.settimeout(TIMEOUT_S)
            service.sendall(HEAD)
            ends.append((client, service))
        ada.ok("POST", "/api/auth/logout")
        client, service = ends[0]
        got = b""
        while piece := client.recv(65536):
            got += piece
        assert got.startswith(b"HTTP/1.1 200") and not got.endswith(b"\r\n0\r\n\r\n"), "it looks whole"
        assert service.recv(1) == b""
        client, service = ends[1]
        service.sendall(b"2\r\nhi\r\n")
        while b"hi" not in (piece := client.recv(65536)):
            assert piece
        for end in (*ends[0], *ends[1]):
            end.close()
    finally:
        gateway.terminate()
        stage.close()


# --- services that answer while the request's body still comes

@pytest.mark.parametrize("then", ["closes", "reads no more"])
@pytest.mark.parametrize("framing", [b"Content-Length: %d" % LARGE_BYTES, b"Transfer-Encoding: chunked"])
def test_an_early_refusal_arrives_while_the_body_still_comes(stage, then, framing):
    with socket.create_connection(("127.0.0.1", stage.port_asked), TIMEOUT_S) as client:
        chunk = b"%x\r\n" % LARGE_BYTES if b"chunked" in framing else b""
        client.sendall(b"POST /api/posts HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n%b" % (framing, chunk) + BLOCK)
        service = stage.asked.get(timeout=TIMEOUT_S).connection
        service.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        if then == "closes":
            service.close()
        left = LARGE_BYTES - len(BLOCK)
        while not select.select([client], [], [], 0)[0]:
            assert left > 0, "all of the body was taken"
            left -= client.send(BLOCK[:left])
        got = b""
        while not got.endswith(b"no"):
            got += client.recv(65536)
        assert got.startswith(b"HTTP/1.1 403")
        service.close()


def connect(stage, secure: bool) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", stage.tls_port if secure else stage.port_asked), TIMEOUT_S)
    if not secure:
        return client
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return trusting.wrap_socket(client)


def upload(stage, framing: bytes = b"Transfer-Encoding: chunked", secure: bool = False) -> tuple[socket.socket, socket.socket]:
    """A request whose body has just begun; the service has read that much."""
    client = connect(stage, secure)
    client.sendall(b"POST /api/posts HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n" % framing)
    if b"chunked" in framing:
        client.sendall(b"2\r\nhi\r\n")
    else:
        client.sendall(b"hi")
    asked = stage.asked.get(timeout=TIMEOUT_S)
    service = asked.connection
    service.settimeout(TIMEOUT_S)
    read_until(service, b"hi", asked.data)
    return client, service


def read_until(reader: socket.socket, what: bytes, got: bytes = b"") -> bytes:
    while what not in got:
        piece = reader.recv(65536)
        assert piece, got
        got += piece
    return got


def read_all(reader: socket.socket) -> bytes:
    got = b""
    try:
        while piece := reader.recv(65536):
            got += piece
    except ConnectionResetError:
        pass
    return got


IN_CLEAR_TEXT_AND_THROUGH_TLS = pytest.mark.parametrize("secure", [False, True], ids=["clear", "tls"])


@IN_CLEAR_TEXT_AND_THROUGH_TLS
def test_both_bodies_go_on_at_once(stage, secure):
    client, service = upload(stage, secure=secure)
    service.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 200")
    for number in range(20):
        word = b"%02d" % number
        client.sendall(b"2\r\n%b\r\n" % word)
        read_until(service, word)
        service.sendall(b"3\r\n-%b\r\n" % word)
        read_until(client, b"-" + word)
    client.sendall(b"0\r\n\r\n")
    read_until(service, b"0\r\n\r\n")
    service.sendall(b"0\r\n\r\n")
    assert read_all(client).endswith(b"0\r\n\r\n")
    for end in (client, service):
        end.close()


@IN_CLEAR_TEXT_AND_THROUGH_TLS
@pytest.mark.parametrize("framing", [b"Content-Length: 2", b"Transfer-Encoding: chunked", b"Content-Length: 2\r\nExpect: 100-continue"])
def test_a_service_may_speak_before_the_body_begins(stage, framing, secure):
    """As bidirectional protocols do: each side would wait for the other for ever."""
    client = connect(stage, secure)
    client.sendall(b"POST /api/posts HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n" % framing)
    service = stage.asked.get(timeout=TIMEOUT_S).connection
    service.settimeout(TIMEOUT_S)
    service.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
    read_until(client, b"2\r\nhi\r\n")
    client.sendall(b"2\r\nok\r\n0\r\n\r\n" if b"chunked" in framing else b"ok")
    read_until(service, b"ok")
    service.sendall(b"0\r\n\r\n")
    assert read_until(client, b"0\r\n\r\n").endswith(b"0\r\n\r\n")
    for end in (client, service):
        end.close()


@pytest.mark.parametrize("status", [b"200 OK", b"303 See Other"])
@pytest.mark.parametrize("framing,rest", [(b"Content-Length: 6", [b"last"]), (b"Transfer-Encoding: chunked", [b"4\r\nlast\r\n", b"0\r\n\r\n"])])
def test_a_whole_answer_arrives_before_the_body_it_is_to(stage, status, framing, rest):
    client, service = upload(stage, framing)
    service.sendall(b"HTTP/1.1 %b\r\nContent-Length: 3\r\n\r\nyes" % status)
    assert read_until(client, b"yes").startswith(b"HTTP/1.1 " + status)
    for piece in rest:
        client.sendall(piece)
        read_until(service, piece)
    assert read_all(client) == b""
    for end in (client, service):
        end.close()


def at_once(move, *arguments):
    """What a socket that does not block has done, None for nothing yet; through TLS either may wait for the other direction."""
    try:
        return move(*arguments)
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return None


@IN_CLEAR_TEXT_AND_THROUGH_TLS
def test_neither_body_waits_for_the_end_of_the_other(stage, secure):
    """A service that says back what it hears, no faster than it is listened to: more than all buffers hold, both ways."""
    client, service = upload(stage, b"Content-Length: %d" % (LARGE_BYTES + 2), secure)
    service.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % LARGE_BYTES)

    def say_back() -> None:
        while piece := service.recv(65536):
            service.sendall(piece)

    talker = threading.Thread(target=say_back, daemon=True)
    talker.start()
    read_until(client, b"\r\n\r\n")
    client.setblocking(False)
    to_send = to_read = LARGE_BYTES
    while to_read:
        pending = secure and client.pending()
        readable, writable, _ = select.select([client], [client] if to_send else [], [], 0 if pending else TIMEOUT_S)
        assert readable or writable or pending, f"{to_send} to send and {to_read} to read, and nothing moves"
        if readable or pending:
            piece = at_once(client.recv, 65536)
            assert piece is None or piece
            to_read -= len(piece or b"")
        if writable:
            to_send -= at_once(client.send, BLOCK[:to_send]) or 0
    client.close()
    talker.join(TIMEOUT_S)
    service.close()


def test_a_body_that_breaks_off_ends_the_answer_that_has_begun(stage):
    client, service = upload(stage)
    service.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    read_until(client, b"\r\na")
    client.sendall(b"no chunk\r\n")
    assert not read_all(client).endswith(b"\r\n0\r\n\r\n"), "it looks whole"
    assert read_all(service).endswith(b"\r\n0\r\n\r\n") is False
    for end in (client, service):
        end.close()


def test_a_client_that_leaves_in_the_middle_of_both_ends_it_at_the_service(stage):
    client, service = upload(stage)
    service.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    read_until(client, b"\r\na")
    client.close()
    assert not read_all(service).endswith(b"\r\n0\r\n\r\n")
    service.close()


def test_a_service_that_closes_behind_its_early_answer_leaves_it_whole(stage):
    client, service = upload(stage, b"Content-Length: %d" % LARGE_BYTES)
    service.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 3\r\n\r\nyes")
    service.close()
    assert read_until(client, b"yes").startswith(b"HTTP/1.1 202")
    try:
        for _ in range(LARGE_BYTES // len(BLOCK)):
            client.sendall(BLOCK)
    except ConnectionError:
        pass    # the gateway wants no more
    client.close()


def test_a_service_that_breaks_off_its_early_answer_does_not_look_whole(stage):
    client, service = upload(stage)
    service.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    read_until(client, b"\r\na")
    service.close()
    assert not read_all(client).endswith(b"\r\n0\r\n\r\n"), "it looks whole"
    client.close()
