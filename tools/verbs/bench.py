#!/usr/bin/env python3
# Measure: each bench/NAME.py, and each program of bench/NAME/.
#
# usage: ./grover bench [--list] [NAME...] [-- ARGUMENT...]
#   NAME       from --list (default: all)
#   ARGUMENT   handed to each bench that is named
#
# All is built with the release preset first, and what it is compared with is installed (tools/packages). A bench whose
# part is missing on this machine (a peer that is not to be had, say) says so and exits 77. Benches are apart from tests: nothing here fails because it was slow.
import os
import subprocess
import sys
from pathlib import Path

from house import main_of, root

MISSING_PART = 77


def benches() -> dict[str, list[str]]:
    """Name -> command. A folder with a main.cpp is built as grover-bench-NAME (CMakeLists.txt)."""
    folder, programs = root() / "bench", root() / "build" / "release" / "bin"
    found = {path.stem: [sys.executable, str(path)] for path in folder.glob("*.py") if not path.stem.startswith("_")}
    found |= {path.parent.name: [str(programs / f"grover-bench-{path.parent.name}")]
              for path in folder.glob("*/main.cpp")}
    return dict(sorted(found.items()))


def summary_of(name: str) -> str:
    """The first comment or docstring line of the bench."""
    for path in (root() / "bench" / f"{name}.py", root() / "bench" / name / "main.cpp"):
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                text = line.strip('#/" ').strip()
                if text and not line.startswith("#!"):
                    return text
    return ""


def main() -> int:
    words = sys.argv[1:]
    extra = words[words.index("--") + 1:] if "--" in words else []
    names = words[:words.index("--")] if "--" in words else words
    known = benches()
    if names == ["--list"]:
        for name in known:
            print(f"  {name:<12} {summary_of(name)}")
        return 0
    for name in names:
        if name not in known:
            print(f"grover: there is no bench '{name}'; see ./grover bench --list", file=sys.stderr)
            return 2
    subprocess.run([os.environ["GROVER"], "setup", "bench"], check=False)    # a peer that is not to be had is left out
    if subprocess.run([os.environ["GROVER"], "build", "release"], check=False).returncode != 0:
        return 1
    environment = dict(os.environ, GROVER_BIN=str(root() / "build" / "release" / "bin"))
    failed = []
    for name in names or known:
        print(f"== {name}: {summary_of(name)}", flush=True)
        status = subprocess.run([*known[name], *extra], env=environment, cwd=root(), check=False).returncode
        if status == MISSING_PART:
            print(f"== {name}: skipped, a part is missing here")
        elif status != 0:
            failed.append(name)
    if failed:
        print(f"grover: these benches failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


main_of(main)
