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
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("GROVER_BIN", str(ROOT / "build" / "release" / "bin"))
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from api import Person  # noqa: E402
from processes import BIN, Process, System, free_ports  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
MISSING_PART = 77
CONNECTIONS = 64
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


def document(size: int) -> str:
    """A page of posts of at least `size` bytes."""
    items: list[dict] = []
    while True:
        number = len(items)
        items.append({"id": number, "author": f"user{number % 97}", "title": f"Post number {number}", "tags": ["a", "b"],
                      "likes": number * 7 % 1000, "created_at": "2024-05-01T12:00:00Z"})
        text = json.dumps({"items": items, "next": None}, separators=(",", ":"))
        if len(text) >= size:
            return text


def tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid] + [inner for child in children for inner in tree(int(child))]


def cpu_seconds(pids: list[int]) -> float:
    total = 0
    for pid in (inner for root in pids for inner in tree(root)):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def rss_mib(pid: int) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def pin(pid: int, core: str) -> None:
    subprocess.run(["taskset", "-a", "-c", "-p", core, str(pid)], check=True, stdout=subprocess.DEVNULL)


class Nginx:
    def __init__(self, folder: Path, port: int, core: str, more: str, log: bool = True):
        folder.mkdir()
        where = f"{folder}/access.log j buffer=64k flush=1s" if log else "off"
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, log=where, more=more))
        self.child = subprocess.Popen(["taskset", "-c", core, "nginx", "-p", folder, "-c", folder / "nginx.conf"],
                                      stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.child.pid
        end = time.monotonic() + 10
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                if time.monotonic() > end or self.child.poll() is not None:
                    self.stop()
                    raise SystemExit("nginx does not start") from None
                time.sleep(0.02)

    def stop(self) -> None:
        self.child.terminate()
        self.child.wait(10)


class Bench:
    def __init__(self, folder: Path, rounds: int, seconds: int):
        self.folder, self.rounds, self.seconds = folder, rounds, seconds
        self.rows: list[str] = []

    def script(self, tokens: list[str], method: str = "GET", body: str = "") -> Path:
        """wrk: the people take turns."""
        quoted = ",".join(json.dumps(token) for token in tokens)
        path = self.folder / f"script-{len(list(self.folder.glob('script-*')))}.lua"
        path.write_text(f"""
local tokens, requests, at = {{{quoted}}}, {{}}, 0
init = function()
  for i, token in ipairs(tokens) do
    local headers = {{ ["Content-Type"] = "application/json" }}
    if token ~= "" then headers["Authorization"] = "Bearer " .. token end
    requests[i] = wrk.format("{method}", nil, headers, {json.dumps(body) if body else "nil"})
  end
end
request = function() at = at % #tokens + 1; return requests[at] end
done = function(s, l)
  local e = s.errors
  print(string.format("RESULT %d %d %d %d %d", s.requests, s.duration, l:percentile(50), l:percentile(99),
        e.connect + e.read + e.write + e.timeout + e.status))
end
""")
        return path

    def once(self, url: str, script: Path, pids: list[int], core: str | None, seconds: int) -> dict[str, float]:
        before = cpu_seconds(pids)
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), url]
        out = subprocess.run((["taskset", "-c", core] if core else []) + command, capture_output=True, text=True,
                             check=True).stdout
        requests, micros, p50, p99, bad = map(int, re.search(r"RESULT (.*)", out)[1].split())
        return {"cpu": (cpu_seconds(pids) - before) * 1e6 / max(requests, 1), "rate": requests * 1e6 / micros,
                "p50": p50 / 1000, "p99": p99 / 1000, "bad": bad}

    def compare(self, name: str, contenders: dict[str, tuple[str, list[int]]], script: Path, aim: str,
                core: str | None = "1") -> None:
        """Measures the contenders in turn; the first is ours, the last the reference."""
        found: dict[str, list[dict[str, float]]] = {who: [] for who in contenders}
        for url, pids in contenders.values():
            self.once(url, script, pids, core, 1)
        for _ in range(self.rounds):
            for who, (url, pids) in contenders.items():
                found[who].append(self.once(url, script, pids, core, self.seconds))
        reference = found[list(contenders)[-1]]
        for position, (who, runs) in enumerate(found.items()):
            middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            ratio = statistics.median(a["cpu"] / b["cpu"] for a, b in zip(runs, reference)) if len(found) > 1 else None
            bad = sum(run["bad"] for run in runs)
            line = (f"{name:<22} {who:<8} {middle['cpu']:8.1f} {f'{ratio:.2f}' if ratio else '':>6} "
                    f"{middle['rate']:9.0f} {middle['p50']:8.2f} {middle['p99']:8.2f} {bad:7.0f}  "
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
    missing = [tool for tool in ("wrk", "nginx", "taskset") if not shutil.which(tool)]
    if missing:
        print(f"missing: {', '.join(missing)}")
        return MISSING_PART

    folder = Path(tempfile.mkdtemp(prefix="grover-bench-"))
    folder.chmod(0o755)
    bench = Bench(folder, asked.rounds, asked.secs)
    stop: list = []
    try:
        print("start to ready and memory (aims: 150 ms, 30 MiB)")
        system = System(folder / "system")
        stop.append(system.stop)
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
        stop.append(lambda: (hello.terminate(), hello.wait(10)))
        hello.stdout.readline()
        nginx = Nginx(folder / "hello", nginx_port, "0", f"server {{ listen 127.0.0.1:{nginx_port} backlog=4096; "
                      "location = /hello { return 200 '{\"message\":\"Hello, world\",\"id\":42}'; } }", log=False)
        stop.append(nginx.stop)
        bench.compare("hello", {"grover": (f"http://127.0.0.1:{hello_port}/hello", [hello.pid]),
                                "nginx": (f"http://127.0.0.1:{nginx_port}/hello", [nginx.pid])}, anonymous, "aim 1.30")

        pids = {name: process.child.pid for name, process in system.processes.items()}
        for pid in pids.values():
            pin(pid, "0")
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
        stop.append(upstream.stop)
        proxy = Nginx(folder / "proxy", proxy_port, "0", f"""
            upstream up {{ server 127.0.0.1:{upstream_port}; keepalive 256; keepalive_requests 100000000; }}
            proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Request-Id $request_id;
            server {{ listen 127.0.0.1:{proxy_port} backlog=4096; location /api/ {{ proxy_pass http://up; }} }}""")
        stop.append(proxy.stop)
        relay = Process("gateway", relay_port, folder, {
            "USER_SERVICE_URL": f"http://127.0.0.1:{system['user'].port}",
            "POST_SERVICE_URL": f"http://127.0.0.1:{upstream_port}", "RATE_LIMIT": "off", "THREADS": "1"})
        relay.start()
        stop.append(relay.terminate)
        relay.wait_ready()
        pin(relay.child.pid, "0")
        for size, text in (("small", small), ("large", large)):
            bench.compare(f"relay of {len(text)} B",
                          {"grover": (f"http://127.0.0.1:{relay_port}/api/posts/{size}", [relay.child.pid]),
                           "nginx": (f"http://127.0.0.1:{proxy_port}/api/posts/{size}", [proxy.pid])},
                          bench.script(tokens), "aim 0.90")

        for pid in pids.values():
            pin(pid, "0,1")
        bench.compare("durable POST, gateway",
                      {"grover": (f"http://127.0.0.1:{system['gateway'].port}/api/posts/", list(pids.values()))},
                      bench.script(tokens, "POST", json.dumps({"content": "A few words about today."})),
                      "aim 3,000/s", core=None)
        return 0
    finally:
        for end in reversed(stop):
            end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
