"""Requests to a Mastodon instance through Mastodon.py: accounts, and what they wrote, edited and deleted.

All calls block. Each raises DisconnectedError (try again, possibly at a given time) or RefusedError (do not try again).
Ids grow with time. If they are not numbers (other servers with this API), the time of a status replaces its id, and
only the newest page of an account can be read.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import mastodon
import requests
import structlog

from models.events import Tweet
from models.events.wire import PoisonError
from streams.clock import Clock
from streams.sources import fields
from streams.sources.http_errors import in_short
from streams.sources.mastodon import status as mastodon_status
from streams.sources.people.wanted import People
from streams.sources.port import DisconnectedError, Outcome, RefusedError
from streams.sources.sent_posts import SentPosts
from streams.web.retry_after import LONGEST_WAIT

PAGE = 40  # Mastodon's maximum
MOST_PAGES = 50
OVERLAP = 3_600_000 << 16  # an hour of ids: a status from another server has its author's time, and may arrive later
log = structlog.get_logger(__name__)


class Rest:
    """Client of the instance's REST API; `memory` knows the sent posts."""

    def __init__(self, api: mastodon.Mastodon, clock: Clock, memory: SentPosts, people: People | None = None) -> None:
        self._api = api
        self._people = People([]) if people is None else people
        self._clock = clock
        self._memory = memory
        self._accounts: dict[str, str] = {}  # handle -> account id on this instance

    def resolve(self, handles: list[str]) -> None:
        """Find the accounts; the log names those that do not exist."""
        for handle in handles:
            if handle in self._accounts:
                continue
            try:
                account = self._call(self._api.account_lookup, handle)
            except mastodon.MastodonNotFoundError:
                log.warning("Mastodon account does not exist, skipping it", handle=handle)
                continue
            own = fields.identifier(fields.as_dict(account).get("id"))
            if own is None:
                raise DisconnectedError("the instance answered without an account")
            self._accounts[handle] = own
            # posts contain the host of the account's page, which may differ from the host of its address
            author = mastodon_status.author_id(fields.as_dict(account))
            self._people.identify("mastodon", handle, author or handle)
        self._people.not_found["mastodon"] = [handle for handle in handles if handle not in self._accounts]

    def first(self, lookback: timedelta) -> tuple[list[Outcome], int]:
        """Return the accounts' statuses of the last `lookback`, oldest first, and the cursor after the newest one."""
        since = self._clock() - lookback
        pages = [status for account in self._accounts.values() for status in self._back_to(account, since)]
        recent = [status for status in pages if (_written(status) or since) >= since]
        return _outcomes(recent), max(map(order_of, pages), default=0)

    def _back_to(self, account: str, since: datetime) -> list[dict[str, Any]]:
        """Read pages back to a time; the last page may reach beyond it."""
        found: list[dict[str, Any]] = []
        page = self._page(account, {})
        while page and len(found) < MOST_PAGES * PAGE:
            found += page
            if len(page) < PAGE or (_written(page[-1]) or since) < since:
                break
            page = self._page(account, {"max_id": page[-1].get("id")})
        return found

    def since(self, newest: int) -> list[Outcome]:
        """Return the statuses after the cursor, oldest first, with edits and deletions on the pages read for them."""
        after = newest - OVERLAP if newest > 2 * OVERLAP else newest
        known = self._memory.alive_by_author()
        found: list[dict[str, Any]] = []
        gone: list[Outcome] = []
        for account in self._accounts.values():
            page = self._page(account, {})
            if len(page) >= PAGE and min(map(order_of, page)) > after:
                page += self._between(account, after, min(map(order_of, page)))
            gone += self._gone(page, known)
            found += [status for status in page if order_of(status) > after or self._was_sent(status)]
        return _outcomes(found) + gone

    def _was_sent(self, status: dict[str, Any]) -> bool:
        return (mastodon_status.post_id(status.get("id")) or "") in self._memory

    def _between(self, account: str, after: int, before: int) -> list[dict[str, Any]]:
        """Return the statuses between two ids, for a gap of more than a page."""
        found: list[dict[str, Any]] = []
        for _page in range(MOST_PAGES):
            page = self._page(account, {"min_id": after})
            found += page
            after = max(map(order_of, page), default=before)
            if after >= before:
                break
        return found

    def _gone(self, page: list[dict[str, Any]], known: dict[str, list[str]]) -> list[Outcome]:
        """Return tombstones of remembered statuses that are missing on the page and cannot be looked up."""
        if not page:
            return []
        shown = {str(status.get("id")) for status in page}
        oldest, newest = min(map(order_of, page)), max(map(order_of, page))
        author = mastodon_status.author_id(fields.as_dict(page[0].get("account"))) or ""
        ids = [post_id.removeprefix(mastodon_status.PREFIX) for post_id in known.get(author, [])]
        missing = [own for own in ids if own.isdecimal() and own not in shown and oldest < int(own) < newest]
        return [mastodon_status.deletion(own, self._clock()) for own in missing if not self._exists(own)]

    def _exists(self, status_id: str) -> bool:
        """Whether a status exists: 404 and 410 mean that it does not; a refusal decides nothing."""
        try:
            self._call(self._api.status, status_id)
        except mastodon.MastodonNotFoundError as error:
            return not {404, 410} & set(error.args)
        return True

    def _page(self, account: str, bound: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            page = fields.as_list(self._call(self._api.account_statuses, account, limit=PAGE, **bound))
            return [_plain(status) for status in page]
        except mastodon.MastodonNotFoundError:
            log.warning("Mastodon account does not exist any more, skipping it", account=account)
            return []

    def _call(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Call the API.

        Raises:
            MastodonNotFoundError: The object does not exist, or is not visible to us.
            DisconnectedError: Try again later.
            RefusedError: Do not try again.
        """
        try:
            return method(*arguments, **options)
        except mastodon.MastodonNotFoundError:
            raise
        except (mastodon.MastodonError, requests.RequestException) as error:
            if isinstance(error, mastodon.MastodonAPIError) and {403, 410} & set(error.args):
                raise mastodon.MastodonNotFoundError(*error.args) from error
            raise self.meaning(error) from error

    def meaning(self, error: Exception) -> DisconnectedError | RefusedError:
        """Convert an error of Mastodon.py or requests to the source's errors."""
        if isinstance(error, mastodon.MastodonRatelimitError):
            reset = self._api.ratelimit_reset
            wait = None if reset is None else min(max(0.0, reset - self._clock().timestamp()), LONGEST_WAIT)
            return DisconnectedError("the instance's rate limit is used up", wait)
        if isinstance(error, mastodon.MastodonUnauthorizedError):
            return RefusedError(f"the instance refuses the token: is MASTODON_ACCESS_TOKEN right? {error}"[:300])
        if isinstance(error, mastodon.MastodonIllegalArgumentError):
            return RefusedError(str(error)[:300])
        if isinstance(error, mastodon.MastodonAPIError):
            return DisconnectedError(f"the instance: {', '.join(str(one) for one in error.args if one)}"[:300])
        return DisconnectedError(in_short(error))


def order_of(status: dict[str, Any]) -> int:
    """Return the sort key of a status: its id, or the id that Mastodon would have made from its time."""
    own = str(status.get("id"))
    if own.isdecimal() and len(own) < 40:  # Python refuses to parse a number with thousands of digits
        return int(own)
    written = _written(status)
    return id_at(written) if written else 0


def number_of(outcome: Outcome | None) -> int:
    """Return the sort key of a post; 0 if it has none."""
    if not isinstance(outcome, Tweet):
        return 0
    own = outcome.id.removeprefix(mastodon_status.PREFIX).split("#")[0]
    return int(own) if own.isdecimal() else id_at(outcome.created_at)


def id_at(moment: datetime) -> int:
    """Return the smallest id that a status of this time can have."""
    return max(0, int(moment.timestamp() * 1000)) << 16


def _written(status: dict[str, Any]) -> datetime | None:
    try:
        return fields.time_of(status.get("created_at"))
    except PoisonError:
        return None


def _outcomes(statuses: list[dict[str, Any]]) -> list[Outcome]:
    ordered = sorted(statuses, key=order_of)
    return [outcome for status in ordered for outcome in mastodon_status.parse(status)]


def _plain(status: Any) -> dict[str, Any]:
    """Convert the library's objects back to their JSON; orjson would reject long numbers and lone surrogates."""
    return fields.as_dict(json.loads(json.dumps(status, default=str)))
