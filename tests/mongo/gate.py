"""A gate before a MongoDB server: passes everything on but one command, or one kind of command, which it holds back, so that
a test can end the program that waits for its answer. Knows of the wire protocol that messages begin with their length.
"""

import socket
import struct
import threading
from collections.abc import Callable

HELD_S = 120.0


# What to hold: of a command, and of that which began the transaction of its connection.
Matches = Callable[[bytes, bytes], bool]


def ends_transaction(text: bytes = b"") -> Matches:
    """Of the transaction that begins with `text` in it."""
    return lambda message, beginning: b"commitTransaction" in message and text in beginning


def goes_on_with_transaction(text: bytes = b"") -> Matches:
    """A statement after the first one."""
    return lambda message, beginning: (b"autocommit" in message and b"startTransaction" not in message
                                       and b"Transaction\0" not in message and text in beginning)


def makes_indexes(message: bytes, _: bytes) -> bool:
    return b"createIndexes\0" in message


def anything(*_: bytes) -> bool:
    return True


def reads(collection: str) -> Matches:
    name = collection.encode() + b"\0"
    value = b"\x02find\0" + struct.pack("<i", len(name)) + name
    return lambda message, _: value in message


class Gate:
    """With a client of its own to talk to, not with those that the server names (directConnection)."""

    def __init__(self, port: int):
        self.server_port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"mongodb://127.0.0.1:{self.listener.getsockname()[1]}/?directConnection=true"
        self.lock = threading.Lock()
        self.matches: Matches | None = None
        self.to_pass = 0
        self.holds_all = False
        self.held = threading.Event()
        self.sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self, matches: Matches, after: int = 0) -> None:
        """The first message that matches after so many others that do; nothing of its connection is passed on any more."""
        with self.lock:
            self.matches, self.to_pass, self.holds_all = matches, after, False
            self.held.clear()

    def hold_all(self, matches: Matches) -> None:
        """Each message that matches, on any connection, from now on."""
        with self.lock:
            self.matches, self.to_pass, self.holds_all = matches, 0, True
            self.held.clear()

    def wait_held(self) -> None:
        assert self.held.wait(HELD_S), "the gate has seen no such command"

    def close(self) -> None:
        self.listener.close()
        for one in self.sockets:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.server_port))
            except OSError:
                return
            self.sockets += [client, server]
            threading.Thread(target=self._pass_commands, args=(client, server), daemon=True).start()
            threading.Thread(target=self._pass_answers, args=(server, client), daemon=True).start()

    def _is_to_be_held(self, message: bytes, beginning: bytes) -> bool:
        with self.lock:
            if self.matches is None or not self.matches(message, beginning):
                return False
            if self.holds_all:
                return True
            self.to_pass -= 1
            if self.to_pass >= 0:
                return False
            self.matches = None
            return True

    def _pass_commands(self, client: socket.socket, server: socket.socket) -> None:
        try:
            stream, holding, beginning = client.makefile("rb"), False, b""
            while len(head := stream.read(4)) == 4:
                message = head + stream.read(struct.unpack("<i", head)[0] - 4)
                if b"startTransaction" in message:
                    beginning = message
                if not holding and self._is_to_be_held(message, beginning):
                    holding = True
                    self.held.set()
                if not holding:
                    server.sendall(message)
        except OSError:
            pass
        finally:    # who hangs up here hangs up there
            _end(server)

    @staticmethod
    def _pass_answers(server: socket.socket, client: socket.socket) -> None:
        try:
            while got := server.recv(65536):
                client.sendall(got)
        except OSError:
            pass
        finally:
            _end(client)


def _end(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
