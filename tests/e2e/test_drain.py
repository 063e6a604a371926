"""SIGTERM under load: what was sent before it is answered, readiness goes, and the process ends with 0."""

import json
import signal
import socket
import threading
import time

import pytest

from api import Person
from processes import PROGRAMS
from wire import TIMEOUT_S, Reply, Wire, complete, eventually, parse

CLIENTS = 8


class Half:
    """A request of which all but the last bytes have been sent."""

    def __init__(self, port: int, method: str, target: str, token: str, body: bytes):
        head = (f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
        data = head + body
        cut = len(data) - 5
        self.rest = data[cut:]
        self.connection = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self.connection.sendall(data[:cut])

    def finish(self) -> Reply:
        self.connection.sendall(self.rest)
        got = b""
        while not complete(got):
            piece = self.connection.recv(65536)
            if not piece:
                break
            got += piece
        self.connection.close()
        return parse(got)


def listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def wait_until_draining(port: int) -> None:
    end = time.monotonic() + TIMEOUT_S
    while listening(port):
        assert time.monotonic() < end, "it still accepts after SIGTERM"
        time.sleep(0.005)


@pytest.mark.parametrize("name", ["post", "gateway"])
def test_requests_in_flight_are_answered(own_system, name):
    ada = Person(own_system, direct=name != "gateway")
    ada.publish("warm")
    process = own_system[name]
    halves = [Half(process.port, "POST", "/api/posts/", ada.token, json.dumps({"content": f"half {n}"}).encode())
              for n in range(CLIENTS)]
    ready = socket.create_connection(("127.0.0.1", process.port), TIMEOUT_S)
    ready.sendall(b"GET /health/ready HTTP/1.1\r\nHost: local")
    # Each half is known to the process once a whole request on the same loops has been answered after it.
    for _ in range(CLIENTS):
        ada.nobody().get(f"/api/users/{ada.id}/posts")
    process.child.send_signal(signal.SIGTERM)
    wait_until_draining(process.port)
    ready.sendall(b"host\r\n\r\n")
    assert parse(ready.recv(65536)).status == 503
    ready.close()
    replies = [half.finish() for half in halves]
    assert [reply.status for reply in replies] == [201] * CLIENTS, "\n".join(map(str, replies))
    assert process.terminate() == 0
    process.start()
    process.wait_ready()
    contents = {post["content"] for post in ada.pages("/api/posts/me?limit=100")}
    assert contents == {"warm"} | {f"half {n}" for n in range(CLIENTS)}


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_under_load_no_request_fails_before_the_signal_and_no_answer_is_cut(own_system, name):
    ada = Person(own_system, direct=name != "gateway")
    process = own_system[name]
    target, body = ("/api/posts/", True) if name != "user" else ("/api/users/me", False)
    signalled, acknowledged, trouble = threading.Event(), [], []

    def client(number: int):
        twin = ada.nobody()
        twin.token = ada.token
        count = 0
        while True:
            before = not signalled.is_set()
            content = f"{number}.{count}"
            try:
                wire_reply = twin.post(target, {"content": content}) if body else twin.get(target)
                if wire_reply.status >= 300:
                    trouble.append(f"{content}: {wire_reply}")
                    return
                acknowledged.append(content)
            except (ConnectionError, OSError) as error:
                # A connection that the process closed, or did not accept any more: only after the signal.
                if before and not signalled.is_set():
                    trouble.append(f"{content}: {error!r}")
                return
            except Exception as error:
                trouble.append(f"{content}: the answer was cut: {error!r}")
                return
            count += 1
    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    while len(acknowledged) < 50 and not trouble:
        time.sleep(0.005)
    signalled.set()
    status = process.terminate()
    for thread in threads:
        thread.join()
    assert not trouble, "\n".join(trouble)
    assert status == 0
    process.start()
    process.wait_ready()
    if body:
        stored = [post["content"] for post in ada.pages("/api/posts/me?limit=100")]
        assert len(stored) == len(set(stored))
        assert set(acknowledged) <= set(stored)


@pytest.mark.parametrize("name", list(PROGRAMS))
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_process_ends_at_once_with_0(own_system, name, number):
    process = own_system[name]
    idle = socket.create_connection(("127.0.0.1", process.port), TIMEOUT_S)
    idle.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert parse(idle.recv(65536)).status == 200
    process.child.send_signal(number)
    assert process.terminate() == 0
    assert idle.recv(100) == b""
    idle.close()


def test_a_dead_service_is_503_and_the_other_routes_go_on(own_system):
    ada = Person(own_system, direct=False)
    ada.publish()
    own_system["post"].kill()
    reply = ada.get("/api/posts/feed/me")
    assert reply.status == 503 and reply.json["code"] == "service_unavailable"
    assert ada.get("/api/users/me").status == 200
    eventually(lambda: overview(own_system)["overall_status"] == "degraded")
    own_system["post"].start()
    own_system["post"].wait_ready()
    eventually(lambda: ada.get("/api/posts/feed/me").status == 200, what="the gateway's way back to the service")
    eventually(lambda: overview(own_system)["overall_status"] == "healthy")


def test_the_post_service_is_not_ready_without_the_user_service(own_system):
    def ready(name: str) -> int:
        wire = Wire(own_system[name].port)
        try:
            return wire.send("GET", "/health/ready").status
        except OSError:
            return 0
        finally:
            wire.close()
    assert (ready("post"), ready("user")) == (200, 200)
    own_system["user"].kill()
    eventually(lambda: ready("post") == 503)
    own_system["user"].start()
    eventually(lambda: ready("post") == 200)
    own_system["post"].kill()
    assert ready("user") == 200    # it can do without


def overview(system) -> dict:
    wire = Wire(system["gateway"].port)
    try:
        return wire.send("GET", "/health/services").json
    finally:
        wire.close()
