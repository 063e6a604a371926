"""A MongoDB server for tests, on a free port of the loopback interface, in a temporary folder.

    python3 tools/mongo_server.py [--standalone] [--tls] COMMAND...    runs COMMAND with GROVER_MONGO_URL set

A mongod in PATH is taken where there is one (as a replica set of one); else SecantusDB, a server in Python over
MongoDB's storage engine, which pip installs into build/mongo. From Python: `with MongoServer() as server: server.url`.
What SecantusDB does otherwise than MongoDB is in docs/mongodb.md.
"""

import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from certificate import self_signed
from ports import free_ports

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / "build" / "mongo"
PACKAGES = ["secantusdb==0.7.0b3", "pymongo==4.20.1"]
# What a program that was killed leaves open holds its documents that long; 60 s if nobody says otherwise.
TRANSACTION_LIFETIME_S = 5
# SIGUSR1 writes into its log where each of its threads stands.
SECANTUS = f"""
import faulthandler, functools, signal, sys
from secantus import cli, server
faulthandler.register(signal.SIGUSR1, all_threads=True)
server.SecantusDBServer.__init__ = functools.partialmethod(
    server.SecantusDBServer.__init__, transaction_lifetime_seconds={TRANSACTION_LIFETIME_S})
sys.exit(cli.main())
"""
READY_S = 60.0
EXIT_S = 30.0
ANSWER_S = 30.0    # to "hello", which waits for nothing
STACKS_S = 5.0


def hello() -> bytes:
    """As it travels: OP_MSG with one document."""
    document = b"\x10hello\0" + struct.pack("<i", 1) + b"\x02$db\0" + struct.pack("<i", 6) + b"admin\0\0"
    document = struct.pack("<i", 4 + len(document)) + document
    return struct.pack("<iiiiIb", 21 + len(document), 1, 0, 2013, 0, 0) + document


class NoServer(Exception):
    """None can be had on this machine; what() says why."""


def installed() -> Path:
    """The Python of the folder that the server is installed in."""
    python = VENV / "bin" / "python"
    if (VENV / "complete").exists():
        return python
    shutil.rmtree(VENV, ignore_errors=True)
    steps = [[sys.executable, "-m", "venv", str(VENV)], [str(python), "-m", "pip", "install", "-q", *PACKAGES]]
    for step in steps:
        done = subprocess.run(step, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NoServer(f"{' '.join(step[1:4])} fails: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    (VENV / "complete").touch()
    return python


class MongoServer:
    """`standalone`: without transactions. `durable`: what is journalled survives kill(), as it does on mongod anyway.
    `tls`: with a certificate of its own. `arguments`: more of SecantusDB's own."""

    certificate: Path | None = None

    def __init__(self, standalone: bool = False, durable: bool = False, tls: bool = False, arguments: tuple[str, ...] = ()):
        self.folder = Path(tempfile.mkdtemp(prefix="grover-mongo-"))
        self.port, = free_ports(1)
        self.child: subprocess.Popen | None = None
        self.mongod = shutil.which("mongod")
        self.standalone = standalone
        if tls:
            self.certificate = self.folder / "certificate.pem"
        if self.mongod:
            self.name = "mongod"
            self.replica_set = "grover"
            self.command = [self.mongod, "--bind_ip", "127.0.0.1", "--port", str(self.port),
                            "--dbpath", str(self.folder), "--setParameter", "enableTestCommands=1",
                            "--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_LIFETIME_S}"]
            self.command += [] if standalone else ["--replSet", self.replica_set]
            self.command += ["--tlsMode", "requireTLS", "--tlsCertificateKeyFile", str(self.folder / "both.pem"), "--tlsCAFile",
                             str(self.certificate), "--tlsAllowConnectionsWithoutCertificates"] if tls else []
            self.client_python = installed()
        else:
            self.name = "SecantusDB"
            self.replica_set = "secantus"
            self.client_python = installed()
            self.command = [str(self.client_python), "-c", SECANTUS, "--host", "127.0.0.1", "--port", str(self.port),
                            "--storage-path", str(self.folder / "data"), "--log-level", "ERROR",
                            "--enable-test-commands", *(["--standalone"] if standalone else []),
                            *(["--sync-on-commit"] if durable else []), *arguments]
            self.command += ["--tls-cert-file", str(self.certificate), "--tls-key-file", str(self.folder / "key.pem")] if tls else []

    @property
    def url(self) -> str:
        options = ([] if self.standalone else [f"replicaSet={self.replica_set}"]) + \
                  ([f"tls=true&tlsCAFile={self.certificate}"] if self.certificate else [])
        return f"mongodb://127.0.0.1:{self.port}/" + ("?" + "&".join(options) if options else "")

    @property
    def settings(self) -> dict[str, str]:
        """Of a service on this server."""
        out = {"MONGO_URL": self.url} | ({"MONGO_STANDALONE": "1"} if self.standalone else {})
        return out if self.mongod else out | {"MONGO_HINTS": "off"}

    def start(self) -> "MongoServer":
        if self.certificate and not self.certificate.exists():
            key = self.folder / "key.pem"
            self_signed(self.certificate, key, days=2)
            (self.folder / "both.pem").write_bytes(key.read_bytes() + self.certificate.read_bytes())
        with open(self.folder / "log", "ab") as log:
            self.child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                          cwd=self.folder, start_new_session=True)
        end = time.monotonic() + READY_S
        while True:
            if self.child.poll() is not None:
                raise NoServer(f"{self.name} ended: {(self.folder / 'log').read_text('utf-8', 'replace')[-500:]}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                if time.monotonic() > end:
                    raise NoServer(f"{self.name} does not listen after {READY_S:.0f} s") from None
                time.sleep(0.02)
        if self.mongod and not self.standalone:
            self.ask("c.admin.command('replSetInitiate', {'_id': 'grover', 'members': [{'_id': 0, 'host': "
                     f"'127.0.0.1:{self.port}'}}]}}) if c.admin.command('hello').get('setName') is None else None")
        return self

    def ask(self, expression: str) -> str:
        """Evaluates Python on the server's own client `c`, connected directly, and returns what it prints."""
        tls = f", tls=True, tlsCAFile='{self.certificate}'" if self.certificate else ""
        script = f"import pymongo; c = pymongo.MongoClient('127.0.0.1', {self.port}, directConnection=True{tls}); print({expression})"
        return subprocess.run([str(self.client_python), "-c", script], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=True).stdout.strip()

    def answers(self) -> bool:
        """A new client is greeted. Asked without a client of MongoDB's own, which would try again."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), ANSWER_S) as connection:
                if self.certificate:
                    connection = ssl.create_default_context(cafile=str(self.certificate)).wrap_socket(connection, server_hostname="127.0.0.1")
                connection.sendall(hello())
                return len(connection.recv(4)) == 4
        except OSError:
            return False

    def stacks(self) -> str:
        """Where SecantusDB's threads stand, written without a turn of their own."""
        if self.mongod:
            return ""
        log = self.folder / "log"
        before, end = log.stat().st_size, time.monotonic() + STACKS_S
        self.child.send_signal(signal.SIGUSR1)
        while log.stat().st_size == before and time.monotonic() < end:
            time.sleep(0.1)
        return log.read_bytes()[before:].decode("utf-8", "replace")

    def send_signal(self, number: int) -> None:
        self.child.send_signal(number)

    def kill(self) -> None:
        """As a crash would."""
        self.child.kill()
        self.child.wait(EXIT_S)

    def stop(self) -> None:
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGCONT)
            self.child.terminate()
            try:
                self.child.wait(EXIT_S)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> "MongoServer":
        return self.start()

    def __exit__(self, *_) -> None:
        self.stop()


def main() -> int:
    command = sys.argv[1:]
    chosen = {"standalone": False, "tls": False}
    while command and command[0].startswith("--") and command[0][2:] in chosen:
        chosen[command.pop(0)[2:]] = True
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with MongoServer(**chosen) as server:
            environment = os.environ | server.settings | {"GROVER_MONGO_URL": server.url}
            del environment["MONGO_URL"]    # only who takes GROVER_MONGO_URL up is to run on it
            return subprocess.run(command, env=environment, check=False).returncode
    except NoServer as reason:
        print(f"grover: no MongoDB server: {reason}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
