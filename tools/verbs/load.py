#!/usr/bin/env python3
# Play a social graph into a running system, then check its feeds.
#
# usage: ./grover load [GRAPH] [OPTION...]
#   GRAPH            an edge list, two numbers a line (default: a generated power-law graph)
#   --users N        only the first N people of GRAPH (default: all); of a generated one (default: 1000)
#   --posts N        posts per person (default: 5)
#   --seed S         the same seed plays the same (default: 1)
#   --connections N  requests at a time, 1 to 1000 (default: 64)
#   --data DIR       whose gateway: of the system that runs on DIR (default: $DATA_DIR, or ./data)
#   --gateway URL    another one: http://host:port or unix:/path
#
# Registers each person, follows along every edge both ways, publishes posts, likes and reacts; then reads feeds page by
# page to their ends, profiles and posts, and compares them with the input. Exit 1 when anything differs.
# The gateway's unix socket is asked where there is one: the shipped configuration does not limit it. Else its port, which is
# 8000 when nothing runs on DIR. There limits count as for any client: a 429 is waited for, so start the system with RATE_LIMIT=off.
import argparse
import os
import subprocess

from house import House, add_data_option, main_of, open_house, read_state, root, running_pid


def gateway_of(house: House) -> list[str]:
    """How grover-load is told of it; nothing where it does not run."""
    if not running_pid(house):
        return []
    socket = house.socket_of(house.front)
    if socket and socket.is_socket():
        return ["--gateway", f"unix:{socket}"]
    addresses = [one["address"] for one in read_state(house).get("services", []) if one["name"] == house.front.name]
    return ["--gateway", addresses[0]] if addresses else []


def main() -> int:
    parser = argparse.ArgumentParser(prog="./grover load", add_help=False, allow_abbrev=False)
    parser.add_argument("--gateway")
    add_data_option(parser)
    options, others = parser.parse_known_args()
    gateway = ["--gateway", options.gateway] if options.gateway is not None else gateway_of(open_house(options.data))
    if subprocess.run([os.environ["GROVER"], "build", "release", "grover-load"], check=False).returncode != 0:
        return 1
    program = root() / "build" / "release" / "bin" / "grover-load"
    os.execv(program, [program, *gateway, *others])


main_of(main)
