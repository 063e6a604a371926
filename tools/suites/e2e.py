#!/usr/bin/env python3
# The real processes over HTTP: tests/e2e, with pytest.
# order: 60
# limit: 1800
"""Runs tests/e2e with Debian's pytest and counts its cases. The tests find the programs in GROVER_BIN.
`./grover test e2e/feed` runs those with `feed` in their name.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

NO_TESTS = 5    # pytest's exit status


def main() -> int:
    if not Path("tests/e2e").is_dir():
        print("0 passed, 0 failed, 0 skipped")
        return 0
    if subprocess.run([sys.executable, "-c", "import pytest"], capture_output=True, check=False).returncode != 0:
        print("skipped: python3-pytest is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory(prefix="grover-e2e-") as folder:
        report = Path(folder) / "report.xml"
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-rs",
                               f"--junitxml={report}", "-k", os.environ.get("GROVER_PART", ""), "tests/e2e"], env=dict(os.environ, TMPDIR=folder),
                              stdin=subprocess.DEVNULL, check=False)
        if not report.exists():
            return done.returncode or 1
        total = xml.parse(report).getroot().find("testsuite").attrib
    failed = int(total["failures"]) + int(total["errors"])
    skipped = int(total["skipped"])
    passed = int(total["tests"]) - failed - skipped
    sys.stdout.flush()
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or done.returncode not in (0, NO_TESTS) else 0


if __name__ == "__main__":
    sys.exit(main())
