"""Mastodon through Mastodon.py: listed people's public posts, as one instance sees them.

With an access token the `user` stream gives the posts of the people whom the token's account follows, edits and
deletions included (streams need a token since Mastodon 4.2); without one every listed account's statuses are polled,
which most instances allow to anybody. The cursor is the newest status id of the instance (ids grow with time). On
connecting, the stream is opened first, then each listed account's statuses after the cursor are read (without a cursor:
their newest page), then the stream goes on. A deletion names no author: the runner's memory knows it.
Edits and deletions that happen while nobody listens are not told afterwards.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import mastodon
import orjson
import requests
import structlog

from models.events import Tweet
from streams.clock import Clock
from streams.sources import fields, mastodon_status
from streams.sources.bridge import Put, from_thread
from streams.sources.http_errors import LONGEST_WAIT, retry_after
from streams.sources.memory import UNKNOWN
from streams.sources.people import People
from streams.sources.port import Bad, DisconnectedError, Item, Outcome, RefusedError

PAGE = 40  # Mastodon's most
MOST_PAGES = 50
SILENCE = 60.0  # seconds; a server sends a heartbeat every 15
Message = tuple[str, bytes]  # event name, data
log = structlog.get_logger(__name__)


class MastodonInstance:
    """The `Source`. Without `token` it polls `every` seconds."""

    name = "mastodon"

    def __init__(self, people: People, *, url: str, token: str | None, clock: Clock, every: float = 120.0) -> None:
        self._people = people
        self._token = token
        self._clock = clock
        self._every = every
        self._api = mastodon.Mastodon(
            api_base_url=url,
            access_token=token,
            ratelimit_method="throw",
            version_check_mode="none",
            request_timeout=30,
        )
        self._api.session.hooks["response"].append(self._refused_stream)
        self._accounts: dict[str, str] = {}  # handle -> account id on this instance

    async def events(self, cursor: str | None) -> AsyncIterator[Item]:
        """One connection, or polling until something fails."""
        newest = int(cursor) if cursor and cursor.isdigit() else 0
        await asyncio.to_thread(self._resolve)
        if self._token is None:
            async for item in self._polled(newest):
                yield item
            return
        async for name, data in from_thread(self._stream, stop=self._stop_nothing):
            if name == "connected":
                items = [Item(outcome) for outcome in await asyncio.to_thread(self._since, newest)]
            else:
                items = list(self._items(name, data))
            for item in items:
                yield item
            newest = max([newest, *(_number(item.outcome) for item in items)])
            yield Item(cursor=str(newest) if newest else None)

    async def _polled(self, newest: int) -> AsyncIterator[Item]:
        while True:
            outcomes = await asyncio.to_thread(self._since, newest)
            for outcome in outcomes:
                yield Item(outcome)
            newest = max([newest, *map(_number, outcomes)])
            yield Item(cursor=str(newest) if newest else None)
            await asyncio.sleep(self._every)

    def _resolve(self) -> None:
        handles = self._people.handles("mastodon")
        if not handles:
            raise RefusedError("nobody with a Mastodon handle: toptopics influencers add NAME --mastodon USER@HOST")
        for handle in handles:
            if handle in self._accounts:
                continue
            try:
                account = self._call(self._api.account_lookup, handle)
            except mastodon.MastodonNotFoundError:
                log.warning("no such Mastodon account", handle=handle)
                continue
            self._accounts[handle] = str(account["id"])

    def _since(self, newest: int) -> list[Outcome]:
        """The listed accounts' statuses after `newest`, oldest first (with no cursor: their newest page)."""
        found: list[dict[str, Any]] = []
        for account in self._accounts.values():
            bound = newest
            for _page in range(MOST_PAGES):
                after = {"min_id": bound} if newest else {}
                page = [
                    _plain(status) for status in self._call(self._api.account_statuses, account, limit=PAGE, **after)
                ]
                found += page
                if len(page) < PAGE or not newest:
                    break
                bound = max(int(status["id"]) for status in page)
        found.sort(key=lambda status: int(status["id"]))
        return [outcome for status in found for outcome in mastodon_status.parse(status)]

    def _page(self, account: str, after: dict[str, int]) -> list[dict[str, Any]]:
        try:
            return [_plain(status) for status in self._call(self._api.account_statuses, account, limit=PAGE, **after)]
        except mastodon.MastodonNotFoundError:
            log.warning("a Mastodon account is gone", account=account)
            return []

    def _call(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        try:
            return method(*arguments, **options)
        except mastodon.MastodonNotFoundError:
            raise
        except (mastodon.MastodonError, requests.RequestException) as error:
            raise self._meaning(error) from error

    def _meaning(self, error: Exception) -> DisconnectedError | RefusedError:
        if isinstance(error, mastodon.MastodonRatelimitError):
            reset = self._api.ratelimit_reset
            wait = None if reset is None else min(max(0.0, reset - self._clock().timestamp()), LONGEST_WAIT)
            return DisconnectedError("the instance's rate limit is used up", wait)
        if isinstance(error, mastodon.MastodonUnauthorizedError):
            return RefusedError(f"the instance refuses the token: is MASTODON_ACCESS_TOKEN right? {error}"[:300])
        if isinstance(error, mastodon.MastodonIllegalArgumentError):
            return RefusedError(str(error)[:300])
        return DisconnectedError(f"{type(error).__name__}: {error}"[:300])

    def _stream(self, put: Put[Message]) -> None:
        """Block until the stream ends."""
        try:
            self._api.stream_user(Listener(put), timeout=SILENCE)
        except (mastodon.MastodonError, requests.RequestException) as error:
            raise self._meaning(error) from error
        raise DisconnectedError("the stream ended")

    def _refused_stream(self, response: requests.Response, *_arguments: Any, **_options: Any) -> None:
        """The library would leave a refused stream's connection open, and drop its status and headers."""
        if response.status_code < 400 or "/streaming/" not in str(response.url):
            return
        told = f"the instance answered {response.status_code}: {response.text[:200]}"
        if response.status_code in (401, 403):
            raise RefusedError(f"{told}: is MASTODON_ACCESS_TOKEN right?")
        headers = {name.lower(): value for name, value in response.headers.items()}
        raise DisconnectedError(told, retry_after(headers, self._clock()))

    def _stop_nothing(self) -> None:
        """The thread ends at its next message: it finds its reader gone."""

    def _items(self, name: str, data: bytes) -> Iterator[Item]:
        if name == "delete":
            deleted = mastodon_status.post_id(data.decode("utf-8", "replace").strip('" '))
            now = self._clock()
            build = lambda: fields.build_deletion(id=deleted, author_id=UNKNOWN, deleted_at=now)  # noqa: E731
            yield from (Item(outcome) for outcome in fields.guarded(data, build))
        elif name in ("update", "status.update"):
            try:
                status = orjson.loads(data)
            except orjson.JSONDecodeError as error:
                yield Item(Bad(f"not JSON: {error}"[:500], data))
                return
            yield from (Item(outcome) for outcome in mastodon_status.parse(fields.as_dict(status)))
        else:
            yield Item()


class Listener(mastodon.StreamListener):
    """Reads the event stream as bytes: the library's own reader converts every field, and dies of a bad one."""

    def __init__(self, put: Put[Message]) -> None:
        self._put = put

    def handle_stream(self, response: requests.Response) -> None:
        """Blocks until the response ends; raises requests' errors."""
        self._put(("connected", b""))
        event: dict[bytes, bytes] = {}
        for line in response.iter_lines(chunk_size=1):
            if line.startswith(b":"):
                self._put(("heartbeat", b""))
            elif line:
                name, _colon, value = line.partition(b":")
                event[name] = event[name] + b"\n" + value.lstrip() if name in event else value.lstrip()
            elif event:
                self._put((event.get(b"event", b"").decode("utf-8", "replace"), event.get(b"data", b"")))
                event = {}


def _plain(status: Any) -> dict[str, Any]:
    """The library's objects as the JSON that they came from."""
    return fields.as_dict(orjson.loads(orjson.dumps(status, default=str)))


def _number(outcome: Outcome | None) -> int:
    if not isinstance(outcome, Tweet):
        return 0
    own = outcome.id.removeprefix(mastodon_status.PREFIX).split("#")[0]
    return int(own) if own.isdigit() else 0
