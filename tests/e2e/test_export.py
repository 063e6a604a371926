"""GET /api/users/me/export: all of one's data, however much, in one document."""

import json
import select
import socket
import threading
import time

from api import Person
from shapes import problem
from wire import TIMEOUT_S

LONGEST = "\U0001F426" * 10_000    # 40 KB
TWINS = 4
POSTS_EACH = 430    # 69 MB: more than one answer between services may have


def collections(document: dict) -> dict:
    (one,) = document["services"]
    assert one["service"] == "post-service"
    return one["data"]


def test_everything_is_in_it(people):
    ada, ben, eve = people("Ada"), people("Ben"), people("Eve")
    ada.follow(ben)
    ben.follow(ada)
    eve.follow(ada)
    ada.ok("POST", f"/api/users/{eve.id}/block")
    ada.ok("POST", f"/api/users/{ben.id}/mute")
    mine, theirs = ada.publish("mine #tag")["post_id"], ben.publish("theirs")["post_id"]
    comment = ada.comment(theirs, "by me")
    ben.comment(mine, "not by me")
    ada.ok("POST", f"/api/posts/{theirs}/like")
    ada.ok("POST", f"/api/comments/{comment}/like")
    ben.publish("see", tagged_users=[ada.id])
    reply = ada.get("/api/users/me/export")
    assert reply.status == 200 and reply.header("Content-Type") == "application/json"
    document = reply.json
    assert document["user"] == ada.ok("GET", "/api/users/me")
    assert [len(document[name]) for name in ("identities", "sessions", "following", "followers", "requested")] == [0, 1, 1, 1, 0]
    assert [one["user_id"] for one in document["blocked"] + document["muted"]] == [eve.id, ben.id]
    data = collections(document)
    assert [one["content"] for one in data["posts"]] == ["mine #tag"]
    assert [one["content"] for one in data["comments"]] == ["by me"]
    assert {name: len(documents) for name, documents in data.items()} == {
        "posts": 1, "comments": 1, "engagements": 1, "comment_likes": 1, "mentions": 1}


def test_of_somebody_who_has_done_nothing(people):
    data = collections(people().ok("GET", "/api/users/me/export"))
    assert data == {"posts": [], "comments": [], "engagements": [], "comment_likes": [], "mentions": []}


def test_it_is_ones_own(people, nobody):
    problem(nobody.get("/api/users/me/export"), 401)
    problem(nobody.get("/api/users/me/export", Authorization="Bearer wrong"), 401)


def test_more_than_fits_in_memory(system):
    ada = Person(system, False)
    body = json.dumps({"content": LONGEST}, ensure_ascii=False).encode()

    def write() -> None:
        twin = ada.nobody()
        twin.token = ada.token
        for _ in range(POSTS_EACH):
            assert twin.send("POST", "/api/posts", body, {"Content-Type": "application/json"}).status == 201
        twin.close()
    threads = [threading.Thread(target=write) for _ in range(TWINS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reply = ada.get("/api/users/me/export")
    assert reply.status == 200 and len(reply.body) > 64 << 20
    posts = collections(reply.json)["posts"]
    assert len({post["post_id"] for post in posts}) == len(posts) == TWINS * POSTS_EACH
    assert all(post["content"] == LONGEST for post in posts)

    # A reader may be slower than a request may take: here one that begins to read when its time is over.
    end = time.monotonic() + 1
    with socket.create_connection(("127.0.0.1", system["gateway"].port), TIMEOUT_S) as slow:
        slow.sendall(f"GET /api/users/me/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ada.token}\r\n"
                     "X-Request-Timeout-Ms: 1000\r\nConnection: close\r\n\r\n".encode())
        heard = slow.recv(1)
        while time.monotonic() < end:
            select.select([], [], [], end - time.monotonic())
        heard += b"".join(iter(lambda: slow.recv(1 << 20), b""))
    assert heard.startswith(b"HTTP/1.1 200") and heard.endswith(b"0\r\n\r\n")
    assert len(heard) > len(reply.body)
