"""ETag, 304 and 412 on single resources."""

import threading

import pytest

from api import Person
from shapes import problem
from wire import Wire


@pytest.fixture
def ada(people) -> Person:
    return people()


def resources(ada: Person) -> dict[str, tuple[str, dict]]:
    """target -> a change that alters what a GET of it shows."""
    post_id = ada.publish("first")["post_id"]
    return {f"/api/posts/{post_id}": {"content": "second"}, "/api/users/me": {"bio": "second"},
            "/api/users/me/notification-settings": {"notify_likes": False}}


def test_a_get_has_a_strong_etag_that_stays_until_something_changes(ada):
    for target, change in resources(ada).items():
        tag = ada.get(target).header("ETag")
        assert tag and tag.startswith('"') and tag.endswith('"')
        assert ada.get(target).header("ETag") == tag
        ada.ok("PUT", target, change)
        assert ada.get(target).header("ETag") != tag


def test_if_none_match_saves_the_body(ada):
    for target, change in resources(ada).items():
        tag = ada.get(target).header("ETag")
        for value in (tag, f'"x", {tag}', f"W/{tag}", "*"):
            reply = ada.get(target, If_None_Match=value)
            assert reply.status == 304 and not reply.body, (value, reply)
            assert reply.header("ETag") == tag
        for value in ('"x"', tag[1:-1], tag[:-2] + '"', "", "W/"):
            assert ada.get(target, If_None_Match=value).status == 200, value
        ada.ok("PUT", target, change)
        assert ada.get(target, If_None_Match=tag).status == 200


def test_if_match_guards_a_change(ada):
    for target, change in resources(ada).items():
        stale = ada.get(target).header("ETag")
        assert ada.put(target, change, If_Match=stale).status == 200
        other = {key: True if value is False else "third" for key, value in change.items()}
        problem(ada.put(target, other, If_Match=stale), 412)
        for value in ('"nonsense"', '""', '"', ".", stale.partition(".")[0], '"."'):
            problem(ada.put(target, other, If_Match=value), 412)
        assert {key: ada.ok("GET", target)[key] for key in change} == change
        for value in ("*", f'"x", {ada.get(target).header("ETag")}'):
            assert ada.put(target, change, If_Match=value).status == 200


def test_what_others_do_is_no_edit(ada, people):
    """Counts change the tag of a GET; an author who read the text as it still is may change it."""
    ben = people("Ben")
    post_id = ada.publish("first")["post_id"]
    for target, change, deed in ((f"/api/posts/{post_id}", {"content": "second"}, f"/api/posts/{post_id}/like"),
                                 ("/api/users/me", {"bio": "second"}, f"/api/users/{ada.id}/follow")):
        tag = ada.get(target).header("ETag")
        ben.ok("POST", deed)
        assert ada.get(target).header("ETag") != tag
        assert ada.get(target, If_None_Match=tag).status == 200
        assert ada.put(target, change, If_Match=tag).status == 200
        problem(ada.put(target, change, If_Match=tag), 412)


def test_what_has_no_tag_matches_none(ada, people):
    ben = people("Ben")
    post_id = ada.publish()["post_id"]
    ben.ok("POST", f"/api/posts/{post_id}/like")
    for tag in ('"x"', ada.get(f"/api/posts/{post_id}").header("ETag")):
        problem(ben.delete(f"/api/posts/{post_id}/like", If_Match=tag), 412)
    assert ada.ok("GET", f"/api/posts/{post_id}")["likes_count"] == 1
    assert ben.delete(f"/api/posts/{post_id}/like", If_Match="*").status == 200


def test_if_match_guards_the_deletion_of_a_comment(ada, people):
    ben = people("Ben")
    post_id = ada.publish()["post_id"]
    one, other = (ben.ok("POST", f"/api/posts/{post_id}/comments", {"content": "c"})["comment_id"] for _ in range(2))
    tag = ben.get(f"/api/comments/{one}").header("ETag")
    problem(ben.delete(f"/api/comments/{one}", If_Match='"zz"'), 412)
    problem(ben.delete(f"/api/comments/{other}", If_Match=tag), 412)
    ada.ok("POST", f"/api/comments/{one}/like")
    assert ben.delete(f"/api/comments/{one}", If_Match=tag).status == 200
    problem(ben.get(f"/api/comments/{one}"), 404)


def test_if_match_guards_a_deletion(ada):
    post_id = ada.publish()["post_id"]
    stale = ada.get(f"/api/posts/{post_id}").header("ETag")
    ada.ok("PUT", f"/api/posts/{post_id}", {"content": "changed"})
    problem(ada.delete(f"/api/posts/{post_id}", If_Match=stale), 412)
    fresh = ada.get(f"/api/posts/{post_id}").header("ETag")
    assert ada.delete(f"/api/posts/{post_id}", If_Match=fresh).status == 200
    problem(ada.get(f"/api/posts/{post_id}"), 404)


def test_of_two_changes_to_the_same_version_one_wins(ada):
    target = f"/api/posts/{ada.publish()['post_id']}"
    for turn in range(5):
        tag = ada.get(target).header("ETag")
        twins = []
        for _ in range(4):
            twin = ada.nobody()
            twin.token = ada.token
            twins.append(twin)
        statuses = []
        threads = [threading.Thread(target=lambda n=n, twin=twin: statuses.append(
            twin.put(target, {"content": f"{turn}.{n}"}, If_Match=tag).status)) for n, twin in enumerate(twins)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200, 412, 412, 412]


def test_an_unchanged_update_is_200_and_not_an_edit(ada):
    target = f"/api/posts/{ada.publish('same')['post_id']}"
    assert ada.ok("PUT", target, {"content": "same"})["edited"] is False
    assert ada.ok("PUT", target, {"content": "other"})["edited"] is True
    me = ada.ok("GET", "/api/users/me")
    assert ada.put("/api/users/me", {"name": me["name"]}).status == 200


def test_the_tag_is_of_what_the_caller_sees(people):
    ada, ben = people("Ada"), people("Ben")
    target = f"/api/posts/{ada.publish()['post_id']}"
    before = ben.get(target).header("ETag")
    ben.ok("POST", f"{target}/like")
    assert ben.get(target, If_None_Match=before).status == 200


@pytest.mark.parametrize("process", ["gateway", "user", "post"])
@pytest.mark.parametrize("target", ["/openapi.json", "/docs", "/docs/docs.js"])
def test_documents_are_fetched_once(system, process, target):
    wire = Wire(system[process].port)
    if target != "/openapi.json" and b"were not built" in wire.send("GET", "/docs").body:
        pytest.skip("the documentation pages were not built")
    first = wire.send("GET", target)
    tag = first.header("ETag")
    assert first.status == 200 and tag
    again = wire.send("GET", target, headers={"If-None-Match": tag})
    assert again.status == 304 and not again.body and again.header("ETag") == tag
    assert wire.send("GET", target, headers={"If-None-Match": '"x"'}).body == first.body
    wire.close()
