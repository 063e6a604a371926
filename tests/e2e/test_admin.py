"""The gateway's admin API on the real process: what it changes takes effect, and draining ends the process well."""

import json

import pytest

from api import Person
from conftest import start_system
from processes import EXIT_S
from wire import Wire, eventually


@pytest.fixture
def administered(tmp_path):
    for system in start_system(tmp_path, ADMIN_PORT="0"):
        lines = [json.loads(line) for line in system["gateway"].log().splitlines()]
        wire = Wire(next(line["port"] for line in lines if line["message"] == "also listening"))
        yield system, wire
        wire.close()


def put(wire: Wire, target: str, value):
    return wire.send("PUT", target, json.dumps(value).encode(), {"Content-Type": "application/json"})


def test_the_log_level_changes_at_once(administered):
    system, admin = administered
    gateway = system["gateway"]
    assert put(admin, "/admin/log-level", {"level": "error"}).status == 200
    before = len(gateway.log())
    person = Person(system, False)
    person.close()
    assert put(admin, "/admin/log-level", {"level": "info"}).status == 200
    person = Person(system, False)
    eventually(lambda: '"route":"/api/auth/register"' in gateway.log()[before:])
    assert gateway.log()[before:].count('"route":"/api/auth/register"') == 1
    person.close()


def test_routes_name_the_shipped_file(administered):
    _, admin = administered
    configuration = admin.send("GET", "/admin/configuration").json
    assert configuration["version"] == 1 and configuration["file"].endswith("share/gateway/gateway.yaml")
    routes = {route["path"]: route for route in admin.send("GET", "/admin/routes").json}
    assert "login" in routes["/api/auth/session"]["limits"] or admin.send("GET", "/admin/limits").json["enabled"] is False
    assert len(routes["/api/composed/profile/{user_id}"]["parts"]) == 3


def test_draining_ends_the_process(administered):
    system, admin = administered
    gateway = system["gateway"]
    assert admin.send("POST", "/admin/drain").status == 202
    assert gateway.child.wait(EXIT_S) == 0
    assert '"message":"asked to drain"' in gateway.log() and '"message":"stopped"' in gateway.log()


@pytest.mark.parametrize("method,target,status", [
    ("GET", "/api/posts/feed/me", 401), ("GET", "/api/media/x", 503), ("PUT", "/api/auth/register", 405),
    ("GET", "/api/users/me", 401), ("GET", "/api/nothing", 404), ("GET", "/api//nothing", 400)])
def test_a_request_that_the_gateway_answers_itself_is_logged_once(administered, method, target, status):
    system, _ = administered
    gateway, person = system["gateway"], Person(system, False)
    probe = f"probe-{status}"
    stranger = person.nobody()
    assert stranger.call(method, target, X_Request_ID=probe).status == status
    assert person.get("/api/users/me", X_Request_ID="the-next").status == 200
    eventually(lambda: '"the-next"' in gateway.log())
    lines = [json.loads(line) for line in gateway.log().splitlines() if f'"{probe}"' in line]
    assert [(line["method"], line["status"]) for line in lines] == [(method, status)]
    assert lines[0]["trace_id"] and lines[0]["us"] >= 0
    assert lines[0]["peer"] == "127.0.0.1", "who it was is in every line, whoever answered"
    person.close()
