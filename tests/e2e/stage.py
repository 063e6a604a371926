"""A service whose answers a test speaks itself, byte for byte; its health is good."""

import queue
import socket
import threading
from dataclasses import dataclass


@dataclass
class Asked:
    """A request for something below /api/, and the connection that waits for its answer."""
    connection: socket.socket
    head: bytes
    data: bytes    # that came behind the head


class Stage:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.asked: queue.Queue[Asked] = queue.Queue()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

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

    def close(self) -> None:
        self.listener.close()
