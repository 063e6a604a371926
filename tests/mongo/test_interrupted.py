"""kill -9 at the worst moment, chosen by a gate before the server: in the middle of a copy, in either direction, and between
the statements of a transaction. Nothing is half there afterwards, or whoever finds the half says so.
"""

import subprocess
import threading

import pytest

import gate as wire_gate
from api import Person
from gate import Gate
from processes import BIN, PROGRAMS, Process, System
from test_crash import insist
from test_migrate import SERVICES, copy, house, lines, picture  # noqa: F401  (house: a fixture)
from wire import eventually

POSTS = 620    # more than the 500 of a page
AGAIN_S = 30.0


@pytest.fixture
def gate(server):
    running = Gate(server.port)
    yield running
    running.close()


def fill(system: System) -> tuple[Person, str]:
    ada, ben = Person(system, False, "Ada"), Person(system, False, "Ben")
    ben.follow(ada)
    made = ada.publish("moving house, #boxes", tags=["boxes"])["post_id"]
    ben.comment(made, "good luck")
    for number in range(POSTS):
        ada.publish(f"box {number}")
    eventually(lambda: ada.ok("GET", "/api/users/me")["posts_count"] == POSTS + 1, within=60)
    return ada, made


def copy_until_killed(process: Process, direction: str, gate: Gate, **settings: str) -> None:
    """Ends the copying program while it waits for what the gate holds."""
    child = subprocess.Popen([BIN / PROGRAMS[process.name], "--copy-store", direction],
                             env=process.environment | settings | {"MONGO_URL": gate.url},
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        gate.wait_held()
    finally:
        child.kill()
        child.wait()


def start_refused(process: Process) -> str:
    done = subprocess.run([BIN / PROGRAMS[process.name]], env=process.environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    line, = done.stderr.splitlines()
    return line


def copy_again(system: System, name: str, direction: str, **settings: str) -> dict[str, tuple[int, str]]:
    """What was killed may hold its transaction for a while."""
    results = []

    def goes_through() -> bool:
        results.append(copy(system, name, direction, **settings))
        return results[-1].returncode == 0

    eventually(goes_through, within=AGAIN_S)
    return lines(results[-1])


def counted(server, database: str, collection: str) -> int:
    return int(server.ask(f"c['{database}']['{collection}'].count_documents({{}})"))


def test_copies_that_were_killed_go_on(server, house, gate):    # noqa: F811
    ada, made = fill(house)
    before = picture(house, ada, made)
    house.stop()
    post = house["post"]
    database = post.environment["DB_NAME"]

    # There: the second page of posts is written, and not committed.
    gate.hold(wire_gate.ends_transaction(), after=1)
    copy_until_killed(post, "sqlite-to-mongo", gate, **server.settings)
    embedded = dict(post.environment)
    post.environment |= server.settings
    assert f"{database} is half of a copy" in start_refused(post)
    assert 0 < counted(server, database, "posts") < POSTS + 1
    back = copy(house, "post", "mongo-to-sqlite", DATA_DIR=embedded["DATA_DIR"] + "-none")
    assert back.returncode == 1 and "half of a copy" in back.stderr    # The half is no source either.

    post.environment = dict(embedded)
    there = {name: copy_again(house, name, "sqlite-to-mongo", **server.settings) for name in SERVICES}
    assert there["post"]["posts"][0] == POSTS + 1
    house.start()    # The source is as it was.
    assert picture(house, ada, made) == before
    house.stop()
    for name in SERVICES:
        house[name].environment |= server.settings
    house.start()
    assert picture(house, ada, made) == before
    house.stop()

    # And back: the first page of posts is in the file.
    post.environment = embedded | server.settings | {"DATA_DIR": embedded["DATA_DIR"] + "-back"}
    gate.hold(wire_gate.reads("posts"), after=1)
    copy_until_killed(post, "mongo-to-sqlite", gate)
    served = dict(post.environment)
    for setting in ("MONGO_URL", "MONGO_HINTS"):
        post.environment.pop(setting, None)
    assert "is half of a copy" in start_refused(post)
    post.environment = served
    assert copy_again(house, "post", "mongo-to-sqlite") == lines(copy(house, "post", "mongo-to-sqlite"))
    house.start()    # The source is as it was.
    assert picture(house, ada, made) == before
    house.stop()
    for setting in ("MONGO_URL", "MONGO_HINTS"):
        post.environment.pop(setting, None)
    house.start()
    assert picture(house, ada, made) == before


def test_a_target_that_went_on_living_is_not_overwritten(server, house):    # noqa: F811
    ada = Person(house, False, "Ada")
    house.stop()
    for name in SERVICES:
        lines(copy(house, name, "sqlite-to-mongo", **server.settings))
        house[name].environment |= server.settings
    house.start()
    ada.ok("PUT", "/api/users/me", {"bio": "moved in"})
    house.stop()
    done = copy(house, "user", "sqlite-to-mongo")
    assert done.returncode == 1 and "differs" in done.stderr, done.stdout + done.stderr
    house.start()
    assert ada.ok("GET", "/api/users/me")["bio"] == "moved in"


@pytest.mark.parametrize("moment", [wire_gate.goes_on_with_transaction, wire_gate.ends_transaction],
                         ids=["between_statements", "before_the_commit"])
def test_killed_inside_a_transaction(server, system, gate, moment):
    ada = Person(system, False, "Ada")
    ada.publish("the first")
    post = system["post"]
    database = post.environment["DB_NAME"]
    eventually(lambda: ada.ok("GET", "/api/users/me")["posts_count"] == 1, within=60)
    post.terminate()
    direct = dict(post.environment)
    post.environment |= {"MONGO_URL": gate.url}
    post.start()
    post.wait_ready()

    collections = ("posts", "post_tags", "outbox", "idempotency")
    before = {name: counted(server, database, name) for name in collections}
    wanted = {"content": "the second #boxes", "tags": ["boxes"]}
    gate.hold(moment(b"the second"))
    made = []
    writer = threading.Thread(target=lambda: made.append(
        insist(ada, "POST", "/api/posts/", wanted, Idempotency_Key="second")))
    writer.start()
    gate.wait_held()
    post.kill()
    # Nothing of it, as soon as the server has ended what nobody will.
    assert {name: counted(server, database, name) for name in collections} == before
    post.environment = direct
    post.start()
    post.wait_ready()
    writer.join()
    assert ada.ok("GET", f"/api/posts/{made[0]['post_id']}")["content"] == wanted["content"]
    assert [one["content"] for one in ada.pages("/api/posts/me")] == ["the second #boxes", "the first"]
    assert counted(server, database, "posts") == before["posts"] + 1
    again = ada.ok("POST", "/api/posts/", wanted, Idempotency_Key="second")
    assert again == made[0]
    eventually(lambda: ada.ok("GET", "/api/users/me")["posts_count"] == 2, within=60)
