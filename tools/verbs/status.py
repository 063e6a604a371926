#!/usr/bin/env python3
# Show each service: its process, state, restarts, memory, address.
#
# usage: ./grover status [--data DIR]
#
# The state is asked of the service now: ready, not ready (it runs but cannot work yet), no answer; or waiting, when it
# died and will be started again. Exit 0 when all are ready, 1 when not, 3 when nothing runs.
import argparse
import http.client
import time
from pathlib import Path

from house import add_data_option, main_of, open_house, read_state, running_pid, says_ready, table

PROBE_LIMIT_S = 2.0
NOTHING_RUNS = 3


def state_of(service: dict, own_name: str) -> str:
    if not service["pid"]:
        return service["state"]
    connection = http.client.HTTPConnection(service["host"], service["port"], timeout=PROBE_LIMIT_S)
    try:
        connection.request("GET", "/health/ready")
        reply = connection.getresponse()
        return "ready" if says_ready(reply.status, reply.read(), own_name) else "not ready"
    except (OSError, http.client.HTTPException):
        return "no answer" if service["state"] == "ready" else service["state"]
    finally:
        connection.close()


def memory_of(pid: int | None) -> str:
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmRSS:"):
                return f"{int(line.split()[1]) / 1024:.1f} MiB"
    except OSError:
        pass
    return "-"


def age(seconds: float) -> str:
    whole = max(0, int(seconds))
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if whole >= size:
            smaller = {"d": ("h", 3600), "h": ("min", 60), "min": ("s", 1)}[unit]
            return f"{whole // size} {unit} {whole % size // smaller[1]} {smaller[0]}"
    return f"{whole} s"


def main() -> int:
    parser = argparse.ArgumentParser(prog="./grover status", add_help=False)
    add_data_option(parser)
    house = open_house(parser.parse_args().data)
    if not running_pid(house):
        print(f"grover: nothing runs on {house.data}")
        return NOTHING_RUNS
    state = read_state(house)
    if not state:
        print(f"grover: it is starting or stopping on {house.data}")
        return 1
    rows = [["service", "pid", "state", "uptime", "restarts", "memory", "address", "last end"]]
    own_names = {service.name: service.own_name for service in house.services}
    states = []
    for service in sorted(state["services"], key=lambda service: service["port"]):
        states.append(state_of(service, own_names.get(service["name"], "")))
        rows.append([service["name"], str(service["pid"] or "-"), states[-1],
                     age(time.time() - service["since"]) if service["pid"] else "-", str(service["restarts"]),
                     memory_of(service["pid"]), service["address"], service["last_end"]])
    print(table(rows))
    return 0 if set(states) == {"ready"} else 1


main_of(main)
