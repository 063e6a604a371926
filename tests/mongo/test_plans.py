"""Every query of the services has an index: the server's profiler notes what they ask while every route is walked, and the
server's own plan of each shape must not scan a collection. (The embedded store names the index in its SQL, INDEXED BY, and SQLite refuses
what that index cannot serve; a query that no declared index serves is an error of the program on both engines.)
"""

import json
import re
import subprocess

from api import Person
from processes import System

DEPTH = 2    # pages of each list
# Runs with the server's client: one command of each shape that the profiler has noted, and the stages of its plan.
PLANS = """
import json, sys
import pymongo
from bson import json_util

def shape(value):
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else "?"

def stages(plan):
    if isinstance(plan, list):
        return [stage for inner in plan for stage in stages(inner)]
    if not isinstance(plan, dict):
        return []
    own = [plan["stage"]] if isinstance(plan.get("stage"), str) else []
    return own + [stage for name, inner in plan.items() if name not in ("command", "rejectedPlans") for stage in stages(inner)]

def reads(entry):
    # What is looked for: the command as explain takes it, an update or a removal as the find that it begins with.
    command = entry["command"]
    if entry.get("op") in ("update", "remove") and "q" in command:    # as mongod notes each of them
        return [{"find": entry["ns"].partition(".")[2], "filter": command["q"]}]
    name = next(iter(command))
    if name in ("update", "delete"):
        return [{"find": command[name], "filter": one["q"]} for one in command.get(name + "s", [])]
    if name not in ("find", "aggregate", "count"):
        return []
    kept = {key: value for key, value in command.items()
            if key in (name, "filter", "sort", "limit", "skip", "hint", "pipeline", "query")}
    return [kept | ({"cursor": {}} if name == "aggregate" else {})]

client = pymongo.MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True)
seen = {}
for database in sys.argv[2:]:
    for entry in client[database]["system.profile"].find():
        for one in reads(entry):
            name = next(iter(one))
            seen.setdefault(json_util.dumps([database, one[name], one.get("hint"), shape(one)]), (database, one))
print(json_util.dumps([[one, stages(client[database].command("explain", one, verbosity="queryPlanner"))]
                       for database, one in seen.values()]))
"""


def walk(system) -> int:
    """Writes of every kind, then every GET route with what they have made."""
    ada, ben, cem = (Person(system, False, name) for name in ("Ada", "Ben", "Cem"))
    for follower, followed in ((ben, ada), (cem, ada), (ada, ben)):
        follower.follow(followed)
    post = ada.publish("a fine day #sun with @ben", poll={"question": "rain?", "options": ["yes", "no"], "duration_hours": 1})["post_id"]
    for number in range(4):
        ben.publish(f"fine number {number} #sun", tags=["sun"])
    comment = ben.comment(post)
    cem.comment(post, "indeed", parent_comment_id=comment)
    for path in ("like", "save", "share"):
        ben.call("POST", f"/api/posts/{post}/{path}")
    ben.call("POST", f"/api/posts/{post}/react", {"reaction_type": "love"})
    ben.call("POST", f"/api/posts/{post}/repost", {})
    cem.call("POST", f"/api/users/{ben.id}/block")
    ada.call("POST", f"/api/users/{cem.id}/mute")
    values = {"user_id": ada.id, "post_id": post, "comment_id": comment, "query": "fine", "q": "fine", "tag": "sun", "hashtag": "sun"}
    asked = 0
    for path, item in ada.ok("GET", "/openapi.json")["paths"].items():
        names = re.findall(r"\{(\w+)\}", path)
        if "get" not in item or not path.startswith("/api/") or any(name not in values for name in names):
            continue
        target = re.sub(r"\{(\w+)\}", lambda found: values[found[1]], path)
        parameters = {one["name"] for one in item["get"].get("parameters", [])}
        query = [f"{name}={values[name]}" for name in ("q", "query") if name in parameters and name not in names]
        query += ["limit=2"] if "limit" in parameters else []
        target += "?" * bool(query) + "&".join(query)
        for _ in range(DEPTH):
            reply = ada.get(target)
            assert reply.status < 500, f"GET {target}: {reply}"
            asked += reply.status == 200
            target = reply.next if reply.status == 200 else None
            if not target:
                break
    ben.call("DELETE", f"/api/posts/{post}/like")
    ada.call("DELETE", f"/api/posts/{post}")
    cem.call("DELETE", "/api/users/me", {"password": cem.password})
    return asked


def is_known(command: dict) -> bool:
    """What SecantusDB's explain takes for a scan and MongoDB does not: one document by its id, and lists of values in an index, where
    the server is to choose between that index and the one of the order.
    """
    asked = command.get("filter", {})
    return isinstance(asked.get("_id"), str) or any(isinstance(value, dict) and list(value) == ["$in"] for value in asked.values())


def test_every_query_uses_an_index(server, tmp_path):
    # With hints, as on MongoDB.
    system = System(tmp_path, **{name: value for name, value in server.settings.items() if name != "MONGO_HINTS"})
    databases = [f"plans_{name}" for name in ("user", "post")]
    for name in ("user", "post"):
        system[name].environment.pop("MONGO_HINTS", None)
        system[name].environment |= {"MONGO_URL": server.url, "DB_NAME": f"plans_{name}"}
        server.ask(f"c['plans_{name}'].command('profile', 2)")
    try:
        system.start()
        assert walk(system) > 20
    finally:
        system.stop()
    done = subprocess.run([str(server.client_python), "-c", PLANS, str(server.port), *databases], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=True)
    plans = json.loads(done.stdout)
    assert len(plans) > 40, "the profiler has noted too little"
    unexplained = [json.dumps(command)[:400] for command, stages in plans if not stages]
    assert not unexplained, f"the server has no plan for {unexplained[:10]}"
    scans = [json.dumps(command)[:400] for command, stages in plans if "COLLSCAN" in stages and not is_known(command)]
    assert not scans, f"{len(scans)} of {len(plans)} shapes scan a collection:\n" + "\n".join(scans[:10])
    print(f"\n{len(plans)} shapes of commands, none of which scans a collection")
