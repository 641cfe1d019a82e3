"""Live source for X API v2's filtered stream through tweepy: listed people's posts within seconds.

* Rules (`from:101 OR from:102 …`, tagged "toptopics") contain user ids, which stay when a handle changes. Every
  connection updates them to the influencer list, within the plan's number and length of rules. The log names the people
  that do not fit.

* Cursor: the newest post id. At the first start it is the id of a post of `lookback` ago, so it exists before any
  crash.

* Connecting: the stream is opened first. Then recent search with `since_id` (seven days) fills the gap, then the
  stream's posts follow, so no post falls between the two.

* Disconnecting: X sends a keep-alive every 20 seconds. A longer silence, a cut line and an operational disconnect end
  the connection. A line that was cut in the middle goes to `dead-letters`; the next connection's search begins a minute
  before the cursor and brings its post.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import requests
import structlog
import tweepy

from models.events import Tweet
from models.events.wire import not_json
from streams.clock import Clock
from streams.sources.fields import as_dict, as_list
from streams.sources.people.wanted import People
from streams.sources.port import Bad, DisconnectedError, Item, Outcome, RefusedError
from streams.sources.redirects import keep_to
from streams.sources.sent_posts import SentPosts
from streams.sources.thread_bridge import Put, from_thread
from streams.sources.x import v2 as x_v2
from streams.sources.x.api import FIELDS, TWEEPY_HOST, ToBase, XApi, meaning
from streams.sources.x.entities import id_at, written_at
from streams.sources.x.identity import user_ids
from streams.web.bounded_session import bound

TAG = "toptopics"
OVERLAP_MS = 60_000
SEARCHABLE = timedelta(days=6, hours=23)  # recent search rejects older times than seven days
SILENCE = 25.0  # seconds; X sends a keep-alive at least every 20
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Plan:
    """Limits of the account's plan. Pay-per-use has 1,000 rules of 1,024 characters, but recent search accepts 512."""

    rules: int = 1_000
    rule_length: int = 512


def rules_for(handles: list[str], plan: Plan) -> tuple[list[str], list[str]]:
    """Return (rules, handles that do not fit); each rule has as many `from:` terms as fit, in the list's order."""
    rules: list[str] = []
    for place, handle in enumerate(handles):
        term = f"from:{handle}"
        if rules and len(rules[-1]) + len(" OR ") + len(term) <= plan.rule_length:
            rules[-1] += f" OR {term}"
        elif len(rules) < plan.rules:
            rules.append(term)
        else:
            return rules, handles[place:]
    return rules, []


class XStream:
    """The `Source`."""

    name = "x-stream"

    def __init__(
        self,
        people: People,
        api: XApi,
        *,
        bearer_token: str,
        base_url: str,
        clock: Clock,
        plan: Plan | None = None,
        lookback_days: float = 0.0,
        memory: SentPosts | None = None,
    ) -> None:
        self._people = people
        self._memory = SentPosts() if memory is None else memory
        self._api = api
        self._token = bearer_token
        self._base_url = base_url
        self._clock = clock
        self._plan = plan or Plan()
        self._lookback = timedelta(days=lookback_days)

    async def events(self, cursor: str | None) -> AsyncIterator[Item]:
        """Run one connection."""
        ids = await asyncio.to_thread(self._user_ids)
        rules, left_out = rules_for([ids.get(handle, handle) for handle in self._people.handles("x")], self._plan)
        if not rules:
            raise RefusedError("no listed person has an X handle: toptopics influencers add NAME --x HANDLE")
        if left_out:
            log.warning("too many people for the plan's rules, some are left out", left_out=left_out)
        stream = Stream(self._token, self._base_url, self._clock)
        await asyncio.to_thread(stream.keep_rules, rules)
        newest = int(cursor) if cursor and cursor.isdecimal() else id_at(self._clock() - self._lookback)
        async for line in from_thread(stream.lines, stop=stream.stop):
            items = items_of(line) if line is not None else await self._gap(rules, newest)
            for item in items:
                yield Item(item.outcome)
                if isinstance(item.outcome, Bad):
                    # this post is lost here: the next connection's search brings it if the cursor stays
                    raise DisconnectedError("the stream closed inside a line")
            newest = max([newest, *(_number(item.outcome) for item in items)])
            yield Item(cursor=str(newest))

    def _user_ids(self) -> dict[str, str]:
        try:
            return user_ids(self._people, self._api, self._memory)
        except RefusedError as error:  # a plan without look-ups: use the handles themselves
            log.warning("plan without user look-up, following handles instead of ids", reason=str(error))
            return {}

    async def _gap(self, rules: list[str], since: int) -> list[Item]:
        """Read the posts since the cursor, and a little before it: posts arrive out of order."""
        since_id, start = _since(since, self._clock())
        items: list[Item] = []
        for rule in rules:
            try:
                pages = await asyncio.to_thread(_all_pages, self._api, rule, since_id, start)
            except RefusedError as error:
                log.warning("plan without recent search, posts of the gap are lost", reason=str(error))
                return []
            items += [Item(outcome) for page in pages if "data" in page for outcome in x_v2.parse(page)]
        # a bad post of a search page stays bad: it must not end the connection
        return [item for item in items if not isinstance(item.outcome, Bad)]


def _all_pages(api: XApi, rule: str, since_id: str | None, start: datetime | None) -> list[dict[str, Any]]:
    return list(api.recent(rule, since_id, start))


def _number(outcome: Outcome | None) -> int:
    return int(outcome.id) if isinstance(outcome, Tweet) and outcome.id.isdecimal() else 0


def _since(newest: int, now: datetime) -> tuple[str | None, datetime | None]:
    """Return `since_id` a minute before the cursor, or the search's seven days if the cursor is older."""
    oldest = now - SEARCHABLE
    return (None, oldest) if written_at(newest) < oldest else (str(newest - (OVERLAP_MS << 22)), None)


def items_of(line: bytes) -> list[Item]:
    """Return the outcomes of one line.

    Raises:
        DisconnectedError: The line is X's notice that it closes the connection.
    """
    if not line.strip():
        return [Item()]
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return [Item(Bad(not_json(error)[:500], line))]
    if not isinstance(value, dict):
        return [Item(Bad("not a JSON object", line))]
    if "data" not in value and "errors" in value:
        titles = [str(as_dict(error).get("title")) for error in as_list(value["errors"])]
        raise DisconnectedError(f"X closed the stream: {', '.join(titles)}"[:300])
    return [Item(outcome) for outcome in x_v2.parse(value)]


class Stream(tweepy.StreamingClient):  # type: ignore[misc] # tweepy is untyped
    """tweepy's streaming client for one connection; yields every line, None for "connected", b"" for a keep-alive."""

    def __init__(self, bearer_token: str, base_url: str, clock: Clock) -> None:
        super().__init__(bearer_token, return_type=dict, wait_on_rate_limit=False, max_retries=0)
        keep_to(self.session, base_url)
        self.session.mount(TWEEPY_HOST, ToBase(base_url))
        bound(self.session)
        self.session.hooks["response"].append(_raise_for_status)
        self._clock = clock
        self._put: Callable[[bytes | None], None] = lambda _line: None
        self._failure: Exception | None = None

    def keep_rules(self, wanted: list[str]) -> None:
        """Delete our rules that are no longer needed, add the missing ones, and keep rules of other clients."""
        try:
            found = [as_dict(rule) for rule in as_list(as_dict(self.get_rules()).get("data"))]
            ours = {rule.get("value"): rule.get("id") for rule in found if rule.get("tag") == TAG}
            old = [rule_id for value, rule_id in ours.items() if value not in wanted]
            new = [tweepy.StreamRule(value=value, tag=TAG) for value in wanted if value not in ours]
            if old:
                self.delete_rules(old)
            if new:
                _check_added(as_dict(self.add_rules(new)))
        except (tweepy.TweepyException, requests.RequestException) as error:
            raise meaning(error, self._clock()) from error

    def lines(self, put: Put[bytes | None]) -> None:
        """Read lines until the connection ends; blocks.

        Raises:
            DisconnectedError: The connection ended; the message has the reason.
            RefusedError: X refused the connection.
        """
        self._put = put
        self._connect("GET", "search", params=_stream_parameters(), timeout=SILENCE)
        if self._failure is not None:
            if isinstance(self._failure, tweepy.TweepyException | requests.RequestException):
                raise meaning(self._failure, self._clock()) from self._failure
            raise self._failure
        raise DisconnectedError("the connection closed")

    def stop(self) -> None:
        """End the connection from another thread."""
        self.disconnect()
        self.session.close()

    def on_connect(self) -> None:
        self._put(None)

    def on_data(self, raw_data: bytes) -> None:
        self._put(raw_data)

    def on_keep_alive(self) -> None:
        self._put(b"")

    def on_connection_error(self) -> None:
        self.disconnect()  # the runner decides when to reconnect

    def on_exception(self, exception: Exception) -> None:
        self._failure = exception


def _check_added(answer: dict[str, Any]) -> None:
    """Check the answer to new rules. A rule that another client has already is accepted.

    Raises:
        RefusedError: X rejected a rule for another reason.
    """
    titles = [str(as_dict(error).get("title")) for error in as_list(answer.get("errors"))]
    refusals = [title for title in titles if title != "DuplicateRule"]
    if refusals:
        hint = "TOPTOPICS_X_RULES and TOPTOPICS_X_RULE_LENGTH tell what the plan allows"
        raise RefusedError(f"X rejected the rules: {', '.join(dict.fromkeys(refusals))[:200]}; {hint}")


def _stream_parameters() -> dict[str, Any]:
    return {name.replace("_fields", ".fields"): ",".join(values) for name, values in FIELDS.items()}


def _raise_for_status(response: requests.Response, *_args: Any, **_options: Any) -> None:
    """Raise before tweepy does: it would sleep and drop the headers, which the runner needs."""
    if response.status_code == 429:
        raise tweepy.TooManyRequests(response)
    if response.status_code != 200 and response.request.method == "GET" and "/stream" in (response.url or ""):
        raise tweepy.HTTPException(response)
