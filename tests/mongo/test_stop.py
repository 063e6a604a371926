"""A service that is asked to end does so whatever the server does: while it starts, and with requests under way."""

import re
import signal
import threading

import pytest

import gate as wire_gate
from api import Person
from gate import Gate
from processes import System
from wire import Wire, eventually

REQUESTS = 24
CONNECTIONS = 2    # so that most requests wait for one


@pytest.fixture
def gate(server):
    running = Gate(server.port)
    yield running
    running.close()


@pytest.mark.parametrize("where", [wire_gate.anything, wire_gate.makes_indexes], ids=["hello", "indexes"])
@pytest.mark.parametrize("name", ["user", "post"])
def test_a_start_that_waits_for_the_server_can_be_ended(server, gate, tmp_path, name, where):
    """Indexes are waited for as long as they take, so nothing else ends it."""
    process = System(tmp_path, **server.settings | {"MONGO_URL": gate.url})[name]
    process.environment["DB_NAME"] = f"start_{where.__name__}_{name}"
    gate.hold_all(where)
    process.start()
    gate.wait_held()
    assert process.terminate() == -signal.SIGTERM
    assert "draining" not in process.log()    # it did not serve yet


def connections(port: int) -> int:
    text = Wire(port).send("GET", "/metrics").body.decode()
    return int(re.search(r"^http_connections_open (\d+)", text, re.M)[1])


@pytest.mark.parametrize("stops", ["post", "user"])
def test_requests_under_way_do_not_keep_a_service(server, tmp_path, stops):
    """More of them than there are connections, reads and writes, while the server hangs."""
    system = System(tmp_path, **server.settings, MONGO_CONNECTIONS=str(CONNECTIONS))
    for name, process in system.processes.items():
        process.environment["DB_NAME"] = f"stop_{stops}_{name}"
    system.start()
    try:
        ada = Person(system, True, "Ada")
        post_id = ada.publish("hello")["post_id"]
        asked = [("GET", f"/api/posts/{post_id}", None), ("POST", "/api/posts", b'{"content": "more"}')] if stops == "post" \
            else [("GET", f"/api/users/{ada.id}", None), ("PUT", "/api/users/me", b'{"name": "Ada L."}')]
        statuses: list[int | None] = []

        def ask(wire: Wire, method: str, target: str, body: bytes | None) -> None:
            try:
                statuses.append(wire.send(method, target, body, {"Authorization": f"Bearer {ada.token}", "Content-Type": "application/json"}).status)
            except OSError:
                statuses.append(None)

        server.send_signal(signal.SIGSTOP)
        threads = [threading.Thread(target=ask, args=(Wire(system[stops].port), *asked[n % 2])) for n in range(REQUESTS)]
        for thread in threads:
            thread.start()
        eventually(lambda: connections(system[stops].port) > REQUESTS)    # the question has one, too
        assert system[stops].terminate() == 0
        for thread in threads:
            thread.join()
        assert len(statuses) == REQUESTS and set(statuses) <= {503, 504}
    finally:
        server.send_signal(signal.SIGCONT)
        system.stop()
