"""Live source for Bluesky through Jetstream. It needs no account and no key.

Connection: the source sends the followed DIDs as an options update after connecting, so a list of thousands fits. The
cursor is Jetstream's `time_us`; at the first start it is the time of `lookback` ago. A reconnect rewinds a few seconds,
because events of one moment may arrive in another order; the runner drops the repeats.

Gaps: Jetstream keeps about one day. A longer gap, and a longer `lookback`, are filled from the author feeds of the
public AppView. The AppView also resolves DIDs to handles, and the originals of reposts and quotes.

Deletions and edits: deletes become tombstones, updates become edits. An account that was deleted or taken down takes
its remembered posts along. The posts of a suspended or deactivated account stay, because both states can be undone and
a tombstone cannot. A deletion inside a gap of more than a day is not seen.

People: a person is a DID. A listed handle is resolved once; afterwards the source follows the DID and shows its newest
valid handle. `status` names the handles that do not exist; they are tried again every hour.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import structlog
import websockets
from websockets.asyncio.client import ClientConnection

from models.events.wire import PoisonError
from streams.clock import Clock
from streams.sources import fields
from streams.sources.bluesky import post as bluesky_post
from streams.sources.bluesky.appview import AppView
from streams.sources.http_errors import in_short
from streams.sources.people.wanted import People
from streams.sources.port import Bad, DisconnectedError, Item, Outcome, RefusedError
from streams.sources.sent_posts import SentPosts
from streams.web.retry_after import retry_after

REWIND_US = 5_000_000
MOST_PEOPLE = 10_000  # Jetstream's limit of wantedDids
MAX_MESSAGE = 2 * 1024**2
ASK_AGAIN = 3600.0  # seconds between two look-ups of a handle that does not exist
AHEAD_US = 600_000_000
PLAYBACK_US = 23 * 3600 * 1_000_000  # Jetstream keeps a day; one hour is the margin for slow starts
log = structlog.get_logger(__name__)


class Bluesky:
    """The `Source`; `url` is the Jetstream instance, `appview` answers the look-ups."""

    name = "bluesky"

    def __init__(
        self,
        people: People,
        *,
        url: str,
        appview: AppView,
        clock: Clock,
        memory: SentPosts | None = None,
        lookback_days: float = 0.0,
    ) -> None:
        self._people = people
        self._memory = SentPosts() if memory is None else memory
        self._url = url
        self._appview = appview
        self._clock = clock
        self._lookback = timedelta(days=lookback_days)
        self._newest = 0
        self._handles: dict[str, str] = {}  # DID -> handle to show
        self._dids: dict[str, str] = {}  # listed handle -> DID
        self._originals: OrderedDict[str, dict[str, Any]] = OrderedDict()

    async def events(self, cursor: str | None) -> AsyncIterator[Item]:
        """Run one connection, starting at `cursor` (microseconds)."""
        try:
            await self._resolve()
            since = self._newest = self._begin(cursor)
            if int(self._clock().timestamp() * 1e6) - since > PLAYBACK_US:
                async for item in self._filled(since):
                    yield item
            async with _Connect(self._address(since), max_size=MAX_MESSAGE, open_timeout=20) as socket:
                await socket.send(orjson.dumps(self._options()).decode())
                yield Item(cursor=str(since))
                async for item in self._messages(socket):
                    yield item
        except websockets.exceptions.InvalidStatus as error:
            raise _refusal(error, self._clock()) from error
        except (OSError, websockets.exceptions.WebSocketException, httpx.HTTPError) as error:
            raise DisconnectedError(in_short(error)) from error

    def _begin(self, cursor: str | None) -> int:
        if cursor and cursor.isdecimal():
            return int(cursor)
        return int((self._clock() - self._lookback).timestamp() * 1e6)

    def _address(self, since: int) -> str:
        return f"{self._url}?requireHello=true&cursor={max(0, since - REWIND_US)}"

    def _options(self) -> dict[str, Any]:
        payload = {
            "wantedCollections": [bluesky_post.POST, bluesky_post.REPOST],
            "wantedDids": list(self._handles)[:MOST_PEOPLE],  # `_resolve` logs the people that do not fit
            "maxMessageSizeBytes": MAX_MESSAGE,
        }
        return {"type": "options_update", "payload": payload}

    async def _resolve(self) -> None:
        """Resolve the handles to DIDs.

        Raises:
            RefusedError: The list is empty; this source does not read the whole network.
        """
        handles = self._people.handles("bluesky")
        if not handles:
            raise RefusedError("no listed person has a Bluesky handle: toptopics influencers add NAME --bluesky HANDLE")
        found = {handle: await self._did_of(handle) for handle in handles}
        await self._name([did for did in found.values() if did is not None])
        for handle, did in found.items():
            if did is not None and did not in self._handles and did != handle:
                # the account may be deleted, and the person may have a new one under the same handle
                did = found[handle] = self._dids[handle] = await self._appview.did_of(handle) or did
            if did is not None:
                self._handles.setdefault(did, self._memory.handle_of(did) or handle)
                self._people.identify("bluesky", handle, did)
        self._people.not_found["bluesky"] = [handle for handle, did in found.items() if did is None]
        if self._people.not_found["bluesky"]:
            log.warning("Bluesky handles do not exist, trying again later", handles=self._people.not_found["bluesky"])
        if not self._handles:
            raise DisconnectedError("none of the listed Bluesky handles exists", ASK_AGAIN)
        left_out = list(self._handles.values())[MOST_PEOPLE:]
        if left_out:
            log.warning("too many people for Jetstream, some are left out", left_out=left_out)

    async def _name(self, dids: list[str]) -> None:
        """Look up the handles of new people; the stream reports later changes."""
        handles = await self._appview.handles_of([did for did in dids if did not in self._handles])
        self._handles |= {did: handle for did, handle in handles.items() if handle != bluesky_post.INVALID}

    async def _did_of(self, handle: str) -> str | None:
        """Return the known DID first: the handle may belong to another person by now."""
        if handle.startswith("did:"):
            return handle
        known = self._dids.get(handle) or self._people.id_of("bluesky", handle)
        did = known or await self._appview.did_of(handle) or self._memory.author_of(bluesky_post.SOURCE, handle)
        if did is not None:
            self._dids[handle] = did
        return did

    async def _messages(self, socket: ClientConnection) -> AsyncIterator[Item]:
        ending = asyncio.get_running_loop().time() + ASK_AGAIN if self._people.not_found.get("bluesky") else None
        while True:
            try:
                async with asyncio.timeout_at(ending):
                    message = await socket.recv()
            except websockets.exceptions.ConnectionClosedOK:
                return
            except TimeoutError:
                return  # the next connection looks the missing handles up again
            async for item in self._items(message):
                yield item

    async def _items(self, message: str | bytes) -> AsyncIterator[Item]:
        data = message.encode("utf-8", "surrogatepass") if isinstance(message, str) else message
        try:
            event = orjson.loads(data)
            is_event = isinstance(event, dict) and bluesky_post.time_us(event) is not None
        except (orjson.JSONDecodeError, PoisonError) as error:
            yield Item(Bad(f"not a Jetstream event: {error}"[:500], data))
            return
        if not is_event:
            yield Item(Bad("not a Jetstream event: not an object", data))
            return
        for outcome in await self.outcomes_of(event):
            yield Item(outcome, str(self._reached(int(event["time_us"]))))

    async def outcomes_of(self, event: dict[str, Any]) -> list[Outcome]:
        """Return the posts and tombstones of one event of the network, with the originals that it refers to."""
        commit = fields.as_dict(event.get("commit"))
        if commit.get("collection") == bluesky_post.REPOST and commit.get("operation") == "create":
            event = event if "original" in event else await self._with_original(event)
        elif commit.get("collection") == bluesky_post.POST:
            event = event if "view" in event else await self._with_quoted(event)
        return self._of_account(event) or list(bluesky_post.parse(event, self._handles))

    def _reached(self, moment: int) -> int:
        """Return the cursor after an event.

        It never goes back (a v2 host may begin an hour before the requested time), and never beyond the clock: a time
        in the future would lose the posts until then.
        """
        if moment <= int(self._clock().timestamp() * 1e6) + AHEAD_US:
            self._newest = max(self._newest, moment)
        return self._newest

    def _of_account(self, event: dict[str, Any]) -> list[Outcome]:
        """Store a person's new handle; delete the posts of a deleted account."""
        did = str(event.get("did"))
        if did in self._handles:
            self._people.recognise(did)
        handle = fields.name_of(fields.as_dict(event.get("identity")).get("handle"))
        if handle and handle != bluesky_post.INVALID and did in self._handles:
            self._handles[did] = handle
        if fields.as_dict(event.get("account")).get("status") not in ("deleted", "takendown"):
            return []
        posts, moment = self._memory.alive_by_author().get(did, []), bluesky_post.time_us(event)
        return [fields.build_deletion(id=post_id, author_id=did, deleted_at=moment) for post_id in posts]

    async def _with_original(self, event: dict[str, Any]) -> dict[str, Any]:
        """Add `original`, the post view of the reposted post."""
        uri = fields.as_dict(fields.as_dict(event["commit"].get("record")).get("subject")).get("uri")
        if not isinstance(uri, str) or not uri.startswith("at://"):
            return event
        return {**event, "original": await self._original(uri)}

    async def _with_quoted(self, event: dict[str, Any]) -> dict[str, Any]:
        """Add `original`, the view of the quoted post; unchanged if the AppView does not answer."""
        uri = bluesky_post.quoted_uri(fields.as_dict(event["commit"].get("record")))
        if uri is None:
            return event
        try:
            return {**event, "original": await self._original(uri)}
        except (httpx.HTTPError, DisconnectedError) as error:
            log.warning(
                "quoted post could not be looked up, sending the quote without it", uri=uri, reason=in_short(error)
            )
            return event

    async def _original(self, uri: str) -> dict[str, Any]:
        """Return a post's view from the cache or the AppView; empty for a deleted post."""
        if uri not in self._originals:
            self._originals[uri] = await self._appview.post(uri) or {}
            if len(self._originals) > 1_000:
                self._originals.popitem(last=False)
        return self._originals[uri]

    async def prepare(self) -> None:
        """Resolve the people, for `outcomes_of` and `feed_events` without a connection.

        Raises:
            RefusedError: The list is empty.
            DisconnectedError: The AppView does not answer.
        """
        try:
            await self._resolve()
        except httpx.HTTPError as error:
            raise DisconnectedError(in_short(error)) from error

    @property
    def dids(self) -> list[str]:
        """The DIDs of the resolved handles."""
        return list(self._handles)

    async def _filled(self, since: int) -> AsyncIterator[Item]:
        """Return the people's own posts since that time, oldest first; the cursor moves after the last one."""
        async for event in self.feed_events(since):
            for outcome in bluesky_post.parse(event, self._handles):
                yield Item(outcome)

    async def feed_events(self, since: int) -> AsyncIterator[dict[str, Any]]:
        """Yield the posts of the people's feeds since that time (microseconds), by person, as events of the network."""
        for did in self.dids:
            for event in await self._appview.posts_since(did, since):
                yield event


class _Connect(websockets.connect):
    """Follow redirects on the same host only."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        target = super().process_redirect(exc)
        elsewhere = isinstance(target, str) and urlsplit(target).hostname != urlsplit(self.uri).hostname
        return exc if elsewhere else target


def _refusal(error: websockets.exceptions.InvalidStatus, now: datetime) -> DisconnectedError | RefusedError:
    status = error.response.status_code
    if status in (400, 401, 403, 404):
        return RefusedError(f"Jetstream answered {status}: is TOPTOPICS_BLUESKY_URL right?")
    headers = {name.lower(): value for name, value in error.response.headers.raw_items()}
    return DisconnectedError(f"Jetstream answered {status}", retry_after(headers, now))
