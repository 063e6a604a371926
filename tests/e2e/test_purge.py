"""Events of the services purge the caches of all gateways: real services, two gateways, pages with tags from a service of the test."""

import base64
import hashlib
import hmac
import json
import re
import time
from types import SimpleNamespace

import pytest

from api import Api, Person
from conftest import run_system
from listening import Listening
from processes import INTERNAL_KEY, ROOT, Process, System, free_ports
from wire import Wire, eventually

SHIPPED = ROOT / "services" / "gateway" / "gateway.yaml"
PURGE = """cache:
  purge:
    user.updated.v1: ["user:{user_id}"]
    user.deleted.v1: ["user:{user_id}"]
    user.relation_changed.v1: ["user:{user_id}", "user:{other_id}"]
    post.created.v1: ["user:{user_id}"]
    post.updated.v1: ["post:{post_id}"]
    post.deleted.v1: ["post:{post_id}"]
"""


class Pages(Listening):
    """Every page is good for a long time, and its name is its tag."""

    def serve(self, connection) -> None:
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                piece = connection.recv(65536)
                if not piece:
                    return connection.close()
                data += piece
            head, _, data = data.partition(b"\r\n\r\n")
            found = re.match(rb"GET /api/pages/(\S+) ", head)
            tag = b"Cache-Control: public, max-age=3600\r\nSurrogate-Key: all " + found[1] + b"\r\n" if found else b""
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + tag + b"Content-Length: 2\r\n\r\n{}")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder, pages = tmp_path_factory.mktemp("purge"), Pages()
    text = SHIPPED.read_text()
    for old, new in (("\nservices:\n", f"\nservices:\n  pages: {{instances: ['http://127.0.0.1:{pages.port}']}}\n"),
                     ("\nroutes:\n", "\nroutes:\n  - {path: /api/pages/**, service: pages, cache: {}}\n"), ("\ncache:\n", "\n" + PURGE)):
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "gateway.yaml").write_text(text)
    second, = free_ports(1)
    system = System(folder, GATEWAY_CONFIG=str(folder / "gateway.yaml"))
    ports = system["gateway"].port, second
    for name in ("user", "post"):
        system[name].environment["GATEWAY_SERVICE_URL"] = ",".join(f"http://127.0.0.1:{port}" for port in ports)
    (folder / "second").mkdir()
    other = Process("gateway", second, folder / "second", system["gateway"].environment | {"PORT": str(second)})
    for system in run_system(system):
        other.start()
        try:
            other.wait_ready()
            yield SimpleNamespace(system=system, ports=ports, gateways=[Wire(port) for port in ports])
        finally:
            other.terminate()
            pages.close()


def hits(gateway: Wire, tag: str) -> bool:
    reply = gateway.send("GET", f"/api/pages/{tag}")
    assert reply.status == 200
    return "; hit" in reply.header("Cache-Status")


def store(place, *tags: str) -> None:
    for gateway in place.gateways:
        for tag in tags:
            hits(gateway, tag)
            assert hits(gateway, tag)


def goes(place, tag: str) -> None:
    for gateway in place.gateways:
        eventually(lambda: not hits(gateway, tag), what=f"the purge of {tag} at port {gateway.port}")


def stays(place, *tags: str) -> None:
    for gateway in place.gateways:
        assert all(hits(gateway, tag) for tag in tags)


@pytest.fixture
def ada(place):
    person = Person(place.system, False)
    yield person
    person.close()


def test_what_a_person_changes_is_fetched_anew_at_every_gateway(place, ada):
    ben = Person(place.system, False, "Ben")
    mine, his = f"user:{ada.id}", f"user:{ben.id}"
    store(place, mine, his)
    ada.ok("PUT", "/api/users/me", {"name": "Ada L."})
    goes(place, mine)
    stays(place, his)
    ada.follow(ben)
    goes(place, mine)
    goes(place, his)
    ada.publish()
    goes(place, mine)
    stays(place, his)
    ben.ok("DELETE", "/api/users/me")
    goes(place, his)
    ben.close()


def test_what_an_author_changes_is_fetched_anew(place, ada):
    first, second = ada.publish("one")["post_id"], ada.publish("two")["post_id"]
    store(place, f"post:{first}", f"post:{second}")
    ada.ok("PUT", f"/api/posts/{first}", {"content": "one, changed"})
    goes(place, f"post:{first}")
    stays(place, f"post:{second}")
    ada.ok("DELETE", f"/api/posts/{second}")
    goes(place, f"post:{second}")


def test_a_gateway_that_was_away_hears_of_it_when_it_is_back(place, ada):
    """The other one need not wait for it."""
    gateway = place.system["gateway"]
    tag = f"user:{ada.id}"
    store(place, tag)
    gateway.terminate()
    past_it = Api(place.system, True, ada.token)
    past_it.ok("PUT", "/api/users/me", {"name": "Ada B."})
    past_it.close()
    eventually(lambda: not hits(place.gateways[1], tag))
    gateway.start()
    gateway.wait_ready()
    scrape = Wire(place.system["user"].port)
    eventually(lambda: f'grover_events_pending{{subscriber="api-gateway@http://127.0.0.1:{gateway.port}"}} 0' in
               scrape.send("GET", "/metrics").body.decode())
    scrape.close()


def signed(key: str, **payload) -> str:
    text = json.dumps({"e": int(time.time() * 1000) + 30_000} | payload).encode()
    coded = base64.urlsafe_b64encode(text).rstrip(b"=")
    return (coded + b"." + base64.urlsafe_b64encode(hmac.digest(key.encode(), coded, hashlib.sha256)).rstrip(b"=")).decode()


def test_events_are_taken_from_services_only(place, ada):
    tag = f"user:{ada.id}"
    store(place, tag)
    event = {"specversion": "1.0", "id": "evt_1", "source": "/user-service", "type": "user.updated.v1", "time": "2026-11-26T10:00:00.000Z",
             "datacontenttype": "application/json", "traceparent": None, "data": {"user_id": ada.id}}
    good = {"attempt": 1, "events": [event]}

    def post(body, **fields: str) -> int:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in fields.items()}
        return place.gateways[0].send("POST", "/internal/events", text, headers).status

    assert post(good) == 404
    assert post(good, Authorization=f"Bearer {ada.token}") == 404
    assert post(good, X_Grover_Identity=signed("another key, which is long enough as well", v="user-service")) == 404
    assert post(good, X_Grover_Identity=signed(INTERNAL_KEY, v="user-service", e=1)) == 404
    service = signed(INTERNAL_KEY, v="user-service")
    for bad in (b"", b"{", b"[]", {"attempt": 1}, {"attempt": 1, "events": []}, {"attempt": 1, "events": [event | {"id": ""}]},
                {"attempt": 1, "events": [event] * 101}):
        assert post(bad, X_Grover_Identity=service) in (400, 422), bad
    assert post({"attempt": 1, "events": [event | {"type": "nobody.knows.v1"}]}, X_Grover_Identity=service) == 200
    stays(place, tag)
    assert post(good, X_Grover_Identity=service) == 200
    assert not hits(place.gateways[0], tag) and hits(place.gateways[0], tag)
    assert post(good, X_Grover_Identity=service) == 200
    assert not hits(place.gateways[0], tag)
