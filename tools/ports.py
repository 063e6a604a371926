"""Ports that are free, for servers that are started and started again."""

import random
import socket
from pathlib import Path

LOWEST = 10_000
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def first_given_out() -> int:
    """From here on the kernel gives ports to connections that ask for none."""
    return int(RANGE.read_text().split()[0])


def free_ports(count: int) -> list[int]:
    """None that a connection could be given while its server is down: it could not be started again."""
    out: list[int] = []
    while len(out) < count:
        port = random.randrange(LOWEST, first_given_out())
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        if port not in out:
            out.append(port)
    return out
