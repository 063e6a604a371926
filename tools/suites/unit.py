#!/usr/bin/env python3
# The GoogleTest programs beside the code.
# order: 30
# limit: 1800
"""Runs every grover-*-test of the build, as many at a time as there are cores, and adds up their cases. The programs whose
subject is the network run once for each of its engines (NET_ENGINE), with --all every program does.
`./grover test unit/post` runs those with `post` in their name.
"""

import ctypes
import errno
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PROGRAM_LIMIT_S = 900
ENGINES = ["epoll", "io_uring"]
WITH_EVERY_ENGINE = {"grover-net-test", "grover-http-test", "grover-gateway-service-test"}
TAIL_LINES = 60


class Outcome:
    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0
        self.details: list[str] = []

    def fail(self, name: str, text: str) -> None:
        self.failed += 1
        self.details.append(f"FAILED {name}\n{text.strip()}\n")


def tail(output: bytes) -> str:
    return "\n".join(output.decode("utf-8", "replace").splitlines()[-TAIL_LINES:])


def count_cases(outcome: Outcome, report: dict) -> None:
    for suite in report["testsuites"]:
        for case in suite["testsuite"]:
            name = f"{suite['name']}.{case['name']}"
            if case.get("failures"):
                outcome.fail(name, "\n".join(failure["failure"] for failure in case["failures"]))
            elif case["result"] == "COMPLETED":
                outcome.passed += 1
            else:
                outcome.skipped += 1


def has_uring() -> bool:
    """What choose_engine() finds out in full: here only whether a ring may be made at all."""
    io_uring_setup = 425
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall(io_uring_setup, 0, None)
    return ctypes.get_errno() not in (errno.ENOSYS, errno.EPERM)


def runs(names: list[str]) -> list[tuple[str, str]]:
    if not has_uring():
        print("no io_uring here: the engine tests run with epoll alone")
        return [(name, "epoll") for name in names]
    if os.environ["GROVER_PRESET"] == "tsan":
        print("ThreadSanitizer does not see what the kernel orders through a ring: epoll alone")
        return [(name, "epoll") for name in names]
    everything = "GROVER_ALL" in os.environ
    return [(name, engine) for name in names for engine in ENGINES
            if engine == "epoll" or everything or name in WITH_EVERY_ENGINE]


def run(program: Path, engine: str) -> Outcome:
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="grover-unit-") as folder:
        report = Path(folder) / "report.json"
        # Temporary files of a test that crashes go with the folder.
        environment = dict(os.environ, TMPDIR=folder, NET_ENGINE=engine)
        try:
            done = subprocess.run([program, f"--gtest_output=json:{report}", "--gtest_brief=1"], env=environment,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=PROGRAM_LIMIT_S, check=False)
        except subprocess.TimeoutExpired as expired:
            outcome.fail(f"{program.name} ({engine})", f"ended after {PROGRAM_LIMIT_S} s\n{tail(expired.stdout or b'')}")
            return outcome
        except OSError as error:
            outcome.fail(program.name, str(error))
            return outcome
        if report.exists():
            count_cases(outcome, json.loads(report.read_text(encoding="utf-8")))
        # A crash, a sanitizer's report at the end, or a program that ended without its report.
        if not report.exists() or done.returncode != 0 and outcome.failed == 0:
            outcome.fail(f"{program.name} ({engine})", f"status {done.returncode}\n{tail(done.stdout)}")
    return outcome


def main() -> int:
    names = (Path(os.environ["GROVER_BUILD"]) / "tests.list").read_text(encoding="utf-8").split()
    part = os.environ.get("GROVER_PART", "")
    folder = Path(os.environ["GROVER_BIN"])
    programs = runs([name for name in names if part in name])
    jobs = int(os.environ.get("GROVER_JOBS") or os.cpu_count() or 1)
    with ThreadPoolExecutor(jobs) as pool:
        outcomes = list(pool.map(lambda one: run(folder / one[0], one[1]), programs))
    for outcome in outcomes:
        print("".join(outcome.details), end="")
    passed, failed, skipped = (sum(getattr(outcome, kind) for outcome in outcomes)
                               for kind in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
