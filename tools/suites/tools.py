#!/usr/bin/env python3
# The tools' own tests: ./grover up, setup, where, levels and the runner of suites.
# build: none
# order: 25
"""Runs tools/tests/test_*.py and counts its cases."""

import os
import sys
import unittest


def main() -> int:
    sys.path.insert(0, "tools")
    suite = unittest.defaultTestLoader.discover("tools/tests")
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        result = unittest.TextTestRunner(stream=nowhere, verbosity=0).run(suite)
    for test, trace in result.failures + result.errors:
        print(f"FAILED {test.id()}\n{trace}")
    failed = len({test.id() for test, _ in result.failures + result.errors})
    skipped = len(result.skipped)
    for test, why in result.skipped:
        print(f"skipped: {test.id()}: {why}")
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
