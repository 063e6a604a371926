"""Runs the suites of tools/suites/ and adds up what they count: the body of `./grover test`.

A suite is a program in tools/suites/, NAME.sh or NAME.py. Its header comment says what it checks (second line of the
file) and may hold

    # build: all | none | TARGET...     what is built before it (default: all)
    # presets: dev asan ...             the presets that it belongs to (default: dev asan tsan)
    # order: N                          suites run in this order, quick ones first (default: 50)
    # limit: SECONDS                    it is ended and counts as failed after that (default: 900)

`./grover test NAME/PART` hands PART to the suite as GROVER_PART, for one that can run a part of itself.

It runs in the root of the work tree with GROVER_PRESET, GROVER_BUILD (build/PRESET, absolute) and GROVER_BIN in its
environment, prints what it likes, and ends with the line `N passed, N failed, N skipped`. What it prints is kept in
build/PRESET/suites/NAME.log and shown when something failed; lines that begin with `skipped: ` are always shown.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

# How the sanitizers' reports are to be read: with lines of code, and ending the program.
SANITIZERS = {
    "ASAN_SYMBOLIZER_PATH": "/usr/lib/llvm-19/bin/llvm-symbolizer",
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:suppressions=tools/tsan.supp:"
                    "external_symbolizer_path=/usr/lib/llvm-19/bin/llvm-symbolizer",
}
SLOW_FACTOR = 3    # how much more time a suite has under a sanitizer, or with all its parts
COUNTS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.MULTILINE)


@dataclass
class Suite:
    name: str
    path: Path
    summary: str
    build: list[str] = field(default_factory=lambda: ["all"])
    presets: list[str] = field(default_factory=lambda: ["dev", "asan", "tsan"])
    order: int = 50
    limit: int = 900


@dataclass
class Result:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    output: str = ""

    def add(self, other: "Result") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def counts(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

    def short(self) -> str:
        parts = [f"{self.passed} passed"]
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [f"{self.skipped} skipped"] if self.skipped else []
        return ", ".join(parts)


def read_suite(path: Path) -> Suite:
    header = []
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        if not line.startswith("#"):
            break
        header.append(line[1:].strip())
    suite = Suite(path.stem, path, header[0] if header else "")
    for line in header[1:]:
        key, _, value = line.partition(":")
        if key == "build":
            suite.build = value.split()
        elif key == "presets":
            suite.presets = value.split()
        elif key in ("order", "limit"):
            setattr(suite, key, int(value))
    return suite


def find_suites(folder: Path) -> list[Suite]:
    found = [read_suite(path) for path in folder.iterdir() if path.suffix in (".sh", ".py")]
    return sorted(found, key=lambda suite: (suite.order, suite.name))


def command_of(path: Path) -> list[str]:
    return ["sh", str(path)] if path.suffix == ".sh" else [sys.executable, str(path)]


def run_suite(suite: Suite, environment: dict[str, str], log: Path, verbose: bool) -> Result:
    """Runs one suite in its own process group, so that nothing of it outlives its limit or a Ctrl-C."""
    log.parent.mkdir(parents=True, exist_ok=True)
    ends_at = time.monotonic() + suite.limit
    with log.open("wb") as sink, log.open("r", encoding="utf-8", errors="replace") as shown:
        child = subprocess.Popen(command_of(suite.path), env=environment, stdin=subprocess.DEVNULL,
                                 stdout=sink, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            while child.poll() is None and time.monotonic() < ends_at:
                try:
                    child.wait(timeout=0.1)
                except subprocess.TimeoutExpired:
                    pass
                if verbose:
                    print(shown.read(), end="", flush=True)
            timed_out = child.poll() is None
        finally:
            end_group(child)
        if verbose:
            print(shown.read(), end="", flush=True)
        output = log.read_text(encoding="utf-8", errors="replace")
    return judge(output, child.returncode, f"ended after {suite.limit} s" if timed_out else "")


def end_group(child: subprocess.Popen) -> None:
    """Ends whatever the suite left, kindly first: a runner that is told to stop stops its own servers."""
    for number, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, None)):
        try:
            os.killpg(child.pid, number)
            child.wait(patience)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    child.wait()


def judge(output: str, status: int, trouble: str) -> Result:
    """What the suite counted; one more failure where its end and its counts do not agree."""
    lines = COUNTS.findall(output)
    result = Result(*(int(number) for number in lines[-1]), output) if lines else Result(output=output)
    if not trouble and not lines:
        trouble = f"ended with status {status} and no count"
    elif not trouble and status != 0 and result.failed == 0:
        trouble = f"ended with status {status} though nothing was counted as failed"
    if trouble:
        result.failed += 1
        result.output += f"\n{trouble}\n"
    return result


def build(suite: Suite, preset: str) -> Result | None:
    """Nothing when all is built; a failed result otherwise."""
    if suite.build == ["none"]:
        return None
    targets = [] if suite.build == ["all"] else suite.build
    done = subprocess.run([os.environ["GROVER"], "build", preset, *targets], stdin=subprocess.DEVNULL,
                          stdout=None if sys.stdout.isatty() else subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return Result(failed=1, output=(done.stdout or "") + done.stderr) if done.returncode else None


def report(suite: Suite, result: Result, seconds: float, verbose: bool) -> None:
    print(f"{suite.name:<12} {result.short():<32} {seconds:6.1f} s", flush=True)
    if result.failed and not verbose:
        print("    " + COUNTS.sub("", result.output).strip().replace("\n", "\n    "))
        return
    for line in result.output.splitlines():
        if line.startswith("skipped: "):
            print("    " + line)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./grover test", add_help=False)
    parser.add_argument("suites", nargs="*")
    preset = parser.add_mutually_exclusive_group()
    preset.add_argument("--asan", dest="preset", action="store_const", const="asan", default="dev")
    preset.add_argument("--tsan", dest="preset", action="store_const", const="tsan")
    preset.add_argument("--fuzz", dest="preset", action="store_const", const="fuzz")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--mongo", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()

    root = Path(os.environ["GROVER_ROOT"])
    suites = [suite for suite in find_suites(root / "tools" / "suites")
              if options.preset in suite.presets]
    if options.list:
        for suite in suites:
            print(f"  {suite.name:<12} {suite.summary}")
        return 0
    named = options.suites or (["mongo"] if options.mongo else [])
    asked = [name.partition("/")[::2] for name in named]    # (name, part)
    unknown = {name for name, _ in asked} - {suite.name for suite in suites}
    if unknown:
        print(f"grover: there is no suite '{min(unknown)}' for preset {options.preset}; see ./grover test --list",
              file=sys.stderr)
        return 2
    chosen = [(suite, part) for suite in suites for name, part in asked or [(suite.name, "")] if name == suite.name]

    folder = root / "build" / options.preset
    environment = dict(SANITIZERS | os.environ, GROVER_PRESET=options.preset, GROVER_BUILD=str(folder),
                       GROVER_BIN=str(folder / "bin"))
    if options.preset != "dev" or options.all:
        for suite in suites:
            suite.limit *= SLOW_FACTOR
    os.chdir(root)
    total = Result()
    for suite, part in chosen:
        started = time.monotonic()
        result = build(suite, options.preset)
        if result is None:
            log = folder / "suites" / f"{suite.name}.log"
            result = run_suite(suite, environment | {"GROVER_PART": part}, log, options.verbose)
        report(suite, result, time.monotonic() - started, options.verbose)
        total.add(result)
    print(total.counts())
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
