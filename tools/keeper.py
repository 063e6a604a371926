"""One service under the supervisor: its process, its state, its restarts."""

import asyncio
import json
import os
import signal
import subprocess
import time

from house import House, Service, says_ready

STOP_LIMIT_S = 15.0
PROBE_LIMIT_S = 2.0
PAUSE_MIN_S, PAUSE_MAX_S = 0.2, 10.0
STEADY_S = 30.0    # a service that ran this long begins again with the shortest pause


class Keeper:
    def __init__(self, house: House, service: Service, said) -> None:
        self.house, self.service, self.said = house, service, said
        self.child: subprocess.Popen | None = None
        self.state = "starting"
        self.since = time.time()
        self.restarts = 0
        self.last_end = ""
        self.log_start = 0    # where this run's lines begin in the log
        self.ended = asyncio.Event()
        self.stopping = False    # set by the supervisor before it stops any

    def start(self) -> None:
        """Throws OSError when the program cannot be run."""
        log = self.house.log_of(self.service.name)
        socket = self.house.socket_of(self.service)
        if socket:
            socket.unlink(missing_ok=True)
        with log.open("ab") as sink:
            self.log_start = sink.tell()
            self.child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", str(self.house.programs / self.service.program)],
                env=self.house.environment_of(self.service), stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                start_new_session=True)
        self.state, self.since = "starting", time.time()
        self.ended.clear()
        watch = os.pidfd_open(self.child.pid)
        asyncio.get_running_loop().add_reader(watch, self._on_end, watch)

    def _on_end(self, watch: int) -> None:
        asyncio.get_running_loop().remove_reader(watch)
        os.close(watch)
        status = self.child.wait()
        self.last_end = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        self.state, self.since = "stopped", time.time()
        self.ended.set()

    async def wait_ready(self) -> bool:
        """False when the process ended first."""
        pause = 0.01
        while not self.ended.is_set():
            if await answers_ready(self.service):
                self.state = "ready"
                return True
            try:
                await asyncio.wait_for(self.ended.wait(), pause)
            except TimeoutError:
                pause = min(pause * 1.5, 0.25)
        return False

    def last_words(self) -> str:
        """The last line that this run wrote, or the message in it."""
        with self.house.log_of(self.service.name).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(self.log_start, size - 8192))
            lines = [line for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
        if not lines:
            return "it said nothing"
        try:
            record = json.loads(lines[-1])
            return str(record.get("message") or record.get("msg") or lines[-1])
        except (ValueError, AttributeError):
            return lines[-1].strip()

    async def keep(self, changed) -> None:
        """Starts the service again whenever it ends, until the house stops."""
        pause = PAUSE_MIN_S
        while True:
            ran_since = self.since
            await self.ended.wait()
            if self.stopping:
                return
            pause = PAUSE_MIN_S if self.since - ran_since >= STEADY_S else pause
            self.said(f"{self.service.name} {self.last_end}; starting it again in {pause:.1f} s")
            self.state = "waiting"
            changed()
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_MAX_S)
            if self.stopping:
                return
            self.restarts += 1
            try:
                self.start()
            except OSError as error:
                self.last_end = f"cannot be started: {error.strerror}"
                continue
            changed()
            if await self.wait_ready():
                self.said(f"{self.service.name} is ready again (pid {self.child.pid}, restart {self.restarts})")
                changed()

    async def stop(self) -> None:
        if not self.child or self.child.poll() is not None:
            return
        for number, limit in ((signal.SIGTERM, STOP_LIMIT_S), (signal.SIGKILL, None)):
            self.child.send_signal(number)
            try:
                await asyncio.wait_for(self.ended.wait(), limit)
                return
            except TimeoutError:
                self.said(f"{self.service.name} did not stop within {STOP_LIMIT_S:.0f} s, so it is killed")

    def kill(self) -> None:
        if self.child and self.child.poll() is None:
            self.child.kill()

    def failure(self) -> str:
        """Why it did not start, in one line."""
        return (f"{self.service.name} did not start: it {self.last_end}: {self.last_words()} "
                f"(log: {self.house.log_of(self.service.name)})")

    def record(self) -> dict:
        running = self.child is not None and not self.ended.is_set()
        return {"name": self.service.name, "address": self.service.address, "host": self.service.reachable_host,
                "port": self.service.port, "pid": self.child.pid if running else None, "state": self.state,
                "since": self.since, "restarts": self.restarts, "last_end": self.last_end}


async def answers_ready(service: Service) -> bool:
    """GET /health/ready answers 200, and it is this service that answers."""
    try:
        async with asyncio.timeout(PROBE_LIMIT_S):
            reader, writer = await asyncio.open_connection(service.reachable_host, service.port)
            try:
                writer.write(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                head, _, body = (await reader.read()).partition(b"\r\n\r\n")
                return says_ready(int(head.split(maxsplit=2)[1]), body, service.own_name)
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError, IndexError):
        return False
