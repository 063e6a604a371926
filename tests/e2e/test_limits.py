"""A limit held for a while against clients that ask as fast as they can. `./grover test --all` holds it for two minutes, and asks
that it gives what it promises, too; the plain run is short and only asks that it never gives more."""

import os
import threading
import time

import pytest

from processes import Process, free_ports
from wire import Wire

LONG = "GROVER_ALL" in os.environ
SECONDS = 120 if LONG else 2
PER_SECOND, BURST = 200, 200    # the burst bridges a second in which the clients themselves are held up
CLIENTS = 4

CONFIGURATION = f"""
rate_limits:
  limits:
    tight: {{by: [ip, route], quota: {PER_SECOND}, window: 1s, burst: {BURST}}}
  everywhere: []
routes:
  - {{path: /api/tight/**, limits: [tight], answer: {{status: 200}}}}
  - {{path: /api/free/**, answer: {{status: 200}}}}
"""


@pytest.fixture
def gateway(tmp_path):
    file = tmp_path / "limits.yaml"
    file.write_text(CONFIGURATION)
    port, = free_ports(1)
    process = Process("gateway", port, tmp_path, {"GATEWAY_CONFIG": str(file)})
    process.start()
    process.wait_ready()
    yield process
    process.terminate()


class Client(threading.Thread):
    """Asks until the time is over, without a pause."""

    def __init__(self, port: int, until: float):
        super().__init__()
        self.wire, self.until = Wire(port), until
        self.taken: list[float] = []    # when each good answer was there
        self.refused = []

    def run(self) -> None:
        while time.monotonic() < self.until:
            reply = self.wire.send("GET", "/api/tight/x")
            if reply.status == 200:
                self.taken.append(time.monotonic())
            else:
                self.refused.append(reply)
        self.wire.close()


def test_a_limit_gives_what_it_promises_and_no_more(gateway):
    begin = time.monotonic()
    clients = [Client(gateway.port, begin + SECONDS) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    end = time.monotonic()
    taken = sorted(moment for client in clients for moment in client.taken)
    assert len(taken) <= BURST + PER_SECOND * (end - begin)
    refused = [reply for client in clients for reply in client.refused]
    assert refused and {reply.status for reply in refused} == {429}
    assert all(int(reply.header("Retry-After")) >= 1 and reply.header("RateLimit") and reply.header("RateLimit-Policy") for reply in refused)
    if LONG:
        assert len(taken) - BURST >= 0.99 * PER_SECOND * (taken[-1] - taken[0]), len(taken)


def test_who_waits_as_told_is_let_in(gateway):
    wire = Wire(gateway.port)
    refused = next(reply for reply in iter(lambda: wire.send("GET", "/api/tight/x"), None) if reply.status != 200)
    assert refused.status == 429 and refused.header("Content-Type") == "application/problem+json"
    assert wire.send("GET", "/api/free/x").status == 200
    threading.Event().wait(int(refused.header("Retry-After")))    # not a guess: what the gateway asked for
    assert wire.send("GET", "/api/tight/x").status == 200
    wire.close()
