"""A gateway with WebSockets, in front of an echo service by `ws` and of a service whose answers a test speaks itself."""

import json
import socket
import subprocess

from processes import Process, free_ports
from stage import Stage
from websocket_cases import KEY, Socket, accept_of, handshake
from wire import TIMEOUT_S, Wire, eventually

AGREED = ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          f"Sec-WebSocket-Accept: {accept_of(KEY)}\r\n").encode()
CONFIG = """
services:
  user: {instances: ['http://127.0.0.1:%(stage)d']}
  chat: {instances: ['http://127.0.0.1:%(chat)d']}
  # Fails on purpose: nobody draws conclusions.
  stage: {instances: ['http://127.0.0.1:%(stage)d'], outliers: {enabled: false}, breaker: {enabled: false}}
  shared: {instances: ['http://127.0.0.1:%(stage)d'], protocol: http2, outliers: {enabled: false}, breaker: {enabled: false}}
  twins: {instances: ['http://127.0.0.1:%(dead)d', 'http://127.0.0.1:%(stage)d'], balance: round_robin, health: {enabled: false}, outliers: {enabled: false}, breaker: {enabled: false}}
routes:
  - {path: /api/chat/**, service: chat, upgrade: [websocket]}
  - {path: /api/plain/**, service: chat}
  - {path: /api/stage/**, service: stage, upgrade: [websocket]}
  - {path: /api/shared/**, service: shared, upgrade: [websocket]}
  - {path: /api/twins/**, service: twins, upgrade: [websocket]}
  - {path: /api/silent/**, service: stage, upgrade: [websocket], stream: {idle: 300ms}}
  - {path: /api/old/**, service: stage, upgrade: [websocket], stream: {idle: 500ms, lifetime: 500ms}}
  - {path: /api/private/**, service: stage, upgrade: [websocket], access: {login: true}}
cors:
  origins: ['https://app.example']
"""


class Echo:
    """A running tests/websocket/echo.mjs."""

    def __init__(self, folder):
        self.child = subprocess.Popen(["node", folder / "echo.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.child.stdout.readline())

    def stop(self) -> None:
        self.child.stdin.close()
        self.child.wait(TIMEOUT_S)
        self.child.stdout.close()


class Place:
    """Gateway, echo service and stage."""

    def __init__(self, folder, parts, **environment):
        self.parts, self.stage = parts, Stage()
        self.echo = Echo(parts) if parts else None
        port, dead = free_ports(2)
        (folder / "gateway.yaml").write_text(CONFIG % {"stage": self.stage.port, "chat": self.echo.port if parts else dead, "dead": dead})
        self.gateway = Process("gateway", port, folder, {"GATEWAY_CONFIG": str(folder / "gateway.yaml"), "RATE_LIMIT": "off"} | environment)
        self.port = port
        self.gateway.start()

    def close(self) -> None:
        self.gateway.terminate()
        if self.echo:
            self.echo.stop()
        self.stage.close()

    def open(self, path: str = "/api/stage/x", fields: str = "", before: bytes = b"") -> tuple[Socket, socket.socket]:
        """A tunnel to the stage: the client's end, and the service's."""
        client = Socket(self.port, path, fields, before)
        asked = self.stage.asked.get(timeout=TIMEOUT_S)
        assert asked.data == b"", "forwarded before anything was agreed on"
        asked.connection.settimeout(TIMEOUT_S)
        asked.connection.sendall(AGREED + b"\r\n")
        assert client.answered().status == 101, client.head
        return client, asked.connection

    def metric(self, name: str) -> float:
        wire = Wire(self.port)
        try:
            text = wire.send("GET", "/metrics").body.decode()
        finally:
            wire.close()
        return next(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name + " "))

    def at_rest(self) -> None:
        """No tunnel is open, and the log has a line of each that was."""
        eventually(lambda: self.metric("gateway_tunnels_open") == 0)
        count = sum(self.metric(f'gateway_tunnels_total{{ended="{why}"}}') for why in ("client", "service", "idle", "lifetime", "drain", "revoked"))
        eventually(lambda: len(self.ended()) == count)

    def ended(self) -> list[dict]:
        """The lines of the access log that tell of tunnels."""
        return [line for line in map(json.loads, self.gateway.log().splitlines()) if "ended" in line]


def running(folder, parts, **environment):
    place = Place(folder, parts, **environment)
    try:
        place.gateway.wait_ready()
        yield place
    finally:
        place.close()
