"""The server dies or hangs under load: services stay up and say 503 with Retry-After (or 504 at the deadline), what was
acknowledged is there afterwards, and nobody has to start anything again.
"""

import random
import signal
import threading
import time

import pytest

from api import Person
from test_crash import WRITERS, Writer, check, counters_agree
from wire import Wire, eventually

DOWN_S = 2.0
HANG_S = 5.0
ANSWER_S = 10.0    # of any request, whatever the server does

pytestmark = pytest.mark.parametrize("server", [False, True], ids=["clear", "tls"], indirect=True, scope="module")


class Probe(threading.Thread):
    """One reader after the other, each by a connection of its own; every answer with its time."""

    def __init__(self, port: int, target: str, token: str | None = None):
        super().__init__()
        self.port, self.target, self.token, self.ended = port, target, token, threading.Event()
        self.answers: list[tuple[float, float, int, str | None]] = []    # when asked, how long, status, Retry-After
        self.trouble: BaseException | None = None

    def run(self):
        while not self.ended.wait(0.05):
            wire, began = Wire(self.port, timeout=ANSWER_S), time.monotonic()
            try:
                reply = wire.send("GET", self.target, None, {"Authorization": f"Bearer {self.token}"} if self.token else None)
                self.answers.append((began, time.monotonic() - began, reply.status, reply.header("Retry-After")))
            except BaseException as error:
                self.trouble = error
                return
            finally:
                wire.close()

    def stop(self):
        self.ended.set()
        self.join()
        if self.trouble:
            raise self.trouble


def pids(system):
    return [process.child.pid for process in system.processes.values() if process.child.poll() is None]


@pytest.mark.parametrize("restart", range(3))
def test_a_server_that_is_killed_under_load_loses_nothing(server, system, restart):
    people = [Person(system, False, f"Writer {n}") for n in range(WRITERS)]
    wall = people[0].publish("the wall")["post_id"]
    before = pids(system)
    stop = threading.Event()
    writers = [Writer(n, f"restart{restart}", person, people, wall, stop) for n, person in enumerate(people)]
    probe = Probe(system["gateway"].port, f"/api/posts/{wall}", people[0].token)
    for thread in [*writers, probe]:
        thread.start()
    try:
        time.sleep(random.Random(restart).uniform(0.3, 1.5))    # the random moment
        server.kill()
        killed = time.monotonic()
        eventually(lambda: any(began > killed and status == 503 for began, _, status, _ in probe.answers), within=30)
        time.sleep(DOWN_S)
        assert Wire(system["post"].port).send("GET", "/health").status == 200
        server.start()
        started = time.monotonic()
        eventually(lambda: any(began > started and status == 200 for began, _, status, _ in probe.answers), within=30)
    finally:
        stop.set()
        probe.stop()
        for writer in writers:
            writer.join()
    for writer in writers:
        if writer.trouble:
            raise writer.trouble
    assert pids(system) == before
    down = [one for one in probe.answers if killed < one[0] < started]
    refused = [one for one in down if one[2] == 503]
    assert all(status in (200, 503, 504) for _, _, status, _ in probe.answers)
    assert all(retry for _, _, _, retry in refused)
    back = next(began + took for began, took, status, _ in probe.answers if began > started and status == 200) - started
    print(f"\nserver down {started - killed:.1f} s: {len(down)} reads, {len(refused)} of them 503, slowest "
          f"{max(took for _, took, _, _ in down):.2f} s; first good answer {back:.2f} s after it listened again")
    check(writers, wall)
    eventually(lambda: counters_agree(people), within=60)


def test_a_server_that_hangs_costs_its_callers_their_time_and_nobody_else(server, system):
    ada = Person(system, False, "Ada")
    post_id = ada.publish("hello")["post_id"]
    on_store = [Probe(system["gateway"].port, f"/api/posts/{post_id}", ada.token) for _ in range(40)]
    elsewhere = [Probe(system[name].port, path)
                 for name, path in (("gateway", "/health"), ("post", "/health"), ("user", "/openapi.json"))]
    for probe in [*on_store, *elsewhere]:
        probe.start()
    try:
        eventually(lambda: all(probe.answers for probe in [*on_store, *elsewhere]), within=30)
        server.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        time.sleep(HANG_S)    # what is tested
        server.send_signal(signal.SIGCONT)
        gone_on = time.monotonic()
        eventually(lambda: all(any(began > gone_on and status == 200 for began, _, status, _ in probe.answers)
                               for probe in on_store), within=30)
    finally:
        server.send_signal(signal.SIGCONT)
        for probe in [*on_store, *elsewhere]:
            probe.stop()
    during = [one for probe in on_store for one in probe.answers if stopped < one[0] < gone_on]
    others = [one for probe in elsewhere for one in probe.answers]
    assert all(status in (200, 503, 504) for _, _, status, _ in during)
    assert all(retry for _, _, status, retry in during if status == 503)
    assert not [(probe.target, *one) for probe in elsewhere for one in probe.answers if one[2] != 200]
    # Whoever asked before it went on was answered by the deadline of a read, and the queue did not grow.
    print(f"\nserver hangs {HANG_S:.0f} s: {len(during)} reads answered, slowest {max(took for _, took, _, _ in during):.2f} s, "
          f"{sum(status == 503 for _, _, status, _ in during)} of them 503, {sum(status == 504 for _, _, status, _ in during)} 504; "
          f"elsewhere slowest of {len(others)}: {max(took for _, took, _, _ in others):.3f} s")
