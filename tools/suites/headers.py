#!/usr/bin/env python3
# Every header compiles alone.
# build: none
# order: 20
# limit: 1800
"""Each header of ours is a translation unit of its own, without the precompiled header.

A header is looked at again only when it, or a file of ours that it includes, has changed: what was found good is kept
in build/headers.json as the hash of all of them.
"""

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

COMPILER = "clang++-19"
FLAGS = ["-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror",
         "-Wno-pragma-once-outside-header", "-Ilib", "-Iservices", "-Itools/template", "-I.", "-DGROVER_VERSION=\"0\"",
         "-DBOOST_ASIO_SEPARATE_COMPILATION", "-DBOOST_BEAST_SEPARATE_COMPILATION", "-DBOOST_ASIO_NO_DEPRECATED",
         "-DBOOST_ASIO_DISABLE_CONCEPTS", "-x", "c++"]
TOPS = ("lib", "contracts", "services", "tools", "bench", "examples")
KEPT = Path("build/headers.json")


def headers() -> list[str]:
    return sorted(str(path) for top in TOPS for path in Path(top).rglob("*.hpp"))


def digest(files: list[str]) -> str:
    """Of the contents; empty when a file is gone."""
    total = hashlib.sha256(" ".join([COMPILER, *FLAGS]).encode())
    for name in files:
        path = Path(name)
        if not path.is_file():
            return ""
        total.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def files_of_ours(dependencies: str) -> list[str]:
    """The relative paths in a Makefile rule as the compiler writes it: the system's headers are absolute."""
    words = dependencies.partition(":")[2].replace("\\\n", " ").split()
    return sorted({os.path.normpath(word) for word in words if not word.startswith("/")})


def compile_alone(header: str) -> tuple[str, dict | None, str]:
    """The header, what to keep of it when it is good, and the compiler's words when it is not."""
    done = subprocess.run([COMPILER, *FLAGS, "-MD", "-MF", "/dev/stderr", "-MT", "it", header], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0:
        return header, None, done.stderr
    files = files_of_ours(done.stderr)
    return header, {"files": files, "digest": digest(files)}, ""


def main() -> int:
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    every = headers()
    fresh = {name: kept[name] for name in every if name in kept and kept[name]["digest"] == digest(kept[name]["files"])}
    failed = 0
    with ThreadPoolExecutor(int(os.environ.get("GROVER_JOBS") or os.cpu_count() or 1)) as pool:
        for header, good, words in pool.map(compile_alone, [name for name in every if name not in fresh]):
            if good:
                fresh[header] = good
            else:
                failed += 1
                print(f"{header} does not compile alone:\n{words}")
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(fresh, indent=1), encoding="utf-8")
    print(f"{len(every) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
