"""A scripted service: answers quickly, and badly when told to. One process per instance.

    python3 chaos_origin.py PORT EXECUTED_FILE

PUT /control {"mode": ...} sets how it behaves: ok, slow (200 ms), error (500), reset (ends in the middle of the answer),
refuse (stops listening for connections but the control's), limited (4 at a time, 10 ms each, in line). Every other
request is executed: its id (header X-Id) is appended to EXECUTED_FILE before it is answered.
/health/ready is 200 as long as anybody listens.
"""

import asyncio
import json
import os
import socket
import sys

SLOW_S = 0.2
WORK_S = 0.01
WORKERS = 4


class Origin:
    def __init__(self, port: int, file: str):
        self.port = port
        self.file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.mode = "ok"
        self.server = None
        self.workers = asyncio.Semaphore(WORKERS)

    async def listen(self) -> None:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port, backlog=1024)

    async def set_mode(self, mode: str) -> None:
        was, self.mode = self.mode, mode
        if mode == "refuse":
            self.server.close()
        elif was == "refuse":
            await self.listen()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while await self.one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(fields.get("content-length", 0)))
        if target == "/control":
            answer(writer, 200, b"{}")
            await writer.drain()
            await self.set_mode(json.loads(body)["mode"])
            return True
        if self.mode == "refuse":
            return False
        if target.startswith("/health"):
            answer(writer, 200, b"{}")
            return True
        if "x-id" in fields:
            os.write(self.file, f"{method} {fields['x-id']}\n".encode())
        if self.mode == "slow":
            await asyncio.sleep(SLOW_S)
        elif self.mode == "limited":
            async with self.workers:
                await asyncio.sleep(WORK_S)
        if self.mode == "reset":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of")
            await writer.drain()
            return False
        answer(writer, 500 if self.mode == "error" else 200, json.dumps({"port": self.port}).encode())
        return True


def answer(writer: asyncio.StreamWriter, status: int, body: bytes) -> None:
    writer.write(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))


async def main() -> None:
    origin = Origin(int(sys.argv[1]), sys.argv[2])
    await origin.listen()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
