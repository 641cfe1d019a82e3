"""A small Jetstream (websocket) and AppView (HTTP) with the same people."""

import asyncio
import json
import time
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from tests.support.source_servers.hosting import Faults, Stop, serve_app

PEOPLE = {"ada.test": "did:plc:ada", "grace.test": "did:plc:grace"}
STRANGER = "did:plc:stranger"
POST, REPOST = "app.bsky.feed.post", "app.bsky.feed.repost"


class Jetstream:
    """`write`, `change`, `delete`, `repost` append events. A connection replays those after its cursor, then continues.

    Faults of a connection: "503", "429" (Retry-After 1), "drop" (aborted after a second), "cut" (a truncated message
    before the others), "twice".
    """

    def __init__(self, *faults: str) -> None:
        self.faults = Faults(*faults)
        self.events: list[dict[str, Any]] = []
        self.cursors: list[int | None] = []
        self.forgotten = 0  # number of the first events that are no longer replayed

    def write(self, did: str, text: str, **record: Any) -> str:
        """Write a post and return its address."""
        rkey = f"3k{len(self.events):06d}"
        self._append(did, "create", rkey, {"text": text, **record})
        return f"at://{did}/app.bsky.feed.post/{rkey}"

    def change(self, uri: str, text: str) -> None:
        did, _collection, rkey = uri.removeprefix("at://").split("/")
        self._append(did, "update", rkey, {"text": text})

    def delete(self, uri: str) -> None:
        did, _collection, rkey = uri.removeprefix("at://").split("/")
        self._append(did, "delete", rkey, None)

    def repost(self, did: str, uri: str) -> None:
        record = {"subject": {"uri": uri, "cid": "bafy"}}
        self._append(did, "create", f"3r{len(self.events):06d}", record, "app.bsky.feed.repost")

    def tell(self, did: str, kind: str, what: dict[str, Any]) -> None:
        """Send an event that is no commit."""
        self.events.append({"did": did, "time_us": self._now(), "kind": kind, kind: {"did": did, **what}})

    def _now(self) -> int:
        now = int(time.time() * 1e6)  # noqa: TID251
        return max(now, self.events[-1]["time_us"] + 1) if self.events else now

    def _append(
        self, did: str, operation: str, rkey: str, record: dict[str, Any] | None, kind: str = "app.bsky.feed.post"
    ) -> None:
        moment = self._now()
        commit: dict[str, Any] = {"rev": f"rev{moment}", "operation": operation, "collection": kind, "rkey": rkey}
        if record is not None:
            written = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(moment // 1_000_000))
            commit["record"] = {"$type": kind, "createdAt": written, "langs": ["en"], **record}
        self.events.append({"did": did, "time_us": moment, "kind": "commit", "commit": commit})

    async def start(self) -> tuple[int, Stop]:
        server = await serve(self._connection, "127.0.0.1", 0, process_request=self._answer)
        port: int = server.sockets[0].getsockname()[1]

        async def stop() -> None:
            server.close(close_connections=True)
            await server.wait_closed()

        return port, stop

    def _answer(self, connection: ServerConnection, _request: Request) -> Response | None:
        fault = self.faults.next()
        connection.fault = fault  # type: ignore[attr-defined]
        if fault not in ("503", "429"):
            return None
        response = connection.respond(HTTPStatus(int(fault)), "not now\n")
        if fault == "429":
            response.headers["Retry-After"] = "1"
        return response

    async def _connection(self, socket: ServerConnection) -> None:
        fault = getattr(socket, "fault", "")
        assert socket.request is not None
        query = parse_qs(urlsplit(socket.request.path).query)
        cursor = int(query["cursor"][0]) if "cursor" in query else None
        self.cursors.append(cursor)
        options = json.loads(await socket.recv())["payload"]
        place = self.forgotten if cursor is not None else len(self.events)
        deadline = asyncio.get_running_loop().time() + (1.0 if fault else 60.0)
        try:
            if fault == "cut":
                await socket.send('{"did":"did:plc:ada","time_us":17')
            while asyncio.get_running_loop().time() < deadline and socket.state is State.OPEN:
                for event in self.events[place:]:
                    place += 1
                    if event["did"] in options["wantedDids"] and (cursor is None or event["time_us"] > cursor):
                        for _ in range(2 if fault == "twice" else 1):
                            await socket.send(json.dumps(event))
                await asyncio.sleep(0.02)
            socket.transport.abort()
        except ConnectionClosed:
            return


class AppView:
    """Handles, posts and feeds of the same events. Faults of the look-up of a handle: "503", "429" (reset now)."""

    def __init__(self, jetstream: Jetstream, *faults: str) -> None:
        self._jetstream = jetstream
        self._faults = Faults(*faults)

    async def start(self) -> tuple[int, Stop]:
        app = web.Application()
        app.add_routes(
            [
                web.get("/xrpc/com.atproto.identity.resolveHandle", self._did),
                web.get("/xrpc/app.bsky.actor.getProfiles", self._profiles),
                web.get("/xrpc/app.bsky.feed.getPosts", self._posts),
                web.get("/xrpc/app.bsky.feed.getAuthorFeed", self._feed),
            ]
        )
        return await serve_app(app)

    async def _did(self, request: web.Request) -> web.Response:
        fault = self._faults.next()
        if fault:
            reset = {"ratelimit-reset": str(int(time.time()))}  # noqa: TID251
            return web.json_response({"error": "no"}, status=int(fault), headers=reset if fault == "429" else {})
        did = PEOPLE.get(request.query["handle"])
        return web.json_response({"did": did}) if did else web.json_response({"error": "InvalidRequest"}, status=400)

    async def _profiles(self, request: web.Request) -> web.Response:
        asked = request.query.getall("actors")
        return web.json_response(
            {"profiles": [{"did": did, "handle": handle} for handle, did in PEOPLE.items() if did in asked]}
        )

    def _view(self, event: dict[str, Any]) -> dict[str, Any]:
        handles = {did: handle for handle, did in PEOPLE.items()}
        seen = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(event["time_us"] // 1_000_000))
        return {
            "uri": f"at://{event['did']}/{event['commit']['collection']}/{event['commit']['rkey']}",
            "author": {"did": event["did"], "handle": handles.get(event["did"], "stranger.test"), "displayName": "Ada"},
            "record": event["commit"]["record"],
            "likeCount": 3,
            "indexedAt": f"{seen}.{event['time_us'] % 1_000_000:06d}Z",
        }

    def _created(self, collection: str) -> list[dict[str, Any]]:
        commits = [event for event in self._jetstream.events if "commit" in event]
        made = [event for event in commits if event["commit"]["operation"] == "create"]
        return [self._view(event) for event in made if event["commit"]["collection"] == collection]

    async def _posts(self, request: web.Request) -> web.Response:
        asked = request.query.getall("uris")
        return web.json_response({"posts": [view for view in self._created(POST) if view["uri"] in asked]})

    async def _feed(self, request: web.Request) -> web.Response:
        actor, posts = request.query["actor"], {view["uri"]: view for view in self._created(POST)}
        entries = [{"post": view} for view in posts.values() if view["author"]["did"] == actor]
        for view in self._created(REPOST):
            subject = posts.get(view["record"]["subject"]["uri"])
            if view["author"]["did"] == actor and subject:
                reason = {"$type": "app.bsky.feed.defs#reasonRepost", "by": view["author"]}
                entries.append(
                    {"post": subject, "reason": {**reason, "uri": view["uri"], "indexedAt": view["indexedAt"]}}
                )
        return web.json_response({"feed": entries[::-1]})
