"""What ./grover new-service copies is a service that works: tools/template/sample, beside the real ones."""

import json

import pytest

from processes import BIN, PROGRAMS, Process, free_ports, mongo
from wire import Wire

PROGRAM = "grover-sample-service"


@pytest.fixture
def direct() -> bool:
    return False


@pytest.fixture
def sample(system, tmp_path, monkeypatch):
    if not (BIN / PROGRAM).exists():
        pytest.skip(f"{PROGRAM} is not built")
    monkeypatch.setitem(PROGRAMS, "sample", PROGRAM)
    users = {"USER_SERVICE_URL": f"http://127.0.0.1:{system['user'].port}"}
    process = Process("sample", free_ports(1)[0], tmp_path, users | mongo("sample"))
    process.start()
    try:
        process.wait_ready()
        wire = Wire(process.port)
        yield wire
        wire.close()
    finally:
        process.terminate()


def test_a_token_is_good_there_without_the_gateway(people, sample):
    login = {"Authorization": f"Bearer {people('Ada').token}", "Content-Type": "application/json"}
    made = sample.send("POST", "/api/samples", json.dumps({"text": "first"}).encode(), login)
    assert made.status == 201, made.body
    assert [one["text"] for one in sample.send("GET", "/api/samples", None, login).json] == ["first"]
    for wrong in ({}, {"Authorization": "Bearer nobodys"}):
        assert sample.send("GET", "/api/samples", None, wrong).status == 401
