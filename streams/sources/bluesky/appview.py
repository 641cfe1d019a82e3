"""Requests to Bluesky's public AppView over httpx: handles, posts by address, author feeds. They need no account."""

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
MOST_PAGES = 50  # at most 5,000 posts of one person in one gap


class AppView:
    """Client of the AppView.

    Raises httpx.HTTPError for a network failure, and DisconnectedError with the requested wait for 429 and 5xx.
    """

    def __init__(self, base_url: str, client: httpx.AsyncClient, clock: Clock) -> None:
        self._clock = clock
        self._base = base_url.rstrip("/") + "/xrpc/"
        self._client = client

    async def did_of(self, handle: str) -> str | None:
        """Return the DID of a handle, or None if the handle does not exist."""
        answer = await self._get("com.atproto.identity.resolveHandle", {"handle": handle})
        return fields.as_text(answer.get("did"))

    async def handles_of(self, dids: list[str]) -> dict[str, str]:
        """Return DID -> handle for the DIDs that exist."""
        found = {}
        for start in range(0, len(dids), 25):
            answer = await self._get("app.bsky.actor.getProfiles", {"actors": dids[start : start + 25]})
            for profile in map(as_dict, as_list(answer.get("profiles"))):
                did, handle = fields.as_text(profile.get("did")), fields.name_of(profile.get("handle"))
                if did and handle:
                    found[did] = handle
        return found

    async def post(self, uri: str) -> dict[str, Any] | None:
        """Return the post view (record, author, counts) of an AT URI; None for a deleted or a blocked post."""
        try:
            answer = await self._get("app.bsky.feed.getPosts", {"uris": [uri]})
        except RefusedError:
            return None
        return next(map(as_dict, as_list(answer.get("posts"))), None)

    async def posts_since(self, did: str, since_us: int) -> list[dict[str, Any]]:
        """Return a person's own posts and reposts since that time, oldest first, in the shape of Jetstream events."""
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
        if response.status_code in (400, 404):  # the AppView's error code for "no such actor or post"
            return {}
        return as_dict(json_of(checked(response, self._clock())))


def _event(entry: dict[str, Any], did: str) -> dict[str, Any] | None:
    """Return a feed entry as the event that Jetstream would have sent.

    None for an entry that is not the person's own: another author's post of a thread, or a pinned post.
    """
    post, reason = as_dict(entry.get("post")), as_dict(entry.get("reason"))
    if not bluesky_post.is_view(post):
        return None
    event = _repost(post, reason) if reason else bluesky_post.event_of_view(post)
    if event is None or event["did"] != did or "time_us" not in event:
        return None
    return event


def _repost(post: dict[str, Any], reason: dict[str, Any]) -> dict[str, Any] | None:
    """The feed does not contain the repost's record, but its address and time."""
    if not str(reason.get("uri")).startswith("at://") or f"/{bluesky_post.REPOST}/" not in str(reason["uri"]):
        return None
    record = {"createdAt": reason.get("indexedAt"), "subject": {"uri": post["uri"]}}
    event = bluesky_post.event_of_view({"uri": reason["uri"], "record": record, "indexedAt": reason.get("indexedAt")})
    return {**event, "original": post}
