"""Signing in elsewhere: OpenID Connect against a real provider (browser's flow and app's flow), and the hosted broker.

Whatever goes wrong on the other side is 401, 502 or 503 here, never 400 or 500, and leaves no account behind.
"""

import json
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest

from api import PASSWORD, Api
from conftest import start_system
from login_parts import APP_URL, CLIENT_SECRET, LIES, PUBLIC_URL, App, Broker, Browser, Provider, query_of
from processes import free_ports
from shapes import SESSION, exact, problem
from wire import eventually

CALLBACK = f"{PUBLIC_URL}/api/auth/callback"
_names = iter(f"person{number}" for number in range(1_000_000))


@pytest.fixture(scope="module")
def provider():
    folder = Provider.folder()
    if folder is None:
        pytest.skip("oidc-provider needs npm, and its registry once")
    running = Provider(folder, [f"{CALLBACK}/real", f"{CALLBACK}/rotated", APP_URL])
    yield running
    running.stop()


@pytest.fixture(scope="module")
def broker():
    running = Broker()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def system(provider, broker, tmp_path_factory):
    """Three providers: `rotated` is the real one once more, with a cache of its own; `dead` is nowhere."""
    settings = {"client_id": "grover", "client_secret": CLIENT_SECRET}
    providers = [{"id": "real", "name": "Real", "issuer": provider.issuer} | settings,
                 {"id": "rotated", "issuer": provider.issuer} | settings,
                 {"id": "dead", "issuer": f"http://127.0.0.1:{free_ports(1)[0]}"} | settings]
    yield from start_system(tmp_path_factory.mktemp("login"), OIDC_PROVIDERS=json.dumps(providers), PUBLIC_URL=PUBLIC_URL,
                            AUTH_BROKER_URL=broker.url)


@pytest.fixture
def nobody(system, direct, provider):
    provider.spoil("nothing")
    api = Api(system, direct)
    yield api
    api.close()


def authorize_url(api: Api, provider: str = "real") -> str:
    return next(one["authorize_url"] for one in api.ok("GET", "/api/auth/providers") if one["id"] == provider)


def no_account(api: Api, email: str) -> None:
    """An account that was left behind would hold the address."""
    assert api.post("/api/auth/register", {"email": email, "password": PASSWORD, "name": "N"}).status == 201


def refused(reply, *statuses: int) -> None:
    problem(reply, reply.status)
    assert reply.status in (statuses or (401,)), reply
    assert "secret" not in reply.body.decode() and "127.0.0.1" not in reply.body.decode(), reply


# ---- The app's flow: code and PKCE ----------------------------------------------------------------------------------

@pytest.mark.parametrize("where", ["inside", "userinfo"])
def test_an_app_signs_in(nobody, where):
    """The e-mail is in the ID token, or only at the userinfo endpoint."""
    name = where + next(_names)
    first = nobody.ok("POST", "/api/auth/session", App(authorize_url(nobody), name).body("real"))
    exact(SESSION)(first)
    assert first["email"] == f"{name}@id.example" and first["name"] == f"Name of {name}"
    nobody.token = first["session_token"]
    assert nobody.ok("GET", "/api/auth/me")["user_id"] == first["user_id"]
    nobody.token = None
    again = nobody.ok("POST", "/api/auth/session", App(authorize_url(nobody), name).body("real"))
    assert again["user_id"] == first["user_id"] and again["session_token"] != first["session_token"]


def test_an_over_long_name_is_cut(nobody):
    signed_in = nobody.ok("POST", "/api/auth/session", App(authorize_url(nobody), "long" + next(_names)).body("real"))
    assert signed_in["name"] == "é" * 100


def test_a_proven_address_meets_the_account_that_has_it(nobody):
    """And takes it over: whoever registered it had not proven it."""
    name = next(_names)
    email = f"{name}@id.example"
    registered = nobody.ok("POST", "/api/auth/register", {"email": email, "password": PASSWORD, "name": "N"})
    signed_in = nobody.ok("POST", "/api/auth/session", App(authorize_url(nobody), name).body("real"))
    assert signed_in["user_id"] == registered["user_id"]
    refused(nobody.post("/api/auth/session", {"email": email, "password": PASSWORD}))


def test_an_unproven_address_takes_no_account_over(nobody):
    name = "unproven" + next(_names)
    email = f"{name}@id.example"
    nobody.ok("POST", "/api/auth/register", {"email": email, "password": PASSWORD, "name": "N"})
    reply = nobody.post("/api/auth/session", App(authorize_url(nobody), name).body("real"))
    problem(reply, reply.status)
    assert reply.status in (401, 409), reply
    assert nobody.post("/api/auth/session", {"email": email, "password": PASSWORD}).status == 200


@pytest.mark.parametrize("changes", [
    {"code_verifier": "v" * 43}, {"redirect_uri": f"{CALLBACK}/real"}, {"redirect_uri": "https://evil.example/"},
    {"code": "made-up"}, {"code": "x" * 400}, {"nonce": "another"},
], ids=lambda changes: next(iter(changes)))
def test_a_grant_that_does_not_fit_is_401(nobody, changes):
    name = next(_names)
    refused(nobody.post("/api/auth/session", App(authorize_url(nobody), name).body("real", **changes)))
    no_account(nobody, f"{name}@id.example")


def test_a_code_is_good_once(nobody):
    body = App(authorize_url(nobody), next(_names)).body("real")
    assert nobody.post("/api/auth/session", body).status == 200
    refused(nobody.post("/api/auth/session", body))


@pytest.mark.parametrize("how", ["audience", "audiences", "issuer", "expired", "future", "nonce", "nobody", "unknown key",
                                 "wrong key", "none", "hmac", "signature", "unsigned", "garbage"])
def test_an_id_token_that_does_not_hold_is_401(nobody, provider, how):
    name = "inside" + next(_names)
    app = App(authorize_url(nobody), name)
    provider.spoil(how)
    refused(nobody.post("/api/auth/session", app.body("real")))
    no_account(nobody, f"{name}@id.example")


@pytest.mark.parametrize("how", ["fails", "is busy", "is no JSON", "has no token", "has a number", "redirects"])
def test_a_provider_that_does_not_work_is_502_or_503(nobody, provider, how):
    name = next(_names)
    app = App(authorize_url(nobody), name)
    provider.spoil(how)
    refused(nobody.post("/api/auth/session", app.body("real")), 502, 503)
    no_account(nobody, f"{name}@id.example")


def test_a_new_key_is_fetched_when_a_token_names_it(nobody, provider):
    assert nobody.post("/api/auth/session", App(authorize_url(nobody), next(_names)).body("rotated")).status == 200
    app = App(authorize_url(nobody), next(_names))
    provider.spoil("rotated")
    assert nobody.post("/api/auth/session", app.body("rotated")).status == 200


def test_a_provider_that_is_nowhere_is_503_and_hurts_no_other(nobody):
    listed = {one["id"]: one for one in nobody.ok("GET", "/api/auth/providers")}
    assert listed["dead"]["authorize_url"] is None and listed["real"]["authorize_url"]
    body = App(authorize_url(nobody), next(_names)).body("dead")
    refused(nobody.post("/api/auth/session", body), 502, 503)
    refused(nobody.get("/api/auth/login/dead"), 502, 503)


# ---- The browser's flow ---------------------------------------------------------------------------------------------

class Visit:
    """A browser on its way through us and the provider."""

    def __init__(self, api: Api, who: str | None = None, path: str = "/api/auth/login/real", **options):
        self.origin = f"http://127.0.0.1:{api.port('/api/auth/login')}"
        self.browser = Browser()
        begun = self.browser.send("GET", self.origin + path)
        assert begun.status == 302, begun
        self.asked = query_of(begun.header("Location"))
        self.back = self.browser.agree(begun.header("Location"), who or next(_names), **options)

    def target(self, **changes) -> str:
        """The callback as the provider gave it, or with parameters changed; None leaves one out."""
        values = {name: value for name, value in (query_of(self.back) | changes).items() if value is not None}
        return "/api/auth/callback/real?" + urllib.parse.urlencode(values)

    def call_back(self, browser: Browser | None = None, **changes):
        return (browser or self.browser).send("GET", self.origin + self.target(**changes))

    def me(self):
        return self.browser.send("GET", self.origin + "/api/auth/me")


def test_a_browser_signs_in(nobody):
    name = next(_names)
    visit = Visit(nobody, name, "/api/auth/login/real?return_to=/home?tab=1")
    assert visit.asked["code_challenge_method"] == "S256" and visit.asked["redirect_uri"] == f"{CALLBACK}/real"
    done = visit.call_back()
    assert done.status == 302 and done.header("Location") == "/home?tab=1", done
    session = next(line for line in done.header_all("Set-Cookie") if line.startswith("__Host-grover_session="))
    assert "Secure" in session and "HttpOnly" in session and "SameSite=Lax" in session
    assert visit.me().json["email"] == f"{name}@id.example"


def test_a_state_is_good_once(nobody):
    visit = Visit(nobody)
    cookies = {host: dict(jar) for host, jar in visit.browser.cookies.items()}
    assert visit.call_back().status == 302
    replayed = Browser()
    replayed.cookies = cookies
    refused(visit.call_back(replayed))
    assert replayed.send("GET", visit.origin + "/api/auth/me").status == 401


def test_a_state_of_another_browser_is_refused(nobody):
    """Else an attacker could sign a victim in as himself."""
    visit, victim = Visit(nobody), Visit(nobody)
    refused(visit.call_back(Browser()))
    refused(visit.call_back(victim.browser))
    assert victim.me().status == 401


@pytest.mark.parametrize("state", ["", None, "made-up", "x" * 500, "é", "\0"], ids=repr)
def test_a_state_that_nobody_gave_is_refused(nobody, state):
    refused(Visit(nobody).call_back(state=state), 401, 422)


@pytest.mark.parametrize("issuer", [None, "", "https://id.example", "http://127.0.0.1"], ids=repr)
def test_an_answer_of_another_issuer_is_refused(nobody, issuer):
    visit = Visit(nobody)
    refused(visit.call_back(iss=issuer))
    assert visit.me().status == 401


def test_a_code_from_elsewhere_is_refused(nobody):
    """A stolen code was bound to the verifier of another sign-in."""
    visit = Visit(nobody)
    refused(visit.call_back(code=query_of(Visit(nobody).back)["code"]))
    refused(Visit(nobody).call_back(code="made-up"))


@pytest.mark.parametrize("how", ["nonce", "audience", "expired", "unknown key", "none"])
def test_a_browser_is_not_let_in_by_a_token_that_does_not_hold(nobody, provider, how):
    visit = Visit(nobody, "inside" + next(_names))
    provider.spoil(how)
    refused(visit.call_back())
    assert visit.me().status == 401


def test_who_declines_comes_back_and_is_nobody(nobody):
    visit = Visit(nobody, declines=True)
    assert query_of(visit.back)["error"] == "access_denied"
    done = visit.call_back()
    assert done.status == 302 and done.header("Location") == "/?login_error=refused", done
    assert visit.me().status == 401


# ---- The hosted broker ----------------------------------------------------------------------------------------------

def by_body(api: Api, session_id: str):
    return api.post("/api/auth/session", {"session_id": session_id})


def by_query(api: Api, session_id: str):
    return api.get(f"/api/auth/session?session_id={session_id}")


@pytest.fixture(params=[by_body, by_query])
def enter(request, nobody):
    return lambda session_id: request.param(nobody, session_id)


def test_the_broker_lets_people_in(nobody, enter):
    name = next(_names)
    first, again = enter(f"good-{name}"), enter(f"good-{name}")
    assert first.status == again.status == 200, first
    exact(SESSION)(first.json)
    assert first.json["email"] == f"{name}@broker.example" and first.json["session_token"] != "not ours"
    assert first.json["user_id"] == again.json["user_id"]
    nobody.token = first.json["session_token"]
    assert nobody.get("/api/auth/me").status == 200


def test_an_over_long_name_of_the_broker_is_cut(enter):
    reply = enter(f"long-{next(_names)}")
    assert reply.status == 200 and reply.json["name"] == "é" * 100, reply


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_who_the_broker_refuses_is_401(enter, status):
    refused(enter(f"status-{status}"))


@pytest.mark.parametrize("session", ["status-500", "status-502", "status-503", "status-429", "status-204", "redirect", "cut",
                                     "no-http"])
def test_a_broker_that_does_not_work_is_502_or_503(enter, session):
    refused(enter(session), 502, 503)


def test_who_hangs_or_drips_is_given_up(system, provider, nobody):
    """All at once: each takes as long as we are ready to wait."""
    app = App(authorize_url(nobody), next(_names))
    provider.spoil("hangs")
    calls = [lambda api: by_body(api, "hangs"), lambda api: by_query(api, "hangs"), lambda api: by_body(api, "drips"),
             lambda api: by_query(api, "drips"), lambda api: api.post("/api/auth/session", app.body("real"))]
    with ThreadPoolExecutor(len(calls)) as pool:
        for reply in pool.map(lambda call: call(Api(system, nobody.direct)), calls):
            refused(reply, 502, 503)


@pytest.mark.parametrize("lie", LIES)
def test_a_broker_that_lies_lets_nobody_in(enter, lie):
    refused(enter(lie), 401, 502, 503)


@pytest.fixture
def recovered(nobody):
    """The failures above may have opened the gateway's breaker, which finds out by itself that all is well again."""
    eventually(lambda: by_query(nobody, f"good-again{next(_names)}").status == 200)


@pytest.mark.usefixtures("recovered")
def test_the_broker_session_in_a_query_reaches_no_log(system, nobody):
    secret = f"good-hidden{next(_names)}"
    assert by_query(nobody, secret).status == 200
    assert by_body(nobody, secret).status == 200
    for process in system.processes.values():
        assert secret not in process.log(), process.name


@pytest.mark.usefixtures("recovered")
@pytest.mark.parametrize("session", ["", "a b", "é", "\0", "x" * 1025, None, 5, ["good-a"]], ids=repr)
def test_a_session_id_that_is_none_is_422(nobody, session):
    problem(nobody.post("/api/auth/session", {"session_id": session}), 422)
