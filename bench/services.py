#!/usr/bin/env python3
"""What a request costs: hello, reads, durable writes and the relay, beside nginx in the same rounds.

usage: ./grover bench services [-- --rounds N --secs N]

Column "CPU us" is the user and system time of the programs under test for each completed request, from /proc/PID/stat;
"ratio" is the median over the rounds of ours to nginx in the same round, which the machine's drift does not touch. The
program under test has core 0, load generator and upstream core 1; the durable POST shares both cores with all. Needs wrk
and nginx (Debian packages); without them it says so and exits 77.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("GROVER_BIN", str(ROOT / "build" / "release" / "bin"))
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "bench")]

from _measure import (CONNECTIONS, MISSING_PART, Contender, document, in_turns, middle, missing, pin,  # noqa: E402
                      ratio, rss_mib, run_wrk, stop, wait_for_port, wrk_script)
from api import Person  # noqa: E402
from processes import BIN, Process, System, free_ports  # noqa: E402

FOLLOWS = 200
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log crit;
events {{ worker_connections 4096; }}
http {{
  log_format j escape=json '{{"ts":"$time_iso8601","rid":"$request_id","method":"$request_method","path":"$uri","status":$status,"bytes":$body_bytes_sent,"rt":$request_time}}';
  access_log {log}; keepalive_requests 100000000; keepalive_timeout 300s; tcp_nodelay on; default_type application/json;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  {more}
}}
"""


class Nginx:
    def __init__(self, folder: Path, port: int, core: str, more: str, log: bool = True):
        folder.mkdir()
        where = f"{folder}/access.log j buffer=64k flush=1s" if log else "off"
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, log=where, more=more))
        self.child = subprocess.Popen(["taskset", "-c", core, "nginx", "-p", folder, "-c", folder / "nginx.conf"],
                                      stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.child.pid
        wait_for_port(port, self.child, "nginx")

    def stop(self) -> None:
        stop(self.child)


class Bench:
    def __init__(self, folder: Path, rounds: int, seconds: int):
        self.folder, self.rounds, self.seconds = folder, rounds, seconds

    def script(self, tokens: list[str], method: str = "GET", body: str = "") -> Path:
        return wrk_script(self.folder, tokens, method, body)

    def compare(self, name: str, contenders: dict[str, tuple[str, list[int]]], script: Path, aim: str,
                core: str | None = "1") -> None:
        """Measures the contenders in turn; the first is ours, the last the reference."""
        found = in_turns([Contender(who, url, pids) for who, (url, pids) in contenders.items()],
                         lambda url: run_wrk(url, script, core, self.seconds), self.rounds)
        reference = found[list(contenders)[-1]]
        for position, (who, runs) in enumerate(found.items()):
            m = middle(runs)
            against = f"{ratio(runs, reference):.2f}" if len(found) > 1 else ""
            bad = sum(run["bad"] for run in runs)
            line = (f"{name:<22} {who:<8} {m['cpu']:8.1f} {against:>6} "
                    f"{m['rate']:9.0f} {m['p50']:8.2f} {m['p99']:8.2f} {bad:7.0f}  "
                    f"{aim if position == 0 else ''}")
            print(line.rstrip(), flush=True)


def publish(people: list[Person]) -> list[str]:
    return [person.publish(f"A post of {person.name} about the weather, the town and the day.")["post_id"]
            for person in people]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--secs", type=int, default=3)
    asked = options.parse_args()
    lost = missing("wrk", "nginx", "taskset")
    if lost:
        print(f"missing: {', '.join(lost)}")
        return MISSING_PART

    folder = Path(tempfile.mkdtemp(prefix="grover-bench-"))
    folder.chmod(0o755)
    bench = Bench(folder, asked.rounds, asked.secs)
    ends: list = []
    try:
        print("start to ready and memory (aims: 150 ms, 30 MiB)")
        system = System(folder / "system")
        ends.append(system.stop)
        for name, process in system.processes.items():
            began = time.monotonic()
            process.start()
            process.wait_ready()
            took = (time.monotonic() - began) * 1000
            print(f"  {name:<8} ready in {took:4.0f} ms, {rss_mib(process.child.pid):5.1f} MiB idle", flush=True)

        with ThreadPoolExecutor(4) as pool:
            people = list(pool.map(lambda i: Person(system, False, f"Person {i}"), range(FOLLOWS)))
        reader = Person(system, False, "Reader")
        for person in people:
            reader.follow(person)
        posts = publish(people)
        tokens = [person.token for person in people[:CONNECTIONS]]
        print(f"\n{'':<22} {'':<8} {'CPU us':>8} {'ratio':>6} {'requests/s':>9} {'p50 ms':>8} {'p99 ms':>8} {'failed':>7}")

        hello_port, nginx_port, upstream_port, proxy_port, relay_port = free_ports(5)
        anonymous = bench.script([""])
        hello = subprocess.Popen(["taskset", "-c", "0", BIN / "grover-bench-hello", str(hello_port)],
                                 stdout=subprocess.PIPE, text=True)
        ends.append(lambda: (hello.terminate(), hello.wait(10)))
        hello.stdout.readline()
        nginx = Nginx(folder / "hello", nginx_port, "0", f"server {{ listen 127.0.0.1:{nginx_port} backlog=4096; "
                      "location = /hello { return 200 '{\"message\":\"Hello, world\",\"id\":42}'; } }", log=False)
        ends.append(nginx.stop)
        bench.compare("hello", {"grover": (f"http://127.0.0.1:{hello_port}/hello", [hello.pid]),
                                "nginx": (f"http://127.0.0.1:{nginx_port}/hello", [nginx.pid])}, anonymous, "aim 1.30")

        pids = {name: process.child.pid for name, process in system.processes.items()}
        for pid in pids.values():
            pin([pid], "0")
        post = f"http://127.0.0.1:{system['post'].port}"
        bench.compare("GET post, service", {"grover": (f"{post}/api/posts/{posts[0]}", [pids["post"]])},
                      bench.script(tokens), "aim 30 us")
        bench.compare("feed of 20, service", {"grover": (f"{post}/api/posts/feed?limit=20", [pids["post"]])},
                      bench.script([reader.token]), f"aim 250 us at {FOLLOWS} follows")

        small, large = document(480), document(10200)
        (folder / "data").mkdir()
        (folder / "data" / "large.json").write_text(large)
        upstream = Nginx(folder / "upstream", upstream_port, "1", f"server {{ listen 127.0.0.1:{upstream_port} "
                         f"backlog=4096; root {folder}/data; location = /api/posts/small {{ return 200 '{small}'; }} "
                         "location = /api/posts/large { try_files /large.json =404; } }", log=False)
        ends.append(upstream.stop)
        proxy = Nginx(folder / "proxy", proxy_port, "0", f"""
            upstream up {{ server 127.0.0.1:{upstream_port}; keepalive 256; keepalive_requests 100000000; }}
            proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Request-Id $request_id;
            server {{ listen 127.0.0.1:{proxy_port} backlog=4096; location /api/ {{ proxy_pass http://up; }} }}""")
        ends.append(proxy.stop)
        relay = Process("gateway", relay_port, folder, {
            "USER_SERVICE_URL": f"http://127.0.0.1:{system['user'].port}",
            "POST_SERVICE_URL": f"http://127.0.0.1:{upstream_port}", "RATE_LIMIT": "off", "THREADS": "1"})
        relay.start()
        ends.append(relay.terminate)
        relay.wait_ready()
        pin([relay.child.pid], "0")
        for size, text in (("small", small), ("large", large)):
            bench.compare(f"relay of {len(text)} B",
                          {"grover": (f"http://127.0.0.1:{relay_port}/api/posts/{size}", [relay.child.pid]),
                           "nginx": (f"http://127.0.0.1:{proxy_port}/api/posts/{size}", [proxy.pid])},
                          bench.script(tokens), "aim 0.90")

        for pid in pids.values():
            pin([pid], "0,1")
        bench.compare("durable POST, gateway",
                      {"grover": (f"http://127.0.0.1:{system['gateway'].port}/api/posts/", list(pids.values()))},
                      bench.script(tokens, "POST", json.dumps({"content": "A few words about today."})),
                      "aim 3,000/s", core=None)
        return 0
    finally:
        for end in reversed(ends):
            end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
