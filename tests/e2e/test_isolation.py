"""Who sees what: account x audience x relation x surface, generated in full.

Everything is first public and everybody engages with it; then accounts close, audiences narrow, people block and mute.
So every list has held what some must not see any more. Changes may take 2 s to be seen everywhere (the contract's bound
of staleness), so each check waits for its condition.
"""

import itertools
from dataclasses import dataclass, field

import pytest

from api import PASSWORD, Api, Person
from processes import ADMIN
from shapes import problem
from wire import eventually

ACCOUNTS = ["open", "closed"]
AUDIENCES = ["public", "followers", "private"]
RELATIONS = ["self", "follower", "stranger", "blocked", "blocker", "muter", "anonymous", "moderator"]


def may_see(account: str, audience: str, relation: str) -> bool:
    """The rule, written down once more on purpose."""
    if relation in ("self", "moderator"):
        return True
    if relation in ("blocked", "blocker") or audience == "private":
        return False
    if audience == "followers" or account == "closed":
        return relation in ("follower", "muter")
    return True


@dataclass
class Scene:
    """One author of each account with a post of each audience, and someone in each relation to the author."""
    authors: dict[str, Person] = field(default_factory=dict)
    viewers: dict[tuple[str, str], Api] = field(default_factory=dict)
    posts: dict[tuple[str, str], str] = field(default_factory=dict)
    words: dict[tuple[str, str], str] = field(default_factory=dict)
    reposts: dict[tuple[str, str], str] = field(default_factory=dict)
    reposter: Person | None = None


_numbers = itertools.count()


def moderator(system, direct: bool) -> Person:
    admin = Api(system, direct)
    body = {"email": ADMIN, "password": PASSWORD}
    if admin.post("/api/auth/register", body | {"name": "Admin"}).status not in (201, 409):
        raise AssertionError("there is no admin")
    admin.token = admin.ok("POST", "/api/auth/session", body)["session_token"]
    person = Person(system, direct, "Moderator")
    admin.ok("PUT", f"/api/users/{person.id}/roles", {"roles": ["user", "moderator"]})
    person.token = person.nobody().ok("POST", "/api/auth/session",
                                      {"email": person.email, "password": PASSWORD})["session_token"]
    assert "moderator" in person.ok("GET", "/api/auth/me")["roles"]
    return person


def engage(person: Person, post_id: str) -> None:
    person.ok("POST", f"/api/posts/{post_id}/like")
    person.ok("POST", f"/api/posts/{post_id}/react", {"reaction_type": "love"})
    person.ok("POST", f"/api/posts/{post_id}/save")
    person.comment(post_id)


def set_stage(system, direct: bool) -> Scene:
    scene = Scene(reposter=Person(system, direct, "Reposter"))
    run = f"{'d' if direct else 'g'}{next(_numbers)}"
    for account in ACCOUNTS:
        author = scene.authors[account] = Person(system, direct, f"Author {account}")
        for audience in AUDIENCES:
            word = scene.words[account, audience] = f"quokka{run}{account}{audience}"
            post_id = author.publish(f"{word} #{word}")["post_id"]
            scene.posts[account, audience] = post_id
            scene.reposts[account, audience] = scene.reposter.ok("POST", f"/api/posts/{post_id}/repost", {})["repost_id"]
        scene.viewers[account, "anonymous"] = author.nobody()
        scene.viewers[account, "self"] = author
        for relation in RELATIONS:
            if relation not in ("anonymous", "self"):
                person = moderator(system, direct) if relation == "moderator" else Person(system, direct, relation)
                scene.viewers[account, relation] = person
                for audience in AUDIENCES:
                    engage(person, scene.posts[account, audience])
                if relation in ("follower", "muter", "blocked", "blocker"):
                    person.follow(author)
    for account, author in scene.authors.items():
        for audience in AUDIENCES:
            author.ok("PUT", f"/api/posts/{scene.posts[account, audience]}", {"visibility": audience})
        if account == "closed":
            author.ok("PUT", "/api/users/me", {"is_private": True})
        author.ok("POST", f"/api/users/{scene.viewers[account, 'blocked'].id}/block")
        scene.viewers[account, "blocker"].ok("POST", f"/api/users/{author.id}/block")
        scene.viewers[account, "muter"].ok("POST", f"/api/users/{author.id}/mute")
    return scene


@pytest.fixture(scope="module", params=["gateway", "direct"])
def scene(request, system):
    return set_stage(system, request.param == "direct")


# ---- Surfaces: each tells whether the post is shown there -----------------------------------------------------------

@dataclass
class Look:
    scene: Scene
    account: str
    audience: str
    relation: str

    @property
    def viewer(self) -> Api:
        return self.scene.viewers[self.account, self.relation]

    @property
    def post_id(self) -> str:
        return self.scene.posts[self.account, self.audience]

    @property
    def author(self) -> Person:
        return self.scene.authors[self.account]

    @property
    def word(self) -> str:
        return self.scene.words[self.account, self.audience]

    def there(self, target: str) -> bool:
        reply = self.viewer.get(target)
        assert reply.status in (200, 404), f"GET {target}: {reply}"
        return reply.status == 200

    def listed(self, target: str, post_id: str | None = None) -> bool:
        reply = self.viewer.get(target)
        if reply.status in (403, 404):
            return False
        return (post_id or self.post_id) in [post["post_id"] for post in self.viewer.pages(target)]


SURFACES = {
    "by id": lambda look: look.there(f"/api/posts/{look.post_id}"),
    "by user": lambda look: look.listed(f"/api/posts/user/{look.author.id}"),
    "by user, as a filter": lambda look: look.listed(f"/api/posts?user_id={look.author.id}"),
    "comments": lambda look: look.there(f"/api/posts/{look.post_id}/comments"),
    "reactions": lambda look: look.there(f"/api/posts/{look.post_id}/reactions"),
    "likes": lambda look: look.there(f"/api/posts/{look.post_id}/likes"),
    "reposts": lambda look: look.there(f"/api/posts/{look.post_id}/reposts"),
    "a repost of it": lambda look: look.there(f"/api/posts/{look.scene.reposts[look.account, look.audience]}"),
    "its reposter's list": lambda look: look.listed(f"/api/posts/user/{look.scene.reposter.id}?limit=100",
                                                    look.scene.reposts[look.account, look.audience]),
    "saved": lambda look: look.listed("/api/posts/saved/me"),
    "feed": lambda look: look.listed("/api/posts/feed/me?limit=100"),
    "explore": lambda look: look.listed("/api/posts/explore?limit=100"),
    "search": lambda look: look.listed(f"/api/posts/search/{look.word}"),
    "search of everything": lambda look: look.post_id in [
        post["post_id"] for post in look.viewer.ok("GET", f"/api/search?q={look.word}")["posts"]],
    "hashtag": lambda look: look.listed(f"/api/search/hashtag/{look.word}/posts"),
    "tags": lambda look: look.word in [tag["tag"] for tag in look.viewer.pages(f"/api/search/hashtags?q={look.word}")],
}
OFFERED = {"feed", "explore", "search", "search of everything", "hashtag"}    # a mute keeps a post off these


def expected(account: str, audience: str, relation: str, surface: str) -> bool | None:
    """None where the contract leaves it open."""
    if surface == "tags":    # what anybody could count
        return (audience, account) == ("public", "open")
    if not may_see(account, audience, relation):
        return False
    if relation == "muter" and surface in OFFERED:
        return None if surface == "hashtag" else False
    if surface == "feed":
        return relation in ("self", "follower")
    if surface == "explore":
        return (audience, account) == ("public", "open") or None
    if surface == "saved":
        return relation != "self"    # whoever looks has saved it, but for its author
    return None if relation == "moderator" and surface in OFFERED else True


CASES = [(account, audience, relation, surface) for account in ACCOUNTS for audience in AUDIENCES
         for relation in RELATIONS for surface in SURFACES
         if not (relation == "anonymous" and surface in ("feed", "saved"))
         and expected(account, audience, relation, surface) is not None]


@pytest.mark.parametrize("account,audience,relation,surface", CASES)
def test_visibility(scene, account, audience, relation, surface):
    look = Look(scene, account, audience, relation)
    wanted = expected(account, audience, relation, surface)
    eventually(lambda: SURFACES[surface](look) is wanted,
               what=f"'{surface}' {'shows' if wanted else 'hides'} the {audience} post of the {account} account")


ACTIONS = {
    "like": ("POST", "/api/posts/{}/like", None), "undislike": ("DELETE", "/api/posts/{}/dislike", None),
    "dislike": ("POST", "/api/posts/{}/dislike", None), "react": ("POST", "/api/posts/{}/react", {"reaction_type": "wow"}),
    "save": ("POST", "/api/posts/{}/save", None), "share": ("POST", "/api/posts/{}/share", None),
    "repost": ("POST", "/api/posts/{}/repost", {}), "comment": ("POST", "/api/posts/{}/comments", {"content": "x"}),
    "vote": ("POST", "/api/posts/{}/vote", {"option_index": 0}), "edit": ("PUT", "/api/posts/{}", {"content": "x"}),
    "delete": ("DELETE", "/api/posts/{}", None),
}
HIDDEN = [(account, audience, relation) for account in ACCOUNTS for audience in AUDIENCES for relation in RELATIONS
          if not may_see(account, audience, relation) and relation != "anonymous"]


@pytest.mark.parametrize("account,audience,relation", HIDDEN)
def test_what_is_hidden_cannot_be_acted_upon(scene, account, audience, relation):
    look = Look(scene, account, audience, relation)
    eventually(lambda: not look.there(f"/api/posts/{look.post_id}"), what="the post is hidden")
    for method, path, body in ACTIONS.values():
        problem(look.viewer.call(method, path.format(look.post_id), body), 404)
    # What one did when it was shown can be taken back, once.
    assert look.viewer.ok("DELETE", f"/api/posts/{look.post_id}/like")["status"] == "unliked"
    problem(look.viewer.delete(f"/api/posts/{look.post_id}/like"), 404)


# ---- People hidden from each other ----------------------------------------------------------------------------------

@pytest.mark.parametrize("side", ["blocked", "blocker"])
def test_a_block_hides_each_from_the_other_everywhere(people, side):
    ada, eve, host = people("Zelda"), people("Ylva"), people("Host")
    post_id = host.publish()["post_id"]
    comments = {person.id: person.comment(post_id) for person in (ada, eve)}
    for person in (ada, eve):
        person.ok("POST", f"/api/posts/{post_id}/react", {"reaction_type": "love"})
        person.ok("POST", f"/api/posts/{post_id}/repost", {})
        person.follow(host)
    ada.follow(eve)
    eve.follow(ada)
    (ada if side == "blocker" else eve).ok("POST", f"/api/users/{(eve if side == 'blocker' else ada).id}/block")

    def ids(items, key="user_id"):
        return [item[key] for item in items]

    def hidden():
        assert ada.get(f"/api/users/{eve.id}").status == 404
        assert eve.id not in ids(ada.pages("/api/users/search/Ylva"))
        assert eve.id not in ids(ada.pages(f"/api/users/{host.id}/followers"))
        assert eve.id not in ids(ada.ok("GET", "/api/discover/suggested-users"))
        assert comments[eve.id] not in ids(ada.pages(f"/api/posts/{post_id}/comments"), "comment_id")
        assert eve.id not in str(ada.ok("GET", f"/api/posts/{post_id}/reactions"))
        assert eve.id not in str(ada.pages(f"/api/posts/{post_id}/reposts"))
        assert ada.post(f"/api/users/{eve.id}/follow").status in (403, 404)
        return True
    eventually(hidden)
    # Both follows are gone; others still see both.
    assert ada.ok("GET", "/api/users/me")["following_count"] == 1
    assert {ada.id, eve.id} <= set(ids(host.pages(f"/api/users/{host.id}/followers")))
    assert set(comments.values()) <= set(ids(host.pages(f"/api/posts/{post_id}/comments"), "comment_id"))


def test_a_block_makes_a_tag_a_tag_of_nobody(people):
    ada, eve = people("Ada"), people("Eve")
    ada.ok("POST", f"/api/users/{eve.id}/block")

    def tag(user_id):
        return problem(eve.post("/api/posts/", {"content": "look", "tagged_users": [user_id]}), 422)["errors"]
    eventually(lambda: eve.post("/api/posts/", {"content": "x", "tagged_users": [ada.id]}).status == 422)
    assert tag(ada.id) == tag("user_01unknown")
    eve.publish(f"hello @{ada.id}")
    assert ada.pages("/api/mentions") == []
    ada.ok("DELETE", f"/api/users/{eve.id}/block")
    assert ada.pages("/api/mentions") == []


def test_moderators_see_the_account_of_who_blocked_them(system, people, direct):
    ada, mod = people("Ada"), moderator(system, direct)
    ada.ok("POST", f"/api/users/{mod.id}/block")
    post_id = ada.publish()["post_id"]
    for target in (f"/api/users/{ada.id}", f"/api/users/{ada.id}/stats", f"/api/users/{ada.id}/followers",
                   f"/api/posts/{post_id}", f"/api/posts/user/{ada.id}"):
        assert mod.get(target).status == 200, target


def test_a_closed_account_shows_its_followers_to_followers_only(people):
    shy, friend, stranger = people("Shy"), people("Friend"), people("Stranger")
    friend.follow(shy)
    shy.ok("PUT", "/api/users/me", {"is_private": True})
    for what in ("followers", "following"):
        target = f"/api/users/{shy.id}/{what}"
        eventually(lambda: stranger.get(target).status in (403, 404))
        assert shy.get(target).status == friend.get(target).status == 200
        assert stranger.nobody().get(target).status in (401, 403, 404)


def test_a_request_to_follow_shows_nothing_until_it_is_accepted(people):
    shy, fan = people("Shy"), people("Fan")
    shy.ok("PUT", "/api/users/me", {"is_private": True})
    post_id = shy.publish("for my followers")["post_id"]
    assert fan.follow(shy)["status"] == "requested"
    assert fan.ok("GET", f"/api/users/{shy.id}")["follow_requested"] is True
    eventually(lambda: fan.get(f"/api/posts/{post_id}").status == 404)
    assert [one["user_id"] for one in shy.pages("/api/users/me/follow-requests")] == [fan.id]
    shy.ok("POST", f"/api/users/{fan.id}/follow-request/accept")
    eventually(lambda: fan.get(f"/api/posts/{post_id}").status == 200)
    eventually(lambda: post_id in [post["post_id"] for post in fan.pages("/api/posts/feed/me")])
    fan.ok("DELETE", f"/api/users/{shy.id}/follow")
    eventually(lambda: fan.get(f"/api/posts/{post_id}").status == 404)


def test_a_deleted_post_is_gone_from_every_list(people):
    ada, ben = people("Ada"), people("Ben")
    ben.follow(ada)
    word = f"gone{ada.id[-8:].lower()}"
    post_id = ada.publish(f"{word} #{word}")["post_id"]
    engage(ben, post_id)
    comment_id = ben.comment(post_id)
    repost_id = ben.ok("POST", f"/api/posts/{post_id}/repost", {})["repost_id"]
    eventually(lambda: post_id in [post["post_id"] for post in ben.pages("/api/posts/feed/me")])
    ada.ok("DELETE", f"/api/posts/{post_id}")
    for target in ("/api/posts/feed/me", "/api/posts/saved/me", f"/api/posts/user/{ada.id}", f"/api/posts/search/{word}",
                   f"/api/search/hashtag/{word}/posts", "/api/posts/explore?limit=100"):
        assert post_id not in [post["post_id"] for post in ben.pages(target)], target
    for target in (f"/api/posts/{post_id}", f"/api/posts/{post_id}/comments", f"/api/posts/{post_id}/reactions",
                   f"/api/comments/{comment_id}/replies", f"/api/posts/{repost_id}"):
        eventually(lambda: ben.get(target).status == 404, what=target)


def test_everything_of_a_deleted_account_disappears(people):
    ada, ben = people("Ada"), people("Ben")
    word = f"left{ada.id[-8:].lower()}"
    bens_post = ben.publish("stays")["post_id"]
    post_id = ada.publish(f"{word} #{word}")["post_id"]
    ada.comment(bens_post)
    ada.ok("POST", f"/api/posts/{bens_post}/like")
    ada.ok("POST", f"/api/posts/{bens_post}/react", {"reaction_type": "love"})
    ben.follow(ada)
    ada.follow(ben)
    assert ada.delete("/api/users/me", {"password": PASSWORD}).status == 202

    def gone():
        assert ben.get(f"/api/users/{ada.id}").status == 404
        assert ben.get(f"/api/posts/{post_id}").status == 404
        assert ada.id not in [one["user_id"] for one in ben.pages(f"/api/users/{ben.id}/followers")]
        assert ben.ok("GET", "/api/users/me")["followers_count"] == ben.ok("GET", "/api/users/me")["following_count"] == 0
        assert ben.pages(f"/api/posts/search/{word}") == []
        seen = ben.ok("GET", f"/api/posts/{bens_post}")
        assert seen["likes_count"] == seen["comments_count"] == 0 and not any(seen["reaction_counts"].values())
        assert ben.pages(f"/api/posts/{bens_post}/comments") == []
        return True
    eventually(gone, within=30)


def test_the_e_mail_is_never_shown_to_others(people):
    ada, ben = people("Ada"), people("Ben")
    ben.follow(ada)
    post_id = ada.publish()["post_id"]
    ada.comment(post_id)
    for target in (f"/api/users/{ada.id}", f"/api/users/{ada.id}/stats", f"/api/users/{ben.id}/following", "/api/users/search/Ada",
                   f"/api/posts/{post_id}", f"/api/posts/{post_id}/comments", "/api/discover/suggested-users"):
        for viewer in (ben, ben.nobody()):
            assert ada.email.encode() not in viewer.get(target).body, target
