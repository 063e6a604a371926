"""What the benches share: processes and their CPU time, load from wrk, contenders measured in turn.

The machine under a benchmark drifts by a quarter within seconds, so nothing is compared across time: contenders are
measured one after the other in short slices, round after round, and a ratio is the median over the rounds of two
figures from the same round.
"""

import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
MISSING_PART = 77
CONNECTIONS = 64
START_S = 15
FOREIGN_MAX = 0.25    # of a core: a slice that others disturbed more is measured again
TRIES = 3


def missing(*tools: str) -> list[str]:
    return [tool for tool in tools if not shutil.which(tool)]


def document(size: int) -> str:
    """A page of posts of at least `size` bytes; bench/upstream makes the same."""
    items: list[dict] = []
    while True:
        number = len(items)
        items.append({"id": number, "author": f"user{number % 97}", "title": f"Post number {number}", "tags": ["a", "b"],
                      "likes": number * 7 % 1000, "created_at": "2024-05-01T12:00:00Z"})
        text = json.dumps({"items": items, "next": None}, separators=(",", ":"))
        if len(text) >= size:
            return text


def tree(pid: int) -> list[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
        children = [child for thread in threads for child in
                    Path(f"/proc/{pid}/task/{thread}/children").read_text().split()]
    except OSError:
        return []    # ended meanwhile
    return [pid] + [inner for child in children for inner in tree(int(child))]


def cpu_times(pids: list[int]) -> tuple[float, float]:
    """User and system seconds of the processes and their children."""
    user = system = 0
    for pid in (inner for root in pids for inner in tree(root)):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        user, system = user + int(fields[11]), system + int(fields[12])
    return user / TICKS, system / TICKS


def cpu_seconds(pids: list[int]) -> float:
    return sum(cpu_times(pids))


def busy_seconds() -> float:
    """Of the whole machine."""
    fields = [int(text) for text in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def children_seconds() -> float:
    """Of this program and of those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def rss_mib(pid: int) -> float:
    """Of the process and its children."""
    return sum(int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{one}/status").read_text())[1])
               for one in tree(pid)) / 1024


def pin(pids: list[int], core: str) -> None:
    for pid in (inner for root in pids for inner in tree(root)):
        subprocess.run(["taskset", "-a", "-c", "-p", core, str(pid)], check=True, stdout=subprocess.DEVNULL)


def come_first() -> None:
    """Lets what is started from here run before other work of the machine, where that is allowed: a session of its own
    is a scheduling group of its own (sched(7), autogroup)."""
    try:
        os.setsid()
        Path("/proc/self/autogroup").write_text("-20")
    except OSError:
        pass


def wait_for_port(port: int, child: subprocess.Popen, name: str) -> None:
    end = time.monotonic() + START_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > end or child.poll() is not None:
                raise SystemExit(f"{name} does not start") from None
            time.sleep(0.02)


def stop(child: subprocess.Popen) -> None:
    child.terminate()
    try:
        child.wait(15)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def wrk_script(folder: Path, tokens: list[str], method: str = "GET", body: str = "") -> Path:
    """For wrk: the sessions take turns; an empty token is nobody's."""
    quoted = ",".join(json.dumps(token) for token in tokens)
    path = folder / f"script-{len(list(folder.glob('script-*')))}.lua"
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


def run_wrk(url: str, script: Path, core: str | None, seconds: int) -> dict[str, float]:
    """Requests, their rate, p50 and p99 in ms, and what failed."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), url]
    out = subprocess.run((["taskset", "-c", core] if core else []) + command, capture_output=True, text=True,
                         check=True).stdout
    requests, micros, p50, p99, bad = map(int, re.search(r"RESULT (.*)", out)[1].split())
    return {"requests": max(requests, 1), "rate": requests * 1e6 / micros, "p50": p50 / 1000, "p99": p99 / 1000,
            "bad": bad}


@dataclass
class Contender:
    """Who is measured: where it answers and whose CPU time is counted. `beside` are its helpers (an upstream), whose
    time is counted apart."""
    name: str
    url: str
    pids: list[int]
    beside: list[int] = field(default_factory=list)


def one_slice(contender: Contender, load) -> dict[str, float]:
    """One run of load(url), with the CPU time that it cost for each request; again when the machine had other work."""
    for _ in range(TRIES):
        watched = contender.pids + contender.beside
        before = [busy_seconds() - children_seconds() - cpu_seconds(watched), cpu_times(contender.pids),
                  cpu_seconds(contender.beside), time.monotonic()]
        run = load(contender.url)
        user, system = (after - then for after, then in zip(cpu_times(contender.pids), before[1]))
        beside = cpu_seconds(contender.beside) - before[2]
        foreign = busy_seconds() - children_seconds() - cpu_seconds(watched) - before[0]
        run["foreign"] = max(foreign, 0) / (time.monotonic() - before[3])
        if run["foreign"] <= FOREIGN_MAX:
            break
    each = 1e6 / run["requests"]
    return run | {"cpu": (user + system) * each, "user": user * each, "system": system * each, "beside": beside * each}


def in_turns(contenders: list[Contender], load, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Every contender once in each round, after one run that is not counted."""
    for contender in contenders:
        load(contender.url)
    found: dict[str, list[dict[str, float]]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            found[contender.name].append(one_slice(contender, load))
    return found


def middle(runs: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def ratio(runs: list[dict[str, float]], reference: list[dict[str, float]], key: str = "cpu") -> float:
    return statistics.median(ours[key] / max(theirs[key], 1e-9) for ours, theirs in zip(runs, reference))
