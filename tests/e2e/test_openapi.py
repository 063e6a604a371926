"""Requests made from the OpenAPI documents: no 5xx, no undocumented status, and every reply as its schema says.

The documents themselves are linted and compared with the programs by the suite `openapi`.
"""

import json
import os
import subprocess
import sys
import urllib.parse
import venv
from pathlib import Path

import pytest

from api import Api, Person
from processes import ROOT
from schema_tools import Generator, misfit
from wire import Wire, eventually

REQUESTS_PER_OPERATION = int(os.environ.get("OPENAPI_REQUESTS", "40"))
METHODS = ("get", "post", "put", "patch", "delete")
# What the server itself says to any request, before an operation is reached: section 1 of the contract.
OF_THE_SERVER = {400, 413, 414, 431}
# These end the session that makes the requests.
ENDING = {("POST", "/api/auth/logout"), ("DELETE", "/api/users/me")}


def document_of(system, process: str) -> dict:
    wire = Wire(system[process].port)
    try:
        return wire.send("GET", "/openapi.json").json
    finally:
        wire.close()


def operations(document: dict):
    for path, item in sorted(document["paths"].items()):
        for method in METHODS:
            if method in item and path.startswith("/api"):
                yield method.upper(), path, item[method]


class Known:
    """Ids that exist, so that requests get past 404."""

    def __init__(self, person: Person, other: Person):
        post = person.publish("a post", has_poll=True, poll_question="tea?", poll_options=["yes", "no"],
                              poll_duration_hours=1)
        others = other.publish("another post")
        self.ids = {"post_id": [post["post_id"], others["post_id"]], "user_id": [person.id, other.id],
                    "comment_id": [person.comment(others["post_id"])], "provider": ["nowhere"],
                    "session_id": ["sess_00000000000000000000000000"]}


def text_of(value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def make_request(generator: Generator, method: str, path: str, operation: dict, known: Known):
    """Target, headers and body of one request."""
    dice, wildness = generator.random, generator.random.choice([0.0, 0.0, 0.1, 0.5])
    query, headers, body, kind = [], {}, None, None
    for parameter in operation.get("parameters", []):
        name, place = parameter["name"], parameter["in"]
        if place == "path":
            if name in known.ids and dice.random() < 0.7:
                value = dice.choice(known.ids[name])
            else:
                value = text_of(generator.value(parameter["schema"], wildness)) or "-"
            path = path.replace("{" + name + "}", urllib.parse.quote(value, safe=""))
        elif parameter.get("required") and dice.random() < 0.9 or dice.random() < 0.3:
            value = text_of(generator.value(parameter["schema"], wildness))
            if place == "query":
                query.append((name, value))
            elif place == "header" and value.isascii() and value.isprintable() and value.strip():
                headers[name] = value
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content and dice.random() < 0.95:
        body = json.dumps(generator.value(content["application/json"]["schema"], wildness)).encode()
        headers["Content-Type"] = "application/json"
    target = path + ("?" + urllib.parse.urlencode(query) if query else "")
    return target, headers, body


def union_with(system, document: dict) -> dict:
    """What clients of the gateway read, as soon as it has this document."""
    paths = {path for path in document["paths"] if path.startswith("/api")}

    def union():
        found = document_of(system, "gateway")
        return found if paths <= found["paths"].keys() else None
    return eventually(union)


def check(document: dict, operation: dict, responses: dict, reply, what: str) -> None:
    allowed = set(responses) | {str(status) for status in OF_THE_SERVER}
    # 503 says when to come back, of a broker or provider that is not set up, or is the gateway's; any other 5xx is a fault.
    assert reply.status < 500 or reply.status == 503 or str(reply.status) in operation["responses"] and reply.status != 500, f"{what}: {reply}"
    if reply.status == 429 or reply.status == 503 and "503" not in operation["responses"]:
        assert reply.header("Retry-After"), f"{what}: {reply.headers}"
    assert str(reply.status) in allowed, f"{what}: {reply.status} is not documented ({sorted(responses)}): {reply}"
    if reply.status >= 400:
        assert reply.header("Content-Type") == "application/problem+json", f"{what}: {reply.headers}"
        assert misfit(reply.json, {"$ref": "#/components/schemas/Problem"}, document) is None
    content = responses.get(str(reply.status), {}).get("content", {}).get("application/json")
    if content and reply.body:
        assert reply.header("Content-Type") == "application/json"
        wrong = misfit(reply.json, content.get("schema", {}), document)
        assert wrong is None, f"{what}: the reply is not as documented: {wrong}"


@pytest.mark.parametrize("process", ["user", "post"])
def test_requests_made_from_the_document(system, direct, process):
    document = document_of(system, process)
    read = document if direct else union_with(system, document)
    other = Person(system, direct, "Other")
    failures = []
    for number, (method, path, operation) in enumerate(operations(document)):
        person = Person(system, direct, "Prober")
        known = Known(person, other)
        generator = Generator(document, seed=number)
        for turn in range(3 if (method, path) in ENDING else REQUESTS_PER_OPERATION):
            caller = Api(system, direct) if turn % 10 == 9 else person
            target, headers, body = make_request(generator, method, path, operation, known)
            try:
                check(document, operation, read["paths"][path][method.lower()]["responses"], caller.send(method, target, body, headers),
                      f"{method} {target} {(body or b'')[:300]!r}")
            except AssertionError as error:
                failures.append(str(error))
                break
        person.close()
    assert not failures, f"{len(failures)} operations:\n" + "\n".join(failures)


def test_the_gateways_own_answers_are_in_its_document(system):
    document = document_of(system, "post")
    read = union_with(system, document)
    for method, path, _ in operations(document):
        responses = read["paths"][path][method.lower()]["responses"]
        assert {"429", "502", "503", "504"} <= responses.keys(), path
        assert "Retry-After" in responses["429"]["headers"]


def schemathesis() -> Path | None:
    """Installs it once into build/; nothing when it cannot be had."""
    folder = ROOT / "build" / "schemathesis"
    program = folder / "bin" / "schemathesis"
    if not program.exists():
        try:
            venv.create(folder, with_pip=True)
            subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--requirement",
                            Path(__file__).with_name("requirements.txt")], check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=400)
        except (subprocess.SubprocessError, OSError):
            return None
    return program if program.exists() else None


@pytest.mark.skipif("GROVER_ALL" not in os.environ, reason="schemathesis runs under ./grover test --all")
@pytest.mark.parametrize("process", ["user", "post"])
def test_schemathesis_finds_nothing(system, process, tmp_path):
    program = schemathesis()
    if program is None:
        pytest.skip("schemathesis cannot be installed here")
    person = Person(system, direct=True, name="Schemathesis")
    done = subprocess.run(
        [program, "run", f"http://127.0.0.1:{system[process].port}/openapi.json", "--header",
         f"Authorization: Bearer {person.token}", "--checks", "not_a_server_error,status_code_conformance,"
         "content_type_conformance,response_schema_conformance", "--phases", "examples,coverage,fuzzing",
         "--exclude-path", "/api/auth/logout", "--exclude-operation-id", "delete_api_users_me",
         "--max-examples", "50", "--seed", "1", "--continue-on-failure", "--no-color"],
        cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1200,
        check=False)
    assert done.returncode == 0, done.stdout[-6000:]
