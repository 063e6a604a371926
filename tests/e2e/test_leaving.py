"""Clients that leave while a cached or a composed route is at work: nothing is done for them alone, and nobody else suffers from it."""

import json
import select
import socket

import pytest

from processes import Process, free_ports
from stage import Stage
from wire import TIMEOUT_S, eventually

LONG_S = 1.5    # two sweeps and more after a client is looked for
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: %b\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
PUBLIC, PRIVATE = (ANSWER % what for what in (b"public, max-age=600", b"private"))


class Client:
    """A connection whose requests the gateway has read when it says so."""

    def __init__(self, place: "Place"):
        self.place = place
        self.socket = socket.create_connection(("127.0.0.1", place.gateway.port), TIMEOUT_S)

    def ask(self, path: str) -> None:
        self.socket.sendall(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())

    def answer(self) -> bytes:
        """Of a body of two bytes."""
        got = b""
        while len(got.partition(b"\r\n\r\n")[2]) < 2:
            piece = self.socket.recv(65536)
            assert piece, got
            got += piece
        return got

    def here(self) -> None:
        self.ask("/api/here")
        assert self.answer().startswith(b"HTTP/1.1 200")

    def waits_for(self, path: str) -> None:
        """The gateway has one thread: what came before another request that it has answered, it has read."""
        self.here()
        self.ask(path)
        for _ in range(2):
            self.place.other.here()

    def leave(self) -> None:
        self.socket.close()


class Place:
    def __init__(self, folder):
        self.stage = Stage()
        file = folder / "gateway.yaml"
        file.write_text(f"""
services:
  user: {{instances: ['http://127.0.0.1:{self.stage.port}']}}
routes:
  - {{path: /api/here, answer: {{body: ok}}}}
  - {{path: /api/cached/**, service: user, cache: {{collapse: 30s}}, timeout: 60s}}
  - path: '/api/composed/{{id}}'
    methods: [GET]
    compose:
      one: {{service: user, get: '/api/one/{{id}}', timeout: 60s}}
      two: {{service: user, get: '/api/two/{{id}}', timeout: 60s}}
      then: {{service: user, get: '/api/then/{{one#/next}}', timeout: 60s}}
""")
        port, = free_ports(1)
        self.gateway = Process("gateway", port, folder, {"GATEWAY_CONFIG": str(file), "RATE_LIMIT": "off", "THREADS": "1",
                                                         "USER_SERVICE_URL": f"http://127.0.0.1:{self.stage.port}"})

    def asked(self) -> socket.socket:
        """The next request at the service, which waits for its answer."""
        service = self.stage.asked.get(timeout=TIMEOUT_S).connection
        service.settimeout(TIMEOUT_S)
        return service

    def left(self, route: str) -> int:
        """How many of the route's requests have ended because their clients were gone."""
        lines = [json.loads(line) for line in self.gateway.log().splitlines()]
        return sum(line.get("status") == 499 and line.get("route") == route for line in lines)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("leaving"))
    place.gateway.start()
    try:
        place.gateway.wait_ready()
        place.other = Client(place)
        yield place
        place.other.leave()
    finally:
        place.gateway.terminate()
        place.stage.close()
    assert '"level":"error"' not in place.gateway.log()


@pytest.fixture
def clients(place):
    made = [Client(place) for _ in range(3)]
    yield made
    for client in made:
        client.leave()
    assert place.stage.asked.empty(), "asked for nobody"


def gone(service: socket.socket) -> bool:
    """The gateway has given the request up."""
    try:
        return service.recv(1) == b""
    except ConnectionResetError:
        return True


def stays(service: socket.socket) -> bool:
    return not select.select([service], [], [], LONG_S)[0]


CACHED, COMPOSED = "/api/cached/**", "/api/composed/{id}"


def test_the_parts_of_a_composition_are_given_up(place, clients):
    before = place.left(COMPOSED)
    clients[0].waits_for("/api/composed/1")
    parts = [place.asked(), place.asked()]
    clients[0].leave()
    assert all(gone(part) for part in parts)
    eventually(lambda: place.left(COMPOSED) == before + 1)


def test_a_step_that_waits_for_one_part_is_given_up(place, clients):
    before = place.left(COMPOSED)
    clients[0].waits_for("/api/composed/2")
    parts = [place.asked(), place.asked()]
    parts[0].sendall(PRIVATE + b"{}")
    clients[0].leave()
    assert gone(parts[1])
    eventually(lambda: place.left(COMPOSED) == before + 1)


def test_a_composition_that_is_waited_for_goes_on(place, clients):
    clients[0].waits_for("/api/composed/3")
    parts = [place.asked(), place.asked()]
    assert stays(parts[0])
    for part in parts:
        part.sendall(PRIVATE + b"{}")
    got = clients[0].answer()
    assert got.startswith(b"HTTP/1.1 200") and b'"partial":["then"]' in got


def test_a_fetch_that_nobody_waits_for_is_given_up(place, clients):
    before = place.left(CACHED)
    clients[0].waits_for("/api/cached/alone")
    service = place.asked()
    clients[0].leave()
    assert gone(service)
    eventually(lambda: place.left(CACHED) == before + 1)
    clients[1].waits_for("/api/cached/alone")
    place.asked().sendall(PUBLIC + b"{}")
    assert clients[1].answer().startswith(b"HTTP/1.1 200")


def test_a_fetch_that_others_wait_for_goes_on_without_who_began_it(place, clients):
    clients[0].waits_for("/api/cached/others")
    service = place.asked()
    clients[1].waits_for("/api/cached/others")
    clients[0].leave()
    assert stays(service)
    service.sendall(PUBLIC + b"{}")
    got = clients[1].answer()
    assert got.startswith(b"HTTP/1.1 200") and b"collapsed" in got


def test_who_leaves_waits_no_longer_for_anothers_fetch(place, clients):
    before = place.left(CACHED)
    clients[0].waits_for("/api/cached/waiter")
    service = place.asked()
    for client in clients[1:]:
        client.waits_for("/api/cached/waiter")
    clients[1].leave()
    eventually(lambda: place.left(CACHED) == before + 1)
    clients[0].leave()
    assert stays(service), "the third still waits"
    clients[2].leave()
    assert gone(service)
    eventually(lambda: place.left(CACHED) == before + 3)


def test_an_answer_that_is_being_stored_is_stored_whoever_leaves(place, clients):
    clients[0].waits_for("/api/cached/stored")
    service = place.asked()
    service.sendall(PUBLIC + b"{")
    assert clients[0].socket.recv(65536).startswith(b"HTTP/1.1 200")
    clients[0].leave()
    assert stays(service)
    service.sendall(b"}")
    clients[1].waits_for("/api/cached/stored")
    assert b"; hit" in clients[1].answer()


def test_an_answer_that_is_nobody_elses_is_given_up_in_the_middle(place, clients):
    clients[0].waits_for("/api/cached/private")
    service = place.asked()
    service.sendall(PRIVATE + b"{")
    assert clients[0].socket.recv(65536).startswith(b"HTTP/1.1 200")
    clients[0].leave()
    assert gone(service)
