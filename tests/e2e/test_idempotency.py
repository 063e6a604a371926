"""Idempotency-Key: once applied, replayed for ever after, also across a crash."""

import threading

import pytest

from api import PASSWORD, Person
from shapes import problem

REPLAYED = "Idempotent-Replayed"


def test_a_repeat_replays_the_first_reply(people):
    ada = people()
    first = ada.post("/api/posts/", {"content": "once"}, Idempotency_Key="k1")
    again = ada.post("/api/posts/", {"content": "once"}, Idempotency_Key="k1")
    assert first.status == again.status == 201
    assert first.body == again.body
    assert first.header("Location") == again.header("Location")
    assert first.header(REPLAYED) is None and again.header(REPLAYED) == "true"
    assert first.header("X-Request-ID") != again.header("X-Request-ID")
    assert len(ada.pages("/api/posts/me")) == 1


def test_another_request_under_the_same_key_is_422(people):
    ada = people()
    ada.post("/api/posts/", {"content": "once"}, Idempotency_Key="k1")
    problem(ada.post("/api/posts/", {"content": "twice"}, Idempotency_Key="k1"), 422)
    problem(ada.put("/api/posts/x", {"content": "once"}, Idempotency_Key="k1"), 422)
    assert [post["content"] for post in ada.pages("/api/posts/me")] == ["once"]


def test_keys_of_different_people_are_different(people):
    ada, ben = people("Ada"), people("Ben")
    replies = [person.post("/api/posts/", {"content": "mine"}, Idempotency_Key="same") for person in (ada, ben)]
    assert [reply.status for reply in replies] == [201, 201]
    assert replies[0].json["post_id"] != replies[1].json["post_id"]
    assert all(reply.header(REPLAYED) is None for reply in replies)


def test_a_refused_request_leaves_its_key_free(people):
    ada = people()
    problem(ada.post("/api/posts/", {"content": 5}, Idempotency_Key="k1"), 422)
    assert ada.post("/api/posts/", {"content": "good"}, Idempotency_Key="k1").status == 201


def test_strangers_do_not_share_their_keys(nobody):
    bodies = [{"email": f"{name}-{nobody.direct}@example.com", "password": PASSWORD, "name": name} for name in ("ada", "ben")]
    first, other, again = (nobody.post("/api/auth/register", body, Idempotency_Key="1") for body in [*bodies, bodies[0]])
    assert [first.status, other.status, again.status] == [201, 201, 201]
    assert again.body == first.body and again.header(REPLAYED) == "true"
    assert other.header(REPLAYED) is None and other.json["email"] == bodies[1]["email"]


@pytest.mark.parametrize("method,path,body", [
    ("POST", "like", None), ("POST", "react", {"reaction_type": "love"}), ("POST", "save", None), ("POST", "share", None),
    ("POST", "comments", {"content": "c"}), ("POST", "repost", {}), ("PUT", "", {"content": "changed"}), ("DELETE", "", None)])
def test_every_unsafe_method_honours_the_key(people, method, path, body):
    ada, ben = people("Ada"), people("Ben")
    post_id = ada.publish()["post_id"]
    caller = ada if path == "" else ben
    target = f"/api/posts/{post_id}/{path}".rstrip("/")
    first = caller.call(method, target, body, Idempotency_Key="k")
    again = caller.call(method, target, body, Idempotency_Key="k")
    assert 200 <= first.status < 300, first
    assert (again.status, again.body) == (first.status, first.body)
    assert again.header(REPLAYED) == "true"


def test_registration_is_replayed_with_its_token(nobody):
    email = f"idem-{nobody.direct}@example.com"
    body = {"email": email, "password": PASSWORD, "name": "Ada"}
    first = nobody.post("/api/auth/register", body, Idempotency_Key=email)
    again = nobody.post("/api/auth/register", body, Idempotency_Key=email)
    assert first.status == again.status == 201 and first.body == again.body
    assert nobody.get("/api/auth/me", Authorization=f"Bearer {again.json['session_token']}").status == 200


def at_once(count: int, call) -> list:
    """`count` calls that start together, each on a connection of its own."""
    barrier, results, lock = threading.Barrier(count), [], threading.Lock()

    def one(number):
        barrier.wait()
        result = call(number)
        with lock:
            results.append(result)
    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def same_person(ada: Person):
    """The same caller on connections of its own."""
    twin = ada.nobody()
    twin.token = ada.token
    return twin


def test_requests_at_the_same_time_have_one_effect(people):
    ada = people()

    def call(_number):
        twin = same_person(ada)
        reply = twin.post("/api/posts/", {"content": "once"}, Idempotency_Key="race")
        twin.close()
        return reply
    replies = at_once(16, call)
    assert {reply.status for reply in replies} <= {201, 409}
    made = [reply for reply in replies if reply.status == 201]
    assert len({reply.body for reply in made}) == 1
    assert len([reply for reply in made if reply.header(REPLAYED) is None]) == 1
    for reply in replies:
        if reply.status == 409:
            problem(reply, 409)
    assert len(ada.pages("/api/posts/me")) == 1


def test_the_record_survives_a_crash(own_system):
    ada = Person(own_system, direct=False)
    first = ada.post("/api/posts/", {"content": "once"}, Idempotency_Key="k1")
    own_system["post"].kill()
    own_system["post"].start()
    own_system["post"].wait_ready()
    again = ada.post("/api/posts/", {"content": "once"}, Idempotency_Key="k1")
    assert again.status == 201, again
    assert again.body == first.body and again.header(REPLAYED) == "true"
    problem(ada.post("/api/posts/", {"content": "other"}, Idempotency_Key="k1"), 422)


# ---- Idempotent without a key ---------------------------------------------------------------------------------------

def test_follow_like_react_and_save_are_idempotent_by_themselves(people):
    ada, ben = people("Ada"), people("Ben")
    post = f"/api/posts/{ben.publish()['post_id']}"
    assert [ada.ok("POST", f"/api/users/{ben.id}/follow")["status"] for _ in range(2)] == ["followed", "already_following"]
    assert [ada.ok("DELETE", f"/api/users/{ben.id}/follow")["status"] for _ in range(2)] == ["unfollowed", "not_following"]
    assert [ada.ok("POST", f"{post}/like")["status"] for _ in range(2)] == ["liked", "already_liked"]
    assert [ada.ok("DELETE", f"{post}/like")["status"] for _ in range(2)] == ["unliked", "not_liked"]
    assert [ada.ok("POST", f"{post}/save")["status"] for _ in range(2)] == ["saved", "already_saved"]
    assert [ada.ok("DELETE", f"{post}/save")["status"] for _ in range(2)] == ["unsaved", "not_saved"]
    love = {"reaction_type": "love"}
    assert [ada.ok("POST", f"{post}/react", love)["reaction_counts"]["love"] for _ in range(2)] == [1, 1]
    assert [ada.ok("DELETE", f"{post}/react")["status"] for _ in range(2)] == ["removed", "no_reaction"]
    problem(ada.post(f"{post}/repost", {}) and ada.post(f"{post}/repost", {}), 409)


def test_counters_add_up_under_concurrency(people):
    ben = people("Ben")
    fans = [people(f"Fan {n}") for n in range(8)]
    post = f"/api/posts/{ben.publish()['post_id']}"
    at_once(8, lambda n: [fans[n].ok("POST", f"{post}/like"), fans[n].ok("POST", f"/api/users/{ben.id}/follow"),
                          fans[n].ok("POST", f"{post}/react", {"reaction_type": "wow"}), fans[n].comment(post[11:])])
    seen = ben.ok("GET", post)
    assert seen["likes_count"] == seen["comments_count"] == seen["reaction_counts"]["wow"] == 8
    assert ben.ok("GET", "/api/users/me")["followers_count"] == 8
    at_once(8, lambda n: [fans[n].ok("DELETE", f"{post}/like"), fans[n].ok("DELETE", f"/api/users/{ben.id}/follow"),
                          fans[n].ok("POST", f"{post}/react", {"reaction_type": "sad"})])
    seen = ben.ok("GET", post)
    assert seen["likes_count"] == 0 and seen["reaction_counts"].get("wow", 0) == 0 and seen["reaction_counts"]["sad"] == 8
    assert ben.ok("GET", "/api/users/me")["followers_count"] == 0


def test_a_like_and_a_dislike_exclude_each_other(people):
    ada, ben = people("Ada"), people("Ben")
    post = f"/api/posts/{ben.publish()['post_id']}"
    ada.ok("POST", f"{post}/like")
    ada.ok("POST", f"{post}/dislike")
    seen = ada.ok("GET", post)
    assert (seen["likes_count"], seen["dislikes_count"], seen["liked"], seen["disliked"]) == (0, 1, False, True)
    ada.ok("POST", f"{post}/like")
    seen = ada.ok("GET", post)
    assert (seen["likes_count"], seen["dislikes_count"], seen["liked"], seen["disliked"]) == (1, 0, True, False)
