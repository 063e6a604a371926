"""The gateways that ours is measured beside, each on free ports with its files in one folder: bench/peers has their
configurations, with @NAME@ where a value is filled in. What is not installed is said and left out."""

import os
import subprocess
import sys
from pathlib import Path

from _measure import missing, stop, wait_for_port
from processes import free_ports

HERE = Path(__file__).resolve().parent / "peers"


def fill(name: str, to: Path, **values: object) -> Path:
    text = (HERE / name).read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key.upper()}@", str(value))
    to.write_text(text, encoding="utf-8")
    return to


class Running:
    """A started program; with `port` it is waited for."""

    def __init__(self, name: str, command: list, port: int, folder: Path, core: str = "0", **environment: str):
        self.port = port
        with open(folder / f"{name}.out", "ab") as out:
            self.child = subprocess.Popen(["taskset", "-c", core, *map(str, command)], cwd=folder, stdin=subprocess.DEVNULL,
                                          stdout=out, stderr=out, env=os.environ | environment)
        self.pid = self.child.pid
        wait_for_port(port, self.child, name)

    def stop(self) -> None:
        stop(self.child)


def nginx(name: str, configuration: str, folder: Path, core: str = "0", **values: object) -> Running:
    """An nginx in a folder of its own; `values["port"]` is the port that is waited for."""
    own = folder / name
    own.mkdir(exist_ok=True)
    file = fill(configuration, own / "nginx.conf", folder=own, **values)
    return Running(name, ["nginx", "-p", own, "-c", file], int(values["port"]), own, core)


class Peers:
    """Starts those that are there. `ports` maps each name to where it answers, `running` to what runs it."""

    def __init__(self, folder: Path, upstream: Running, upstream_socket: Path, cert: Path, key: Path):
        self.ports: dict[str, int] = {}
        self.running: dict[str, Running] = {}
        self.left_out: list[str] = []
        free = iter(free_ports(12))
        self.tls_port = 0

        def add(name: str, port: int, program: Running) -> None:
            self.ports[name], self.running[name] = port, program

        for name, where in (("nginx", f"127.0.0.1:{upstream.port}"), ("nginx-unix", f"unix:{upstream_socket}")):
            plain, auth, auth_service, tls = (next(free) for _ in range(4))
            program = nginx(name, "nginx.conf", folder, port=plain, port_auth=auth, port_auth_service=auth_service,
                            port_tls=tls, upstream=where, certificate=cert, key=key)
            add(name, plain, program)
            if name == "nginx":
                add("nginx-auth-limit", auth, program)
                add("nginx-authsvc-limit", auth_service, program)
                self.tls_port = tls
        values = {"folder": folder, "upstream_port": upstream.port}
        for name, tool in (("haproxy", "haproxy"), ("caddy", "caddy")):
            port = next(free)
            if missing(tool):
                self.left_out.append(name)
            elif name == "haproxy":
                file = fill("haproxy.cfg", folder / "haproxy.cfg", port=port, **values)
                add(name, port, Running(name, ["haproxy", "-db", "-f", file], port, folder))
            else:
                file = fill("Caddyfile", folder / "Caddyfile", port=port, **values)
                add(name, port, Running(name, ["caddy", "run", "--adapter", "caddyfile", "--config", file], port, folder,
                                        GOMAXPROCS="1", HOME=str(folder)))
        port = next(free)
        if subprocess.run([sys.executable, "-c", "import fastapi, httpx, uvicorn"], capture_output=True,
                          check=False).returncode:
            self.left_out.append("fastapi")
        else:
            add("fastapi", port,
                Running("fastapi", [sys.executable, "-m", "uvicorn", "--app-dir", HERE, "--port", port, "--no-access-log",
                                    "--log-level", "warning", "fastapi_gateway:app"], port, folder,
                        UPSTREAM=f"http://127.0.0.1:{upstream.port}", LOG=str(folder / "fastapi.log"),
                        PYTHONDONTWRITEBYTECODE="1"))

    def stop(self) -> None:
        for program in {id(one): one for one in self.running.values()}.values():
            program.stop()
