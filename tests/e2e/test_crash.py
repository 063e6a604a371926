"""kill -9 of each process at random moments under write load: what was acknowledged is there afterwards, nothing twice,
and starting again is all the repair there is.

A round kills each process once. CRASH_ROUNDS sets the number of rounds.
"""

import random
import threading
import time

import pytest

from api import PASSWORD, Api, Person
from processes import PROGRAMS
from wire import eventually

WRITERS = 6
OPERATIONS = 12    # of each writer in a round, at least: they go on until the last process is back
RETRY_S = 60.0


def pytest_generate_tests(metafunc):
    if "crash_round" in metafunc.fixturenames:
        metafunc.parametrize("crash_round", range(metafunc.config.getoption("--crash-rounds")))


def insist(api: Api, method: str, target: str, body=None, **headers: str):
    """The answer's JSON."""
    return insist_reply(api, method, target, body, **headers).json


def insist_reply(api: Api, method: str, target: str, body=None, **headers: str):
    """Asks until it is answered: what a client with an Idempotency-Key may do after a lost connection."""
    end = time.monotonic() + RETRY_S
    while True:
        trouble = "nothing"
        try:
            reply = api.call(method, target, body, **headers)
            if 200 <= reply.status < 300:
                return reply
            assert reply.status in (409, 502, 503, 504), f"{method} {target}: {reply}"
            trouble = str(reply)
        except OSError as error:
            trouble = repr(error)
        except Exception as error:    # http.client has a family of its own for replies that were cut off
            if type(error).__module__ != "http.client":
                raise
            trouble = repr(error)
        api.close()
        api.wires.clear()
        assert time.monotonic() < end, f"{method} {target} was not answered for {RETRY_S} s: {trouble}"
        time.sleep(0.01)


class Writer(threading.Thread):
    """Writes one thing after the other and remembers what was acknowledged."""

    def __init__(self, number: int, run: str, person: Person, friends: list[Person], wall: str, stop: threading.Event):
        super().__init__(name=f"writer {number}")
        self.number, self.run_name, self.person, self.friends, self.wall, self.stop = number, run, person, friends, wall, stop
        self.posts: dict[str, str] = {}     # content -> id
        self.comments: dict[str, str] = {}
        self.liked: set[str] = set()
        self.follows: set[str] = set()
        self.registered: dict[str, str] = {}    # e-mail -> user id
        self.bio = ""
        self.trouble: BaseException | None = None

    def run(self):
        try:
            count = 0
            while count < OPERATIONS or not self.stop.is_set():
                self.operation(count)
                count += 1
        except BaseException as error:
            self.trouble = error

    def operation(self, count: int):
        name = f"{self.run_name}-{self.number}-{count}"
        kind = count % 7
        if kind in (0, 3):
            post = insist(self.person, "POST", "/api/posts/", {"content": name}, Idempotency_Key=name)
            self.posts[name] = post["post_id"]
        elif kind == 1:
            made = insist(self.person, "POST", f"/api/posts/{self.wall}/comments", {"content": name}, Idempotency_Key=name)
            self.comments[name] = made["comment_id"]
        elif kind == 2:
            insist(self.person, "POST", f"/api/posts/{self.wall}/like")
            self.liked.add(self.wall)
        elif kind == 4:
            friend = self.friends[count % len(self.friends)]
            if friend is not self.person:
                insist(self.person, "POST", f"/api/users/{friend.id}/follow")
                self.follows.add(friend.id)
        elif kind == 6:    # The tag has changed by the time of a repeat, which must not be refused for that.
            tag = insist_reply(self.person, "GET", "/api/users/me").header("ETag")
            made = insist(self.person, "PUT", "/api/users/me", {"bio": name}, Idempotency_Key=name, If_Match=tag)
            assert made["bio"] == name
            self.bio = name
        elif count % 2 == 0:
            email = f"{name}@example.com"
            nobody = self.person.nobody()
            made = insist(nobody, "POST", "/api/auth/register", {"email": email, "password": PASSWORD, "name": name},
                          Idempotency_Key=name)
            self.registered[email] = made["user_id"]
            nobody.close()


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """Killed again and again, and never cleaned up in between."""
    from conftest import start_system
    yield from start_system(tmp_path_factory.mktemp("crash"))


def check(writers: list[Writer], wall: str) -> None:
    reader = writers[0].person
    comments = [one["content"] for one in reader.pages(f"/api/posts/{wall}/comments?limit=100")]
    for writer in writers:
        mine = writer.person.pages("/api/posts/me?limit=100")
        by_content = [post["content"] for post in mine]
        for content, post_id in writer.posts.items():
            assert by_content.count(content) == 1, f"{content} is there {by_content.count(content)} times"
            assert post_id in [post["post_id"] for post in mine]
        assert len(by_content) == len(set(by_content))
        for content in writer.comments:
            assert comments.count(content) == 1, f"{content} is there {comments.count(content)} times"
        following = {one["user_id"] for one in writer.person.pages(f"/api/users/{writer.person.id}/following?limit=100")}
        assert writer.follows <= following
        assert writer.person.ok("GET", "/api/users/me")["bio"] == writer.bio
        for email, user_id in writer.registered.items():
            assert reader.ok("POST", "/api/auth/session", {"email": email, "password": PASSWORD})["user_id"] == user_id
    assert len(comments) == len(set(comments))
    seen = reader.ok("GET", f"/api/posts/{wall}")
    assert seen["comments_count"] == len(comments)
    assert seen["likes_count"] == len({writer.person.id for writer in writers if writer.liked})


def counters_agree(people: list[Person]) -> bool:
    """Counters against the lists that they count, those that events bring up to date included."""
    for person in people:
        me = person.ok("GET", "/api/users/me")
        assert me["followers_count"] == len(person.pages(f"/api/users/{person.id}/followers?limit=100"))
        assert me["following_count"] == len(person.pages(f"/api/users/{person.id}/following?limit=100"))
        assert me["posts_count"] == len(person.pages("/api/posts/me?limit=100")), "posts_count"
    return True


def test_acknowledged_writes_survive(system, crash_round):
    dice = random.Random(crash_round)
    people = [Person(system, False, f"Writer {n}") for n in range(WRITERS)]
    wall = people[0].publish("the wall")["post_id"]
    stop = threading.Event()
    writers = [Writer(n, f"round{crash_round}", person, people, wall, stop) for n, person in enumerate(people)]
    for writer in writers:
        writer.start()
    try:
        for name in dice.sample(list(PROGRAMS), len(PROGRAMS)):
            time.sleep(dice.uniform(0.02, 0.4))    # the random moment
            system[name].kill()
            system[name].start()
            system[name].wait_ready()
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    for writer in writers:
        if writer.trouble:
            raise writer.trouble
    check(writers, wall)
    eventually(lambda: counters_agree(people), within=60)
