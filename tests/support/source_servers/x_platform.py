"""A small X API v2: users, rules, recent search, timelines and the filtered stream."""

import asyncio
import json
import re
import time
from typing import Any

from aiohttp import web

from tests.support.source_servers.hosting import Faults, Stop, answered, serve_app

EPOCH_MS = 1_288_834_974_657
PEOPLE = {
    name: str(101 + number)
    for number, name in enumerate(
        ("ada", "grace", "alan", "edsger", "barbara", "donald", "margaret", "dennis", "frances", "john")
    )
}


class XPlatform:
    """`write` makes a post. The stream sends the posts written while it is connected; search and timelines have all
    posts.

    Faults of the stream: "503", "429" (with a reset one second ahead), "cut" (a truncated line, then closed), "drop"
    (closed after a second), "twice" (every post twice), "notice" (an operational disconnect), "quiet" (keep-alives
    only), "silent" (not even those), "401". Faults of a timeline: "503", "429", "cut", "drop", "twice".
    """

    def __init__(self, *faults: str) -> None:
        self.faults = Faults(*faults)
        self.posts: list[dict[str, Any]] = []
        self.rules: dict[str, dict[str, str]] = {"1": {"id": "1", "value": "cats", "tag": "not ours"}}
        self.asked: list[str] = []
        self.most_rules = 1_000
        self._last_id = 0

    def write(self, handle: str, text: str, edit_of: str | None = None, **more: Any) -> dict[str, Any]:
        """Write a post of one of PEOPLE. With `edit_of` it replaces another."""
        self._last_id = max(self._last_id + 1, (int(time.time() * 1000) - EPOCH_MS) << 22)  # noqa: TID251
        post = {
            "id": str(self._last_id),
            "text": text,
            "author_id": PEOPLE[handle],
            "created_at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "public_metrics": {"retweet_count": 1, "reply_count": 2, "like_count": 3, "quote_count": 4},
            "edit_history_tweet_ids": [*([edit_of] if edit_of else []), str(self._last_id)],
            **more,
        }
        self.posts.append(post)
        return post

    async def start(self) -> tuple[int, Stop]:
        app = web.Application()
        app.add_routes(
            [
                web.get("/2/tweets/search/stream", self._stream),
                web.get("/2/tweets/search/stream/rules", self._get_rules),
                web.post("/2/tweets/search/stream/rules", self._change_rules),
                web.get("/2/tweets/search/recent", self._recent),
                web.get("/2/tweets", self._look_up),
                web.get("/2/users/by", self._users),
                web.get("/2/users/{user}/tweets", self._timeline),
            ]
        )
        return await serve_app(app)

    async def _page(self, posts: list[dict[str, Any]], request: web.Request, fault: str = "") -> web.StreamResponse:
        self.asked.append(request.path_qs)
        since = int(request.query.get("since_id", "0"))
        found = [post for post in posts if int(post["id"]) > since][::-1]
        start = int(request.query.get("next_token") or request.query.get("pagination_token") or 0)
        page = found[start : start + 5] * (2 if fault == "twice" else 1)
        meta: dict[str, Any] = {"result_count": len(page)}
        if start + 5 < len(found):
            meta["next_token"] = str(start + 5)
        value = {"data": page, "includes": _includes(), "meta": meta} if page else {"meta": meta}
        return await answered(request, json.dumps(value).encode(), "application/json", fault)

    async def _recent(self, request: web.Request) -> web.StreamResponse:
        wanted = {PEOPLE.get(name, name) for name in re.findall(r"from:(\w+)", request.query["query"])}
        return await self._page([post for post in self.posts if post["author_id"] in wanted], request)

    async def _timeline(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.next()
        if fault == "429":
            return _too_many()
        if fault == "503":
            return web.json_response({"title": "no"}, status=503)
        own = [post for post in self.posts if post["author_id"] == request.match_info["user"]]
        return await self._page(own, request, fault)

    async def _look_up(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        ids = request.query["ids"].split(",")
        found = [post for post in self.posts if post["id"] in ids]
        gone = set(ids) - {post["id"] for post in found}
        errors = [{"value": post_id, "title": "Not Found Error", "resource_type": "tweet"} for post_id in sorted(gone)]
        return web.json_response({**({"data": found} if found else {}), **({"errors": errors} if errors else {})})

    async def _users(self, request: web.Request) -> web.Response:
        names = request.query["usernames"].split(",")
        known = [{"id": PEOPLE[name], "name": name.title(), "username": name} for name in names if name in PEOPLE]
        return web.json_response({"data": known})

    async def _get_rules(self, _request: web.Request) -> web.Response:
        return web.json_response({"data": list(self.rules.values()), "meta": {"result_count": len(self.rules)}})

    async def _change_rules(self, request: web.Request) -> web.Response:
        body = await request.json()
        for rule_id in body.get("delete", {}).get("ids", []):
            del self.rules[rule_id]
        added, errors = [], []
        for rule in body.get("add", []):
            refusal = self._refusal(rule["value"])
            if refusal:
                errors.append({"value": rule["value"], "title": refusal})
                continue
            number = str(max(map(int, self.rules), default=0) + 1)
            self.rules[number] = {"id": number, **rule}
            added.append(self.rules[number])
        return web.json_response({"data": added, "errors": errors, "meta": {"summary": {}}}, status=201)

    def _refusal(self, value: str) -> str:
        if value in {rule["value"] for rule in self.rules.values()}:
            return "DuplicateRule"
        return "RulesCapExceeded" if len(self.rules) >= self.most_rules else ""

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.next()
        if fault in ("503", "401"):
            return web.json_response({"title": "no"}, status=int(fault))
        if fault == "429":
            return _too_many()
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        sent = len(self.posts)
        await response.prepare(request)
        try:
            await self._send(request, response, fault, sent)
        except ConnectionError:
            return response
        return response

    async def _send(self, request: web.Request, response: web.StreamResponse, fault: str, sent: int) -> None:
        if fault == "silent":
            await asyncio.sleep(60)
        # a connection to be cut waits for a line, however long none is written
        deadline = asyncio.get_running_loop().time() + (1.0 if fault not in ("", "cut") else 60.0)
        while asyncio.get_running_loop().time() < deadline:
            await response.write(b"\r\n")
            for post in self.posts[sent:] if fault != "quiet" else ():
                line = json.dumps({"data": post, "includes": _includes(), "matching_rules": [{"id": "2"}]}).encode()
                if fault == "cut":
                    await response.write(line[: len(line) // 2] + b"\r\n")
                    return
                for _ in range(2 if fault == "twice" else 1):
                    await response.write(line + b"\r\n")
                sent += 1
            await asyncio.sleep(0.05)
        if fault == "notice":
            await response.write(b'{"errors":[{"title":"operational-disconnect","disconnect_type":"Upstream"}]}\r\n')
        if fault and request.transport is not None:
            request.transport.abort()


def _too_many() -> web.Response:
    reset = str(int(time.time()) + 1)  # noqa: TID251
    return web.json_response(
        {"title": "Too Many Requests"},
        status=429,
        headers={"x-rate-limit-limit": "1", "x-rate-limit-remaining": "0", "x-rate-limit-reset": reset},
    )


def _includes() -> dict[str, Any]:
    return {
        "users": [
            {"id": user, "username": name, "name": name.title(), "public_metrics": {"followers_count": 10}}
            for name, user in PEOPLE.items()
        ]
    }
