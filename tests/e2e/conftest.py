"""Fixtures: the running system, the way to it, people in it. On failure the services' logs are shown."""

import os
from pathlib import Path

import pytest

from api import Api, Person
from processes import BIN, PROGRAMS, System

LOG_CHARACTERS_SHOWN = 3000


def pytest_addoption(parser):
    parser.addoption("--crash-rounds", type=int, help="how often each process is killed (CRASH_ROUNDS)",
                     default=int(os.environ.get("CRASH_ROUNDS") or (50 if "GROVER_ALL" in os.environ else 5)))


def pytest_collection_modifyitems(items):
    missing = [program for program in PROGRAMS.values() if not (BIN / program).exists()]
    if missing:
        mark = pytest.mark.skip(reason=f"{', '.join(missing)} not built in {BIN}")
        for item in items:
            item.add_marker(mark)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    system = item.funcargs.get("system") if hasattr(item, "funcargs") else None
    if not report.failed or not isinstance(system, System):
        return
    began = getattr(item, "log_sizes", {})
    for name, process in system.processes.items():
        lines = process.log()[began.get(name, 0):]
        if lines:
            report.sections.append((f"log of {name}", lines[-LOG_CHARACTERS_SHOWN:]))


@pytest.fixture(autouse=True)
def log_positions(request):
    if "system" in request.fixturenames:
        request.node.log_sizes = request.getfixturevalue("system").log_sizes()
    yield


def start_system(folder: Path, **settings: str):
    """Runs until the generator is closed; what its processes report as failed is a failure."""
    yield from run_system(System(folder, **settings))


def run_system(system: System):
    system.start()
    try:
        yield system
    finally:
        system.stop()
    for name, process in system.processes.items():
        bad = [line for line in process.log().splitlines()
               if '"level":"error"' in line or "Sanitizer" in line or "runtime error:" in line]
        assert not bad, f"{name} reported:\n" + "\n".join(bad[:20])


@pytest.fixture(scope="session")
def system(tmp_path_factory):
    """One system for all tests that do no harm to it."""
    yield from start_system(tmp_path_factory.mktemp("system"))


@pytest.fixture
def own_system(tmp_path):
    """A system of the test's own, to be killed at will."""
    yield from start_system(tmp_path)


@pytest.fixture(params=["gateway", "direct"])
def direct(request) -> bool:
    return request.param == "direct"


@pytest.fixture
def nobody(system, direct):
    api = Api(system, direct)
    yield api
    api.close()


@pytest.fixture
def people(system, direct):
    """Makes people: people("Ada") is registered and signed in."""
    made = []

    def make(name: str = "Ada") -> Person:
        made.append(Person(system, direct, name))
        return made[-1]

    yield make
    for person in made:
        person.close()
