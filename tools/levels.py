"""Checks that includes point down the levels of the house (design: section 2, "The house").

    python3 tools/levels.py [ROOT]

prints one line per offending include and exits 1 when there is any. The rules:

- A folder of lib/ includes folders of its own level or below, and folders of one level never form a circle.
- lib/ knows neither contracts/ nor services/; contracts/ stands on all of lib/ but its top level.
- A service includes lib/, contracts/ and itself, never another service.
- A test (*_test.cpp, *_fuzz.cpp, *_fixture.hpp) may also include testing/. Nothing else may, outside testing/ itself.
- Some system headers have one owner: sockets are lib/net's, SQLite is lib/store's.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LEVELS = [
    ["base"],
    ["reflect", "telemetry", "net"],
    ["http", "store", "resilience"],
    ["events", "auth"],
    ["service", "testing"],
]
LEVEL = {folder: level for level, folders in enumerate(LEVELS) for folder in folders}
CONTRACTS_LEVEL = 3

# A header that begins so is included in that folder only.
OWNERS = {
    "sqlite3": "lib/store",
    "mongoc": "lib/store",
    "argon2": "lib/auth",
    "liburing": "lib/net",
    "zlib.h": "lib/http",
    "zstd.h": "lib/http",
    "brotli/": "lib/http",
    "sys/epoll.h": "lib/net",
    # Tests speak to sockets without the code that they test.
    "sys/socket.h": ("lib/net", "lib/testing"),
    "netinet/": ("lib/net", "lib/testing"),
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SOURCES = ("*.cpp", "*.hpp")


@dataclass(frozen=True)
class Include:
    file: str    # from the root, with /
    line: int
    header: str
    quoted: bool


def includes_of(root: Path) -> Iterator[Include]:
    for top in ("lib", "contracts", "services", "tools/template"):
        for pattern in SOURCES:
            for path in sorted((root / top).rglob(pattern)):
                text = path.read_text(encoding="utf-8", errors="replace")
                for number, line in enumerate(text.splitlines(), 1):
                    found = INCLUDE.match(line)
                    if found:
                        yield Include(path.relative_to(root).as_posix(), number, found[2], found[1] == '"')


def place_of(file: str) -> tuple[str, str]:
    """Where a file lives: (top, folder). The template of a service keeps a service's rules."""
    parts = file.removeprefix("tools/").replace("template/", "services/", 1).split("/")
    return parts[0], parts[1] if len(parts) > 2 else ""


def is_test(file: str) -> bool:
    return file.endswith(("_test.cpp", "_fuzz.cpp", "_fixture.hpp"))


def home_of(root: Path, include: Include) -> tuple[str, str]:
    """Where a project header lives: ("lib", folder), ("contracts", ""), ("services", name); ("", "") when not ours."""
    first, _, rest = include.header.partition("/")
    if first == "contracts":
        return "contracts", ""
    if first == "services":
        return "services", rest.partition("/")[0]
    if first == "lib":
        return "lib", rest.partition("/")[0]
    if first in LEVEL and (root / "lib" / include.header).exists():
        return "lib", first
    # services/ is an include folder too: "post/post.hpp".
    if any((root / top / include.header).exists() for top in ("services", "tools/template")):
        return "services", first
    beside = (root / include.file).parent / include.header
    if beside.exists() and root in beside.resolve().parents:
        return place_of(beside.resolve().relative_to(root).as_posix())
    return "", ""


def owner_problem(include: Include) -> str:
    for prefix, folders in OWNERS.items():
        owners = (folders,) if isinstance(folders, str) else folders
        allowed = any(include.file.startswith(owner + "/") for owner in owners)
        if include.header.startswith(prefix) and not allowed:
            return f"only {' and '.join(f'{owner}/' for owner in owners)} includes <{prefix}...>"
    return ""


def problem_of(include: Include, place: tuple[str, str], target: tuple[str, str]) -> str:
    """Why this include is not allowed; empty when it is."""
    (top, folder), (target_top, target_folder) = place, target
    if target == place or is_test(include.file) and target == ("lib", "testing"):
        return ""
    if target_top == "services":
        return "a service never includes another service" if top == "services" else f"{top}/ knows no service"
    if target == ("lib", "testing"):
        return "testing/ is for tests"
    if top == "lib":
        if target_top == "contracts":
            return "lib/ knows no contract"
        if LEVEL[target_folder] > LEVEL[folder]:
            return f"{folder}/ (level {LEVEL[folder]}) may not look up to {target_folder}/ (level {LEVEL[target_folder]})"
    if top == "contracts" and target_top == "lib" and LEVEL[target_folder] > CONTRACTS_LEVEL:
        return f"contracts/ stands on levels 0 to {CONTRACTS_LEVEL}, {target_folder}/ is level {LEVEL[target_folder]}"
    return ""


def circles_of(uses: dict[str, dict[str, Include]]) -> list[str]:
    """One line for each circle among the folders of lib/, with the includes that close it."""
    lines, done = [], set()

    def walk(folder: str, path: list[str]) -> None:
        if folder in path:
            circle = path[path.index(folder):] + [folder]
            steps = [uses[one][two] for one, two in zip(circle, circle[1:])]
            lines.append("circle " + " -> ".join(circle) + ": " +
                         ", ".join(f"{step.file}:{step.line}" for step in steps))
        elif folder not in done:
            for target in sorted(uses.get(folder, {})):
                walk(target, path + [folder])
            done.add(folder)

    for folder in sorted(uses):
        walk(folder, [])
    return lines


def check(root: Path) -> tuple[int, list[str]]:
    """The number of project includes looked at, and one line per problem."""
    root = root.resolve()
    seen, problems = 0, []
    uses: dict[str, dict[str, Include]] = {}
    for include in includes_of(root):
        place = place_of(include.file)
        if place[0] == "lib" and place[1] not in LEVEL:
            if place[1]:
                problems.append(f"{include.file}: lib/{place[1]} has no level yet; tools/levels.py lists them")
            continue    # lib/pch.hpp and its like serve the build alone
        why = owner_problem(include)
        target = home_of(root, include) if include.quoted else ("", "")
        if target[0] and not why:
            seen += 1
            why = problem_of(include, place, target)
            if not why and place[0] == target[0] == "lib" and place != target and not is_test(include.file):
                uses.setdefault(place[1], {}).setdefault(target[1], include)
        if why:
            problems.append(f"{include.file}:{include.line}: {include.header}: {why}")
    return seen, sorted(set(problems)) + circles_of(uses)


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    seen, problems = check(root)
    for problem in problems:
        print(problem)
    print(f"{seen} includes, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
