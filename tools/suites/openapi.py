#!/usr/bin/env python3
# The committed OpenAPI documents are what the services print, and are valid.
# order: 40
"""Compares openapi/*.json with the services and checks each with a linter from npm (tools/openapi/)."""

import difflib
import os
import subprocess
import sys
from pathlib import Path

import npm
from house import Trouble
from api_documents import documents

DIFF_LINES_MAX = 60


def unchanged(file: Path, text: str) -> bool:
    committed = file.read_text(encoding="utf-8") if file.exists() else ""
    if committed == text:
        return True
    name = file.relative_to(Path.cwd())
    print(f"{name} is not what the service prints; ./grover openapi writes it anew")
    lines = difflib.unified_diff(committed.splitlines(), text.splitlines(), str(name), "the service", lineterm="", n=2)
    print("\n".join(list(lines)[:DIFF_LINES_MAX]))
    return False


def main() -> int:
    passed = failed = skipped = 0
    try:
        expected = documents(Path(os.environ["GROVER_BIN"]))
    except Trouble as trouble:
        print(f"{trouble}\n0 passed, 1 failed, 0 skipped")
        return 1
    for file, text in expected.items():
        good = unchanged(file, text)
        passed, failed = passed + good, failed + (not good)
    linter = npm.install(Path("tools/openapi"))
    if linter is None:
        print("skipped: the linter, which needs npm and its registry once")
        skipped = len(expected)
    for file, text in expected.items() if linter else []:
        printed = Path(os.environ["GROVER_BUILD"]) / "suites" / f"openapi-{file.name}"
        printed.write_text(text, encoding="utf-8")
        sys.stdout.flush()
        good = subprocess.run(["node", linter / "lint.mjs", printed], stdin=subprocess.DEVNULL, check=False).returncode == 0
        passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
