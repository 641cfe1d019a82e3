"""The demo's display while it runs: the topics, and the progress of each part."""

import time
from datetime import datetime

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from models.live.state import Changes, TopicState
from models.text.terminal import printable
from streams.kafka.digests import PublishedDigest

ROWS = 12
PLAIN_EVERY_SECONDS = 10.0


class Screen:
    """A live table on a terminal; elsewhere a line every ten seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last_plain = 0.0
        self.live: Live | None = None
        self.sent = 0
        self.bad = 0
        self.doing = ""  # a long step in the background
        self.starting: list[str] = []  # stages that are not running yet

    def show(self, changes: Changes, digests: dict[str, PublishedDigest], *, total: int) -> None:
        """Draw the present state.

        Args:
            changes: The view's topics.
            digests: The digests so far, by week.
            total: Number of posts sent.
        """
        topics = sorted(
            (topic for topic in changes.topics.values() if topic is not None and topic.info is not None),
            key=_recent_posts(changes.newest),
            reverse=True,
        )
        line = self.line(changes, list(digests), total=total)
        if self.live is not None:
            self.live.update(Group(_table(topics[:ROWS]), Text(line)))
        elif time.monotonic() - self._last_plain >= PLAIN_EVERY_SECONDS:
            self._last_plain = time.monotonic()
            best = "; ".join(printable(topic.info.label) for topic in topics[:4] if topic.info)
            self._console.print(f"    {line}" + (f". Now: {best}" if best else ""), highlight=False, markup=False)

    def line(self, changes: Changes, digests: list[str], *, total: int) -> str:
        """The line of progress. `digests` are the weeks with a digest."""
        sent = f"{max(total, self.sent):,} posts sent"
        if changes.newest is None:
            return f"{sent}; " + (
                f"still starting: {', '.join(self.starting)}"
                if self.starting
                else "waiting for the first ones in the view"
            )
        line = (
            f"{sent}, {self.bad} broken lines refused; the last two weeks: {changes.posts:,} posts, "
            f"{sum(_is_shown(topic) for topic in changes.topics.values())} topics; "
            f"event time {changes.newest:%a %d %b %H:%M}; digests: {', '.join(digests) or 'none yet'}"
        )
        return line + (f"; {self.doing}" if self.doing else "")


def _is_shown(topic: TopicState | None) -> bool:
    return topic is not None and topic.info is not None


def _recent_posts(newest: datetime | None) -> "_Key":
    return _Key(newest.timestamp() - 2 * 86_400 if newest else 0.0)


class _Key:
    """Posts of the last two days of event time, then all posts."""

    def __init__(self, since: float) -> None:
        self._since = since

    def __call__(self, topic: TopicState) -> tuple[int, int]:
        recent = sum(posts for bucket, (posts, _) in topic.series.items() if _seconds(bucket) >= self._since)
        return recent, len(topic.people)


def _seconds(bucket: int) -> float:
    from models.live.limits import BUCKET_SECONDS

    return float(bucket * BUCKET_SECONDS)


def _table(topics: list[TopicState]) -> Table:
    table = Table(title="Topics of the last two days", title_justify="left", expand=True)
    for column in ("topic", "keywords"):
        table.add_column(column, ratio=1, no_wrap=True)
    for column in ("posts", "people"):
        table.add_column(column, justify="right")
    for topic in topics:
        if topic.info is None:
            continue
        posts = sum(count for count, _ in topic.series.values())
        label, keywords = printable(topic.info.label), printable(", ".join(topic.info.keywords[:5]))
        table.add_row(Text(label), Text(keywords), f"{posts}", f"{len(topic.people)}")
    return table
