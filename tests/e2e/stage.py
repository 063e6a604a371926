"""A service whose answers a test speaks itself, byte for byte; its health is good."""

import queue
import select
import socket
from dataclasses import dataclass

from listening import Listening

BLOCK = bytes(65536)


@dataclass
class Asked:
    """A request for something below /api/, and the connection that waits for its answer."""
    connection: socket.socket
    head: bytes
    data: bytes    # that came behind the head


class Stage(Listening):
    def __init__(self):
        self.asked: queue.Queue[Asked] = queue.Queue()
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                piece = connection.recv(65536)
                if not piece:
                    return connection.close()
                data += piece
            head, _, data = data.partition(b"\r\n\r\n")
            if b" /api/" in head.split(b"\r\n")[0]:
                return self.asked.put(Asked(connection, head, data))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


def stall(writer: socket.socket, left: int) -> int:
    """Writes until nothing is taken any more; how many of the bytes are left."""
    writer.setblocking(False)
    while select.select([], [writer], [], 1)[1]:
        left -= writer.send(BLOCK[:left])
        assert left > 0, "nobody has read, and everything is taken"
    return left


def let_flow(writer: socket.socket, left: int, reader, read, missing: int) -> None:
    """Writes what is left while `read` takes what comes from the reader, until nothing is missing there."""
    while missing:
        if left and select.select([], [writer], [], 0)[1]:
            left -= writer.send(BLOCK[:left])
        if select.select([reader], [], [], 0.01)[0]:
            missing -= len(read(len(BLOCK)))
