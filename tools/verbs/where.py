#!/usr/bin/env python3
# Show which line of code answers a request.
#
# usage: ./grover where METHOD PATH
#   ./grover where POST /api/posts
#
# The services themselves are asked (PROGRAM --where), in the build that is newest, so the answer is what runs.
import json
import os
import subprocess
import sys
from pathlib import Path

from house import Trouble, main_of, root

PROGRAM_LIMIT_S = 30


def programs() -> list[tuple[str, Path]]:
    """(service, program) of each service, from the preset that was built last."""
    entries = json.loads((root() / "tools" / "services.json").read_text(encoding="utf-8"))
    found = [(path.stat().st_mtime, path.parent) for preset in ("dev", "release") for entry in entries
             if (path := root() / "build" / preset / "bin" / entry["program"]).exists()]
    if not found:
        raise Trouble("no service is built yet; ./grover build makes them")
    folder = max(found)[1]
    return [(entry["name"], folder / entry["program"]) for entry in entries if (folder / entry["program"]).exists()]


def main() -> int:
    if len(sys.argv) != 3 or not sys.argv[2].startswith("/"):
        print("grover: where takes a method and a path that begins with /; see ./grover where --help", file=sys.stderr)
        return 2
    method, path = sys.argv[1].upper(), sys.argv[2]
    found, others = False, []
    # The gateway's own routes have their lines in its configuration, not in the copy beside the program.
    environment = {"GATEWAY_CONFIG": "services/gateway/gateway.yaml", **os.environ}
    for service, program in programs():
        done = subprocess.run([program, "--where", method, path], cwd=root(), env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=PROGRAM_LIMIT_S, check=False)
        if done.returncode == 0:
            verb, pattern, source, *summary = done.stdout.strip().split(" ", 3)
            print(f"{source}  {verb} {pattern}  {' '.join(summary)}  ({service} service)")
            found = True
        elif "allows" in done.stdout:
            others.append(f"grover: {service}: {done.stdout.strip()}")
        elif "no route" not in done.stdout:
            raise Trouble(f"{program.name} --where: {done.stderr.strip() or done.stdout.strip()}")
    if not found:
        print("\n".join(others) or f"grover: no service answers {method} {path}", file=sys.stderr)
        return 1
    return 0


main_of(main)
