"""Compression and the shared cache between real clients, the gateway and the services."""

import gzip
import json

import pytest

from api import Api, Person
from conftest import start_system
from processes import ROOT
from wire import Wire

SHIPPED = ROOT / "services" / "gateway" / "gateway.yaml"


@pytest.fixture
def direct() -> bool:
    return False


@pytest.fixture(scope="module")
def caching(tmp_path_factory):
    """The shipped configuration, with a cache for trending tags and for profiles."""
    folder = tmp_path_factory.mktemp("caching")
    text = SHIPPED.read_text()
    text = text.replace("{path: /api/trending/**, service: post", "{path: /api/trending/**, service: post, cache: {fresh: 60s}")
    text = text.replace("{path: /api/users/**, service: user", "{path: /api/users/**, service: user, cache: {fresh: 60s}")
    assert text.count("cache: {fresh: 60s}") == 2
    file = folder / "gateway.yaml"
    file.write_text(text)
    for system in start_system(folder, GATEWAY_CONFIG=str(file), ADMIN_PORT="0"):
        lines = [json.loads(line) for line in system["gateway"].log().splitlines()]
        system.admin = Wire(next(line["port"] for line in lines if line["message"] == "also listening"))
        yield system
        system.admin.close()


def verdict(reply) -> str:
    return reply.header("Cache-Status") or ""


def test_a_large_answer_is_coded_as_the_client_likes(people):
    ada = people("Ada")
    ada.publish("la " * 900)
    plain = ada.get(f"/api/users/{ada.id}/posts")
    assert plain.header("Content-Encoding") is None
    coded = ada.get(f"/api/users/{ada.id}/posts", Accept_Encoding="gzip")
    assert coded.header("Content-Encoding") == "gzip" and "accept-encoding" in coded.header("Vary").lower()
    assert json.loads(gzip.decompress(coded.body)) == plain.json
    assert len(coded.body) < len(plain.body) / 2
    for accepted, coding in (("br, gzip", "br"), ("gzip, zstd;q=0.9", "gzip"), ("identity", None), ("gzip;q=0", None),
                             ("nonsense", None), ("*", "zstd")):
        reply = ada.get(f"/api/users/{ada.id}/posts", Accept_Encoding=accepted)
        assert (reply.status, reply.header("Content-Encoding")) == (200, coding), accepted


def test_what_holds_secrets_is_never_coded(people):
    ada = people("Ada")
    ada.ok("PUT", "/api/users/me", {"bio": "b" * 150})
    for path in ("/api/auth/me", "/api/auth/session"):
        assert ada.get(path, Accept_Encoding="gzip, br, zstd").header("Content-Encoding") is None


def test_an_empty_answer_is_not_coded(people):
    ada = people("Ada")
    for method, path in (("HEAD", f"/api/users/{ada.id}"), ("DELETE", "/api/posts/post_nothing")):
        reply = ada.call(method, path, Accept_Encoding="gzip")
        assert reply.body == b"" or reply.header("Content-Encoding") is None


def test_what_says_nothing_of_caches_is_kept_as_the_route_says(caching):
    nobody = Api(caching, False)
    first, second = (nobody.get("/api/trending/tags") for _ in range(2))
    assert first.status == second.status == 200 and first.json == second.json
    assert verdict(first).startswith("grover; fwd=uri-miss") and verdict(second).startswith("grover; hit")
    assert int(second.header("Age")) < 60
    asked = nobody.get("/api/trending/tags", Cache_Control="no-cache")
    assert asked.status == 200 and "hit" not in verdict(asked)
    stored = caching.admin.send("GET", "/admin/cache").json
    assert stored["keys"] >= 1 and 0 < stored["bytes"] < stored["bytes_max"]
    nobody.close()


def test_one_person_never_gets_what_is_kept_of_another(caching):
    ada, ben = Person(caching, False), Person(caching, False)
    for path in ("/api/users/me", f"/api/users/{ada.id}"):
        seen = [ada.get(path), ben.get(path), ada.get(path), ben.get(path)]
        assert [reply.status for reply in seen] == [200] * 4
        assert seen[0].json == seen[2].json and seen[1].json == seen[3].json
        assert not any("hit" in verdict(reply) for reply in seen), path
    assert ada.get("/api/users/me").json["user_id"] == ada.id and ben.get("/api/users/me").json["user_id"] == ben.id
    nobody = Api(caching, False)
    assert nobody.get("/api/users/me").status == 401
    for one in (ada, ben, nobody):
        one.close()


def test_purges_and_bad_purges(caching):
    assert caching.admin.send("DELETE", "/admin/cache?all=true").status == 200
    assert caching.admin.send("GET", "/admin/cache").json["keys"] == 0
    assert caching.admin.send("DELETE", "/admin/cache").status == 400
    assert caching.admin.send("DELETE", "/admin/cache?url=nonsense").status == 400
