"""A small Mastodon instance: account look-up, statuses, and the user stream as server-sent events."""

import asyncio
import json
import time
from typing import Any

from aiohttp import web

from tests.support.source_servers.hosting import Faults, Stop, answered, serve_app

PEOPLE = {"ada": "11", "grace@elsewhere.test": "12"}
TOKEN = "token-of-the-test"


class MastodonServer:
    """`write`, `change`, `delete` make events. The stream sends the events that happen while it is connected.

    Faults of the stream: "503", "429", "drop" (closed after a second), "cut" (a truncated message, then closed),
    "twice", "silent" (not even heartbeats). `rest_faults` are the faults of the accounts' statuses.
    """

    def __init__(self, *faults: str, rest_faults: Faults | None = None) -> None:
        self.faults = Faults(*faults)
        self.rest_faults = rest_faults or Faults()
        self.statuses: list[dict[str, Any]] = []
        self.hidden: set[str] = set()  # ids that pages leave out although a look-up finds them
        self.asked_for: list[str] = []  # ids that were looked up
        self.events: list[tuple[str, str]] = []
        self._port = 0

    def write(self, acct: str, content: str, **more: Any) -> str:
        """Write a status and return its id on the instance."""
        own = str((int(time.time() * 1000) << 16) + len(self.statuses))  # noqa: TID251
        status = {
            "id": own,
            "created_at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "edited_at": None,
            "visibility": "public",
            "language": "en",
            "content": content,
            "account": {
                "id": PEOPLE[acct],
                "acct": acct,
                "url": f"https://home.test/@{acct}",
                "display_name": acct.title(),
                "followers_count": 7,
            },
            "mentions": [],
            "reblog": None,
            **more,
        }
        self.statuses.append(status)
        self.events.append(("update", json.dumps(status)))
        return own

    def change(self, own: str, content: str) -> None:
        status = next(status for status in self.statuses if status["id"] == own)
        edited = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 1))  # noqa: TID251
        status |= {"content": content, "edited_at": edited}
        self.events.append(("status.update", json.dumps(status)))

    def delete(self, own: str) -> None:
        self.statuses = [status for status in self.statuses if status["id"] != own]
        self.events.append(("delete", own))

    async def start(self) -> tuple[int, Stop]:
        app = web.Application()
        app.add_routes(
            [
                web.get("/api/v1/accounts/lookup", self._lookup),
                web.get("/api/v1/accounts/{account}/statuses", self._statuses),
                web.get("/api/v1/statuses/{status}", self._status),
                web.get("/api/v1/instance", self._instance),
                web.get("/api/v2/instance", self._instance_v2),
                web.get("/api/v1/instance/", self._instance),
                web.get("/api/v1/streaming/user", self._stream),
            ]
        )
        self._port, stop = await serve_app(app)
        return self._port, stop

    async def _instance(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {"uri": "home.test", "version": "4.4.0", "urls": {"streaming_api": f"http://127.0.0.1:{self._port}"}}
        )

    async def _instance_v2(self, _request: web.Request) -> web.Response:
        streaming = {"streaming": f"http://127.0.0.1:{self._port}"}
        return web.json_response({"domain": "home.test", "version": "4.4.0", "configuration": {"urls": streaming}})

    async def _lookup(self, request: web.Request) -> web.Response:
        acct = request.query["acct"].removesuffix("@home.test")
        account = PEOPLE.get(acct)
        if account is None:
            return web.json_response({"error": "Record not found"}, status=404)
        return web.json_response({"id": account, "acct": acct, "username": "x", "url": f"https://home.test/@{acct}"})

    async def _statuses(self, request: web.Request) -> web.StreamResponse:
        fault = self.rest_faults.next()
        if fault.isdecimal():
            return _refused(fault)
        own = [s for s in self.statuses if s["account"]["id"] == request.match_info["account"]]
        bound = int(request.query.get("max_id", "9" * 20))
        own = [s for s in own if int(s["id"]) < bound and s["id"] not in self.hidden]
        limit = int(request.query.get("limit", "20"))
        if "min_id" in request.query:
            page = [status for status in own if int(status["id"]) > int(request.query["min_id"])][:limit]
        else:
            page = own[-limit:]
        page = page[::-1] * (2 if fault == "twice" else 1)
        return await answered(request, json.dumps(page).encode(), "application/json", fault)

    async def _status(self, request: web.Request) -> web.Response:
        self.asked_for.append(request.match_info["status"])
        found = [status for status in self.statuses if status["id"] == request.match_info["status"]]
        return web.json_response(found[0]) if found else web.json_response({"error": "Record not found"}, status=404)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.next()
        if fault in ("503", "429", "401"):
            return _refused(fault)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        response.enable_chunked_encoding()
        place = len(self.events)
        await response.prepare(request)
        # a connection to be cut waits for a message, however long none is written
        deadline = asyncio.get_running_loop().time() + (1.0 if fault not in ("", "cut") else 60.0)
        try:
            if fault == "silent":
                await asyncio.sleep(60)
            while asyncio.get_running_loop().time() < deadline:
                await response.write(b":thump\n")
                for name, data in self.events[place:]:
                    place += 1
                    block = f"event: {name}\ndata: {data}\n\n".encode()
                    if fault == "cut":
                        await response.write(block[: len(block) // 2] + b"\n\n")
                        return response
                    for _ in range(2 if fault == "twice" else 1):
                        await response.write(block)
                await asyncio.sleep(0.05)
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            return response
        return response


def _refused(status: str) -> web.Response:
    reset = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 1))  # noqa: TID251
    headers = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    return web.json_response({"error": "no"}, status=int(status), headers=headers if status == "429" else {})
