"""/api/composed/profile/{user_id}: profile, stats and newest posts in one answer, whole or in part."""

import re
import subprocess

import pytest

from api import Api, Person
from processes import BIN, PROGRAMS
from wire import eventually


@pytest.fixture
def direct() -> bool:
    return False    # only the gateway composes


def composed(asker: Api, user_id: str):
    return asker.get(f"/api/composed/profile/{user_id}")


def test_the_parts_are_what_their_services_say(people):
    ada, ben = people("Ada"), people("Ben")
    first, second = (ada.publish(text)["post_id"] for text in ("first", "second"))
    ben.follow(ada)
    eventually(lambda: ada.ok("GET", f"/api/users/{ada.id}/stats")["posts_count"] == 2)
    for asker in (ada, ben, ben.nobody()):
        reply = composed(asker, ada.id)
        assert reply.status == 200 and reply.header("Cache-Control") == "no-store"
        parts = reply.json
        assert parts["profile"] == asker.ok("GET", f"/api/users/{ada.id}")
        assert parts["stats"] == asker.ok("GET", f"/api/users/{ada.id}/stats")
        assert parts["posts"] == asker.ok("GET", f"/api/users/{ada.id}/posts?limit=10")
        assert [post["post_id"] for post in parts["posts"]] == [second, first]
        assert parts["partial"] == []
    assert composed(ben, ada.id).json["profile"]["is_following"] is True
    assert ben.get(f"/api/v1/composed/profile/{ada.id}/").json == composed(ben, ada.id).json


def test_it_is_documented_and_its_line_is_known(system):
    item = eventually(lambda: Api(system, False).get("/openapi.json").json["paths"]["/api/composed/profile/{user_id}"])
    assert item["get"]["parameters"][0]["name"] == "user_id"
    asked = subprocess.run([BIN / PROGRAMS["gateway"], "--where", "GET", "/api/v1/composed/profile/x?y"], text=True,
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert re.fullmatch(r"GET /api/composed/profile/\{user_id\} .*gateway\.yaml:\d+ Composed of posts, profile, stats\n",
                        asked.stdout), asked
    other = subprocess.run([BIN / PROGRAMS["gateway"], "--where", "GET", "/api/posts"], text=True,
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert (other.returncode, other.stdout) == (1, "no route\n")


def test_nobody_sees_more_than_by_asking_each_service(people):
    shy, stranger = people("Shy"), people("Stranger")
    shy.ok("PUT", "/api/users/me", {"is_private": True})
    shy.publish("for followers")
    parts = composed(stranger, shy.id).json
    asked = stranger.get(f"/api/users/{shy.id}/posts?limit=10")
    assert parts["posts"] == (asked.json if asked.status == 200 else [])
    assert not any("for followers" in post["content"] for post in parts["posts"])


@pytest.mark.parametrize("user_id, status", [("user_nobody", 404), ("a%20b", 404), ("..", 400), ("%2e%2e", 400), ("a%2fb", 400)])
def test_without_a_profile_there_is_no_answer(nobody, user_id, status):
    reply = composed(nobody, user_id)
    assert reply.status == status and reply.json["code"].endswith("not_found" if status == 404 else "malformed_request")


def test_other_methods_are_refused(nobody):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        reply = nobody.call(method, "/api/composed/profile/user_1")
        assert reply.status == 405 and reply.header("Allow") == "GET, HEAD"


def test_a_bad_token_is_refused(system):
    bad = Api(system, False, token="wrong")
    assert composed(bad, "user_1").status == 401
    bad.close()


def test_without_the_post_service_the_rest_is_answered(own_system):
    ada = Person(own_system, False)
    own_system["post"].kill()
    parts = composed(ada, ada.id).json
    assert parts["profile"]["user_id"] == ada.id and parts["posts"] == [] and parts["partial"] == ["posts"]
    own_system["post"].start()
    own_system["post"].wait_ready()
    ada.close()
