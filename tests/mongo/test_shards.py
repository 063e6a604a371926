"""On a sharded cluster a command that says the shard key is asked of one shard. Its router is played (router.py); what the services send
while all their routes are called is held against the keys that they declare: a filter says the key's value, or is in EVERY_SHARD with its reason.
"""

import json
import re
import subprocess
from collections.abc import Iterator

import pytest

from processes import System
from test_contract import TABLE, Scene, check, run
from test_plans import walk
from test_shard_keys import WHOLE, shard_keys
from wire import eventually

SERVICES = ["user", "post"]
VALUES_MAX = 10_000    # that a filter may list
NO_DOCUMENTS = ("hello", "ismaster", "isMaster", "ping", "createIndexes", "commitTransaction", "abortTransaction", "endSessions", "getMore",
                "killCursors", "killSessions", "saslStart", "saslContinue")
# Reads that have to be asked of every shard: the collection, and what they say of its documents. No write is.
EVERY_SHARD = {
    ("posts", "_id"): "an id does not tell its author",
    ("posts", "_search.words"): "search",
    ("posts", "heat"): "explore: the best of all",
    ("posts", "is_repost visibility"): "explore: the newest of all",
    ("posts", "media_type"): "media of all",
    ("posts", "original_post_id"): "others' reposts of a post",
    ("comments", "_id"): "an id does not tell its post",
    ("comments", "parent_comment_id"): "replies to a comment that is gone are cleared",
    ("comments", "user_id"): "export, deletion of an account",
    ("comment_likes", "post_id"): "a post that is gone is cleared",
    ("comment_likes", "thread"): "a thread that is gone is cleared",
    ("comment_likes", "user_id"): "export, deletion of an account",
    ("engagements", "saved_at user_id"): "what somebody saved",
    ("engagements", "user_id"): "export, deletion of an account",
    ("mentions", "post_id"): "a post that is gone is cleared",
    ("post_tags", "created_at listed"): "trends: the newest of all",
    ("post_tags", "listed user_id"): "an account closes",
    ("post_tags", "user_id withheld"): "an account opens",
    ("post_tags", "withheld"): "once at the start",
    ("edges", "followed_at target"): "followers",
    ("edges", "requested_at target"): "requests to somebody",
    ("edges", "blocked_at target"): "who has blocked somebody",
    ("edges", "target"): "deletion of an account",
}


@pytest.fixture
def router(server, tmp_path):
    """Its port, and the commands that came through it."""
    notes = tmp_path / "commands"
    child = subprocess.Popen([str(server.client_python), "tests/mongo/router.py", str(server.port), str(notes)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield int(child.stdout.readline()), lambda: [json.loads(line) for line in notes.read_text().splitlines()]
    finally:
        child.stdin.close()
        child.wait(30)


def filters(command: dict) -> Iterator[dict]:
    """What a command says of the documents that it is about; those to be inserted themselves."""
    name = next(iter(command))
    if name == "find":
        yield command["filter"]
    elif name == "aggregate":
        yield command["pipeline"][0]["$match"]
    elif name in ("update", "delete"):
        yield from (one["q"] for one in command[name + "s"])
    elif name == "insert":
        yield from command["documents"]
    else:
        assert name in NO_DOCUMENTS, f"is {name} asked of one shard?"


def says(filter_: dict, field: str) -> bool:
    value = filter_.get(field)
    values = value.get("$in", []) if isinstance(value, dict) else [value]
    return (0 < len(values) <= VALUES_MAX and all(isinstance(one, str) for one in values)
            or any(says(one, field) for one in filter_.get("$and", []))
            or bool(filter_.get("$or")) and all(says(one, field) for one in filter_["$or"]))


def fields(filter_: dict) -> set[str]:
    """Those beside the id, by which pages go on."""
    out = {name for name in filter_ if not name.startswith("$") and name not in ("_v", "_id")}
    return out.union(*(fields(one) for word in ("$and", "$or") for one in filter_.get(word, [])))


def held_against(keys: dict[str, str], commands: list[dict]) -> tuple[int, dict, list]:
    """How much was asked of divided collections; the reads that every shard is asked, an example of each shape; such writes."""
    asked, reads, writes = 0, {}, []
    for command in commands:
        name, collection = next(iter(command.items()))
        for filter_ in filters(command):
            if collection not in keys:
                continue
            asked += 1
            if says(filter_, keys[collection]):
                continue
            if name in ("find", "aggregate"):
                reads.setdefault((collection, " ".join(sorted(fields(filter_))) or "_id"), command)
            else:
                writes.append(command)
    return asked, reads, writes


def keys_of(services: list[str]) -> dict[str, str]:
    return {name: re.match(r"\{ (\w+):", key)[1] for service in services for name, key in shard_keys(service).items() if key != WHOLE}


def test_each_command_is_asked_of_one_shard(server, router, tmp_path):
    port, commands = router
    system = System(tmp_path, **server.settings | {"MONGO_URL": f"mongodb://127.0.0.1:{port}/"})
    for name in SERVICES:
        system[name].environment["DB_NAME"] = f"shards_{name}"
    system.start()
    try:
        scene = Scene(system, False)
        for row in TABLE:
            check(row, run(row, scene))
        walk(system)
        for private in (True, False):
            scene.person("me").ok("PUT", "/api/users/me", {"is_private": private})
        # And what these leave to be done; some is done once more a minute later.
        left = "c.shards_user.departures.count_documents({}) + c.shards_post.jobs.count_documents({'_id': {'$not': {'$regex': ':again$'}}})"
        eventually(lambda: server.ask(left) == "0", within=60)
    finally:
        system.stop()

    keys = keys_of(SERVICES)
    asked, reads, writes = held_against(keys, commands())
    assert asked > 500, "too little came through the router"
    assert not writes, "writes to every shard:\n" + "\n".join(json.dumps(one)[:300] for one in writes[:10])
    unknown = {shape: json.dumps(reads[shape])[:300] for shape in sorted(reads.keys() - EVERY_SHARD.keys())}
    assert not unknown, "reads of every shard:\n" + "\n".join(f"{shape}: {command}" for shape, command in unknown.items())
    assert not (gone := EVERY_SHARD.keys() - reads.keys()), f"nobody reads so any more: {gone}"
    print(f"\n{asked} filters and documents of {len(keys)} divided collections; {len(reads)} shapes of reads, and no write, go to every shard")
