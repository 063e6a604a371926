"""An open-loop load: requests leave at their times whether or not the ones before have been answered."""

import asyncio
import itertools
import socket
import threading
import time
from dataclasses import dataclass, field

REQUEST_TIME_MAX_S = 40.0
IDLE_TIME_MAX_S = 0.5      # less than the notice that a server gives before it closes what is idle


@dataclass
class Sent:
    number: int
    method: str
    path: str
    at: float                  # when it was due
    status: int = 0            # 0: no answer, or half of one
    took: float = 0.0
    keyed: bool = False
    retry_after: bool = False

    @property
    def id(self) -> str:
        return f"r{self.number}"

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


@dataclass
class Load:
    """Runs while it is a context. Its mix is a list of (method, path), used in turn."""
    port: int
    rate: float
    mix: list[tuple[str, str]]
    keyed: bool = False        # POSTs carry an Idempotency-Key
    sent: list[Sent] = field(default_factory=list)

    def __enter__(self) -> "Load":
        self.stopping = False
        self.numbers = itertools.count()
        self.free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = []
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run()), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stopping = True
        self.thread.join(REQUEST_TIME_MAX_S + 10)
        assert not self.thread.is_alive(), "the load does not end"

    def wait_for(self, count: int) -> None:
        """Until so many more have been sent."""
        goal = len(self.sent) + count
        while len(self.sent) < goal:
            assert self.thread.is_alive()
            time.sleep(0.01)

    async def run(self) -> None:
        running = set()
        start = time.monotonic()
        while not self.stopping:
            number = next(self.numbers)
            due = start + number / self.rate
            if (ahead := due - time.monotonic()) > 0.002:
                await asyncio.sleep(ahead)
            method, path = self.mix[number % len(self.mix)]
            one = Sent(number, method, path, due, keyed=self.keyed and method == "POST")
            self.sent.append(one)
            task = asyncio.ensure_future(self.send(one))
            running.add(task)
            task.add_done_callback(running.discard)
            if number % 64 == 0:
                await asyncio.sleep(0)
        await asyncio.gather(*running)
        for _, writer, _ in self.free:
            writer.close()

    async def send(self, one: Sent) -> None:
        try:
            await asyncio.wait_for(self.exchange(one), REQUEST_TIME_MAX_S)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError):
            one.status = 0
        one.took = time.monotonic() - one.at

    async def connection(self):
        while self.free:
            reader, writer, since = self.free.pop()
            if not reader.at_eof() and time.monotonic() - since < IDLE_TIME_MAX_S:
                return reader, writer
            writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return reader, writer

    async def exchange(self, one: Sent) -> None:
        reader, writer = await self.connection()
        whole = False
        try:
            key = f"Idempotency-Key: {one.id}\r\n" if one.keyed else ""
            body = "{}" if one.method == "POST" else ""
            length = f"Content-Length: {len(body)}\r\n" if body else ""
            writer.write(f"{one.method} {one.path} HTTP/1.1\r\nHost: x\r\nX-Id: {one.id}\r\n{key}{length}\r\n{body}".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
            await reader.readexactly(int(fields.get("content-length", 0)))
            one.status = int(head.split(" ")[1])
            one.retry_after = "retry-after" in fields
            whole = fields.get("connection") != "close"
        finally:
            if whole:
                self.free.append((reader, writer, time.monotonic()))
            else:
                writer.close()
