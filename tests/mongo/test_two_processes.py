"""Two user services and two post services on one server, behind one gateway: what must be unique is, what is counted adds up."""

import itertools
import re
import subprocess
import threading
from pathlib import Path

import pytest

from api import PASSWORD, Api, Person
from processes import BIN, PROGRAMS, Process, System, free_ports
from wire import eventually

EACH = 8    # threads that race, half of them at each process
GRAPH = ["--users", "200", "--posts", "3", "--seed", "4"]
CONNECTIONS = "8"    # conflicting transactions hold up all others in SecantusDB


class Twice(System):
    """As System, with a second user and post service; both know each other's first or second."""

    def __init__(self, folder: Path, settings: dict[str, str], place: str):
        super().__init__(folder, **settings)
        user, post = free_ports(2)
        second = {"user": user, "post": post}
        first = {name: self[name].port for name in second}
        for name in second:
            self[name].environment["DB_NAME"] = f"{place}_{name}"
        environment = self["user"].environment | {f"{name.upper()}_SERVICE_URL": f"http://127.0.0.1:{port}"
                                                  for name, port in second.items()}
        for name, port in second.items():
            folder_of = folder / "second"
            folder_of.mkdir(exist_ok=True)
            own = {"PORT": str(port), "DB_NAME": f"{place}_{name}", "DATA_DIR": str(folder_of / name)}
            self.processes[f"{name}2"] = Process(name, port, folder_of, environment | own)
            self["gateway"].environment[f"{name.upper()}_SERVICE_URL"] = \
                f"http://127.0.0.1:{first[name]},http://127.0.0.1:{port}"

    def both(self, name: str) -> list[Process]:
        return [self[name], self[f"{name}2"]]


class At(Api):
    """Talks to one process."""

    def __init__(self, process: Process, token: str | None = None):
        super().__init__(None, False, token)
        self.process = process

    def port(self, target: str) -> int:
        return self.process.port


@pytest.fixture(scope="module")
def twice(server, tmp_path_factory):
    system = Twice(tmp_path_factory.mktemp("twice"), server.settings, f"twice_{server.port}").start()
    try:
        yield system
    finally:
        system.stop()


def race(system: Twice, service: str, ask, tokens=(None,)) -> list:
    """What `ask(api)` returns on many threads at once, alternately at both processes."""
    start, out = threading.Barrier(EACH), []
    processes, tokens = itertools.cycle(system.both(service)), itertools.cycle(tokens)

    def one(process, token):
        api = At(process, token)
        start.wait()
        out.append(ask(api))
        api.close()

    threads = [threading.Thread(target=one, args=(next(processes), next(tokens))) for _ in range(EACH)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(out) == EACH
    return out


def test_an_email_is_taken_once(twice):
    for n in range(5):
        body = {"email": f"same-{n}@example.com", "password": PASSWORD, "name": "Ada"}
        replies = race(twice, "user", lambda api: api.post("/api/auth/register", body))
        assert sorted(reply.status for reply in replies) == [201] + [409] * (EACH - 1), replies


def test_a_follow_counts_once(twice):
    for _ in range(5):
        ada, ben = Person(twice, False, "Ada"), Person(twice, False, "Ben")
        replies = race(twice, "user", lambda api: api.post(f"/api/users/{ben.id}/follow"), [ada.token])
        assert {reply.status for reply in replies} <= {200, 201}, replies
        for process in twice.both("user"):
            assert At(process, ada.token).ok("GET", "/api/users/me")["following_count"] == 1
            assert At(process, ben.token).ok("GET", "/api/users/me")["followers_count"] == 1


def test_likes_of_one_count_once_and_of_many_add_up(twice):
    people = [Person(twice, False, f"P{n}") for n in range(EACH)]
    post_id = people[0].publish()["post_id"]
    race(twice, "post", lambda api: api.post(f"/api/posts/{post_id}/like"), [people[0].token])
    for process in twice.both("post"):
        assert At(process).ok("GET", f"/api/posts/{post_id}")["likes_count"] == 1
    for _ in range(3):
        race(twice, "post", lambda api: api.post(f"/api/posts/{post_id}/like"), [person.token for person in people])
    for process in twice.both("post"):
        assert At(process).ok("GET", f"/api/posts/{post_id}")["likes_count"] == EACH


@pytest.mark.parametrize("service,target,body", [
    ("post", "/api/posts/", {"content": "once"}),
    ("user", "/api/auth/register", {"email": "once@example.com", "password": PASSWORD, "name": "Ada"})])
def test_an_idempotency_key_is_one_for_both(twice, service, target, body):
    ada = Person(twice, False, "Ada")
    replies = race(twice, service, lambda api: api.post(target, body, Idempotency_Key="k"), [ada.token])
    good = [reply for reply in replies if 200 <= reply.status < 300]
    assert good and {reply.status for reply in replies} - {409} == {good[0].status}, [str(reply) for reply in replies]
    assert len({reply.body for reply in good}) == 1
    again = [At(process, ada.token).post(target, body, Idempotency_Key="k") for process in twice.both(service)]
    assert {(reply.status, reply.body) for reply in again} == {(good[0].status, good[0].body)}
    if service == "post":
        assert len(ada.pages("/api/posts/me")) == 1


def test_what_one_writes_the_other_shows_at_once(twice):
    ada = Person(twice, False, "Ada")
    for n in range(20):
        writer, reader = (twice.both("post") if n % 2 else reversed(twice.both("post")))
        made = At(writer, ada.token).ok("POST", "/api/posts/", {"content": f"post {n}"})
        assert At(reader, ada.token).ok("GET", f"/api/posts/{made['post_id']}")["content"] == f"post {n}"
        assert At(reader, ada.token).ok("GET", "/api/posts/me?limit=1")[0]["post_id"] == made["post_id"]
    eventually(lambda: ada.ok("GET", "/api/users/me")["posts_count"] == 20, within=60)


def test_a_session_that_ends_at_one_ends_at_both(twice):
    ada = Person(twice, False, "Ada")
    first, second = (At(process, ada.token) for process in twice.both("user"))
    assert second.get("/api/users/me").status == 200
    first.ok("POST", "/api/auth/logout")
    eventually(lambda: second.get("/api/users/me").status == 401, within=15)


def served(process: Process) -> int:
    """Requests under /api that the process has answered."""
    lines = At(process).get("/metrics").body.decode().splitlines()
    return sum(int(float(line.rpartition(" ")[2])) for line in lines
               if re.match(r'http_server_request_duration_seconds_count\{.*http_route="/api/', line))


def test_a_played_graph_is_right_across_both(twice):
    before = [served(process) for name in ("user", "post") for process in twice.both(name)]
    done = subprocess.run([BIN / "grover-load", *GRAPH, "--connections", CONNECTIONS, "--gateway",
                           f"http://127.0.0.1:{twice['gateway'].port}"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    shares = [served(process) - n for process, n in zip([p for name in ("user", "post") for p in twice.both(name)], before)]
    print("\n" + "\n".join(done.stdout.splitlines()[-12:]) + f"\nrequests at user, user2, post, post2: {shares}")
    assert all(shares), f"one of them was not asked: {shares}"
