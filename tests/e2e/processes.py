"""The real programs, each with its port, its data and its log, started and ended by the tests."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

from wire import Wire

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tools"))
from certificate import self_signed  # noqa: E402
from ports import free_ports  # noqa: E402, F401  (for those who start something)

BIN = Path(os.environ.get("GROVER_BIN") or ROOT / "build" / os.environ.get("PRESET", "dev") / "bin")
PROGRAMS = {entry["name"]: entry["program"] for entry in json.loads((ROOT / "tools" / "services.json").read_text())}
READY_S = 60.0
EXIT_S = 30.0
ADMIN = "admin@example.com"
INTERNAL_KEY = "a key for the tests and for nothing else, long enough"


class Process:
    def __init__(self, name: str, port: int, folder: Path, environment: dict[str, str]):
        self.name = name
        self.port = port
        self.log_file = folder / f"{name}.log"
        self.environment = {key: value for key, value in os.environ.items()
                            if key in ("PATH", "HOME", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "NET_ENGINE",
                                       "UPSTREAM_PROTOCOL", "H2C")}
        self.environment |= {"HOST": "127.0.0.1", "PORT": str(port), "DATA_DIR": str(folder / "data" / name),
                             "ENVIRONMENT": "test", "INTERNAL_KEY": INTERNAL_KEY, "LOG_LEVEL": "info"} | environment
        self.child: subprocess.Popen | None = None

    def start(self) -> None:
        with open(self.log_file, "ab") as log:
            self.child = subprocess.Popen([BIN / PROGRAMS[self.name]], env=self.environment, stdin=subprocess.DEVNULL,
                                          stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

    def wait_ready(self) -> None:
        end = time.monotonic() + READY_S
        while True:
            assert self.child.poll() is None, f"{self.name} ended with {self.child.returncode}:\n{self.log()[-4000:]}"
            try:
                wire = Wire(self.port, timeout=5)
                if wire.send("GET", "/health/ready").status == 200:
                    return
            except OSError:
                pass
            finally:
                wire.close()
            assert time.monotonic() < end, f"{self.name} is not ready after {READY_S} s:\n{self.log()[-4000:]}"
            time.sleep(0.01)

    def kill(self) -> None:
        """As a crash would: no signal that it could act upon."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait(EXIT_S)

    def terminate(self) -> int:
        """Asks it to drain and end; its exit status."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(EXIT_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait(EXIT_S)
            raise AssertionError(f"{self.name} did not end within {EXIT_S} s of SIGTERM") from None

    def log(self) -> str:
        return self.log_file.read_text("utf-8", "replace") if self.log_file.exists() else ""


def certificate(folder: Path) -> tuple[Path, Path]:
    """For localhost, signed by itself; and its key."""
    made, key = folder / "certificate.pem", folder / "key.pem"
    self_signed(made, key, days=2)
    return made, key


def tls(folder: Path) -> dict[str, str]:
    """The settings of a gateway with a certificate of its own."""
    made, key = certificate(folder)
    return {"TLS_CERT_FILE": str(made), "TLS_KEY_FILE": str(key)}


def mongo(database: str) -> dict[str, str]:
    """The settings of the store where the tests run on a MongoDB server (./grover test --mongo)."""
    url = os.environ.get("GROVER_MONGO_URL")
    if not url:
        return {}
    return {"MONGO_URL": url, "DB_NAME": database} | {name: os.environ[name] for name in ("MONGO_HINTS", "MONGO_STANDALONE")
                                                      if name in os.environ}


class System:
    """The gateway and every service on free ports, under a folder of their own."""

    def __init__(self, folder: Path, **settings: str):
        folder.mkdir(parents=True, exist_ok=True)
        ports = dict(zip(PROGRAMS, free_ports(len(PROGRAMS))))
        environment = {f"{name.upper()}_SERVICE_URL": f"http://127.0.0.1:{port}"
                       for name, port in ports.items() if name != "gateway"}
        environment |= {"RATE_LIMIT": "off", "ADMIN_EMAILS": ADMIN} | settings
        place = secrets.token_hex(4)
        # Who names a server means that one.
        store = {} if "MONGO_URL" in settings else {name: mongo(f"{place}_{name}") for name in ports}
        self.processes = {name: Process(name, port, folder, environment | store.get(name, {})) for name, port in ports.items()}

    def __getitem__(self, name: str) -> Process:
        return self.processes[name]

    def start(self) -> "System":
        try:
            for process in self.processes.values():
                process.start()
            for process in self.processes.values():
                process.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        for process in self.processes.values():
            if process.child and process.child.poll() is None:
                process.child.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            if process.child:
                process.terminate()

    def log_sizes(self) -> dict[str, int]:
        return {name: len(process.log()) for name, process in self.processes.items()}
