"""What people sign in with elsewhere: a browser and an app at a real OpenID Connect provider (tests/oidc), and a stand-in
for the hosted broker that also fails, hangs and lies."""

import base64
import hashlib
import html
import http.client
import re
import secrets
import subprocess
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from processes import ROOT, free_ports
from wire import Reply, Wire

sys.path.append(str(ROOT / "tools"))
import npm  # noqa: E402

PUBLIC_URL = "https://grover.example"
APP_URL = "https://app.grover.example/back"    # where the app is sent back to: only ever read, never fetched
CLIENT_SECRET = "a secret of the tests: 100% &+"


class Provider:
    """A running tests/oidc/provider.mjs."""

    def __init__(self, folder: Path, redirect_uris: list[str]):
        self.port = free_ports(1)[0]
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.child = subprocess.Popen(["node", folder / "provider.mjs", str(self.port), *redirect_uris],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        # The package first prints its warnings about development settings.
        while (line := self.child.stdout.readline()) and line != "listening\n":
            pass
        assert line, self.child.stderr.read()
        threading.Thread(target=self.child.stderr.read, daemon=True).start()

    @staticmethod
    def folder() -> Path | None:
        return npm.install(ROOT / "tests" / "oidc")

    def spoil(self, how: str) -> None:
        wire = Wire(self.port)
        assert wire.send("POST", f"/spoil?how={urllib.parse.quote(how)}").status == 204, how
        wire.close()

    def stop(self) -> None:
        self.child.stdin.close()
        self.child.wait(10)


class Browser:
    """Keeps cookies by host and port, and follows no redirect by itself."""

    def __init__(self):
        self.cookies: dict[str, dict[str, str]] = {}

    def send(self, method: str, url: str, form: dict | None = None) -> Reply:
        parts = urllib.parse.urlsplit(url)
        jar = self.cookies.setdefault(parts.netloc, {})
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        try:
            connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
            answer = connection.getresponse()
            reply = Reply(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()
        for line in reply.header_all("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            jar[name] = value
            if re.search(r"(?i)max-age=0\b|expires=Thu, 01 Jan 1970", line):
                del jar[name]
        return reply

    def agree(self, url: str, who: str, *, declines: bool = False) -> str:
        """Signs in at the provider and consents, page by page; the address that it sends the browser back to."""
        origin = "http://" + urllib.parse.urlsplit(url).netloc
        reply = self.send("GET", url)
        for _ in range(12):
            if reply.status in (302, 303):
                target = urllib.parse.urljoin(url, reply.header("Location"))
                if not target.startswith(origin):
                    return target
                reply = self.send("GET", target)
                continue
            page = reply.body.decode()
            assert reply.status == 200, reply
            if declines:
                declined = re.search(r'href="([^"]*/abort)"', page)
                reply = self.send("GET", urllib.parse.urljoin(url, html.unescape(declined[1])))
                continue
            action = html.unescape(re.search(r'<form[^>]* action="([^"]+)"', page)[1])
            prompt = re.search(r'name="prompt" value="(\w+)"', page)[1]
            reply = self.send("POST", urllib.parse.urljoin(url, action),
                              {"prompt": prompt} | ({"login": who, "password": "x"} if prompt == "login" else {}))
        raise AssertionError(f"the provider goes round in circles: {reply}")


def query_of(url: str) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, keep_blank_values=True))


class App:
    """A sign-in as a mobile app does it: it asks the provider itself, and brings code and verifier to us."""

    def __init__(self, authorize_url: str, who: str):
        self.verifier = secrets.token_urlsafe(48)
        self.nonce = secrets.token_urlsafe(16)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        back = Browser().agree(authorize_url + "&" + urllib.parse.urlencode(
            {"redirect_uri": APP_URL, "state": "s", "nonce": self.nonce, "code_challenge": challenge}), who)
        self.code = query_of(back)["code"]

    def body(self, provider: str, **changes) -> dict:
        return {"provider": provider, "code": self.code, "code_verifier": self.verifier, "redirect_uri": APP_URL,
                "nonce": self.nonce} | changes


# What the broker answers; the session id says which. Bytes are sent as they are.
PERSON = '{"email":"%s@broker.example","name":"%s","picture":"https://broker.example/p.png","session_token":"not ours"}'
LIES = {
    "html": b"<html>Sign in</html>", "empty": b"", "array": b"[]", "null": b"null", "half": b'{"email":"half@broker.ex',
    "no-email": b'{"name":"Ada"}', "empty-email": b'{"email":"","name":"Ada"}', "null-email": b'{"email":null,"name":"Ada"}',
    "number-email": b'{"email":5,"name":"Ada"}', "list-email": b'{"email":["a@b.example"],"name":"Ada"}',
    "number-name": b'{"email":"number@broker.example","name":5}', "no-address": b'{"email":"nobody","name":"Ada"}',
    "bad-utf8": b'{"email":"utf@broker.example","name":"\xff\xfe"}', "deep": b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "huge": b'{"email":"huge@broker.example","name":"' + b"x" * (1 << 20) + b'"}',
    "newline": b'{"email":"a@b.example\\r\\nBcc: c@d.example","name":"Ada"}',
}


class Broker(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), BrokerAnswer)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.hung = threading.Event()    # set at the end: lets go those who wait
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.hung.set()
        self.shutdown()
        self.server_close()


class BrokerAnswer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        session = self.headers.get("X-Session-ID", "")
        if self.path != "/auth/v1/env/oauth/session-data":
            return self.answer(404, b"{}")
        kind, _, rest = session.partition("-")
        if kind == "good":
            return self.answer(200, (PERSON % (rest, "Name of " + rest)).encode())
        if kind == "long":
            return self.answer(200, (PERSON % (session, "é" * 5000)).encode())
        if kind == "status":
            return self.answer(int(rest), b'{"detail":"secret of the broker"}')
        if session == "redirect":
            return self.answer(302, b"", ("Location", "http://127.0.0.1:9/elsewhere"))
        if session == "hangs":
            return self.server.hung.wait(60)
        if session == "drips":
            return self.drip()
        if session == "cut":
            self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"email":"cut@broker.example"')
            self.close_connection = True
            return None
        if session == "no-http":
            self.wfile.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
            self.close_connection = True
            return None
        return self.answer(200, LIES[session])

    def drip(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            while not self.server.hung.wait(0.2):
                self.wfile.write(b" ")
        except OSError:
            pass    # the service gave up
        self.close_connection = True

    def answer(self, status: int, body: bytes, *fields: tuple[str, str]):
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *fields):
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass    # too long for the service

    def log_message(self, *_):
        pass
