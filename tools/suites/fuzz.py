#!/usr/bin/env python3
# The fuzzers, each for a minute (GROVER_FUZZ_SECONDS), from the corpus in tests/corpus.
# build: fuzzers
# presets: fuzz
# limit: 7200
"""Runs every grover-*-fuzz (libFuzzer with ASan and UBSan) of the preset `fuzz`. What it finds new is kept in
build/fuzz/corpus/NAME, from where a second run goes on; an input that fails is left there too, as crash-...
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TAIL_LINES = 60


def run(program: Path) -> bool:
    name = program.name.removeprefix("grover-")
    grown = Path(os.environ["GROVER_BUILD"]) / "corpus" / name
    grown.mkdir(parents=True, exist_ok=True)
    committed = Path("tests/corpus") / name.partition("-")[0]    # of the library: grover-http-head-fuzz
    done = subprocess.run(
        [program, f"-max_total_time={os.environ.get('GROVER_FUZZ_SECONDS') or 60}", "-timeout=10", "-rss_limit_mb=2048",
         "-print_final_stats=0", "-verbosity=0", f"-artifact_prefix={grown}/", grown,
         *([committed] if committed.is_dir() else [])],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        lines = done.stdout.decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
        print(f"FAILED {program.name}\n" + "\n".join(lines), flush=True)
    return done.returncode == 0


def main() -> int:
    programs = sorted(path for path in Path(os.environ["GROVER_BIN"]).glob("grover-*-fuzz")
                      if os.environ.get("GROVER_PART", "") in path.name)
    with ThreadPoolExecutor(int(os.environ.get("GROVER_JOBS") or os.cpu_count() or 1)) as pool:
        passed = sum(pool.map(run, programs))
    print(f"{passed} passed, {len(programs) - passed} failed, 0 skipped")
    return 0 if passed == len(programs) else 1


if __name__ == "__main__":
    sys.exit(main())
