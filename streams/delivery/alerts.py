"""The loop of the alerts: check the board, claim an alert, deliver it, remember it.

Sent alerts are kept in Redis for the rule's cool-down, so that a restart or a second copy does not send them again. A
claim is short until the delivery has succeeded: if this process dies in between, the alert is sent after the claim's
end. The posts of an announced story are kept, too: a story that has half of its posts from an earlier alert is not
announced again, even under another topic. Each channel has claims of its own. A failed channel is tried again after its
claim's end, as long as the rule applies, and the other channels do not get the alert twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Protocol

import orjson

from streams.delivery.alert_rules import Alert, Rules, alerts_of
from streams.delivery.errors import DeliveryError
from streams.system.logs import get_logger
from streams.system.metrics import Metrics, note_progress
from streams.views.board import Board
from streams.views.items import milliseconds
from streams.views.port import ViewReader, ViewUnavailableError

log = get_logger(__name__)
CLAIM_SECONDS = 60
STORY_SECONDS = 2 * 86_400  # a post is in a story for a day
MOST_MARKED = 100_000
Deliver = Callable[[str, Alert], Awaitable[None]]  # channel name, alert; raises DeliveryError


class Claims(Protocol):
    """The record of sent alerts, across restarts and copies."""

    async def claim(self, key: str, seconds: int) -> bool:
        """Claim `key` for `seconds`. True for the first caller."""

    async def extend(self, key: str, seconds: int) -> None:
        """Extend the claim to `seconds` from now."""

    async def held(self, keys: Sequence[str]) -> int:
        """Return how many of the keys are claimed."""


class AlertViews(ViewReader, Protocol):
    """The view, and the stream that alerts are published on."""

    async def publish(self, item: dict[str, str]) -> bool: ...


class Alerts:
    """`await Alerts(...).run()`, or `check()` once."""

    def __init__(self, rules: Rules, views: AlertViews, claims: Claims, deliver: Deliver, metrics: Metrics) -> None:
        self._rules = rules
        self._views = views
        self._claims = claims
        self._deliver = deliver
        self._metrics = metrics
        self._outcomes = metrics.counter("alerts")
        self._board = Board(views)
        self._marked: set[str] = set()  # keys of posts that this process has remembered

    async def run(self, seconds: float = 2.0) -> None:
        """Run until cancelled. The view may be unreachable for a while."""
        while True:
            try:
                await self.check()
                note_progress(self._metrics, "alerts")
            except ViewUnavailableError as error:
                log.warning("view cannot be read; trying again", error=str(error))
            await asyncio.sleep(seconds)

    async def check(self) -> int:
        """Check the rules once and return the number of deliveries.

        Raises:
            ViewUnavailableError: The view cannot be read.
        """
        if not await self._board.refresh():
            return 0
        authors = sorted({author for state in self._board.states.values() for author in state.people})
        handles = {author: handle for author, (handle, _) in (await self._views.names(authors)).items()}
        told = 0
        for rule in self._rules.rules:
            for alert, author in alerts_of(rule, self._board, handles):
                if author is None or await self._is_first(alert.topic_id, author):
                    told += await self._tell(alert)
        return told

    async def _tell(self, alert: Alert) -> int:
        told = 0
        for channel in alert.send:
            key = f"{alert.key}:{channel}"
            story = [f"{post}:{channel}" for post in alert.story]
            known = await self._claims.held(story)
            if known >= max(1.0, len(story) / 2) or not await self._claims.claim(key, CLAIM_SECONDS):
                self._outcomes.labels(outcome="suppressed").inc()
                if known:
                    await self._mark(story)
                continue
            try:
                await self._deliver(channel, alert)
            except DeliveryError as error:
                log.warning(
                    "alert not delivered; trying again after its claim",
                    rule=alert.rule,
                    channel=channel,
                    error=str(error),
                )
                self._outcomes.labels(outcome="failed").inc()
                continue
            await self._claims.extend(key, alert.cooldown_seconds)
            await self._mark(story)
            self._outcomes.labels(outcome="sent").inc()
            told += 1
        if told:
            await self._announce(alert)
        return told

    async def _mark(self, story: Sequence[str]) -> None:
        """Remember the posts of a story that was announced: they tell it from then on, whatever its topic is."""
        for key in story:
            if key not in self._marked:
                await self._claims.extend(key, STORY_SECONDS)
        if len(self._marked) > MOST_MARKED:
            self._marked.clear()
        self._marked.update(story)

    async def _announce(self, alert: Alert) -> None:
        """Publish the alert on the stream of events, for the dashboard and SSE readers."""
        if self._board.newest is None:
            return
        at = str(milliseconds(self._board.newest))
        data = {"title": alert.title, "text": alert.text, "rule": alert.rule}
        item = {"hash": f"alert {alert.key} {at}", "kind": "alert", "topic": alert.topic_id, "at": at}
        await self._views.publish({**item, "data": orjson.dumps(data).decode()})

    async def _is_first(self, topic_id: str, author: str) -> bool:
        """Whether all posts of the author on the topic are from the last hour."""
        newest, offset = self._board.newest, 0
        while newest is not None:
            posts, total = await self._views.posts(topic_id, 100, offset)
            if any(post.author_id == author and post.created_at < newest - timedelta(hours=1) for post in posts):
                return False
            offset += len(posts)
            if not posts or offset >= total:
                return True
        return False
