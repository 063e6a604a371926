"""Where a running Grover keeps its things, and what runs in it: shared by the supervisor and by the verbs about it.

Under DATA_DIR: SERVICE/ (its data), log/SERVICE.log, log/supervisor.log, secrets/internal.key, tls/ (the certificate of
`./grover up --tls` and its key), and run/ with the unix sockets, the supervisor's lock and state.json, which says what `./grover status` shows.
"""

import argparse
import fcntl
import json
import os
import struct
import sys
from dataclasses import dataclass, replace
from pathlib import Path

UNIX_PATH_BYTES_MAX = 107    # sun_path of unix(7), less the closing NUL
FLOCK = "hhqqi"              # struct flock of fcntl(2) on 64-bit Linux
TLS_PORT_ABOVE = 443         # 8443 for 8000


class Trouble(Exception):
    """What the operator can mend, in one line."""


@dataclass(frozen=True)
class Service:
    name: str
    program: str
    host: str
    port: int
    front: bool    # the one that clients talk to: it alone listens on HOST, and it stops first

    @property
    def own_name(self) -> str:
        """What it calls itself in /health/ready."""
        return "api-gateway" if self.front else f"{self.name}-service"

    @property
    def reachable_host(self) -> str:
        """Where this machine reaches it: the loopback address when it listens on all of them."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)

    @property
    def address(self) -> str:
        host = self.reachable_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


@dataclass(frozen=True)
class House:
    data: Path
    programs: Path
    services: list[Service]
    tls_port: int | None = None    # of the front; nothing: plain HTTP only

    def command(self, verb: str) -> str:
        """What to type about this one."""
        return f"./grover {verb}" + ("" if self.data == Path(default_data()).absolute() else f" --data {self.data}")

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def lock(self) -> Path:
        return self.run / "supervisor.lock"

    @property
    def state(self) -> Path:
        return self.run / "state.json"

    @property
    def key(self) -> Path:
        return self.data / "secrets" / "internal.key"

    @property
    def certificate(self) -> Path:
        return self.data / "tls" / "certificate.pem"

    @property
    def certificate_key(self) -> Path:
        return self.data / "tls" / "key.pem"

    @property
    def front(self) -> Service:
        return next((service for service in self.services if service.front), self.services[0])

    @property
    def tls_address(self) -> str:
        """By the name that the certificate is for."""
        return f"https://localhost:{self.tls_port}"

    def log_of(self, name: str) -> Path:
        return self.data / "log" / f"{name}.log"

    def socket_of(self, service: Service) -> Path | None:
        """Nothing where the path would be too long for a unix socket: the hop then takes TCP."""
        path = self.run / f"{service.name}.sock"
        return path if len(os.fsencode(path)) <= UNIX_PATH_BYTES_MAX else None

    def environment_of(self, service: Service) -> dict[str, str]:
        """What one service is started with, over the operator's own variables."""
        mine = {"HOST": service.host, "PORT": str(service.port), "DATA_DIR": str(self.data / service.name),
                "INTERNAL_KEY_FILE": str(self.key)}
        if self.socket_of(service):
            mine["UNIX_SOCKET"] = str(self.socket_of(service))
        if self.tls_port and service.front:
            mine |= {"TLS_CERT_FILE": str(self.certificate), "TLS_KEY_FILE": str(self.certificate_key),
                     "TLS_PORT": str(self.tls_port)}
        for peer in self.services:
            if peer is not service:
                socket = self.socket_of(peer)
                mine[f"{variable(peer.name)}_SERVICE_URL"] = f"unix:{socket}" if socket else peer.address
        return {**os.environ, **mine}


def variable(name: str) -> str:
    return name.upper().replace("-", "_")


def root() -> Path:
    return Path(__file__).resolve().parents[1]


def add_mongo_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mongo", metavar="URL", type=mongo_url)


def mongo_url(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("the URL is empty")
    return text


def take_mongo(options: argparse.Namespace) -> None:
    """For this process and what it starts."""
    if options.mongo:
        os.environ["MONGO_URL"] = options.mongo


def on_mongo() -> bool:
    return bool(os.environ.get("MONGO_URL") or os.environ.get("MONGO_URL_FILE"))


def folder_name(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("the name of a folder is empty")
    return text


def default_data() -> str:
    return os.environ.get("DATA_DIR") or str(root() / "data")


def add_data_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=folder_name, default=default_data())


def port_of(name: str, fallback: int) -> int:
    text = os.environ.get(f"{variable(name)}_PORT") or str(fallback)
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise Trouble(f"{variable(name)}_PORT is '{text}', not a port (1 to 65535)")
    return int(text)


def open_house(data: str, port_base: int | None = None, tls: bool = False) -> House:
    """Reads tools/services.json (GROVER_SERVICES names another file, GROVER_PROGRAMS another folder of programs)."""
    listing = Path(os.environ.get("GROVER_SERVICES") or root() / "tools" / "services.json")
    entries = json.loads(listing.read_text(encoding="utf-8"))
    first, last = (choose(entry["port"] for entry in entries) for choose in (min, max))
    if port_base is not None and not 1 <= port_base <= 65535 - (last - first):
        raise Trouble(f"--port-base is {port_base}: it and the {last - first} ports after it are not all from 1 to 65535")
    services = []
    for entry in entries:
        usual = entry["port"] if port_base is None else port_base + entry["port"] - first
        front = entry.get("front", False)
        host = os.environ.get("HOST") or "127.0.0.1" if front else "127.0.0.1"
        services.append(Service(entry["name"], entry["program"], host, port_of(entry["name"], usual), front))
    programs = Path(os.environ.get("GROVER_PROGRAMS") or root() / "build" / "release" / "bin")
    house = House(Path(data).absolute(), programs, services)
    if tls:
        house = replace(house, tls_port=port_of(f"{house.front.name}_tls", house.front.port + TLS_PORT_ABOVE))
    return house


def running_pid(house: House) -> int | None:
    """The process of the supervisor. It holds a lock, which goes with it however it ends; this only looks."""
    try:
        with house.lock.open("rb") as file:
            asked = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            kind, _, _, _, pid = struct.unpack(FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
    except PermissionError:
        raise Trouble(f"{house.run} belongs to another user") from None
    except OSError:
        return None
    return None if kind == fcntl.F_UNLCK else pid


def read_state(house: House) -> dict:
    """What the supervisor last wrote; empty when there is nothing to read."""
    try:
        return json.loads(house.state.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def says_ready(status: int, body: bytes, own_name: str) -> bool:
    """Whether that answer to GET /health/ready means that the service of that name is ready, and not another one."""
    try:
        return status == 200 and json.loads(body)["service"] == own_name
    except (ValueError, KeyError, TypeError):
        return False


def table(rows: list[list[str]]) -> str:
    """Columns padded to their widest cell, two blanks apart and in from the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join(lines)


def main_of(run) -> None:
    """Ends the program with what `run` returns; a Trouble becomes one line and exit 1."""
    try:
        sys.exit(run())
    except Trouble as trouble:
        print(f"grover: {trouble}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
