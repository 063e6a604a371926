#!/usr/bin/env python3
# Users and posts on a MongoDB server: contract, failures, two processes, outages, load, e2e (with --mongo or --all).
# build: all
# presets: dev
# order: 70
# limit: 3600
"""The store's contract suite and its failures on a server, in clear text and with TLS, tests/mongo (a server that dies, hangs, refuses; two processes
of each service), a played graph, and the whole of tests/e2e, each file with a server of its own. tools/mongo_server.py starts the servers.
GROVER_LOAD: what is played, as for ./grover load. `./grover test --mongo mongo/load` runs the parts with `load` in their name; `./grover test --mongo e2e/feed` any other suite.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from pathlib import Path

sys.path.insert(0, "tools")

from mongo_server import MongoServer, NoServer  # noqa: E402

LOAD = ["--users", "100", "--posts", "3", "--seed", "4"]
CONNECTIONS = "8"    # conflicting transactions hold up all others in SecantusDB
LOOK_S = 10.0        # between looks whether the server has frozen


class Counts:
    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0

    def add(self, passed: int, failed: int, skipped: int) -> None:
        self.passed, self.failed, self.skipped = self.passed + passed, self.failed + failed, self.skipped + skipped


def pytest(path: str, environment: dict[str, str], server: MongoServer | None = None) -> tuple[tuple[int, int, int], bool]:
    """What it counts; and whether `server` froze, with which it is given up."""
    if subprocess.run([sys.executable, "-c", "import pytest"], capture_output=True, check=False).returncode != 0:
        print("skipped: python3-pytest is not installed")
        return (0, 0, 1), False
    with tempfile.TemporaryDirectory(prefix="grover-mongo-") as place:
        report = Path(place) / "report.xml"
        sys.stdout.flush()
        child = subprocess.Popen([sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-rs", "-s",
                                  f"--junitxml={report}", path], env=environment | {"TMPDIR": place}, stdin=subprocess.DEVNULL)
        frozen = False
        while child.poll() is None:
            try:
                child.wait(LOOK_S)
            except subprocess.TimeoutExpired:
                if server and not frozen and not server.answers():
                    frozen = True
                    child.send_signal(signal.SIGINT)    # it ends what it has started
        if not report.exists():
            return (0, 1, 0), frozen
        total = xml.parse(report).getroot().find("testsuite").attrib
    failed = int(total["failures"]) + int(total["errors"])
    skipped = int(total["skipped"])
    return (int(total["tests"]) - failed - skipped, failed or int(child.returncode not in (0, 5)), skipped), frozen


def e2e(counts: Counts) -> None:
    """SecantusDB was seen to freeze (docs/mongodb.md). That is to cost a repeat of one file, and is counted and said."""
    for file in sorted(Path("tests/e2e").glob("test_*.py")):
        for last in (False, True):
            with MongoServer() as server:
                environment = os.environ | server.settings | {"GROVER_MONGO_URL": server.url}
                numbers, frozen = pytest(str(file), environment, server)
                if frozen:
                    print(f"{server.name} froze:\n{server.stacks()}")
            if last or not frozen:
                counts.add(*numbers)
                break
            print(f"skipped: the first run of {file}: {server.name} froze")
            counts.add(0, 0, 1)


def contract(counts: Counts, environment: dict[str, str]) -> None:
    """The programs' cases that take the server up; without them counted as skipped."""
    done = subprocess.run([Path(os.environ["GROVER_BIN"]) / "grover-store-test", "--gtest_filter=*Mongo*", "--gtest_brief=1"],
                          env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    numbers = {word: int(number) for word, number in
               re.findall(r"\[\s+(PASSED|FAILED|SKIPPED)\s+\] (\d+) tests?", done.stdout)}
    if done.returncode or not numbers:
        print(done.stdout[-6000:] + done.stderr[-2000:])
    counts.add(numbers.get("PASSED", 0), numbers.get("FAILED", int(done.returncode != 0)), numbers.get("SKIPPED", 0))


def contract_with_tls(counts: Counts) -> None:
    with MongoServer(tls=True) as server:
        contract(counts, os.environ | server.settings | {"GROVER_MONGO_URL": server.url})


def load(counts: Counts, server: MongoServer) -> None:
    sys.path.insert(0, "tests/e2e")
    from processes import System
    graph = os.environ.get("GROVER_LOAD", "").split() or LOAD
    with tempfile.TemporaryDirectory(prefix="grover-mongo-") as place:
        system = System(Path(place), **server.settings)
        try:
            system.start()
            done = subprocess.run([Path(os.environ["GROVER_BIN"]) / "grover-load", *graph, "--connections", CONNECTIONS, "--gateway",
                                   f"http://127.0.0.1:{system['gateway'].port}"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        finally:
            system.stop()
    print("\n".join(done.stdout.splitlines()[-12:]))
    counts.add(int(done.returncode == 0), int(done.returncode != 0), 0)


def main() -> int:
    if not (os.environ.get("GROVER_ALL") or os.environ.get("GROVER_MONGO_URL")):
        print("0 passed, 0 failed, 0 skipped")
        return 0
    counts, part = Counts(), os.environ.get("GROVER_PART", "")
    try:
        with MongoServer() as server:
            environment = os.environ | server.settings | {"GROVER_MONGO_URL": server.url}
            parts = {"contract": lambda: contract(counts, environment), "tls": lambda: contract_with_tls(counts), "load": lambda: load(counts, server),
                     "server": lambda: counts.add(*pytest("tests/mongo", dict(os.environ))[0]),
                     "e2e": lambda: e2e(counts)}
            for name, run in parts.items():
                if part not in name:
                    continue
                began, before = time.monotonic(), (counts.passed, counts.failed, counts.skipped)
                run()
                numbers = [now - then for now, then in zip((counts.passed, counts.failed, counts.skipped), before)]
                print(f"{name} on {server.name}: {numbers[0]} good, {numbers[1]} bad, {numbers[2]} left out, "
                      f"{time.monotonic() - began:.0f} s", flush=True)
    except NoServer as reason:
        print(f"skipped: no MongoDB server: {reason}")
        counts.add(0, 0, 1)
    print(f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped")
    return 1 if counts.failed else 0


if __name__ == "__main__":
    sys.exit(main())
