"""A MongoDB server of the tests' own, and the real programs on it. Run by tools/suites/mongo.py."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tools")]

from mongo_server import MongoServer, NoServer  # noqa: E402
from processes import System  # noqa: E402


@pytest.fixture(scope="module")
def server(request):
    """With TLS where a test asks for it by a parameter."""
    try:
        with MongoServer(durable=True, tls=getattr(request, "param", False)) as running:
            yield running
    except NoServer as reason:
        pytest.skip(f"no MongoDB server: {reason}")


@pytest.fixture
def system(server, tmp_path, request):
    """Gateway, user and post service on databases of their own."""
    place = f"{request.node.name[:30]}_{server.port}".replace("[", "_").replace("]", "")
    running = System(tmp_path, **server.settings)
    for name, process in running.processes.items():
        process.environment["DB_NAME"] = f"{place}_{name}"
    running.start()
    try:
        yield running
    finally:
        running.stop()
    for name, process in running.processes.items():
        bad = [line for line in process.log().splitlines() if '"level":"error"' in line]
        assert not bad, f"{name} reported:\n" + "\n".join(bad[:10])
