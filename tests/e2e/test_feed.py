"""Feeds against brute force: a small random world that changes, and what everybody's feed must be after it."""

import random

import pytest

from api import Person
from wire import eventually

PEOPLE = 8
STEPS = 150


class World:
    """What happened so far, kept beside the system."""

    def __init__(self, make, seed: int):
        self.random = random.Random(seed)
        self.people: list[Person] = [make(f"Person {n}") for n in range(PEOPLE)]
        self.follows: set[tuple[int, int]] = set()
        self.mutes: set[tuple[int, int]] = set()
        self.blocks: set[tuple[int, int]] = set()
        self.posts: dict[str, tuple[int, str]] = {}    # id -> author, audience

    def pair(self) -> tuple[int, int]:
        return tuple(self.random.sample(range(PEOPLE), 2))

    def publish(self):
        author = self.random.randrange(PEOPLE)
        audience = self.random.choice(["public", "public", "followers", "private"])
        post = self.people[author].publish(f"post {len(self.posts)}", visibility=audience)
        self.posts[post["post_id"]] = (author, audience)

    def follow(self):
        one, two = self.pair()
        if (one, two) in self.blocks or (two, one) in self.blocks:
            return
        self.people[one].follow(self.people[two])
        self.follows.add((one, two))

    def unfollow(self):
        if self.follows:
            one, two = self.random.choice(sorted(self.follows))
            self.people[one].ok("DELETE", f"/api/users/{self.people[two].id}/follow")
            self.follows.discard((one, two))

    def change_audience(self):
        if self.posts:
            post_id = self.random.choice(sorted(self.posts))
            author, _ = self.posts[post_id]
            audience = self.random.choice(["public", "followers", "private"])
            self.people[author].ok("PUT", f"/api/posts/{post_id}", {"visibility": audience})
            self.posts[post_id] = (author, audience)

    def delete(self):
        if self.posts:
            post_id = self.random.choice(sorted(self.posts))
            author, _ = self.posts.pop(post_id)
            self.people[author].ok("DELETE", f"/api/posts/{post_id}")

    def mute(self):
        one, two = self.pair()
        if (one, two) in self.blocks or (two, one) in self.blocks:
            return
        self.people[one].ok("POST", f"/api/users/{self.people[two].id}/mute")
        self.mutes.add((one, two))

    def block(self):
        one, two = self.pair()
        if len(self.blocks) >= 3 or (two, one) in self.blocks:
            return
        self.people[one].ok("POST", f"/api/users/{self.people[two].id}/block")
        self.blocks.add((one, two))
        self.follows -= {(one, two), (two, one)}

    def step(self):
        self.random.choices([self.publish, self.follow, self.unfollow, self.change_audience, self.delete, self.mute, self.block],
                            [10, 6, 1, 2, 1, 0.5, 0.3])[0]()

    def feed(self, viewer: int) -> list[str]:
        """Newest first: ids of one kind sort by the time they were made."""
        return sorted((post_id for post_id, (author, audience) in self.posts.items()
                       if author == viewer or (viewer, author) in self.follows and (viewer, author) not in self.mutes
                       and audience != "private"), reverse=True)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_feed_is_what_brute_force_finds(people, seed):
    world = World(people, seed)
    for _ in range(STEPS):
        world.step()
    for number, person in enumerate(world.people):
        for limit in (3, 100):
            eventually(lambda: [post["post_id"] for post in person.pages(f"/api/posts/feed/me?limit={limit}")]
                       == world.feed(number), what=f"the feed of person {number} at {limit} a page")


def test_a_feed_is_complete_whatever_the_number_of_posts(people):
    ada, ben = people("Ada"), people("Ben")
    ada.follow(ben)
    ids = [ben.publish(str(n))["post_id"] for n in range(250)][::-1]
    eventually(lambda: [post["post_id"] for post in ada.pages("/api/posts/feed/me?limit=100")] == ids)


def test_names_and_pictures_of_authors_are_the_present_ones(people):
    ada, ben = people("Ada"), people("Ben")
    ada.follow(ben)
    ben.publish()
    eventually(lambda: ada.ok("GET", "/api/posts/feed/me")[0]["user"]["name"] == "Ben")
    ben.ok("PUT", "/api/users/me", {"name": "Benedict", "picture": "https://example.com/ben.png"})

    def renewed():
        card = ada.ok("GET", "/api/posts/feed/me")[0]["user"]
        return (card["name"], card["picture"]) == ("Benedict", "https://example.com/ben.png")
    eventually(renewed)
