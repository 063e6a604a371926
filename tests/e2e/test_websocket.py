"""WebSockets through the gateway: what an echo service by `ws` hears and says must be the same as without it; handshakes that are none,
answers that agree to nothing; and tunnels that stall, are silent, grow old or lose an end."""

import json
import shutil
import signal
import socket
import struct
import subprocess
import sys

import pytest

from api import Person
from processes import ROOT, Process, free_ports, tls
from stage import Stage, let_flow, stall
from websocket_cases import BINARY, CLOSE, KEY, TEXT, Case, Socket, accept_of, bad, closing, frame, good, handshake, transcript
from websocket_place import AGREED, running
from wire import TIMEOUT_S, eventually, parse, raw

sys.path.append(str(ROOT / "tools"))
import npm  # noqa: E402

LARGE_BYTES = 64 << 20          # far more than the sockets and buffers of both sides hold
RSS_GROWTH_MAX = 8 << 20


@pytest.fixture(scope="module")
def parts():
    folder = npm.install(ROOT / "tests" / "websocket") if shutil.which("node") else None
    if not folder:
        pytest.skip("ws needs npm, and its registry once")
    return folder


@pytest.fixture(scope="module")
def chat(tmp_path_factory, parts):
    yield from running(tmp_path_factory.mktemp("chat"), parts)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    yield from running(tmp_path_factory.mktemp("place"), None)


@pytest.fixture
def own_place(tmp_path):
    yield from running(tmp_path, None)


# --- what is said

@pytest.mark.parametrize("case", good() + bad(), ids=lambda case: case.name)
def test_a_service_says_the_same_through_the_gateway(chat, case: Case):
    direct = transcript(chat.echo.port, "/api/chat/", case)
    last = direct[-1]
    assert last[0] == 0x80 | CLOSE
    assert (int.from_bytes(last[1][:2], "big") if last[1] else None) == case.code
    if case.echo:
        assert [(head & 0xf, payload) for head, payload in direct[:-1]] == list(case.echo)
    assert transcript(chat.port, "/api/chat/", case) == direct


def opinions(parts, url: str) -> list[dict]:
    done = subprocess.run(["node", "--no-warnings", parts / "client.mjs", url], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_client_by_ws_hears_the_same_through_the_gateway(chat):
    direct = opinions(chat.parts, f"ws://127.0.0.1:{chat.echo.port}/api/chat/")
    assert len(direct) > 40
    for one in direct:
        assert one["code"] in (1000, 1001, 1006, 1011, 3000, 4999), one
    assert opinions(chat.parts, f"ws://127.0.0.1:{chat.port}/api/chat/") == direct


def test_a_client_by_ws_hears_the_same_through_tls(tmp_path, parts, chat):
    tls_port, = free_ports(1)
    for place in running(tmp_path, parts, TLS_PORT=str(tls_port), **tls(tmp_path)):
        heard = opinions(parts, f"wss://localhost:{tls_port}/api/chat/")
        assert heard == opinions(parts, f"ws://127.0.0.1:{chat.echo.port}/api/chat/")


# --- the handshake

GOOD = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY}
BAD_HANDSHAKES = {
    "no key": ({"Sec-WebSocket-Key": None}, 400),
    "a key of 15 bytes": ({"Sec-WebSocket-Key": "MTIzNDU2Nzg5MDEyMzQ1"}, 400),
    "a key of 17 bytes": ({"Sec-WebSocket-Key": "MTIzNDU2Nzg5MDEyMzQ1Njc="}, 400),
    "a key that is no base64": ({"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j*Q=="}, 400),
    "a key without its padding": ({"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ"}, 400),
    "two keys": ({"Sec-WebSocket-Key": f"{KEY}\r\nSec-WebSocket-Key: {KEY}"}, 400),
    "no version": ({"Sec-WebSocket-Version": None}, 426),
    "version 8": ({"Sec-WebSocket-Version": "8"}, 426),
    "versions": ({"Sec-WebSocket-Version": "13, 8"}, 426),
    "version 13 twice": ({"Sec-WebSocket-Version": "13\r\nSec-WebSocket-Version: 13"}, 400),
    "a body": ({"Content-Length": "5"}, 400),
    "a body of chunks": ({"Transfer-Encoding": "chunked"}, 400),
    "a protocol that is no name": ({"Sec-WebSocket-Protocol": "a b"}, 400),
    "a page of another site": ({"Origin": "https://evil.example"}, 403),
    "a page without an origin": ({"Origin": "null"}, 403),
    "a page of an origin that only begins well": ({"Origin": "https://app.example.evil.example"}, 403),
}


def request(fields: dict, line: str = "GET /api/stage/x HTTP/1.1") -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in (GOOD | fields).items() if value is not None)
    return f"{line}\r\nHost: api.example\r\n{lines}\r\n".encode()


SMUGGLED = b"GET /api/stage/secret HTTP/1.1\r\nHost: api.example\r\n\r\n"


@pytest.mark.parametrize("name", list(BAD_HANDSHAKES))
def test_a_bad_handshake_is_told_what_is_wrong(place, name):
    fields, status = BAD_HANDSHAKES[name]
    reply = parse(raw(place.port, request(fields) + SMUGGLED))
    assert reply.status == status, reply
    assert reply.header("Content-Type") == "application/problem+json" and len(reply.json["detail"]) > 10
    assert "close" in reply.header("Connection").lower()
    assert (reply.header("Sec-WebSocket-Version"), reply.header("Upgrade")) == (("13", "websocket") if status == 426 else (None, None))
    assert place.stage.asked.empty(), "the service was asked"


@pytest.mark.parametrize("line, status", [("GET /api/stage/x HTTP/1.0", 400), ("POST /api/stage/x HTTP/1.1", 400), ("HEAD /api/stage/x HTTP/1.1", 400),
                                          ("GET /api/private/x HTTP/1.1", 401), ("GET /api/nothing HTTP/1.1", 404), ("GET /api/plain/x HTTP/1.1", 400),
                                          ("GET /health HTTP/1.1", 200)])
def test_a_handshake_where_none_is_expected_ends_the_connection(place, line, status):
    with socket.create_connection(("127.0.0.1", place.port), TIMEOUT_S) as client:
        client.sendall(request({}, line) + SMUGGLED)
        got = b""
        while piece := client.recv(65536):
            got += piece
    assert parse(got).status == status and got.count(b"HTTP/1.1 ") == 1
    assert place.stage.asked.empty(), "what came behind was taken for a request"


@pytest.mark.parametrize("fields", [{"Upgrade": "h2c"}, {"Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"}, {"Upgrade": "TLS/1.0"}, {"Connection": "keep-alive"},
                                    {"Upgrade": "websocketx"}, {"Upgrade": None}])
def test_other_protocols_are_ignored(place, fields):
    client = socket.create_connection(("127.0.0.1", place.port), TIMEOUT_S)
    for _ in range(2):
        client.sendall(request(fields))
        asked = place.stage.asked.get(timeout=TIMEOUT_S)
        assert b"\r\nupgrade" not in asked.head.lower() and b"\r\nconnection" not in asked.head.lower()
        asked.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        asked.connection.close()
        got = b""
        while not got.endswith(b"ok"):
            got += client.recv(65536)
        assert parse(got).status == 200
    client.close()


@pytest.mark.parametrize("fields", [{"Connection": "keep-alive, UPGRADE"}, {"Upgrade": "h2c, WebSocket"}, {"Origin": "https://app.example"},
                                    {"Origin": "http://api.example"}, {"Content-Length": "0"}, {"Sec-WebSocket-Protocol": "a, b"}])
def test_a_handshake_may_look_like_this(place, fields):
    with socket.create_connection(("127.0.0.1", place.port), TIMEOUT_S) as client:
        client.sendall(request(fields))
        asked = place.stage.asked.get(timeout=TIMEOUT_S)
        lower = asked.head.lower()
        assert lower.count(b"\r\nupgrade: websocket") == 1 and lower.count(b"\r\nconnection: upgrade") == 1 and lower.count(b"\r\nsec-websocket-key: ") == 1
        assert b"\r\nx-grover-identity" not in lower and b"\r\nx-request-id: " in lower
        asked.connection.sendall(AGREED + b"\r\n")
        head = client.recv(65536).lower()
        assert head.startswith(b"http/1.1 101 ") and head.count(b"\r\nupgrade: websocket") == 1 and head.count(b"\r\nconnection: upgrade") == 1
        asked.connection.close()


# --- the service's answer

NO_AGREEMENT = {
    "a key that is another's": AGREED.replace(accept_of(KEY).encode(), accept_of("AAAAAAAAAAAAAAAAAAAAAA==").encode()),
    "no accept": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
    "two accepts": AGREED + b"Sec-WebSocket-Accept: " + accept_of(KEY).encode() + b"\r\n",
    "another protocol": AGREED.replace(b"Upgrade: websocket", b"Upgrade: h2c"),
    "two protocols": AGREED.replace(b"Upgrade: websocket", b"Upgrade: websocket, h2c"),
    "no Upgrade": AGREED.replace(b"Upgrade: websocket\r\n", b""),
    "no Connection": AGREED.replace(b"Connection: Upgrade\r\n", b""),
    "another Connection": AGREED.replace(b"Connection: Upgrade", b"Connection: keep-alive"),
    "a sub-protocol that was not offered": AGREED + b"Sec-WebSocket-Protocol: c\r\n",
    "a sub-protocol in other letters": AGREED + b"Sec-WebSocket-Protocol: A\r\n",
    "two sub-protocols": AGREED + b"Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n",
    "an extension that was not offered": AGREED + b"Sec-WebSocket-Extensions: permessage-deflate, x-other\r\n",
    "a body": AGREED + b"Content-Length: 5\r\n",
    "chunks": AGREED + b"Transfer-Encoding: chunked\r\n",
    "HTTP/1.0": AGREED.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "no answer": b"hello\r\n",
}
OFFERS = {"Sec-WebSocket-Protocol": "a, b", "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}


@pytest.mark.parametrize("name", list(NO_AGREEMENT))
def test_a_101_that_agrees_to_something_else_is_a_502(place, name):
    answer = NO_AGREEMENT[name]
    with socket.create_connection(("127.0.0.1", place.port), TIMEOUT_S) as client:
        client.sendall(request(OFFERS) + SMUGGLED)
        asked = place.stage.asked.get(timeout=TIMEOUT_S)
        asked.connection.sendall(answer + b"\r\n" + frame(TEXT, b"secret", masked=False))
        asked.connection.close()
        got = b""
        while piece := client.recv(65536):
            got += piece
    assert parse(got).status == 502 and b"secret" not in got
    assert place.stage.asked.empty(), "asked again"


def test_a_service_that_hangs_up_is_not_asked_again(place):
    with socket.create_connection(("127.0.0.1", place.port), TIMEOUT_S) as client:
        client.sendall(request({}))
        place.stage.asked.get(timeout=TIMEOUT_S).connection.close()
        assert parse(client.recv(65536)).status == 503
    assert place.stage.asked.empty()


@pytest.mark.parametrize("more", [b"Sec-WebSocket-Protocol: b\r\n", b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n",
                                  b"Set-Cookie: a=b\r\nServer: other\r\n", b"Connection: upgrade\r\n"])
def test_what_was_offered_may_be_accepted(place, more):
    with socket.create_connection(("127.0.0.1", place.port), TIMEOUT_S) as client:
        client.sendall(request(OFFERS))
        asked = place.stage.asked.get(timeout=TIMEOUT_S)
        asked.connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" + AGREED + more + b"\r\nfirst")
        got = b""
        while not got.endswith(b"first"):
            got += client.recv(65536)
        assert got.startswith(b"HTTP/1.1 101 ") and (more.split(b"\r\n")[0] in got or more.startswith(b"Connection"))
        assert b"Server:" not in got
        asked.connection.close()


@pytest.mark.parametrize("status", [200, 302, 404, 426, 500, 503])
def test_another_answer_is_an_answer(place, status):
    with socket.create_connection(("127.0.0.1", place.port), TIMEOUT_S) as client:
        client.sendall(request({}) + SMUGGLED)
        asked = place.stage.asked.get(timeout=TIMEOUT_S)
        assert asked.data == b""
        asked.connection.sendall(b"HTTP/1.1 %d Because\r\nContent-Length: 2\r\nX-Mine: yes\r\n\r\nno" % status)
        got = b""
        while piece := client.recv(65536):
            got += piece
    reply = parse(got)
    assert (reply.status, reply.body, reply.header("X-Mine")) == (status, b"no", "yes")
    assert place.stage.asked.empty(), "asked again, or what came behind was taken for a request"


def test_a_101_that_nobody_asked_for_is_a_502(place):
    with socket.create_connection(("127.0.0.1", place.port), TIMEOUT_S) as client:
        client.sendall(b"POST /api/stage/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        asked = place.stage.asked.get(timeout=TIMEOUT_S)
        asked.connection.sendall(AGREED + b"\r\n")
        assert parse(client.recv(65536)).status == 502


def test_an_instance_that_cannot_be_reached_is_passed_over(place):
    for _ in range(4):
        client, service = place.open("/api/twins/x")
        client.send(b"?")
        assert service.recv(10) == b"?"
        client.close()
        service.close()


# --- the tunnel

def test_a_tunnel_has_a_connection_of_its_own_where_requests_share_one(place):
    client, service = place.open("/api/shared/x")
    service.sendall(frame(TEXT, b"by HTTP/1.1", masked=False))
    assert client.frame() == (0x80 | TEXT, b"by HTTP/1.1")
    client.close()
    service.close()


def test_what_comes_before_the_agreement_waits_for_it(place):
    early = frame(TEXT, b"early") + SMUGGLED
    client, service = place.open(before=early)
    got = b""
    while len(got) < len(early):
        got += service.recv(65536)
    assert got == early
    client.close()
    service.close()


def test_the_ends_of_both_directions_are_told_one_by_one(place):
    client, service = place.open()
    client.send(b"the last of mine")
    client.connection.shutdown(socket.SHUT_WR)
    got = b""
    while piece := service.recv(65536):
        got += piece
    assert got == b"the last of mine"
    service.sendall(b"and mine")    # The other direction goes on.
    service.close()
    while client.more():
        pass
    assert client.data == b"and mine"
    client.close()


def rss(place) -> int:
    status = open(f"/proc/{place.gateway.child.pid}/status", encoding="ascii").read()
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])


@pytest.mark.parametrize("direction", ["to the service", "to the client"])
def test_a_reader_that_does_not_read_stalls_the_writer(place, direction):
    client, service = place.open()
    writer, reader = (client.connection, service) if direction == "to the service" else (service, client.connection)
    before = rss(place)
    left = stall(writer, LARGE_BYTES)
    assert rss(place) - before < RSS_GROWTH_MAX
    # Meanwhile the other direction goes on.
    reader.sendall(b"ping")
    writer.setblocking(True)
    assert writer.recv(4) == b"ping"
    writer.setblocking(False)
    let_flow(writer, left, reader, reader.recv, LARGE_BYTES)
    assert rss(place) - before < RSS_GROWTH_MAX
    client.close()
    service.close()


def at_its_end(client: Socket, service: socket.socket) -> None:
    """Both ends hear of the end."""
    while client.more():
        pass
    while service.recv(65536):
        pass
    client.close()
    service.close()


def told_goodbye(client: Socket, service: socket.socket, code: int, why: bytes) -> None:
    """Both ends hear a Close frame of the gateway's, and then the end."""
    payload = struct.pack("!H", code) + why
    assert client.frame() == (0x80 | CLOSE, payload)
    assert client.frame() is None
    heard = b""
    while piece := service.recv(100):
        heard += piece
    mask, masked = heard[2:6], heard[6:]
    assert heard[:2] == bytes([0x80 | CLOSE, 0x80 | len(payload)])
    assert bytes(byte ^ mask[n % 4] for n, byte in enumerate(masked)) == payload
    client.close()
    service.close()


def ended_by(place, why: str, act) -> dict:
    """What the log says of a tunnel that `act` ends; the metrics agree."""
    place.at_rest()
    known, count = len(place.ended()), place.metric(f'gateway_tunnels_total{{ended="{why}"}}')
    act()
    line = eventually(lambda: place.ended()[known:], what="a line in the access log")[0]
    assert line["ended"] == why and line["status"] == 101
    place.at_rest()
    assert place.metric(f'gateway_tunnels_total{{ended="{why}"}}') == count + 1
    return line


def test_a_tunnel_is_counted_and_logged_at_its_end(place):
    def act():
        client, service = place.open()
        eventually(lambda: place.metric("gateway_tunnels_open") == 1)
        client.send(b"12345")
        assert service.recv(100) == b"12345"
        service.sendall(b"123")
        assert client.take(3) == b"123"
        client.connection.shutdown(socket.SHUT_WR)
        assert service.recv(1) == b""
        service.close()
        at_end = client.take(1)
        assert at_end is None
        client.close()
    line = ended_by(place, "client", act)
    assert (line["bytes_in"], line["bytes"], line["route"], line["upstream"], line["tries"]) == (5, 3, "/api/stage/**", "stage", 1)


def test_silence_both_ways_ends_a_tunnel(place):
    ended_by(place, "idle", lambda: told_goodbye(*place.open("/api/silent/x"), 1001, b"idle"))


def test_within_a_frame_nothing_is_said(place):
    def act():
        client, service = place.open("/api/silent/x")
        service.sendall(b"\x82\x05he")
        begun = frame(BINARY, b"hello")[:-1]
        client.send(begun)
        assert client.take(4) == b"\x82\x05he" and client.take(1) is None
        assert service.recv(100) == begun and service.recv(100) == b""
        client.close()
        service.close()
    ended_by(place, "idle", act)


def test_a_tunnel_ends_when_it_is_old_whatever_is_said(place):
    def act():
        client, service = place.open("/api/old/x")
        client.connection.settimeout(0.02)
        while True:
            try:
                service.sendall(b".")
                if not client.connection.recv(100):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        client.close()
        service.close()
    ended_by(place, "lifetime", act)


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_client_that_dies_is_told_to_the_service(place, how):
    def act():
        client, service = place.open()
        getattr(client, how)()
        try:
            assert service.recv(1) == b""
        except ConnectionResetError:
            pass
        service.close()
    ended_by(place, "client", act)


@pytest.mark.parametrize("linger", [True, False])
def test_a_service_that_dies_is_told_to_the_client(place, linger):
    def act():
        client, service = place.open()
        if linger:
            end = Socket.__new__(Socket)
            end.connection = service
            end.reset()
        else:
            service.close()
        assert client.take(1) is None
        client.close()
    ended_by(place, "service", act)


def test_a_killed_service_is_told_to_its_clients(tmp_path, parts):
    for place in running(tmp_path, parts):
        clients = [Socket(place.port, "/api/chat/echo").answered() for _ in range(5)]
        for number, client in enumerate(clients):
            client.send(frame(TEXT, b"%d" % number))
            assert client.frame() == (0x81, b"%d" % number)
        place.echo.child.kill()
        for client in clients:
            assert client.frame() is None
            client.close()


def test_open_tunnels_go_on_in_a_drain_and_end_with_it(own_place):
    client, service = own_place.open()
    own_place.gateway.child.send_signal(signal.SIGTERM)

    def refused() -> bool:
        try:
            socket.create_connection(("127.0.0.1", own_place.port), 1).close()
        except OSError:
            return True
        return False
    eventually(refused, what="the end of accepting")
    client.send(frame(TEXT, b"still here"))
    assert service.recv(100) == frame(TEXT, b"still here")
    told_goodbye(client, service, 1001, b"drain")
    assert own_place.gateway.terminate() == 0
    assert [line["ended"] for line in own_place.ended()] == ["drain"]


def test_the_end_of_a_session_is_that_of_its_tunnels(system, tmp_path):
    stage, port = Stage(), free_ports(1)[0]
    (tmp_path / "gateway.yaml").write_text(f"""
services:
  user: {{instances: ['http://127.0.0.1:{system["user"].port}']}}
  stage: {{instances: ['http://127.0.0.1:{stage.port}']}}
routes:
  - {{path: /api/private/**, service: stage, upgrade: [websocket], access: {{login: true}}}}
""")
    gateway = Process("gateway", port, tmp_path, {"GATEWAY_CONFIG": str(tmp_path / "gateway.yaml"), "RATE_LIMIT": "off"})
    gateway.start()
    try:
        gateway.wait_ready()
        ada, ben = Person(system, True), Person(system, True)
        ends = []
        for person in (ada, ada, ben):
            client = Socket(port, "/api/private/x", f"Authorization: Bearer {person.token}\r\n")
            service = stage.asked.get(timeout=TIMEOUT_S).connection
            service.settimeout(TIMEOUT_S)
            service.sendall(AGREED + b"\r\n")
            assert client.answered().status == 101
            ends.append((client, service))
        ada.ok("POST", "/api/auth/logout")
        for client, service in ends[:2]:
            told_goodbye(client, service, 1008, b"revoked")
        client, service = ends[2]
        client.send(frame(TEXT, b"still here"))
        assert service.recv(100) == frame(TEXT, b"still here")
        client.close()
        service.close()
    finally:
        gateway.terminate()
        stage.close()


def test_tunnels_count_as_connections(tmp_path):
    for place in running(tmp_path, None, CONNECTIONS_PER_CLIENT="3"):
        ends = [place.open() for _ in range(3)]
        assert parse(raw(place.port, handshake("/api/stage/x"))).status == 503
        for client, service in ends:
            client.close()
            service.close()
        eventually(lambda: parse(raw(place.port, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")).status == 200)


def test_tunnels_outlive_a_reload(own_place):
    client, service = own_place.open()
    own_place.gateway.child.send_signal(signal.SIGHUP)
    again = own_place.open()
    for one, other in ((client, service), again):
        one.send(frame(BINARY, b"x") + closing())
        assert other.recv(100) == frame(BINARY, b"x") + closing()
        one.close()
        other.close()
