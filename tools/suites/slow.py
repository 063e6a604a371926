#!/usr/bin/env python3
# Slow clients: slowhttptest against the gateway while a probe measures (with --all).
# build: grover-gateway
# presets: dev
# order: 80
# limit: 300
"""Modes H (heads that never end), B (bodies that come a byte at a time) and X (answers that are hardly read), 500 connections each. A probe
asks for a small answer all the while, on a new connection each time: every answer must come. How much later it comes is
reported beside what it takes in peace (docs/conformance.md has the figures), and is no reason to fail on a busy machine.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path[:0] = ["tests/e2e", "tests/smuggling", "bench"]

from _peers import nginx  # noqa: E402
from origin import Origin  # noqa: E402
from processes import Process, free_ports  # noqa: E402
from wire import parse, raw  # noqa: E402

SECONDS = 12
PAUSE_S = 0.01
LARGE_BYTES = 4_000_000
COMMON = ["-c", "500", "-r", "250", "-l", str(SECONDS), "-p", "3"]
MODES = {
    "H, slow heads": ["-H", "-i", "5", "-x", "24", "-u", "{url}/api/posts/small"],
    "B, slow bodies": ["-B", "-i", "5", "-s", "8192", "-x", "10", "-t", "POST", "-u", "{url}/api/posts/small"],
    "X, slow reading": ["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3", "-u", "{url}/api/posts/large"],
}


def probe(port: int, until: threading.Event) -> list[float]:
    """Milliseconds of each answer. Raises when one does not come."""
    out = []
    while not until.is_set():
        began = time.monotonic()
        answer = parse(raw(port, b"GET /api/posts/small HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"))
        if answer.status != 200:
            raise AssertionError(f"a probe was answered {answer.status}")
        out.append((time.monotonic() - began) * 1000)
        until.wait(PAUSE_S)
    return out


def while_running(port: int, command: list[str]) -> list[float]:
    ended, result = threading.Event(), []

    def watch() -> None:
        result.append(subprocess.run(command, capture_output=True, text=True, check=False))
        ended.set()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        times = probe(port, ended)
    finally:
        thread.join()
    assert result[0].returncode == 0, result[0].stdout[-1000:] + result[0].stderr[-1000:]
    return times


def main() -> int:
    if not os.environ.get("GROVER_ALL"):
        print("0 passed, 0 failed, 0 skipped")
        return 0
    missing = [tool for tool in ("slowhttptest", "nginx") if not shutil.which(tool)]
    if missing:
        print(f"skipped: {' and '.join(missing)} not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    failed = 0
    folder = Path(tempfile.mkdtemp(prefix="grover-slow-"))
    folder.chmod(0o755)    # nginx drops its rights
    port, posts_port = free_ports(2)
    data = folder / "posts" / "data"
    data.mkdir(parents=True)
    (data / "large.json").write_bytes(bytes(LARGE_BYTES))
    users, posts = Origin(), nginx("posts", "nginx-upstream.conf", folder, "0,1", port=posts_port, small="{}")
    gateway = Process("gateway", port, folder, {"USER_SERVICE_URL": f"http://127.0.0.1:{users.port}",
                                                "POST_SERVICE_URL": f"http://127.0.0.1:{posts_port}", "RATE_LIMIT": "off"})
    try:
        gateway.start()
        gateway.wait_ready()
        peace = while_running(port, ["sleep", "5"])
        usual = statistics.median(peace)
        print(f"in peace: median {usual:.2f} ms, p95 {statistics.quantiles(peace, n=20)[-1]:.2f} ms of {len(peace)} answers")
        for mode, words in MODES.items():
            command = ["slowhttptest", *COMMON, *(word.replace("{url}", f"http://127.0.0.1:{port}") for word in words)]
            try:
                times = while_running(port, command)
                print(f"mode {mode}: median {statistics.median(times):.2f} ms ({statistics.median(times) / usual:.2f} x), p95 "
                      f"{statistics.quantiles(times, n=20)[-1]:.2f} ms of {len(times)} answers", flush=True)
            except (AssertionError, OSError) as trouble:
                failed += 1
                print(f"FAILED mode {mode}: {trouble}", flush=True)
    finally:
        gateway.terminate()
        posts.stop()
        users.close()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(MODES) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
