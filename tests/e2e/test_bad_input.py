"""What no well-behaved client sends: the right status, a whole problem document, no 5xx, nothing stored half-way."""

import json
import re

import pytest

from api import PASSWORD, Person
from shapes import problem
from wire import eventually, parse, raw

DEEP = 65       # one more than the API takes
BODY_MAX = 1 << 20


def nested(depth: int) -> bytes:
    return b'{"content":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


NOT_JSON = {
    "empty": b"",
    "blank": b"   ",
    "truncated object": b'{"content":"a"',
    "truncated string": b'{"content":"a',
    "truncated escape": b'{"content":"\\u00',
    "no quotes": b"{content:1}",
    "single quotes": b"{'content':'a'}",
    "trailing comma": b'{"content":"a",}',
    "two values": b'{"content":"a"}{"content":"b"}',
    "trailing words": b'{"content":"a"} yes',
    "comment": b'{"content":"a"/* no */}',
    "NaN": b'{"content":NaN}',
    "leading zero": b'{"content":01}',
    "raw newline in a string": b'{"content":"a\nb"}',
    "raw NUL in a string": b'{"content":"a\x00b"}',
    "broken UTF-8": b'{"content":"\xff\xfe"}',
    "overlong UTF-8": b'{"content":"\xc0\xaf"}',
    "truncated UTF-8": b'{"content":"\xe2\x82"}',
    "UTF-8 surrogate": b'{"content":"\xed\xa0\x80"}',
    "lone surrogate escape": b'{"content":"\\ud800"}',
    "UTF-16": '{"content":"a"}'.encode("utf-16"),
    "too deep": nested(DEEP),
    "far too deep": b"[" * 100_000,
    "just a bracket": b"]",
}

NOT_A_POST = {
    "null": b"null",
    "a number": b"5",
    "a string": b'"content"',
    "an array": b"[]",
    "no content": b"{}",
    "null content": b'{"content":null}',
    "content is a number": b'{"content":5}',
    "content is an object": b'{"content":{}}',
    "content is an array": b'{"content":["a"]}',
    "content too long": json.dumps({"content": "x" * 10_001}).encode(),
    "content with NUL": b'{"content":"a\\u0000b"}',
    "visibility unknown": b'{"content":"a","visibility":"secret"}',
    "visibility is a number": b'{"content":"a","visibility":1}',
    "tagged_users is text": b'{"content":"a","tagged_users":"user_1"}',
    "tagged_users holds numbers": b'{"content":"a","tagged_users":[1,2]}',
    "tagged_users holds no ids": b'{"content":"a","tagged_users":["../../etc"]}',
    "tagged_users is an operator": b'{"content":"a","tagged_users":{"$ne":null}}',
    "has_poll is text": b'{"content":"a","has_poll":"yes"}',
    "poll without options": b'{"has_poll":true,"poll_question":"tea?"}',
    "poll with one option": b'{"has_poll":true,"poll_question":"tea?","poll_options":["yes"]}',
    "poll with eleven options": json.dumps({"has_poll": True, "poll_question": "tea?",
                                            "poll_options": [str(n) for n in range(11)]}).encode(),
    "poll that ends in the past": b'{"has_poll":true,"poll_question":"tea?","poll_options":["a","b"],'
                                  b'"poll_expires_at":"2001-01-01T00:00:00Z"}',
    "poll that ends at no time": b'{"has_poll":true,"poll_question":"tea?","poll_options":["a","b"],'
                                 b'"poll_expires_at":"tomorrow"}',
    "media of no kind": b'{"content":"a","media_url":"https://example.com/x","media_type":"smell"}',
    "media at no address": b'{"content":"a","media_url":"javascript:alert(1)","media_type":"image"}',
}

def short(value) -> str:
    """A name for a case; pytest would take the whole value."""
    return repr(value)[:40]


JSON_TYPE = {"Content-Type": "application/json"}


def own_posts(person: Person) -> int:
    return len(person.pages("/api/posts/me?limit=100"))


@pytest.fixture(scope="module", params=["gateway", "direct"])
def ada(request, system):
    person = Person(system, request.param == "direct", "Ada")
    yield person
    person.close()


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_a_body_that_is_not_json_is_400(ada, body):
    before = own_posts(ada)
    problem(ada.send("POST", "/api/posts/", body, JSON_TYPE), 400)
    assert own_posts(ada) == before


@pytest.mark.parametrize("body", NOT_A_POST.values(), ids=NOT_A_POST.keys())
def test_json_that_is_no_post_is_422_and_stores_nothing(ada, body):
    before = own_posts(ada)
    problem(ada.send("POST", "/api/posts/", body, JSON_TYPE), 422)
    assert own_posts(ada) == before


def test_every_problem_is_named_with_its_pointer(ada):
    value = problem(ada.post("/api/posts/", {"content": 5, "visibility": "secret", "tagged_users": ["ok", 7]}), 422)
    assert {entry["pointer"] for entry in value["errors"]} == {"/content", "/visibility", "/tagged_users/1"}


def test_a_body_as_deep_as_allowed_is_read(ada):
    # One level less than refused: unknown members are ignored, however deep.
    body = b'{"content":"deep","x":' + b"[" * (DEEP - 2) + b"]" * (DEEP - 2) + b"}"
    assert ada.send("POST", "/api/posts/", body, JSON_TYPE).status == 201


@pytest.mark.parametrize("kind,status", [
    (None, 415), ("text/plain", 415), ("application/xml", 415), ("application/x-www-form-urlencoded", 415),
    ("application/json; charset=utf-16", 415), ("application/json; charset=iso-8859-1", 415),
    ("multipart/form-data", (400, 415, 422)), ("nonsense", 415), ("", 415),
    ("application/json; charset=UTF-8", 201), ("application/json;charset=\"utf-8\"", 201), ("APPLICATION/JSON", 201),
    ("application/vnd.api+json", 201)])
def test_media_type_and_charset(ada, kind, status):
    reply = ada.send("POST", "/api/posts/", b'{"content":"a"}', {} if kind is None else {"Content-Type": kind})
    if status == 201:
        assert reply.status == 201, reply
    else:
        assert reply.status in (status if isinstance(status, tuple) else (status,)), reply
        problem(reply, reply.status)


def test_of_a_duplicated_key_one_value_counts_and_nothing_breaks(ada):
    reply = ada.send("POST", "/api/posts/", b'{"content":"first","content":"second"}', JSON_TYPE)
    assert reply.status in (201, 400, 422), reply
    if reply.status == 201:
        assert reply.json["content"] in ("first", "second")


def test_unknown_members_are_ignored(ada):
    reply = ada.post("/api/posts/", {"content": "a", "user_id": "user_somebody", "likes_count": 99, "$set": {"x": 1}})
    assert reply.status == 201
    assert reply.json["user_id"] == ada.id and reply.json["likes_count"] == 0


# ---- People ---------------------------------------------------------------------------------------------------------

NOT_A_PERSON = {
    "no e-mail": {"email": None}, "e-mail without @": {"email": "ada"}, "e-mail is a number": {"email": 5},
    "e-mail with blanks": {"email": "a b@example.com"}, "e-mail with two @": {"email": "a@b@example.com"},
    "e-mail with a newline": {"email": "a@example.com\nBcc: b"}, "e-mail with NUL": {"email": "a\0@example.com"},
    "e-mail is an operator": {"email": {"$gt": ""}}, "e-mail too long": {"email": "a" * 400 + "@example.com"},
    "e-mail empty": {"email": ""},
    "password too short": {"password": "seven77"}, "password too long": {"password": "x" * 257},
    "password null": {"password": None}, "password is a number": {"password": 12345678},
    "password is an array": {"password": ["a"] * 8},
    "name empty": {"name": ""}, "name of 101": {"name": "x" * 101}, "name of 10,000": {"name": "x" * 10_000},
    "name null": {"name": None}, "name with NUL": {"name": "A\0da"}, "name is true": {"name": True},
    "name is an object": {"name": {"first": "Ada"}},
}


@pytest.mark.parametrize("bad", NOT_A_PERSON.values(), ids=NOT_A_PERSON.keys())
def test_a_bad_registration_is_422_and_leaves_the_address_free(nobody, bad):
    good = {"email": f"free-{abs(hash(str(bad)))}-{nobody.direct}@example.com", "password": PASSWORD, "name": "Ada"}
    value = problem(nobody.post("/api/auth/register", good | bad), 422)
    assert [entry["pointer"] for entry in value["errors"]] == ["/" + next(iter(bad))]
    if "email" not in bad:
        problem(nobody.post("/api/auth/session", {"email": good["email"], "password": PASSWORD}), 401)
        assert nobody.post("/api/auth/register", good).status == 201


@pytest.mark.parametrize("member", ["email", "password", "name"])
def test_a_registration_lacks_nothing(nobody, member):
    body = {"email": "lacking@example.com", "password": PASSWORD, "name": "Ada"}
    del body[member]
    assert [entry["pointer"] for entry in problem(nobody.post("/api/auth/register", body), 422)["errors"]] == \
        ["/" + member]


def test_a_taken_address_is_409_whatever_its_case(nobody, people):
    ada = people()
    for email in (ada.email, ada.email.upper(), ada.email.title()):
        problem(nobody.post("/api/auth/register", {"email": email, "password": PASSWORD, "name": "Eve"}), 409)


def test_unknown_address_and_wrong_password_look_the_same(nobody, people):
    ada = people()
    wrong = problem(nobody.post("/api/auth/session", {"email": ada.email, "password": "not the password"}), 401)
    unknown = problem(nobody.post("/api/auth/session", {"email": "no" + ada.email, "password": PASSWORD}), 401)
    assert {key: wrong[key] for key in ("title", "detail", "code")} == \
        {key: unknown[key] for key in ("title", "detail", "code")}


NOT_A_PROFILE = {
    "name empty": {"name": ""}, "name of 10,000": {"name": "n" * 10_000}, "name is a number": {"name": 5},
    "bio of 501": {"bio": "b" * 501}, "bio is a number": {"bio": 1}, "bio with NUL": {"bio": "\0"},
    "is_private is text": {"is_private": "true"}, "is_private is 1": {"is_private": 1},
    "website is a script": {"website": "javascript:alert(1)"}, "website has blanks": {"website": "https://a b"},
    "website is a file": {"website": "file:///etc/passwd"},
    "picture is data": {"picture": "data:text/html,<script>"}, "paypal is no e-mail": {"paypal_email": "nobody"},
}


@pytest.mark.parametrize("bad", NOT_A_PROFILE.values(), ids=NOT_A_PROFILE.keys())
def test_a_bad_profile_is_422_and_changes_nothing(ada, bad):
    def profile() -> dict:
        # The count of posts follows a moment later; it is none of this.
        return {key: value for key, value in ada.ok("GET", "/api/users/me").items() if key != "posts_count"}
    before = profile()
    problem(ada.put("/api/users/me", {"twitter": "changed half-way"} | bad), 422)
    assert profile() == before


def test_roles_and_counters_cannot_be_written(ada):
    ada.put("/api/users/me", {"roles": ["admin"], "is_premium": True, "followers_count": 1_000_000, "bio": "b"})
    me = ada.ok("GET", "/api/users/me")
    assert me["roles"] == ["user"] and me["is_premium"] is False and me["followers_count"] == 0


# ---- Comments, reactions, votes -------------------------------------------------------------------------------------

@pytest.mark.parametrize("path,body,status", [
    ("comments", {}, 422), ("comments", {"content": ""}, 422), ("comments", {"content": None}, 422),
    ("comments", {"content": "x" * 2_001}, 422), ("comments", {"content": 5}, 422), ("comments", {"content": "\0"}, 422),
    ("comments", {"content": "a", "parent_comment_id": "comment_00000000000000000000000000"}, (404, 422)),
    ("comments", {"content": "a", "parent_comment_id": "../x"}, 422),
    ("react", {}, 422), ("react", {"reaction_type": "hate"}, 422), ("react", {"reaction_type": None}, 422),
    ("react", {"reaction_type": ["love"]}, 422), ("react", {"reaction_type": ""}, 422),
    ("repost", {"repost_comment": "x" * 501}, 422), ("repost", {"repost_comment": 5}, 422),
    ("vote", {"option_index": 0}, (400, 404, 409, 422)), ("vote", {}, (400, 404, 409, 422)),
])
def test_bad_bodies_about_a_post(ada, path, body, status):
    post_id = ada.publish("unharmed")["post_id"]
    reply = ada.post(f"/api/posts/{post_id}/{path}", body)
    assert reply.status in (status if isinstance(status, tuple) else (status,)), reply
    problem(reply, reply.status)
    after = ada.ok("GET", f"/api/posts/{post_id}")
    assert after["comments_count"] == after["repost_count"] == 0 and not any(after["reaction_counts"].values())


@pytest.mark.parametrize("index", [-1, 2, 1.5, "0", None, True, 1 << 40])
def test_a_vote_for_no_option_is_refused(ada, index):
    poll = ada.publish("", has_poll=True, poll_question="tea?", poll_options=["yes", "no"], poll_duration_hours=1)
    problem(ada.post(f"/api/posts/{poll['post_id']}/vote", {"option_index": index}), 422)
    assert ada.ok("GET", f"/api/posts/{poll['post_id']}/poll-results")["total_votes"] == 0


# ---- Ids, pages, queries --------------------------------------------------------------------------------------------

NO_IDS = ["post_00000000000000000000000000", "user_00000000000000000000000000", "nonsense", "x" * 64, "x" * 65, "x" * 2_000,
          "%00", "a%00b", "%2e%2e", "a%2fb", "%ff%fe", "a%20b", "'%20OR%201=1--", "$ne", "%7B%22$gt%22:%22%22%7D", "-", "_"]


@pytest.mark.parametrize("bad", NO_IDS, ids=short)
@pytest.mark.parametrize("method,path", [
    ("GET", "/api/posts/{}"), ("PUT", "/api/posts/{}"), ("DELETE", "/api/posts/{}"), ("POST", "/api/posts/{}/like"),
    ("GET", "/api/posts/{}/comments"), ("GET", "/api/users/{}"), ("POST", "/api/users/{}/follow"),
    ("GET", "/api/users/{}/followers"), ("DELETE", "/api/comments/{}"), ("DELETE", "/api/auth/sessions/{}")])
def test_an_id_of_nothing_is_404(ada, method, path, bad):
    reply = ada.call(method, path.format(bad), {"content": "a"} if method == "PUT" else None)
    # A broken escape is a malformed request, not the name of something absent.
    if reply.status == 400 and "%" in bad:
        problem(reply, 400)
    else:
        problem(reply, 404)


LISTS = ["/api/posts/feed/me", "/api/posts/explore", "/api/posts/me", "/api/posts/saved/me", "/api/posts/search/x",
         "/api/users/me/blocks", "/api/users/search/ada"]


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=101", "limit=x", "limit=", "limit=1e2", "limit=2.5",
                                   "limit=99999999999999999999", "limit=%00", "skip=-1", "skip=10001", "skip=x"])
@pytest.mark.parametrize("path", LISTS)
def test_a_bad_page_size_is_422(ada, path, query):
    value = problem(ada.get(f"{path}?{query}"), 422)
    assert value["errors"][0]["pointer"] == "query/" + query.partition("=")[0]


@pytest.mark.parametrize("cursor", ["x", "!!!", "AAAA", "bnVsbA", "e30", "W10", "WzFd", "W251bGxd", "W1tdXQ", "WyJhIiwiYiIsImMiLCJkIl0",
                                    "W3siJGd0IjoiIn1d", "%00", "a" * 600, "WzEyMzQ1Njc4OTAxMjM0NTY3ODkwLCJhIl0"], ids=short)
@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_that_nobody_gave_is_refused(ada, path, cursor):
    reply = ada.get(f"{path}?cursor={cursor}")
    # A forged cursor that is well-formed may be taken as the position that it names.
    assert reply.status in (200, 400, 422), reply
    if reply.status != 200:
        problem(reply, reply.status)


@pytest.mark.parametrize("query", ["%zz", "limit=%zz", "limit=5&limit=6", "&&&", "=", "a=%ff", "a" * 4_000, "limit=5;x", "%00=1"], ids=short)
def test_a_strange_query_is_answered_without_5xx(ada, query):
    assert ada.get(f"/api/posts/explore?{query}").status in (200, 400, 422)


@pytest.mark.parametrize("words", ["%22", "%22%22", "*", "%25", "a*b", "NEAR(a,b)", "a%20OR%20b", "-", "%27", "content:x", "(", ")", "%5C",
                                   "%00", "%F0%9F%8E%89", "x" * 1_000, "%20", "AND", "%23", "%23tag", "from:", "from:nobody", "^a", "a%22b"], ids=short)
@pytest.mark.parametrize("path", ["/api/posts/search/{}", "/api/users/search/{}", "/api/search?q={}", "/api/search/users?q={}",
                                  "/api/search/hashtags?q={}"])
def test_a_search_is_plain_text_never_a_pattern(ada, path, words):
    reply = ada.get(path.format(words))
    assert reply.status in (200, 400, 404, 422), reply
    if reply.status >= 400:
        problem(reply, reply.status)


# ---- Other people's things ------------------------------------------------------------------------------------------

def test_what_belongs_to_another_is_403(people):
    ada, eve = people("Ada"), people("Eve")
    post_id = ada.publish("mine")["post_id"]
    comment_id = ada.comment(post_id)
    problem(eve.put(f"/api/posts/{post_id}", {"content": "yours"}), 403)
    problem(eve.delete(f"/api/posts/{post_id}"), 403)
    problem(eve.delete(f"/api/comments/{comment_id}"), 403)
    assert ada.ok("GET", f"/api/posts/{post_id}")["content"] == "mine"
    session_id = ada.ok("GET", "/api/auth/sessions")[0]["session_id"]
    problem(eve.delete(f"/api/auth/sessions/{session_id}"), 404)
    assert ada.get("/api/auth/me").status == 200


def test_nobody_follows_blocks_or_mutes_themselves(ada):
    for what in ("follow", "block", "mute"):
        problem(ada.post(f"/api/users/{ada.id}/{what}"), 400)


# ---- Tokens ---------------------------------------------------------------------------------------------------------

BAD_CREDENTIALS = ["Bearer", "Bearer ", "Bearer x", "Bearer " + "A" * 43, "Bearer " + "x" * 5_000, "Basic YTpi", "bearer", "Token abc",
                   "Bearer a b", "Bearer \xff\xfe", "Bearer {\"$ne\":null}", "x"]


@pytest.mark.parametrize("credentials", BAD_CREDENTIALS, ids=short)
@pytest.mark.parametrize("method,path", [("GET", "/api/auth/me"), ("GET", "/api/posts/feed/me"), ("POST", "/api/posts/")])
def test_bad_credentials_are_401(nobody, method, path, credentials):
    problem(nobody.call(method, path, {"content": "a"} if method == "POST" else None, Authorization=credentials), 401)


def test_a_revoked_token_is_refused_everywhere(people):
    ada = people()
    other_token = ada.ok("POST", "/api/auth/session", {"email": ada.email, "password": PASSWORD})["session_token"]
    assert ada.ok("POST", "/api/auth/logout")["message"] == "Logged out"

    def refused():
        problem(ada.get("/api/auth/me"), 401)
        problem(ada.get("/api/posts/feed/me"), 401)
        problem(ada.post("/api/posts/", {"content": "too late"}), 401)
        return True
    eventually(refused, what="the revocation")
    ada.token = other_token
    assert ada.get("/api/auth/me").status == 200
    assert not [post for post in ada.pages("/api/posts/me") if post["content"] == "too late"]


def test_logging_out_twice_or_as_nobody_is_no_error(people, nobody):
    ada = people()
    for _ in range(2):
        assert ada.post("/api/auth/logout").status == 200
    assert nobody.post("/api/auth/logout").status in (200, 401)


def test_the_sessions_of_a_deleted_account_end(people):
    ada = people()
    assert ada.delete("/api/users/me", {"password": PASSWORD}).status == 202
    eventually(lambda: ada.get("/api/auth/me").status == 401, what="the end of the session")
    problem(ada.nobody().post("/api/auth/session", {"email": ada.email, "password": PASSWORD}), 401)


def test_an_account_is_not_deleted_with_a_wrong_password(people):
    ada = people()
    for body in ({"password": "wrong password"}, {"password": 5}, {"password": ["correct"]}, {"password": ""}):
        assert ada.delete("/api/users/me", body).status in (400, 401, 403, 422)
    assert ada.get("/api/auth/me").status == 200


# ---- Below HTTP's limits --------------------------------------------------------------------------------------------

def port_of(ada) -> int:
    return ada.port("/api/posts/")


def head(ada, *lines: str, line: str = "POST /api/posts/ HTTP/1.1") -> bytes:
    fields = [line, "Host: localhost", f"Authorization: Bearer {ada.token}", *lines]
    return ("\r\n".join(fields) + "\r\n\r\n").encode("latin-1")


def test_a_body_over_its_limit_is_413(ada):
    body = b'{"content":"' + b"x" * BODY_MAX + b'"}'
    reply = parse(raw(port_of(ada), head(ada, "Content-Type: application/json", f"Content-Length: {len(body)}") + body))
    problem(reply, 413)


def test_a_chunked_body_over_its_limit_is_413(ada):
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    data = head(ada, "Content-Type: application/json", "Transfer-Encoding: chunked") + chunk * 17 + b"0\r\n\r\n"
    problem(parse(raw(port_of(ada), data)), 413)


def test_a_body_of_just_the_limit_is_read(ada):
    body = b'{"content":"a","pad":"' + b"x" * (BODY_MAX - 24) + b'"}'
    assert len(body) == BODY_MAX
    assert ada.send("POST", "/api/posts/", body, JSON_TYPE).status == 201


@pytest.mark.parametrize("request_of,status", [
    (lambda ada: head(ada, "X-Long: " + "x" * 40_000), 431),
    (lambda ada: head(ada, *[f"X-{n}: v" for n in range(101)]), 431),
    (lambda ada: head(ada, line="GET /api/posts/explore?" + "x" * 9_000 + " HTTP/1.1"), 414),
    (lambda ada: head(ada, line="GET /api/posts/explore"), 400),
    (lambda ada: head(ada, line="nonsense"), 400),
    (lambda ada: head(ada, line="GET  /api/posts/explore HTTP/1.1"), 400),
    (lambda ada: head(ada, line="GET api/posts HTTP/1.1"), 400),
    (lambda ada: head(ada, line="GET /api/posts/explore HTTP/3.0"), (400, 505)),
    (lambda ada: head(ada, line="GET /api/\x00posts HTTP/1.1"), 400),
    (lambda ada: head(ada, line="GET /api/\xffposts HTTP/1.1"), (400, 404)),
    (lambda ada: head(ada, "no colon here"), 400),
    (lambda ada: head(ada, "X-A : blank before the colon"), 400),
    (lambda ada: head(ada, "X-A: a\x00b"), 400),
    (lambda ada: head(ada, ": no name"), 400),
    (lambda ada: head(ada, "Content-Length: x"), 400),
    (lambda ada: head(ada, "Content-Length: -1"), 400),
    (lambda ada: head(ada, "Content-Length: 5", "Content-Length: 6"), 400),
    (lambda ada: head(ada, "Content-Length: 5", "Transfer-Encoding: chunked"), 400),
    (lambda ada: head(ada, "Content-Length: 99999999999999999999"), (400, 413)),
    (lambda ada: head(ada, "Transfer-Encoding: gzip"), (400, 501)),
    (lambda ada: head(ada, "Host: another"), 400),
    (lambda ada: b"GET /api/posts/explore HTTP/1.1\r\n\r\n", 400),
    (lambda ada: head(ada, "Content-Type: application/json", "Transfer-Encoding: chunked") + b"zz\r\nab\r\n0\r\n\r\n", 400),
    (lambda ada: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n", 400),
    (lambda ada: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
], ids=lambda value: "" if callable(value) else str(value))
def test_a_broken_request_is_refused_with_a_problem(ada, request_of, status):
    reply = parse(raw(port_of(ada), request_of(ada)))
    assert reply.status in (status if isinstance(status, tuple) else (status,)), reply
    problem(reply, reply.status)


def test_a_truncated_body_stores_nothing(ada):
    before = own_posts(ada)
    reply = raw(port_of(ada), head(ada, "Content-Type: application/json", "Content-Length: 100") + b'{"content":"half',
                half_close=True)
    assert not reply or parse(reply).status in (400, 408)
    assert own_posts(ada) == before


def test_two_requests_in_one_send_are_answered_in_their_order(ada):
    one = head(ada, line="GET /api/users/me HTTP/1.1").replace(b"\r\n\r\n", b"\r\nX-Request-ID: one\r\n\r\n")
    two = head(ada, "Connection: close", line="GET /api/auth/me HTTP/1.1").replace(b"\r\n\r\n", b"\r\nX-Request-ID: two\r\n\r\n")
    import socket
    with socket.create_connection(("127.0.0.1", ada.port("/api/users/me")), 30) as connection:
        connection.sendall(one + two)
        got = b""
        while piece := connection.recv(65536):
            got += piece
    ids = re.findall(rb"(?i)x-request-id: (\w+)", got)
    assert ids == [b"one", b"two"] and got.count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize("key", ["x" * 256, "a b", "\xff", "\x01"], ids=short)
def test_a_bad_idempotency_key_is_400(ada, key):
    before = own_posts(ada)
    reply = ada.post("/api/posts/", {"content": "a"}, Idempotency_Key=key)
    problem(reply, 400)
    assert own_posts(ada) == before


def test_form_data_that_is_broken_is_refused(ada):
    before = own_posts(ada)
    for body in (b"", b"--x", b"--x\r\n", b"no boundary at all", b"--x\r\n\r\n\r\n--x--",
                 b'--x\r\nContent-Disposition: form-data; name="content"\r\n\r\ncut off',
                 b'--x\r\nContent-Disposition: form-data; name="content"\r\n\r\n\xff\xfe\r\n--x--\r\n',
                 b'--x\r\nContent-Disposition: form-data; name="visibility"\r\n\r\nsecret\r\n--x--\r\n',
                 b'--x\r\nContent-Disposition: form-data; name="content"\r\n\r\n' + b"x" * 10_001 + b"\r\n--x--\r\n"):
        reply = ada.send("POST", "/api/posts/", body, {"Content-Type": "multipart/form-data; boundary=x"})
        assert reply.status in (400, 422), (body[:60], reply)
        problem(reply, reply.status)
    assert own_posts(ada) == before
