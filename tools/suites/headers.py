#!/usr/bin/env python3
# Every header compiles alone.
# build: none
# order: 20
# limit: 1800
"""Each header of ours is a translation unit of its own, without the build's precompiled header.

Two things keep that quick. A header that includes one of HUBS is compiled on the compiled form of that hub, which it
would have parsed anyway: nothing becomes visible to it that its own includes do not bring. And what was found good
is remembered in the user's cache under the hash of the header and of all of ours that it includes, so that it is looked
at again, in whatever checkout, only when one of them has changed.
"""

import functools
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

COMPILER = "clang++-19"
FLAGS = ["-std=c++23", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror",
         "-Wno-pragma-once-outside-header", "-Ilib", "-Iservices", "-Itools/template", "-I.", "-DGROVER_VERSION=\"0\"",
         "-DBOOST_ASIO_SEPARATE_COMPILATION", "-DBOOST_BEAST_SEPARATE_COMPILATION", "-DBOOST_ASIO_NO_DEPRECATED",
         "-DBOOST_ASIO_DISABLE_CONCEPTS", "-isystem", "/usr/include/libmongoc-1.0", "-isystem", "/usr/include/libbson-1.0"]
TOPS = ("lib", "contracts", "services", "tools", "bench", "examples")
INCLUDED_FROM = ("lib", "services", "tools/template", ".")
# Headers that many include and that are slow to parse. One too few costs time and nothing else.
HUBS = ("lib/net/task.hpp", "lib/reflect/codec.hpp", "lib/http/message.hpp", "lib/store/document_store.hpp",
        "lib/http/extract.hpp", "lib/store/collection.hpp", "lib/service/kit.hpp")
KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "grover" / "headers"
KEPT_DAYS = 30
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


@functools.cache
def content(path: str) -> bytes:
    return Path(path).read_bytes()


@functools.cache
def included(path: str) -> tuple[str, ...]:
    """The files of ours that this one names."""
    places = (str(Path(path).parent), *INCLUDED_FROM)
    named = (match.decode() for match in INCLUDE.findall(content(path)))
    found = (next((file for file in (os.path.normpath(f"{place}/{name}") for place in places) if os.path.isfile(file)), None)
             for name in named)
    return tuple(file for file in found if file)


@functools.cache
def closure(path: str) -> frozenset[str]:
    """The file and all of ours that it includes."""
    seen, to_see = {path}, [path]
    while to_see:
        fresh = set(included(to_see.pop())) - seen
        seen |= fresh
        to_see += fresh
    return frozenset(seen)


@functools.cache
def surroundings() -> bytes:
    """What else decides whether a header compiles: the compiler, its flags, the largest library of others."""
    version = subprocess.run([COMPILER, "--version"], capture_output=True, check=True).stdout
    boost = Path("/usr/include/boost/version.hpp")
    return version + " ".join(FLAGS).encode() + (boost.read_bytes() if boost.exists() else b"")


def mark_of(header: str) -> Path:
    total = hashlib.sha256(surroundings() + header.encode())
    for path in sorted(closure(header)):
        total.update(path.encode() + b"\0" + content(path) + b"\0")
    return KEPT / total.hexdigest()


def hub_of(header: str) -> str | None:
    return max((hub for hub in HUBS if hub in closure(header) and hub != header), key=lambda hub: len(closure(hub)), default=None)


def compiled(hub: str, folder: Path) -> Path:
    return folder / (hub.replace("/", "-") + ".pch")


def complaints(header: str, folder: Path) -> str:
    """The compiler's words about a header; empty when it is good. That of a hub is kept in its compiled form."""
    if header in HUBS:
        how = ["-x", "c++-header", header, "-o", compiled(header, folder)]
    else:
        hub = hub_of(header)
        how = ["-fsyntax-only", *(["-include-pch", compiled(hub, folder)] if hub else []), "-x", "c++", header]
    done = subprocess.run([COMPILER, *FLAGS, *how], text=True, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode == 0:
        mark_of(header).touch()
        return ""
    return done.stderr or f"status {done.returncode}"


def forget_old_marks() -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    for mark in KEPT.iterdir():
        if mark.stat().st_mtime < time.time() - KEPT_DAYS * 86400:
            mark.unlink(missing_ok=True)


def main() -> int:
    forget_old_marks()
    every = sorted(str(path) for top in TOPS for path in Path(top).rglob("*.hpp"))
    old, fresh = [], []
    for header in every:
        (old if mark_of(header).exists() else fresh).append(header)
    for header in old:
        mark_of(header).touch()
    hubs = {hub_of(header) for header in fresh} - {None} | {header for header in fresh if header in HUBS}
    failed = 0
    with tempfile.TemporaryDirectory(prefix="grover-headers-") as name:
        folder = Path(name)
        with ThreadPoolExecutor(int(os.environ.get("GROVER_JOBS") or os.cpu_count() or 1)) as pool:
            for some in (sorted(hubs), [header for header in fresh if header not in HUBS]):
                for header, words in zip(some, pool.map(lambda header: complaints(header, folder), some)):
                    if words:
                        failed += 1
                        print(f"{header} does not compile alone:\n{words}")
    print(f"{len(every) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
