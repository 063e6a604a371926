"""The important ways through the system with HTTP/2 between gateway and services: `UPSTREAM_PROTOCOL=http2`, and `detect`.

All other tests run with HTTP/1.1 there, unless the environment says otherwise; streams, WebSockets and rolling restarts over both are with theirs.
"""

import json
import re
import signal
import socket
import threading

import pytest

from api import Api, Person
from conftest import start_system
from test_crash import insist
from test_drain import Half
from wire import TIMEOUT_S, Wire, eventually, raw

CLIENTS = 8
MIB = 1 << 20


@pytest.fixture(scope="module", params=["http2", "detect"])
def protocol(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def system(protocol, tmp_path_factory):
    yield from start_system(tmp_path_factory.mktemp("hop"), H2C="on", UPSTREAM_PROTOCOL=protocol)


@pytest.fixture
def direct() -> bool:
    return False


def open_connections(process) -> int:
    wire = Wire(process.port)
    try:
        text = wire.send("GET", "/metrics").body.decode()
    finally:
        wire.close()
    return int(float(re.search(r"^http_connections_open (\S+)$", text, re.M)[1]))


def together(work, count: int = CLIENTS) -> None:
    """Runs work(number) in threads; the first failure is the caller's."""
    failures = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as failure:
            failures.append(failure)
    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_people_meet(people):
    ada, bob = people("Ada"), people("Bob")
    bob.follow(ada)
    post = ada.publish("over a shared connection")
    eventually(lambda: any(one["post_id"] == post["post_id"] for one in bob.ok("GET", "/api/posts/feed/me")))
    comment = bob.comment(post["post_id"])
    assert comment in [one["comment_id"] for one in ada.ok("GET", f"/api/posts/{post['post_id']}/comments")]
    assert ada.delete(f"/api/posts/{post['post_id']}").status in (200, 204)
    assert bob.get(f"/api/posts/{post['post_id']}").status == 404
    head = bob.send("HEAD", "/api/users/me")
    assert head.status == 200 and head.body == b""


def test_problems_arrive_as_they_are(people, nobody):
    ada = people()
    assert nobody.get("/api/users/me").status == 401
    assert ada.get("/api/posts/post_nothing").status in (404, 422)
    missing = ada.post("/api/posts/", {})
    assert missing.status == 422 and missing.header("Content-Type") == "application/problem+json"
    assert ada.send("POST", "/api/posts/", b"{", {"Content-Type": "application/json"}).status == 400
    assert ada.send("POST", "/api/posts/", b"{}", {"Content-Type": "text/plain"}).status == 415
    assert ada.send("PUT", "/api/posts/", b"{}", {"Content-Type": "application/json"}).status == 405
    assert "GET" in ada.send("PUT", "/api/posts/feed/me", b"{}").header("Allow")


def test_etags_and_idempotency_keys_work(people):
    ada = people()
    made = [ada.post("/api/posts/", {"content": "once"}, Idempotency_Key="hop-1") for _ in range(2)]
    assert [reply.status for reply in made] == [201, 201]
    assert made[0].json["post_id"] == made[1].json["post_id"]
    target = f"/api/posts/{made[0].json['post_id']}"
    tag = ada.get(target).header("ETag")
    assert ada.get(target, If_None_Match=tag).status == 304


@pytest.mark.parametrize("chunked", [False, True])
def test_large_bodies_both_ways(people, chunked):
    ada = people()
    content = "\u4e2d" * 5000    # 15 KB
    body = json.dumps({"content": content}, ensure_ascii=False).encode()
    for padding in (0, MIB - len(body)):
        whole = body + b" " * padding
        assert ada.send("POST", "/api/posts/", iter([whole[:1000], whole[1000:]]) if chunked else whole,
                        {"Content-Type": "application/json"}).status == 201
    refused = ada.send("POST", "/api/posts/", body + b" " * MIB, {"Content-Type": "application/json"})
    assert refused.status == 413
    for _ in range(68):
        ada.publish(content)
    page = ada.get("/api/posts/me?limit=100")
    assert page.status == 200 and len(page.body) > MIB
    assert [post["content"] for post in page.json] == [content] * 70


def test_many_requests_share_few_connections(system, people):
    ada = people()
    before = open_connections(system["post"])
    halves = [Half(system["gateway"].port, "POST", "/api/posts/", ada.token, json.dumps({"content": f"half {n}"}).encode())
              for n in range(24)]
    # Each half is known to the gateway once a whole request on the same loops has been answered after it.
    for _ in halves:
        ada.nobody().get(f"/api/users/{ada.id}/posts")
    # One for each of its 4 threads at most, and what tells of health and metrics.
    assert open_connections(system["post"]) - before <= 8
    replies = [half.finish() for half in halves]
    assert [reply.status for reply in replies] == [201] * len(halves), "\n".join(map(str, replies))


def test_a_client_that_leaves_harms_nobody(system, people):
    ada = people()
    head = (f"POST /api/posts/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ada.token}\r\n"
            "Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n").encode()
    for number in range(50):
        with socket.create_connection(("127.0.0.1", system["gateway"].port), TIMEOUT_S) as leaving:
            leaving.sendall(head + b'{"content": "' + b"x" * (number * 1000))
        assert ada.get("/api/users/me").status == 200
    assert ada.pages("/api/posts/me?limit=100") == []


@pytest.mark.parametrize("fields", [
    b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length: +5",
    b"Transfer-Encoding: gzip, chunked", b"X: a\rb", b"X : a", b":path: /internal", b"x y: a",
])
def test_what_is_ambiguous_does_not_reach_the_hop(system, fields):
    got = raw(system["gateway"].port, b"POST /api/posts/ HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n\r\n0\r\n\r\n")
    assert got.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501")), got


def test_a_service_that_is_killed_under_load(own_hop):
    """What was acknowledged is there once, the rest too when it is asked for again, and the gateway finds back by itself."""
    ada = Person(own_hop, False)
    process = own_hop["post"]
    halfway = threading.Barrier(CLIENTS + 1, timeout=TIMEOUT_S)

    def work(number: int) -> None:
        api = Api(own_hop, False, ada.token)
        for turn in range(20):
            if turn == 10:
                halfway.wait()
            name = f"{number}.{turn}"
            insist(api, "POST", "/api/posts/", {"content": name}, Idempotency_Key=name)
        api.close()

    def kill() -> None:
        halfway.wait()
        process.kill()
        process.start()
        process.wait_ready()
    together(lambda number: kill() if number == CLIENTS else work(number), CLIENTS + 1)
    stored = sorted(post["content"] for post in ada.pages("/api/posts/me?limit=100"))
    assert stored == sorted(f"{number}.{turn}" for number in range(CLIENTS) for turn in range(20))


def test_a_service_that_hangs_answers_nothing_twice(own_hop):
    """Its shared connection is there, and silent: requests are late, and the next ones are answered when it goes on."""
    ada = Person(own_hop, False)
    ada.publish("before")
    process = own_hop["post"].child
    process.send_signal(signal.SIGSTOP)
    try:
        late = ada.post("/api/posts/", {"content": "late"}, X_Request_Timeout_Ms="100")
        assert late.status == 504
        assert ada.get("/api/users/me").status == 200
    finally:
        process.send_signal(signal.SIGCONT)
    eventually(lambda: ada.get("/api/posts/me").status == 200)
    assert [post["content"] for post in ada.pages("/api/posts/me")].count("late") <= 1


@pytest.fixture
def own_hop(protocol, tmp_path):
    yield from start_system(tmp_path, H2C="on", UPSTREAM_PROTOCOL=protocol)


def test_services_that_do_not_know_http2(tmp_path):
    """`detect` finds out and goes on by HTTP/1.1; `http2` says that they cannot be reached."""
    for system in start_system(tmp_path / "detect", UPSTREAM_PROTOCOL="detect"):
        ada = Person(system, False)
        together(lambda number: ada.nobody().get(f"/api/users/{ada.id}").status == 200 or pytest.fail("not answered"))
        assert ada.publish("by HTTP/1.1")
    for system in start_system(tmp_path / "http2", UPSTREAM_PROTOCOL="http2"):
        refused = Api(system, False).post("/api/auth/session", {"email": "a@example.com", "password": "wrong password"})
        assert refused.status == 503 and refused.header("Retry-After")
