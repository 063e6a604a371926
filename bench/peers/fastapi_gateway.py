"""A gateway of FastAPI and httpx, one client for all requests: sessions, a rate limit, a JSON log, a request id."""

import json
import os
import time
import uuid

import httpx
from fastapi import FastAPI, Request, Response

UPSTREAM = os.environ["UPSTREAM"]
HOP = {"connection", "keep-alive", "te", "trailer", "upgrade", "transfer-encoding", "content-length", "content-encoding",
       "host"}
SESSIONS = {f"tok-{number:032d}": f"user{number}" for number in range(100_000)}
app = FastAPI()
client: httpx.AsyncClient
next_allowed: dict[str, float] = {}
log = open(os.environ["LOG"], "a", buffering=65536)


@app.on_event("startup")
async def start() -> None:
    global client
    limits = httpx.Limits(max_connections=256, max_keepalive_connections=256)
    client = httpx.AsyncClient(limits=limits, timeout=30)


@app.api_route("/api/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def relay(request: Request) -> Response:
    began = time.monotonic()
    request_id = uuid.uuid4().hex
    user = SESSIONS.get(request.headers.get("authorization", "")[7:])
    if user is None:
        return Response('{"error":"Unauthorized"}', 401, media_type="application/json")
    due = max(next_allowed.get(user, 0), began)
    if due - began > 1.0:
        return Response('{"error":"Too Many Requests"}', 429, media_type="application/json")
    next_allowed[user] = due + 1e-6
    headers = {name: value for name, value in request.headers.items() if name not in HOP} | {"x-request-id": request_id}
    query = "?" + request.url.query if request.url.query else ""
    reply = await client.request(request.method, UPSTREAM + request.url.path + query, headers=headers,
                                 content=await request.body())
    log.write(json.dumps({"ts": time.time(), "rid": request_id, "user": user, "method": request.method,
                          "path": request.url.path, "status": reply.status_code, "bytes": len(reply.content),
                          "us": int((time.monotonic() - began) * 1e6)}) + "\n")
    kept = {name: value for name, value in reply.headers.items() if name not in HOP}
    return Response(reply.content, reply.status_code, headers=kept | {"x-request-id": request_id})
