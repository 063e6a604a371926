#!/usr/bin/env python3
# The shared cache: http-cache-tests from npm through the gateway (with --all).
# build: grover-gateway
# presets: dev
# order: 80
# limit: 300
"""Its origin behind a gateway that caches everything; "required" is what RFC 9111 says, "optimal" what a good cache does beyond it.
What we fail and know is listed below with the reason; everything else must pass (docs/conformance.md has the result).
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path[:0] = ["tests/e2e", "tests/smuggling", "tools"]

import npm  # noqa: E402
from origin import Origin  # noqa: E402
from processes import Process, free_ports  # noqa: E402
from wire import eventually  # noqa: E402

RUN_S = 240
# The origin fails on purpose and counts what it is asked: nothing but the cache comes between.
CONFIG = """
services:
  user: {instances: ['http://127.0.0.1:%(users)d']}
  post:
    instances: ['http://127.0.0.1:%(origin)d']
    health: {enabled: false}
    outliers: {enabled: false}
    retries: {tries_max: 1}
    hedging: {enabled: false}
    breaker: {enabled: false}
    concurrency: {enabled: false}
routes:
  - {path: /test/**, service: post, compression: {codings: []}, cache: {fields: ['*'], keep_cookies: true}}
  - {path: /config/**, service: post}
  - {path: /state/**, service: post}
"""
NO_COUNT = "expects the origin's count in the error that a gateway makes itself; every recorded cache fails it"
KNOWN = {
    "age-parse-prefix": "an Age that is a list counts as too old, whatever it begins with",
    "stale-close-must-revalidate": NO_COUNT,
    "stale-close-proxy-revalidate": NO_COUNT,
    "stale-close-no-cache": NO_COUNT,
    "stale-close-s-maxage=2": NO_COUNT,
    "headers-store-Transfer-Encoding": "the origin sends a coding that does not exist: 502",
}


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run(folder: Path, parts: Path) -> list[dict]:
    origin_port, port = free_ports(2)
    file = folder / "gateway.yaml"
    origin = subprocess.Popen(["node", parts / "origin.mjs"], cwd=parts / "node_modules" / "http-cache-tests",
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              env=os.environ | {"npm_config_protocol": "http", "npm_config_port": str(origin_port),
                                                "npm_config_pidfile": str(folder / "origin.pid")})
    users = Origin()    # knows nobody
    file.write_text(CONFIG % {"origin": origin_port, "users": users.port})
    gateway = Process("gateway", port, folder, {"GATEWAY_CONFIG": str(file), "RATE_LIMIT": "off"})
    try:
        eventually(lambda: accepts(origin_port))
        gateway.start()
        gateway.wait_ready()
        done = subprocess.run(["node", "--no-warnings", parts / "run.mjs", f"http://127.0.0.1:{port}"], cwd=parts, check=True,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUN_S)
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    finally:
        gateway.terminate()
        users.close()
        origin.terminate()
        origin.wait()


def main() -> int:
    if not os.environ.get("GROVER_ALL"):
        print("0 passed, 0 failed, 0 skipped")
        return 0
    parts = npm.install(Path("tests/cache"))
    if not parts or not shutil.which("node"):
        print("skipped: http-cache-tests cannot be installed\n0 passed, 0 failed, 1 skipped")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="grover-cache-"))
    try:
        tests = run(folder, parts)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    counts = Counter((test["kind"], test["verdict"]) for test in tests)
    for kind in ("required", "optimal"):
        whole = sum(count for (of, _), count in counts.items() if of == kind)
        print(f"{kind}: {counts[kind, 'pass']} of {whole}; " +
              ", ".join(f"{verdict} {count}" for (of, verdict), count in counts.items() if of == kind and verdict != "pass"))
    failed = 0
    for test in tests:
        if test["kind"] == "check" or test["verdict"] == "pass":
            continue
        known = KNOWN.get(test["id"])
        failed += test["kind"] == "required" and not known
        print(f"{test['verdict']} {test['kind']} {test['id']}: {test['name']} ({known or test['why']})")
    print(f"{counts['required', 'pass'] + counts['optimal', 'pass']} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
