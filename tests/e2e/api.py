"""The API as a client uses it: people with tokens, JSON in and out, through the gateway or to each service directly."""

import itertools
import json
import os

from processes import System
from wire import Reply, Wire

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


def service_of(target: str) -> str:
    """The service that answers a path: section 7 of the contract."""
    path = target.partition("?")[0]
    path = path.replace("/api/v1/", "/api/", 1)
    parts = path.strip("/").split("/")
    if parts[1:2] == ["users"]:
        return "post" if parts[3:4] == ["posts"] else "user"
    if parts[1:2] == ["auth"] or parts[1:3] in (["discover", "suggested-users"], ["search", "users"]):
        return "user"
    return "post"


class Api:
    """Talks to the system as one person, or as nobody."""

    def __init__(self, system: System, direct: bool, token: str | None = None):
        self.system = system
        self.direct = direct
        self.token = token
        self.wires: dict[str, Wire] = {}

    def port(self, target: str) -> int:
        return self.system[service_of(target) if self.direct else "gateway"].port

    def send(self, method: str, target: str, body: bytes | None = None, headers: dict | None = None) -> Reply:
        """Bytes as they are; only Authorization is added, unless the caller says otherwise."""
        headers = dict(headers or {})
        if self.token and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.token}"
        port = self.port(target)
        wire = self.wires.setdefault(str(port), Wire(port))
        return wire.send(method, target, body, headers)

    def call(self, method: str, target: str, body=None, **headers: str) -> Reply:
        """A JSON request; header names with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is None:
            return self.send(method, target, None, named)
        return self.send(method, target, json.dumps(body).encode(), {"Content-Type": "application/json"} | named)

    def get(self, target: str, **headers: str) -> Reply:
        return self.call("GET", target, **headers)

    def post(self, target: str, body=None, **headers: str) -> Reply:
        return self.call("POST", target, body, **headers)

    def put(self, target: str, body=None, **headers: str) -> Reply:
        return self.call("PUT", target, body, **headers)

    def delete(self, target: str, body=None, **headers: str) -> Reply:
        return self.call("DELETE", target, body, **headers)

    def ok(self, method: str, target: str, body=None, **headers: str):
        """The JSON of a call that must succeed."""
        reply = self.call(method, target, body, **headers)
        assert 200 <= reply.status < 300, f"{method} {target}: {reply}"
        return reply.json if reply.body else None

    def pages(self, target: str, items_max: int = 100_000) -> list:
        """A whole list, page by page through Link rel="next"."""
        items = []
        while target:
            reply = self.get(target)
            assert reply.status == 200, f"GET {target}: {reply}"
            items += reply.json
            assert len(items) <= items_max, "the list has no end"
            target = reply.next
        return items

    def nobody(self) -> "Api":
        return Api(self.system, self.direct)

    def close(self) -> None:
        for wire in self.wires.values():
            wire.close()


class Person(Api):
    """A registered person, signed in."""

    def __init__(self, system: System, direct: bool, name: str = "Ada", password: str = PASSWORD):
        super().__init__(system, direct)
        self.name = name
        self.password = password
        self.email = f"person-{os.getpid()}-{next(_numbers)}@example.com"
        session = self.ok("POST", "/api/auth/register",
                          {"email": self.email, "password": password, "name": name})
        self.id = session["user_id"]
        self.token = session["session_token"]

    def publish(self, content: str = "hello", **fields) -> dict:
        return self.ok("POST", "/api/posts/", {"content": content} | fields)

    def comment(self, post_id: str, content: str = "well said", **fields) -> str:
        return self.ok("POST", f"/api/posts/{post_id}/comments", {"content": content} | fields)["comment_id"]

    def follow(self, other: "Person") -> dict:
        return self.ok("POST", f"/api/users/{other.id}/follow")
