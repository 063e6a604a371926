#!/usr/bin/env python3
"""The gateway beside nginx, HAProxy, Caddy and FastAPI in the same rounds: CPU time, latency, memory, against its aims.

usage: ./grover bench gateway [-- --rounds N --secs N --only PART,... --skip NAME,...]

Parts: L, S, latency, tls, memory. "CPU us" is the user and system time of the gateway's processes for each completed
request; "ratio" is its median over the rounds to nginx in the same round. Layout L: the gateway alone on core 0, upstream
and load on core 1. Layout S: gateway and upstream share core 0, which is then full.
"own": the upstream is a program of this house, "unix": over a unix socket, as `./grover up` joins them on one machine,
"http2": asked by HTTP/2 over shared connections. The gateway runs as shipped, but for one thread and
rate limits that this load does not meet; the peers do less (bench/peers says what). Latencies of L and S are those of a
saturated closed loop; the part "latency" sends at a fixed rate (bench/openloop). Needs wrk and nginx; other peers that are missing are said and left out (`./grover setup bench`).
"""

import argparse
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("GROVER_BIN", str(ROOT / "build" / "release" / "bin"))
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "bench")]

import _measure as measure  # noqa: E402
from _measure import MISSING_PART, Contender  # noqa: E402
from _peers import Peers, Running, nginx  # noqa: E402
from processes import BIN, Process, certificate, free_ports  # noqa: E402

SESSIONS = 100_000
IDLE_CONNECTIONS = 10_000
RATES = (4_000, 16_000)
SIZES = ("small", "large")
TITLE = f"{'':<2} {'':<8} {'':<24} {'CPU us':>7} {'(user+sys)':>13} {'ratio':>6} {'req/s':>8} {'p50 ms':>7} {'p99 ms':>7}" \
        f" {'failed':>6} {'foreign':>7}"


@dataclass
class Aim:
    """One line of the last table. `found` stays empty when it could not be measured here."""
    what: str
    most: float
    unit: str = ""
    found: float | None = None

    def line(self) -> str:
        verdict = "not measured here" if self.found is None else "met" if self.found <= self.most else "NOT MET"
        found = "-" if self.found is None else f"{self.found:.2f}"
        return f"{self.what:<74} {self.most:>7.2f} {found:>8} {self.unit:<4} {verdict}"


def token(number: int) -> str:
    return f"tok-{number:032d}"


class Gateway(Process):
    """Ours, as shipped, on one thread."""

    def __init__(self, label: str, folder: Path, users: int, posts: str, **environment: str):
        own = folder / label.replace(" ", "-")
        own.mkdir()
        port, = free_ports(1)
        super().__init__("gateway", port, own, {"USER_SERVICE_URL": f"http://127.0.0.1:{users}", "POST_SERVICE_URL": posts,
                                                "RATE_LIMIT": "off", "CONNECTIONS_PER_CLIENT": "0", "THREADS": "1"} | environment)
        self.start()
        self.wait_ready()
        measure.pin([self.child.pid], "0")

    def start(self) -> None:
        """In the session of the bench: one of its own would be a scheduling group of its own."""
        with open(self.log_file, "ab") as log:
            self.child = subprocess.Popen([BIN / "grover-gateway"], env=self.environment, stdin=subprocess.DEVNULL,
                                          stdout=log, stderr=subprocess.STDOUT)

    @property
    def pid(self) -> int:
        return self.child.pid

    def stop(self) -> None:
        self.terminate()


def settings_known() -> str:
    return subprocess.run([BIN / "grover-gateway", "--print-config"], capture_output=True, text=True, check=False).stdout


class Bench:
    def __init__(self, folder: Path, asked: argparse.Namespace):
        self.folder, self.rounds, self.seconds = folder, asked.rounds, asked.secs
        self.skip = set(filter(None, asked.skip.split(",")))
        self.aims: list[Aim] = []
        self.stops: list = []
        self.script = measure.wrk_script(folder, [token(number * 977 % SESSIONS) for number in range(64)])

    def keep(self, program):
        self.stops.append(program.stop)
        return program

    def start(self) -> None:
        small, large = measure.document(480), measure.document(10200)
        (self.folder / "upstream" / "data").mkdir(parents=True)
        (self.folder / "upstream" / "data" / "large.json").write_text(large)
        self.bytes = {"small": len(small), "large": len(large)}
        upstream_port, service_port = free_ports(2)
        self.upstream = self.keep(nginx("upstream", "nginx-upstream.conf", self.folder, "1", port=upstream_port, small=small))
        self.service = self.keep(Running("service", [BIN / "grover-bench-upstream", service_port, self.folder / "service.sock"],
                                         service_port, self.folder, "1"))
        cert, key = certificate(self.folder)
        self.peers = self.keep(Peers(self.folder, self.upstream, self.folder / "upstream" / "nginx.sock", cert, key))
        for name in self.peers.left_out:
            print(f"{name} is not installed here and left out")
        foreign = f"http://127.0.0.1:{self.upstream.port}"
        own, unix = f"http://127.0.0.1:{service_port}", f"unix:{self.folder}/service.sock"
        self.gateways: dict[str, Gateway] = {}
        engines = ["epoll", "io_uring"] if "NET_ENGINE" in settings_known() else ["epoll"]
        for engine in engines:
            for label, posts, protocol in ((f"grover {engine}", foreign, "http1"), (f"grover {engine}, own", own, "http1"),
                                           (f"grover {engine}, own http2", own, "http2"),
                                           (f"grover {engine}, own unix", unix, "http1")):
                if label not in self.skip:
                    self.gateways[label] = self.keep(Gateway(label, self.folder, service_port, posts, NET_ENGINE=engine,
                                                             UPSTREAM_PROTOCOL=protocol))
        if len(engines) == 1:
            print("this build has no NET_ENGINE: the rows of io_uring are left out")

    def contenders(self, path: str, *names: str) -> list[Contender]:
        """nginx first: it is what the others are compared with."""
        out = []
        for name, port in self.peers.ports.items():
            out.append(Contender(name, f"http://127.0.0.1:{port}{path}", [self.peers.running[name].pid], [self.upstream.pid]))
        for label, gateway in self.gateways.items():
            beside = self.service if "own" in label else self.upstream
            out.append(Contender(label, f"http://127.0.0.1:{gateway.port}{path}", [gateway.pid], [beside.pid]))
        return [one for one in out if (not names or one.name in names) and one.name not in self.skip]

    def closed_loop(self, layout: str, size: str) -> None:
        names = () if layout == "L" else ("nginx", "nginx-unix", "nginx-authsvc-limit", "haproxy", *self.gateways)
        found = measure.in_turns(self.contenders(f"/api/posts/{size}", *names),
                                 lambda url: measure.run_wrk(url, self.script, "1", self.seconds), self.rounds)
        for who, runs in found.items():
            m = measure.middle(runs)
            print(f"{layout:<2} {self.bytes[size]:>6} B {who:<24} {m['cpu']:7.1f} {m['user']:6.1f}+{m['system']:<6.1f}"
                  f" {measure.ratio(runs, found['nginx']):6.2f} {m['rate']:8.0f} {m['p50']:7.2f} {m['p99']:7.2f}"
                  f" {sum(run['bad'] for run in runs):6.0f} {m['foreign']:7.2f}  upstream {m['beside']:.1f}", flush=True)

        def aim(who: str, most: float, against: str = "nginx") -> None:
            known = who in found and against in found
            self.aims.append(Aim(f"{layout}, {self.bytes[size]} B: {who}, CPU to {against}", most, "",
                                 measure.ratio(found[who], found[against]) if known else None))

        if layout == "L":
            aim("grover epoll", 0.88)
            aim("grover io_uring", 0.75)
            aim("grover io_uring, own http2", 0.55)
            aim("grover io_uring, own http2", 0.55, "nginx-authsvc-limit")
            own = found.get("grover io_uring, own unix") or found.get("grover epoll, own unix")
            if size == "small" and own:
                self.aims.append(Aim("L: the service's own cost under the gateway, CPU for each request", 4, "us",
                                     measure.middle(own)["beside"]))
        else:
            aim("grover io_uring, own http2", 0.40)

    def layout(self, name: str) -> None:
        core = {"L": "1", "S": "0"}[name]
        measure.pin([self.upstream.pid, self.service.pid], core)
        for size in SIZES:
            self.closed_loop(name, size)
        measure.pin([self.upstream.pid, self.service.pid], "1")

    def latency(self) -> None:
        print(f"\nopen loop, {self.bytes['small']} B{'':<13} {'asked/s':>8} {'req/s':>8} {'p50 us':>8} {'p90':>8} {'p99':>8} {'p99.9':>8}"
              f" {'failed':>6}  medians of {self.rounds}")
        for rate in RATES:
            def load(url: str) -> dict[str, float]:
                port, path = re.fullmatch(r"http://127.0.0.1:(\d+)(/.*)", url).groups()
                out = subprocess.run(["taskset", "-c", "1", BIN / "grover-bench-openloop", port, path, str(rate),
                                      str(max(self.seconds, 2))], capture_output=True, text=True, check=True).stdout
                got, p50, p90, p99, p999, most, bad, unsent = map(float, out.split()[1:])
                return {"requests": max(got * max(self.seconds, 2), 1), "rate": got, "p50": p50, "p90": p90, "p99": p99,
                        "p999": p999, "most": most, "bad": bad + unsent}
            found = measure.in_turns(self.contenders("/api/posts/small", "nginx", "nginx-auth-limit", "haproxy",
                                                     *self.gateways), load, self.rounds)
            for who, runs in found.items():
                m = measure.middle(runs)
                print(f"{'':<11} {who:<24} {rate:8} {m['rate']:8.0f} {m['p50']:8.0f} {m['p90']:8.0f} {m['p99']:8.0f} {m['p999']:8.0f}"
                      f" {sum(run['bad'] for run in runs):6.0f}", flush=True)
                if who.startswith("grover"):
                    self.aims.append(Aim(f"open loop, {rate}/s: {who}, p99 to nginx", 1.0, "",
                                         measure.ratio(runs, found["nginx"], "p99")))

    def tls(self) -> None:
        """HTTP/2 through TLS: 8 connections of 8 streams each, kept."""
        lost = measure.missing("h2load")
        if lost:
            print("h2load is not installed here: HTTP/2 is left out")
            return

        def load(url: str) -> dict[str, float]:
            out = subprocess.run(["taskset", "-c", "1", "h2load", "-t1", "-c8", "-m8", f"-D{self.seconds}", "-H",
                                  f"Authorization: Bearer {token(0)}", url], capture_output=True, text=True, check=True).stdout
            done, bad = (int(re.search(rf"(\d+) {what}", out)[1]) for what in ("succeeded", "failed"))
            return {"requests": max(done, 1), "rate": done / self.seconds, "bad": bad}

        cert, key = certificate(self.folder)
        gateways = {}
        for engine in sorted({gateway.environment["NET_ENGINE"] for gateway in self.gateways.values()}):
            port, = free_ports(1)
            gateways[port] = self.keep(Gateway(f"TLS {engine}", self.folder, self.service.port, f"http://127.0.0.1:{self.upstream.port}",
                                               NET_ENGINE=engine, TLS_PORT=str(port), TLS_CERT_FILE=str(cert), TLS_KEY_FILE=str(key)))
        print(f"\nHTTP/2 and TLS{'':<21} {'CPU us':>7} {'(user+sys)':>13} {'ratio':>6} {'req/s':>8} {'failed':>6} {'foreign':>7}")
        for size in SIZES:
            path = f"/api/posts/{size}"
            contenders = [Contender("nginx", f"https://127.0.0.1:{self.peers.tls_port}{path}", [self.peers.running["nginx"].pid])]
            contenders += [Contender(f"grover {gateway.environment['NET_ENGINE']}", f"https://127.0.0.1:{port}{path}", [gateway.pid],
                                     [self.upstream.pid]) for port, gateway in gateways.items()]
            contenders[0].beside.append(self.upstream.pid)
            found = measure.in_turns(contenders, load, self.rounds)
            for who, runs in found.items():
                m, against = measure.middle(runs), measure.ratio(runs, found["nginx"])
                print(f"{self.bytes[size]:>9} B {who:<24} {m['cpu']:7.1f} {m['user']:6.1f}+{m['system']:<6.1f} {against:6.2f}"
                      f" {m['rate']:8.0f} {sum(run['bad'] for run in runs):6.0f} {m['foreign']:7.2f}", flush=True)
                if who != "nginx":
                    self.aims.append(Aim(f"HTTP/2 and TLS, {self.bytes[size]} B: {who}, CPU to nginx", 1.1, "", against))

    def memory(self) -> None:
        """A gateway of its own, filled with sessions; another with connections that do nothing."""
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        for engine in sorted({gateway.environment["NET_ENGINE"] for gateway in self.gateways.values()}):
            # Over the own service: it is the user service, too.
            gateway = Gateway(f"memory {engine}", self.folder, self.service.port, f"http://127.0.0.1:{self.service.port}",
                              NET_ENGINE=engine)
            try:
                subprocess.run([BIN / "grover-bench-openloop", str(gateway.port), "/api/posts/small", "8000",
                                str(SESSIONS / 8000 + 2), "64", str(SESSIONS)], check=True, capture_output=True)
                full = measure.rss_mib(gateway.pid)
                self.aims.append(Aim(f"{engine}: memory with {SESSIONS} cached sessions", 30, "MiB", full))
            finally:
                gateway.stop()
            if limit < IDLE_CONNECTIONS + 100:
                continue
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            gateway = Gateway(f"idle {engine}", self.folder, self.service.port, f"http://127.0.0.1:{self.service.port}",
                              NET_ENGINE=engine)
            try:
                with_one = self.open_idle(gateway.port, 1)
                before = measure.rss_mib(gateway.pid)
                many = self.open_idle(gateway.port, IDLE_CONNECTIONS)
                each = (measure.rss_mib(gateway.pid) - before) * 1024 / IDLE_CONNECTIONS
                for connection in with_one + many:
                    connection.close()
                self.aims.append(Aim(f"{engine}: memory of each of {IDLE_CONNECTIONS} idle connections", 12, "KiB", each))
            finally:
                gateway.stop()

    @staticmethod
    def open_idle(port: int, count: int) -> list[socket.socket]:
        """Connections that have had one answer each."""
        out = []
        request = f"GET /api/posts/small HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token(1)}\r\n\r\n".encode()
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", port), 10)
            connection.sendall(request)
            got = b""
            while b"\r\n\r\n" not in got or not got.endswith(b"}"):
                piece = connection.recv(65536)
                if not piece:
                    raise SystemExit(f"an idle connection was refused: {got[:300]!r}")
                got += piece
            out.append(connection)
        return out

    def report(self) -> None:
        print(f"\n{'aim (ratios are medians over rounds)':<74} {'at most':>7} {'found':>8}")
        for aim in self.aims:
            print(aim.line())


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--secs", type=int, default=1)
    options.add_argument("--only", default="L,S,latency,tls,memory")
    options.add_argument("--skip", default="")
    asked = options.parse_args()
    lost = measure.missing("wrk", "nginx", "taskset", "openssl")
    if lost:
        print(f"missing: {', '.join(lost)}")
        return MISSING_PART
    folder = Path(tempfile.mkdtemp(prefix="grover-bench-"))
    folder.chmod(0o755)
    bench = Bench(folder, asked)
    measure.come_first()
    parts = asked.only.split(",")
    try:
        bench.start()
        if "L" in parts or "S" in parts:
            print(f"\n{TITLE}   medians of {asked.rounds} rounds of {asked.secs} s")
        for part in parts:
            if part in ("L", "S"):
                bench.layout(part)
            elif part == "latency":
                bench.latency()
            elif part == "tls":
                bench.tls()
            elif part == "memory":
                bench.memory()
        bench.report()
        return 0
    finally:
        for end in reversed(bench.stops):
            end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
