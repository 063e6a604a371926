"""Lists page by page: no item twice, none skipped, whatever comes and goes meanwhile; Link ends where the list does."""

import secrets
from dataclasses import dataclass

import pytest

from api import PASSWORD, Person
from wire import eventually


@dataclass
class Paged:
    """A list of the API: how an item gets in, how it gets out, and what names it."""
    target: str
    add: object       # () -> the item's id
    remove: object    # (id) -> nothing
    key: str
    reader: Person


def posts_of_me(people) -> Paged:
    ada = people()
    return Paged("/api/posts/me", lambda: ada.publish()["post_id"], lambda id: ada.ok("DELETE", f"/api/posts/{id}"),
                 "post_id", ada)


def feed(people) -> Paged:
    ada, ben, eve = people("Ada"), people("Ben"), people("Eve")
    ada.follow(ben)
    ada.follow(eve)
    signs = {author.publish("a sign")["post_id"]: author for author in (ben, eve)}
    eventually(lambda: len(ada.ok("GET", "/api/posts/feed/me")) == 2, what="the follows in the feed")
    for post_id, author in signs.items():
        author.ok("DELETE", f"/api/posts/{post_id}")
    authors = [ada, ben, eve]
    owner = {}

    def add():
        author = authors[len(owner) % 3]
        post_id = author.publish()["post_id"]
        owner[post_id] = author
        return post_id
    return Paged("/api/posts/feed/me", add, lambda id: owner[id].ok("DELETE", f"/api/posts/{id}"), "post_id", ada)


def comments(people) -> Paged:
    ada = people()
    post_id = ada.publish()["post_id"]
    return Paged(f"/api/posts/{post_id}/comments", lambda: ada.comment(post_id),
                 lambda id: ada.delete(f"/api/comments/{id}"), "comment_id", ada)


def saved(people) -> Paged:
    ada = people()

    def add():
        post_id = ada.publish()["post_id"]
        ada.ok("POST", f"/api/posts/{post_id}/save")
        return post_id
    return Paged("/api/posts/saved/me", add, lambda id: ada.ok("DELETE", f"/api/posts/{id}/save"), "post_id", ada)


def blocks(people) -> Paged:
    ada = people()

    def add():
        other = people("Other")
        ada.ok("POST", f"/api/users/{other.id}/mute")
        return other.id
    return Paged("/api/users/me/mutes", add, lambda id: ada.ok("DELETE", f"/api/users/{id}/mute"), "user_id", ada)


def followers(people) -> Paged:
    ada, fans = people(), {}

    def add():
        fan = people("Fan")
        fan.follow(ada)
        fans[fan.id] = fan
        return fan.id
    return Paged(f"/api/users/{ada.id}/followers", add, lambda id: fans[id].ok("DELETE", f"/api/users/{ada.id}/follow"),
                 "user_id", ada)


LISTS = [posts_of_me, feed, comments, saved, blocks, followers]


@pytest.fixture(params=LISTS, ids=lambda maker: maker.__name__)
def paged(request, people) -> Paged:
    return request.param(people)


def page(paged: Paged, target: str) -> tuple[list[str], str | None]:
    reply = paged.reader.get(target)
    assert reply.status == 200, reply
    return [item[paged.key] for item in reply.json], reply.next


def test_pages_together_are_the_list_newest_first(paged):
    ids = [paged.add() for _ in range(10)][::-1]
    for limit in (1, 3, 9, 10, 11, 100):
        found, target = [], f"{paged.target}?limit={limit}"
        while target:
            items, target = page(paged, target)
            assert len(items) <= limit
            assert items, "an empty page: the one before it should have been the last"
            found += items
        assert found == ids


def test_an_empty_list_has_no_next(paged):
    items, target = page(paged, paged.target)
    assert items == [] and target is None


def test_nothing_twice_and_nothing_skipped_under_inserts_and_deletes(paged):
    lasting = [paged.add() for _ in range(14)][::-1]
    first, target = page(paged, f"{paged.target}?limit=4")
    assert first == lasting[:4]
    paged.add()                  # new ones come before what was read
    paged.remove(lasting[3])     # the item that the cursor stands on
    paged.remove(lasting[6])     # one that is still to come
    second, target = page(paged, target)
    assert second == [lasting[4], lasting[5], lasting[7], lasting[8]]
    paged.add()
    for gone in lasting[9:12]:
        paged.remove(gone)
    third, target = page(paged, target)
    assert third == lasting[12:] and target is None


def test_the_next_link_keeps_the_way_it_was_asked(paged):
    for _ in range(3):
        paged.add()
    v1 = paged.target.replace("/api/", "/api/v1/")
    _, target = page(paged, f"{v1}?limit=2&x=1")
    assert target.startswith(v1) and "limit=2" in target
    assert "cursor=" in target


def test_skip_is_taken_from_old_clients_and_gets_no_link(paged):
    ids = [paged.add() for _ in range(5)][::-1]
    assert page(paged, f"{paged.target}?skip=2&limit=2") == (ids[2:4], None)
    assert page(paged, f"{paged.target}?skip=10000") == ([], None)


def test_explore_gives_every_public_post_once(people):
    ada, ben = people("Ada"), people("Ben")
    mine = {ada.publish(f"explore {n}")["post_id"] for n in range(12)}
    found, target, rounds = [], "/api/posts/explore?limit=5", 0
    while target and not mine <= set(found):
        reply = ben.get(target)
        found += [post["post_id"] for post in reply.json]
        target = reply.next
        rounds += 1
        if rounds == 1:
            ada.publish("while reading")
            ben.ok("POST", f"/api/posts/{found[0]}/like")
    assert mine <= set(found)
    assert len(found) == len(set(found))


def test_a_search_for_people_gives_everybody_once_whoever_comes_and_goes(people):
    name = f"Zenobia{secrets.token_hex(4)}"
    everybody = {(one := people(f"{name} of somewhere far {n}")).id: one for n in range(7)}
    reader = next(iter(everybody.values()))
    first = reader.get(f"/api/search/users?q={name}&limit=3")
    found = [user["user_id"] for user in first.json]
    assert len(found) == 3
    people(name)    # a better match, which would come first
    gone = everybody[found[1]] if found[1] != reader.id else everybody[found[0]]
    gone.ok("DELETE", "/api/users/me", {"password": PASSWORD})
    target = first.next
    while target:
        reply = reader.get(target)
        found += [user["user_id"] for user in reply.json]
        target = reply.next
    assert len(found) == len(set(found)) and set(found) == set(everybody)


@pytest.mark.parametrize("cursor", ["WzNd", "W10", "x", "WyJtYXRjaGVzIiwiIiwtMSwidXNlcl8xIl0"])
def test_a_cursor_that_is_none_of_the_search_is_422(people, cursor):
    assert people().get(f"/api/search/users?q=ada&cursor={cursor}").status in (400, 422)


def test_default_and_largest_page(people):
    ada = people()
    for _ in range(101):
        ada.publish()
    assert len(ada.ok("GET", "/api/posts/me")) == 20
    assert len(ada.ok("GET", "/api/posts/me?limit=100")) == 100
    assert len(ada.pages("/api/posts/me?limit=100")) == 101
