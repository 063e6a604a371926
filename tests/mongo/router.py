"""A stand-in for the router (mongos) of a sharded cluster, which no machine of the tests has: it passes everything on to one
server, says of itself that it is a router, and notes each command as a line of JSON. Runs with the server's client, for its BSON:

    CLIENT_PYTHON router.py PORT_OF_THE_SERVER FILE    prints its own port; ends with its stdin
"""

import socket
import struct
import sys
import threading

import bson
from bson import json_util

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
CHECKSUM = 1
OF_A_REPLICA_SET = ("setName", "setVersion", "hosts", "arbiters", "passives", "primary", "secondary", "me", "electionId", "lastWrite",
                    "topologyVersion", "compression", "tags")
UNHEARD = ("lsid", "$clusterTime", "$db")


def read_message(stream) -> bytes | None:
    head = stream.read(4)
    return head + stream.read(struct.unpack("<i", head)[0] - 4) if len(head) == 4 else None


def command_of(message: bytes) -> dict:
    """With the documents that travel beside it as a member of it. Empty for what is no OP_MSG."""
    if struct.unpack_from("<i", message, 12)[0] != OP_MSG:
        return {}
    out, at, end = {}, 20, len(message) - 4 * (message[16] & CHECKSUM)
    while at < end:
        kind, at = message[at], at + 1
        size, = struct.unpack_from("<i", message, at)
        section, at = message[at:at + size], at + size
        if kind == 0:
            out = bson.decode(section) | out
        else:
            name, _, documents = section[4:].partition(b"\0")
            out[name.decode()] = bson.decode_all(documents)
    return out


def as_router(answer: bytes) -> bytes:
    """The same answer, of a router where it was that of a member."""
    head, operation = answer[4:12], struct.unpack_from("<i", answer, 12)[0]
    begins = {OP_MSG: 21, OP_REPLY: 36}.get(operation)
    if begins is None:
        return answer
    size, = struct.unpack_from("<i", answer, begins)
    document = bson.decode(answer[begins:begins + size])
    if "maxWireVersion" not in document:
        return answer
    changed = {name: value for name, value in document.items() if name not in OF_A_REPLICA_SET} | {"msg": "isdbgrid"}
    text = struct.pack("<i", operation) + answer[16:begins] + bson.encode(changed)
    return struct.pack("<i", len(text) + 12) + head + text


class Router:
    def __init__(self, server_port: int, notes):
        self.server_port, self.notes, self.lock = server_port, notes, threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))

    def serve(self) -> None:
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _note(self, message: bytes) -> None:
        command = {name: value for name, value in command_of(message).items() if name not in UNHEARD}
        if command:
            with self.lock:
                self.notes.write(json_util.dumps(command, json_options=json_util.RELAXED_JSON_OPTIONS) + "\n")
                self.notes.flush()

    def _pass(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.server_port)) as server:
            asks, answers = client.makefile("rb"), server.makefile("rb")
            try:
                while message := read_message(asks):
                    self._note(message)
                    server.sendall(message)
                    client.sendall(as_router(read_message(answers) or b""))
            except OSError:
                pass


if __name__ == "__main__":
    with open(sys.argv[2], "a", encoding="utf-8") as file:
        router = Router(int(sys.argv[1]), file)
        threading.Thread(target=router.serve, daemon=True).start()
        print(router.listener.getsockname()[1], flush=True)
        sys.stdin.read()
