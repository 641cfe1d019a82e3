"""Look-ups at Bluesky's public AppView over httpx: handles, posts by address, feeds. No account needed."""

from typing import Any

import httpx

from streams.clock import Clock
from streams.sources import fields
from streams.sources.bluesky import post as bluesky_post
from streams.sources.fields import as_dict, as_list
from streams.sources.http_errors import checked, json_of
from streams.sources.paging import Pages
from streams.sources.port import RefusedError
from streams.web.bounded_body import ACCEPTED, bounded_answer

PAGE = 100
MAX_ANSWER = 20 * 1024**2
MOST_PAGES = 50  # 5,000 posts of one person in one gap


class AppView:
    """Raises httpx.HTTPError when the network fails and DisconnectedError with the asked wait for 429 and 5xx."""

    def __init__(self, base_url: str, client: httpx.AsyncClient, clock: Clock) -> None:
        self._clock = clock
        self._base = base_url.rstrip("/") + "/xrpc/"
        self._client = client

    async def did_of(self, handle: str) -> str | None:
        """The DID of a handle, or None when nobody has it."""
        answer = await self._get("com.atproto.identity.resolveHandle", {"handle": handle})
        return fields.as_text(answer.get("did"))

    async def handles_of(self, dids: list[str]) -> dict[str, str]:
        """DID -> handle for those that exist."""
        found = {}
        for start in range(0, len(dids), 25):
            answer = await self._get("app.bsky.actor.getProfiles", {"actors": dids[start : start + 25]})
            for profile in map(as_dict, as_list(answer.get("profiles"))):
                did, handle = fields.as_text(profile.get("did")), fields.name_of(profile.get("handle"))
                if did and handle:
                    found[did] = handle
        return found

    async def post(self, uri: str) -> dict[str, Any] | None:
        """The post view (record, author, counts) of an AT URI, or None when it is gone or not for us."""
        try:
            answer = await self._get("app.bsky.feed.getPosts", {"uris": [uri]})
        except RefusedError:
            return None
        return next(map(as_dict, as_list(answer.get("posts"))), None)

    async def posts_since(self, did: str, since_us: int) -> list[dict[str, Any]]:
        """A person's own posts and reposts since then, oldest first, in the shape of Jetstream events."""
        events: list[dict[str, Any]] = []
        parameters: dict[str, Any] = {"actor": did, "limit": PAGE, "filter": "posts_with_replies"}
        pages = Pages(did, most=MOST_PAGES)
        while True:
            answer = await self._get("app.bsky.feed.getAuthorFeed", parameters)
            entries = [_event(as_dict(entry), did) for entry in as_list(answer.get("feed"))]
            events += [event for event in entries if event and event["time_us"] >= since_us]
            oldest = min((event["time_us"] for event in entries if event), default=0)
            if oldest < since_us or not pages.goes_on(answer.get("cursor"), len(entries)):
                break
            parameters["cursor"] = answer["cursor"]
        return sorted(events, key=lambda event: int(event["time_us"]))

    async def _get(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        async with self._client.stream("GET", self._base + method, params=parameters, headers=ACCEPTED) as opened:
            response = await bounded_answer(opened, MAX_ANSWER)
        if response.status_code in (400, 404):  # the AppView's word for "no such actor or post"
            return {}
        return as_dict(json_of(checked(response, self._clock())))


def _event(entry: dict[str, Any], did: str) -> dict[str, Any] | None:
    """A feed entry as the event that Jetstream would have sent; None for what is not the person's own (a thread's
    other posts, a pinned post once more)."""
    post, reason = as_dict(entry.get("post")), as_dict(entry.get("reason"))
    if not bluesky_post.is_view(post):
        return None
    event = _repost(post, reason) if reason else bluesky_post.event_of_view(post)
    if event is None or event["did"] != did or "time_us" not in event:
        return None
    return event


def _repost(post: dict[str, Any], reason: dict[str, Any]) -> dict[str, Any] | None:
    """The repost's own record is not in the feed, but its address and time are."""
    if not str(reason.get("uri")).startswith("at://") or f"/{bluesky_post.REPOST}/" not in str(reason["uri"]):
        return None
    record = {"createdAt": reason.get("indexedAt"), "subject": {"uri": post["uri"]}}
    event = bluesky_post.event_of_view({"uri": reason["uri"], "record": record, "indexedAt": reason.get("indexedAt")})
    return {**event, "original": post}
