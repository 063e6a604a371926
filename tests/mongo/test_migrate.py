"""Moving an installation's data from the embedded store to the server and back: everything is there, and still works."""

import os
import re
import subprocess

import pytest

from api import PASSWORD, Person
from processes import BIN, PROGRAMS, System
from wire import eventually

SERVICES = ["user", "post"]


def copy(system: System, name: str, direction: str, **settings: str) -> subprocess.CompletedProcess:
    return subprocess.run([BIN / PROGRAMS[name], "--copy-store", direction], env=system[name].environment | settings,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)


def lines(done: subprocess.CompletedProcess) -> dict[str, tuple[int, str]]:
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: (int(count), digest) for name, count, digest in
            re.findall(r"(?m)^\S+\.(\w+): (\d+) documents, sha256 ([0-9a-f]{64})$", done.stdout)}


def picture(system: System, ada: Person, post_id: str) -> list:
    """What people see of it."""
    reader = Person(system, False, "Reader")
    return [reader.ok("GET", f"/api/posts/{post_id}"), ada.pages("/api/posts/me"), ada.ok("GET", "/api/users/me"),
            ada.pages(f"/api/users/{ada.id}/followers"), reader.pages("/api/posts/search/mov"),
            ada.pages(f"/api/posts/{post_id}/comments")]


@pytest.fixture
def house(server, tmp_path, request):
    """On the embedded store; the settings of the server are added by the tests."""
    system = System(tmp_path)
    for name in SERVICES:
        for setting in ("MONGO_URL", "MONGO_HINTS", "MONGO_STANDALONE"):
            system[name].environment.pop(setting, None)
        system[name].environment["DB_NAME"] = f"{request.node.name.partition('[')[0][5:35]}_{server.port}_{name}"
    system.start()
    try:
        yield system
    finally:
        system.stop()


def test_there_and_back(server, house):
    ada, ben = Person(house, False, "Ada"), Person(house, False, "Ben")
    ben.follow(ada)
    made = ada.publish("moving house, #boxes", tags=["boxes"])["post_id"]
    ben.comment(made, "good luck")
    ben.ok("POST", f"/api/posts/{made}/like")
    for number in range(30):
        ada.publish(f"box {number}")
    eventually(lambda: ada.ok("GET", "/api/users/me")["posts_count"] == 31, within=60)
    before = picture(house, ada, made)
    house.stop()

    there = {name: lines(copy(house, name, "sqlite-to-mongo", **server.settings)) for name in SERVICES}
    assert there["post"]["posts"][0] == 31 and there["user"]["users"][0] == 3
    # Again changes nothing: what an interrupted run has copied is not copied twice.
    assert {name: lines(copy(house, name, "sqlite-to-mongo", **server.settings)) for name in SERVICES} == there

    embedded = {name: dict(house[name].environment) for name in SERVICES}
    for name in SERVICES:
        house[name].environment |= server.settings
    house.start()
    assert picture(house, ada, made) == before
    assert ada.ok("POST", "/api/auth/session", {"email": ada.email, "password": PASSWORD})["user_id"] == ada.id
    ben.comment(made, "settled in?")
    after = picture(house, ada, made)
    house.stop()

    for name in SERVICES:
        house[name].environment = embedded[name] | {"DATA_DIR": embedded[name]["DATA_DIR"] + "-back"}
        back = lines(copy(house, name, "mongo-to-sqlite", **server.settings))
        assert back.keys() == there[name].keys()
    house.start()
    assert picture(house, ada, made) == after


def test_a_target_that_holds_something_else_is_refused(server, house):
    ada = Person(house, False, "Ada")
    house.stop()
    settings = server.settings | {"DB_NAME": house["user"].environment["DB_NAME"] + "_other"}
    house["user"].environment |= settings
    house.start()
    Person(house, False, "Somebody else")
    house.stop()
    house["user"].environment["DB_NAME"] = house["user"].environment["DB_NAME"].removesuffix("_other")
    source = house["user"].environment["DATA_DIR"] + "/" + house["user"].environment["DB_NAME"]
    target = settings["DB_NAME"]
    # The folder of the embedded store is named as the database: a second name for the same folder.
    os.rename(source, house["user"].environment["DATA_DIR"] + "/" + target)
    done = copy(house, "user", "sqlite-to-mongo", **settings)
    assert done.returncode != 0 and len(done.stderr.splitlines()) == 1, done.stderr
    assert "differs" in done.stderr
    assert ada.email not in done.stderr


@pytest.mark.parametrize("direction", ["", "mongo", "sqlite-to-sqlite", "SQLITE-TO-MONGO"])
def test_only_two_directions(server, house, direction):
    house.stop()
    done = copy(house, "post", direction, **server.settings)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done.stderr


def test_a_source_that_is_not_there(server, house):
    house.stop()
    elsewhere = house["user"].environment["DATA_DIR"] + "-elsewhere"
    done = copy(house, "user", "sqlite-to-mongo", **server.settings, DATA_DIR=elsewhere)
    assert done.returncode == 2 and "no embedded store" in done.stderr, done.stdout + done.stderr
    assert not os.path.exists(elsewhere)


def test_without_a_server_to_move_to(house):
    house.stop()
    done = copy(house, "user", "sqlite-to-mongo")
    assert done.returncode == 2 and "MONGO_URL" in done.stderr
