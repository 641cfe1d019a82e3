"""X API v2 through tweepy: the requests of all X sources, and the meaning of their errors.

tweepy handles fields, paging and errors. Its own waiting is off, because the runner waits. A session adapter sends
requests to `base_url` (api.x.com is the documented host; a test's server is another).
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import requests
import tweepy
from requests.adapters import HTTPAdapter

from streams.clock import Clock
from streams.sources.fields import as_dict, as_list
from streams.sources.http_errors import in_short
from streams.sources.paging import Pages
from streams.sources.port import DisconnectedError, RefusedError
from streams.sources.redirects import keep_to
from streams.web.bounded_session import bound
from streams.web.retry_after import retry_after

TWEEPY_HOST = "https://api.twitter.com"
TIMEOUT = 30.0
# every expanded object is billed like the post itself: only originals are worth it
FIELDS: Mapping[str, list[str]] = {
    "tweet_fields": [
        "id", "text", "author_id", "created_at", "lang", "entities", "public_metrics", "referenced_tweets",
        "in_reply_to_user_id", "note_tweet", "article", "edit_history_tweet_ids", "withheld",
    ],
    "user_fields": ["id", "username", "name", "public_metrics", "protected"],
    "expansions": ["author_id", "referenced_tweets.id"],
}  # fmt: skip


class ToBase(HTTPAdapter):
    """Sends tweepy's requests to another base address."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base = base_url.rstrip("/")

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        if request.url is not None and request.url.startswith(TWEEPY_HOST):
            request.url = self._base + request.url.removeprefix(TWEEPY_HOST)
        options["timeout"] = options.get("timeout") or TIMEOUT
        return super().send(request, **options)


class XApi:
    """Client of X API v2; calls block.

    Each call raises DisconnectedError (try again, possibly at a given time) or RefusedError (do not try again).
    """

    def __init__(self, bearer_token: str, *, base_url: str, clock: Clock) -> None:
        logging.getLogger("tweepy").setLevel(logging.INFO)  # its debug lines contain the token
        self._client = tweepy.Client(bearer_token, return_type=dict, wait_on_rate_limit=False)
        keep_to(self._client.session, base_url)
        self._client.session.mount(TWEEPY_HOST, ToBase(base_url))
        bound(self._client.session)
        self._clock = clock

    def user_ids(self, handles: list[str]) -> dict[str, str]:
        """Return handle in lower case -> user id, for the handles that exist."""
        found: dict[str, str] = {}
        for start in range(0, len(handles), 100):
            answer = self._call(self._client.get_users, usernames=handles[start : start + 100])
            users = map(as_dict, as_list(answer.get("data")))
            found |= {str(user.get("username")).lower(): str(user.get("id")) for user in users if user.get("id")}
        return found

    def timeline(self, user_id: str, since_id: str | None, start: datetime | None) -> Iterator[dict[str, Any]]:
        """Yield pages of a person's posts, newest first, after `since_id` or starting at `start`."""
        yield from self._pages(self._client.get_users_tweets, id=user_id, **_since(since_id, start), max_results=100)

    def recent(self, query: str, since_id: str | None, start: datetime | None) -> Iterator[dict[str, Any]]:
        """Yield pages of the last seven days' posts for a stream rule, newest first."""
        yield from self._pages(
            self._client.search_recent_tweets, query=query, **_since(since_id, start), max_results=100
        )

    def missing(self, ids: list[str]) -> list[str]:
        """Return the ids, of at most a hundred, whose posts do not exist any more.

        Other errors delete nothing: an error of a field, of media or of a quoted post, or a post that is temporarily
        unavailable (a protected or suspended account).
        """
        answer = self._call(self._client.get_tweets, ids=ids)
        alive = {str(as_dict(post).get("id")) for post in as_list(answer.get("data"))}
        gone = {_named(error) for error in map(as_dict, as_list(answer.get("errors"))) if _is_gone(error)}
        return [post_id for post_id in ids if post_id in gone and post_id not in alive]

    def _pages(self, method: Any, **parameters: Any) -> Iterator[dict[str, Any]]:
        token: str | None = None
        pages = Pages(f"{method.__name__} {parameters.get('id') or parameters.get('query')}")
        while True:
            page = self._call(method, **parameters, **({_token_name(method): token} if token else {}), **FIELDS)
            yield page
            token = as_dict(page.get("meta")).get("next_token")
            if not pages.goes_on(token, len(as_list(page.get("data")))):
                return

    def _call(self, method: Any, **parameters: Any) -> dict[str, Any]:
        try:
            return as_dict(method(**parameters))
        except (tweepy.TweepyException, requests.RequestException) as error:
            raise meaning(error, self._clock()) from error


def meaning(error: Exception, now: datetime) -> DisconnectedError | RefusedError:
    """Convert an error of tweepy or requests to the source's errors."""
    if not isinstance(error, tweepy.HTTPException):
        return DisconnectedError(in_short(error))
    status = error.response.status_code
    if status == 429 or status >= 500:
        headers = {name.lower(): value for name, value in error.response.headers.items()}
        return DisconnectedError(f"X answered {status}", retry_after(headers, now))
    hints = {
        401: "is X_BEARER_TOKEN right?",
        402: "the account has no credits left",
        403: "the plan lacks this endpoint, or the app is not in a project",
    }
    return RefusedError(f"X answered {status}: {hints.get(status, '')} {' '.join(error.api_messages)}".strip()[:500])


def _named(error: dict[str, Any]) -> str:
    return str(error.get("resource_id") or error.get("value"))


def _is_gone(error: dict[str, Any]) -> bool:
    """Whether an error means that a post does not exist: X has a type for it, older answers only the title."""
    if error.get("resource_type", "tweet") != "tweet" or error.get("field") or "uspended" in str(error.get("detail")):
        return False
    kind = error.get("type")
    return str(kind).endswith("/resource-not-found") if kind else error.get("title") == "Not Found Error"


def _since(since_id: str | None, start: datetime | None) -> dict[str, Any]:
    if since_id:
        return {"since_id": since_id}
    return {"start_time": start} if start else {}


def _token_name(method: Any) -> str:
    return "next_token" if method.__name__ == "search_recent_tweets" else "pagination_token"
