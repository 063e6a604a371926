"""Every endpoint of the contract, sections 2 to 5, in one table: through the gateway and directly.

A row that is missing here is found by test_the_table_is_complete, which compares the table with the OpenAPI documents.
"""

import re
from dataclasses import dataclass
from functools import cached_property

import pytest

from api import PASSWORD, Api, Person
from shapes import (DEVICE, NOTIFY, SESSION, STATS, USER, USER_PUBLIC, anything, comment, exact, has, list_of, post,
                    post_for_nobody, problem)
from wire import eventually


class Scene:
    """The people and things that the paths of the table name. A name that begins with new_ is made at each use."""

    def __init__(self, system, direct: bool):
        self.system = system
        self.direct = direct
        self.made: dict[str, Person] = {}

    def person(self, role: str) -> Api:
        if role == "nobody":
            return Api(self.system, self.direct)
        if role not in self.made:
            self.made[role] = Person(self.system, self.direct, role.capitalize())
            if role == "shy":
                self.made[role].ok("PUT", "/api/users/me", {"is_private": True})
        return self.made[role]

    def __getitem__(self, name: str) -> str:
        maker = getattr(self, name, None)
        if maker is None:
            return self.person(name).id
        return maker() if callable(maker) else maker

    @cached_property
    def post(self) -> str:
        return self.person("me").publish("a post #contract", location="Reed")["post_id"]

    @cached_property
    def others_post(self) -> str:
        return self.person("other").publish("another post #contract")["post_id"]

    @cached_property
    def comment(self) -> str:
        return self.person("me").comment(self.post)

    @cached_property
    def poll(self) -> str:
        return self.person("other").publish("", has_poll=True, poll_question="tea?", poll_options=["yes", "no"],
                                            poll_duration_hours=1)["post_id"]

    def new_post(self) -> str:
        return self.person("me").publish("to be changed")["post_id"]

    def new_comment(self) -> str:
        return self.person("me").comment(self.post)

    def new_reposted(self) -> str:
        post_id = self.person("other").publish("to be reposted")["post_id"]
        self.person("me").ok("POST", f"/api/posts/{post_id}/repost", {})
        return post_id

    def new_others_post(self) -> str:
        return self.person("other").publish("of another")["post_id"]

    def new_requester(self) -> str:
        requester = Person(self.system, self.direct, "Requester")
        asked = requester.ok("POST", f"/api/users/{self['shy']}/follow")
        assert asked["status"] == "requested", asked
        return requester.id

    def new_session(self) -> str:
        me = self.person("me")
        me.nobody().ok("POST", "/api/auth/session", {"email": me.email, "password": PASSWORD})
        return next(one["session_id"] for one in me.ok("GET", "/api/auth/sessions") if not one["current"])


@dataclass(frozen=True)
class Row:
    """`by`: who calls (a role of Scene; "new": someone made for this call). `status`: one, or those allowed where the
    contract leaves it open. `login`: whether the contract asks for one."""
    method: str
    path: str
    shape: object = anything
    body: object = None
    status: int | tuple = 200
    by: str = "me"
    login: bool = True

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def statuses(self) -> tuple:
        return self.status if isinstance(self.status, tuple) else (self.status,)


def open_to_all(*arguments, **named) -> Row:
    return Row(*arguments, **{"login": False, "by": "nobody"} | named)


FOLLOW = has("status", "following", "followers_count")
LIKE = has("status", "liked", "likes_count")
DISLIKE = has("status", "disliked", "dislikes_count")
REACT = has("status", "reaction_type", "reaction_counts")
SAVE = has("status", "saved")
USERS = list_of(exact(USER_PUBLIC))
POSTS = list_of(post)
MULTIPART = object()    # a body sent as multipart/form-data: content and visibility

AUTH = [
    open_to_all("POST", "/api/auth/register", exact(SESSION), {"email": "{new_email}", "password": PASSWORD, "name": "N"},
                status=201),
    open_to_all("POST", "/api/auth/session", exact(SESSION), {"email": "{my_email}", "password": PASSWORD}),
    # No provider and no broker are set up here: refused, unknown or not there, but never 400.
    open_to_all("POST", "/api/auth/session", body={"session_id": "broker"}, status=(401, 422, 502, 503)),
    open_to_all("POST", "/api/auth/session", body={"provider": "nowhere", "code": "c", "code_verifier": "v" * 43,
                                                   "redirect_uri": "http://localhost/back"},
                status=(401, 404, 422, 502, 503)),
    open_to_all("GET", "/api/auth/session?session_id=broker", status=(401, 422, 502, 503)),
    open_to_all("GET", "/api/auth/providers", list_of(exact({"id", "name", "authorize_url"}))),
    open_to_all("GET", "/api/auth/login/nowhere", status=404),
    open_to_all("GET", "/api/auth/callback/nowhere?code=c&state=s", status=(400, 401, 404)),
    Row("GET", "/api/auth/me", exact(USER)),
    Row("POST", "/api/auth/logout", has(message="Logged out"), by="new", login=False),
    Row("GET", "/api/auth/sessions", list_of(exact(DEVICE), some=True)),
    Row("DELETE", "/api/auth/sessions/{new_session}", status=(200, 204)),
    Row("DELETE", "/api/auth/sessions", by="new", status=(200, 204)),
]

USERS_ROWS = [
    Row("GET", "/api/users/me", exact(USER)),
    Row("GET", "/api/users/{other}", exact(USER_PUBLIC), login=False),
    open_to_all("GET", "/api/users/{shy}", exact(USER_PUBLIC)),
    open_to_all("GET", "/api/users/{other}/stats", exact(STATS)),
    Row("PUT", "/api/users/profile", exact(USER), {"bio": "a bio"}),
    Row("PUT", "/api/users/me", exact(USER), {"website": "example.com"}),
    Row("PATCH", "/api/users/me", exact(USER), {"name": "Me"}),
    Row("GET", "/api/users/notification-settings/me", exact(NOTIFY)),
    Row("GET", "/api/users/me/notification-settings", exact(NOTIFY)),
    Row("PUT", "/api/users/notification-settings", exact(USER), {"notify_likes": False}),
    Row("PUT", "/api/users/me/notification-settings", exact(USER), {"notify_likes": True}),
    Row("POST", "/api/users/{other}/follow", FOLLOW),
    Row("GET", "/api/users/{other}/followers", list_of(exact(USER_PUBLIC), some=True), login=False),
    Row("GET", "/api/users/{me}/following", list_of(exact(USER_PUBLIC), some=True), login=False),
    Row("DELETE", "/api/users/{other}/follow", FOLLOW),
    Row("GET", "/api/users/me/follow-requests", list_of(has("user_id")), by="shy"),
    Row("POST", "/api/users/{new_requester}/follow-request/accept", by="shy"),
    Row("POST", "/api/users/{new_requester}/follow-request/reject", by="shy"),
    Row("POST", "/api/users/{stranger}/block"),
    Row("GET", "/api/users/me/blocks", list_of(has("user_id"))),
    Row("DELETE", "/api/users/{stranger}/block"),
    Row("POST", "/api/users/{stranger}/mute"),
    Row("GET", "/api/users/me/mutes", list_of(has("user_id"))),
    Row("DELETE", "/api/users/{stranger}/mute"),
    Row("GET", "/api/users/search/stranger", USERS, login=False),
    Row("GET", "/api/search/users?q=stranger", USERS, login=False),
    Row("GET", "/api/discover/suggested-users", list_of(exact(USER_PUBLIC | {"mutual_followers"}))),
    Row("GET", "/api/users/me/export", anything),
    Row("DELETE", "/api/users/me", body={"password": PASSWORD}, status=202, by="new"),
]

POSTS_ROWS = [
    Row("POST", "/api/posts/", post, {"content": "hello", "visibility": "public"}, status=201),
    Row("POST", "/api/posts/", post, MULTIPART, status=201),
    Row("GET", "/api/posts/{post}", post, login=False),
    open_to_all("GET", "/api/posts/{post}", post_for_nobody),
    Row("PUT", "/api/posts/{new_post}", post, {"content": "changed"}),
    Row("DELETE", "/api/posts/{new_post}", has("message")),
    Row("GET", "/api/posts/feed/me", POSTS),
    Row("GET", "/api/posts/feed", POSTS),
    Row("GET", "/api/posts/explore/all", POSTS, login=False),
    Row("GET", "/api/posts/explore", POSTS, login=False),
    Row("GET", "/api/posts/user/{me}", POSTS, login=False),
    Row("GET", "/api/posts?user_id={me}", POSTS, login=False),
    Row("GET", "/api/users/{me}/posts", POSTS, login=False),
    Row("GET", "/api/posts/me", POSTS),
    Row("GET", "/api/posts/media?user_id={me}&media_type=image", POSTS, login=False),
    Row("POST", "/api/posts/{others_post}/save", SAVE),
    Row("GET", "/api/posts/saved/me", list_of(post, some=True)),
    Row("GET", "/api/posts/saved", list_of(post, some=True)),
    Row("DELETE", "/api/posts/{others_post}/save", SAVE),
    Row("GET", "/api/posts/search/contract", POSTS, login=False),
    Row("GET", "/api/search?q=contract", has("users", "posts"), login=False),
    Row("POST", "/api/posts/{others_post}/like", LIKE),
    Row("DELETE", "/api/posts/{others_post}/like", LIKE),
    Row("POST", "/api/posts/{others_post}/dislike", DISLIKE),
    Row("DELETE", "/api/posts/{others_post}/dislike", DISLIKE),
    Row("POST", "/api/posts/{others_post}/react", REACT, {"reaction_type": "love"}),
    Row("GET", "/api/posts/{others_post}/reactions", has("love"), login=False),
    Row("DELETE", "/api/posts/{others_post}/react", REACT),
    Row("POST", "/api/posts/{others_post}/share", has("shares_count", status="shared")),
    Row("POST", "/api/posts/{new_others_post}/repost", has("repost_id", "repost_count"), {"repost_comment": "look"},
        status=(200, 201)),
    Row("DELETE", "/api/posts/{new_reposted}/unrepost"),
    Row("GET", "/api/posts/{new_reposted}/reposts", list_of(anything, some=True), login=False),
    Row("POST", "/api/posts/{post}/comments", has("comment_id"), {"content": "well said"}, status=201),
    Row("POST", "/api/posts/{post}/comments", comment, {"content": "indeed", "parent_comment_id": "{comment}"},
        status=201),
    Row("GET", "/api/posts/{post}/comments", list_of(comment, some=True), login=False),
    Row("GET", "/api/comments/{comment}/replies", list_of(comment, some=True), login=False),
    Row("POST", "/api/comments/{comment}/like", has("liked", "likes_count")),
    Row("DELETE", "/api/comments/{comment}/like", has("liked", "likes_count")),
    Row("DELETE", "/api/comments/{new_comment}", status=(200, 204)),
    Row("POST", "/api/posts/{poll}/vote", post, {"option_index": 1}),
    Row("GET", "/api/posts/{poll}/poll-results",
        exact({"results", "total_votes", "user_voted", "user_vote_index", "expires_at"}), login=False),
    Row("GET", "/api/mentions", list_of(anything)),
    Row("GET", "/api/search/hashtags?q=contract", list_of(anything), login=False),
    Row("GET", "/api/search/hashtag/contract/posts", POSTS, login=False),
    Row("GET", "/api/trending/tags", list_of(anything), login=False),
    Row("GET", "/api/discover/trending", list_of(anything), login=False),
]

# What the services offer beyond the contract's rows.
ADDITIONS = [
    Row("PUT", "/api/users/{other}/roles", body={"roles": ["user", "creator"]}, status=403),
    Row("PATCH", "/api/posts/{new_post}", post, {"content": "patched"}),
    Row("GET", "/api/posts/{others_post}/likes", list_of(anything), login=False),
    Row("GET", "/api/posts/{others_post}/reactions/love", list_of(anything), login=False),
    Row("DELETE", "/api/posts/{new_reposted}/repost"),
    Row("GET", "/api/comments/{comment}", comment, login=False),
]

TABLE = AUTH + USERS_ROWS + POSTS_ROWS + ADDITIONS


@pytest.fixture(scope="module", params=["gateway", "direct"])
def scene(request, system):
    return Scene(system, request.param == "direct")


def filled(value, scene: Scene, caller: Api):
    """`value` with its {names} replaced."""
    if isinstance(value, dict):
        return {key: filled(member, scene, caller) for key, member in value.items()}
    if not isinstance(value, str) or "{" not in value:
        return value
    if value == "{new_email}":
        return f"contract-{scene.direct}-{id(value)}-{len(scene.made)}-{next(NUMBERS)}@example.com"
    if value == "{my_email}":
        return scene.person("me").email
    return value.format_map(scene)


NUMBERS = iter(range(1_000_000))


def run(row: Row, scene: Scene, path: str | None = None):
    caller = Person(scene.system, scene.direct, "New") if row.by == "new" else scene.person(row.by)
    target = filled(path or row.path, scene, caller)
    if row.body is MULTIPART:
        text = ('--x\r\nContent-Disposition: form-data; name="content"\r\n\r\nfrom a form\r\n'
                '--x\r\nContent-Disposition: form-data; name="visibility"\r\n\r\npublic\r\n--x--\r\n')
        return caller.send(row.method, target, text.encode(), {"Content-Type": "multipart/form-data; boundary=x"})
    return caller.call(row.method, target, filled(row.body, scene, caller))


def check(row: Row, reply) -> None:
    assert reply.status in row.statuses, f"{row.name}: {reply}"
    if reply.status >= 400:
        problem(reply, reply.status)
        return
    assert reply.header("X-Request-ID")
    if reply.status == 204:
        assert not reply.body
        return
    assert reply.header("Content-Type") == "application/json", reply.headers
    if reply.status == 201:
        assert (reply.header("Location") or "").startswith("/api/"), reply.headers
    row.shape(reply.json)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_row(row, scene):
    check(row, run(row, scene))


def spellings(path: str) -> list[str]:
    """The same endpoint with its version, and with or without the closing slash."""
    bare, mark, query = path.partition("?")
    other = bare[:-1] if bare.endswith("/") else bare + "/"
    return [other + mark + query, path.replace("/api/", "/api/v1/", 1), other.replace("/api/", "/api/v1/", 1) + mark + query]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_row_under_its_other_spellings(row, scene):
    for path in spellings(row.path):
        check(row, run(row, scene, path))


@pytest.mark.parametrize("row", [row for row in TABLE if row.login], ids=lambda row: row.name)
def test_row_asks_for_a_login(row, scene):
    target = re.sub(r"\{[^}]*\}", "user_00000000000000000000000000", row.path)
    body = None if row.body is MULTIPART else row.body
    problem(scene.person("nobody").call(row.method, target, body), 401)


# ---- Section 2 ------------------------------------------------------------------------------------------------------

HEALTH = [
    ("user", "/health", has("version", "timestamp", status="healthy", service="user-service")),
    ("post", "/health", has("version", "timestamp", status="healthy", service="post-service")),
    ("gateway", "/health", has("version", "timestamp", status="healthy", service="api-gateway")),
    ("user", "/health/db", has("engine", status="healthy", database="connected")),
    ("post", "/health/db", has("engine", status="healthy", database="connected")),
    ("user", "/health/ready", anything),
    ("post", "/health/ready", anything),
    ("gateway", "/health/ready", anything),
    ("post", "/health/dependencies", has("dependencies", status="healthy")),
    ("gateway", "/health/services", has("services", gateway="healthy", overall_status="healthy")),
    ("gateway", "/", has("version", "services", service="Grover API Gateway", status="running", documentation="/docs")),
    ("gateway", "/api", has("version", "services", service="Grover API Gateway", status="running",
                            documentation="/docs")),
    ("user", "/openapi.json", has("paths", openapi="3.1.0")),
    ("post", "/openapi.json", has("paths", openapi="3.1.0")),
    ("gateway", "/openapi.json", has("paths", openapi="3.1.0")),
]


def operations_call(system, process: str, path: str):
    from wire import Wire
    wire = Wire(system[process].port)
    try:
        return wire.send("GET", path, None, {"Accept": "application/json"})
    finally:
        wire.close()


@pytest.mark.parametrize("process,path,shape", HEALTH, ids=lambda value: value if isinstance(value, str) else "")
def test_operations_endpoint(system, process, path, shape):
    def answer():
        reply = operations_call(system, process, path)
        assert reply.status == 200, reply
        shape(reply.json)
        return True
    eventually(answer)    # The overview of the gateway is cached for about a second.


def test_health_of_services_tells_status_and_latency_but_no_address(system):
    reply = operations_call(system, "gateway", "/health/services")
    for name in ("user", "post"):
        has("latency_ms", status="healthy")(reply.json["services"][name])
    assert b"127.0.0.1" not in reply.body and b"http://" not in reply.body


@pytest.mark.parametrize("process", ["user", "post", "gateway"])
def test_metrics_are_prometheus_text(system, process):
    reply = operations_call(system, process, "/metrics")
    assert reply.status == 200 and reply.header("Content-Type").startswith("text/plain; version=0.0.4")
    for line in reply.body.decode().splitlines():
        assert line.startswith("#") or re.match(r'^[a-zA-Z_:][\w:]*(\{.*\})? [-+0-9.eEinfNa]+$', line), line


@pytest.mark.parametrize("process", ["user", "post", "gateway"])
def test_docs_are_a_page(system, process):
    reply = operations_call(system, process, "/docs")
    assert reply.status == 200 and reply.header("Content-Type").startswith("text/html")


# ---- The table and the documents ------------------------------------------------------------------------------------

def generic(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path.partition("?")[0].rstrip("/")) or "/"


EXAMPLES = {"/api/auth/login/nowhere": "/api/auth/login/{}", "/api/auth/callback/nowhere": "/api/auth/callback/{}",
            "/api/users/search/stranger": "/api/users/search/{}", "/api/posts/search/contract": "/api/posts/search/{}",
            "/api/search/hashtag/contract/posts": "/api/search/hashtag/{}/posts",
            "/api/posts/{}/reactions/love": "/api/posts/{}/reactions/{}"}


def test_the_table_is_complete(system):
    """Every operation under /api of both services has a row, and every row is in a document."""
    documented = set()
    for process in ("user", "post"):
        for path, item in operations_call(system, process, "/openapi.json").json["paths"].items():
            if path.startswith("/api/") and not path.startswith("/api/v1/"):
                documented |= {(method.upper(), generic(path)) for method in item
                               if method in ("get", "post", "put", "patch", "delete")}
    rows = {(row.method, EXAMPLES.get(generic(row.path), generic(row.path))) for row in TABLE}
    assert not documented - rows, f"not in the table: {sorted(documented - rows)}"
    assert not rows - documented, f"not documented: {sorted(rows - documented)}"


def test_the_gateways_document_is_the_union(system):
    def same():
        union = operations_call(system, "gateway", "/openapi.json").json["paths"]
        for process in ("user", "post"):
            paths = operations_call(system, process, "/openapi.json").json["paths"]
            missing = {path for path in paths if path.startswith("/api/")} - union.keys()
            assert not missing, missing
        assert not [path for path in union if path.startswith("/internal")]
        return True
    eventually(same)


# ---- What the contract says of every endpoint -----------------------------------------------------------------------

def test_an_unknown_path_is_404(scene):
    for target in ("/api/posts/x/y/z/w", "/api/users/a/b/c/d", "/api/auth/nothing"):
        problem(scene.person("nobody").get(target), 404)


def test_another_method_is_405_with_allow(scene):
    for method, target, allowed in (("PATCH", "/api/posts/feed/me", "GET"), ("PUT", "/api/auth/register", "POST"),
                                    ("POST", "/api/users/me/blocks", "GET")):
        reply = scene.person("me").call(method, target, {})
        problem(reply, 405)
        assert allowed in reply.header("Allow")


def test_head_is_get_without_a_body(scene):
    me = scene.person("me")
    for target in (f"/api/posts/{scene['post']}", "/api/users/me", "/api/posts/feed/me"):
        full, head = me.get(target), me.call("HEAD", target)
        assert head.status == full.status == 200 and not head.body
        assert head.header("Content-Length") == full.header("Content-Length")
        assert head.header("ETag") == full.header("ETag")


def test_a_request_id_is_echoed_when_it_is_good_and_made_when_not(scene):
    me = scene.person("me")
    assert me.get("/api/users/me", X_Request_ID="abc-1._X").header("X-Request-ID") == "abc-1._X"
    for bad in ("a b", "x" * 65, "semi;colon", "ümlaut".encode().decode("latin-1")):
        made = me.get("/api/users/me", X_Request_ID=bad).header("X-Request-ID")
        assert made and made != bad and re.fullmatch(r"[A-Za-z0-9._-]{1,64}", made)


# ---- The gateway alone ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/api/media/x", "/api/payments/orders", "/api/notifications/", "/api/push/subscribe"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_reserved_prefix_is_503_until_its_service_is_there(system, method, path):
    reply = Api(system, direct=False).call(method, path)
    assert problem(reply, 503)["code"] == "service_unavailable"


@pytest.mark.parametrize("path", ["/internal/events", "/internal/users/cards", "/internal/sessions/verify",
                                  "/api/../internal/users/cards", "/api/users/../../internal/users/cards",
                                  "/api/users/%2e%2e/%2e%2e/internal/users/cards", "//internal/users/cards"])
def test_internal_routes_are_not_reached_through_the_gateway(system, path):
    gateway = Api(system, direct=False)
    for method in ("GET", "POST"):
        assert gateway.call(method, path, {"ids": []} if method == "POST" else None).status in (400, 404, 405)


@pytest.mark.parametrize("process", ["user", "post"])
def test_internal_routes_ask_for_a_service(system, process):
    from wire import Wire
    for header in ({}, {"X-Grover-Identity": "e30.AAAA"}, {"Authorization": "Bearer nonsense"}):
        wire = Wire(system[process].port)
        reply = wire.send("POST", "/internal/events", b'{"attempt":1,"events":[]}',
                          {"Content-Type": "application/json"} | header)
        wire.close()
        assert reply.status in (401, 403, 404), reply


def test_identity_headers_of_a_client_are_dropped(system):
    me = Person(system, direct=False)
    forged = Api(system, direct=False)
    reply = forged.get("/api/users/me", X_Grover_Identity="eyJ1IjoidXNlcl8xIn0.AAAA", X_User_ID=me.id, X_User_Id=me.id)
    problem(reply, 401)
