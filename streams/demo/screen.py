"""The demo's display while it runs: the live board, and the progress of each part."""

import time

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from models.text.terminal import printable
from streams.kafka.digests import PublishedDigest
from streams.views.board import Board
from streams.views.topic_table import ranking

ROWS = 12
WINDOW = "7d"  # the demo plays a week in seconds, and its last day is a quiet Sunday
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

    def show(self, board: Board, digests: dict[str, PublishedDigest], *, total: int) -> None:
        """Draw the present state.

        Args:
            board: The live topics, refreshed.
            digests: The digests so far, by week.
            total: Number of posts sent.
        """
        line = self.line(board, list(digests), total=total)
        if self.live is not None:
            self.live.update(Group(ranking(board, WINDOW, "trend", ROWS), Text(line)))
        elif time.monotonic() - self._last_plain >= PLAIN_EVERY_SECONDS:
            self._last_plain = time.monotonic()
            best = "; ".join(printable(topic.label) for topic in board.ranked(WINDOW)[:4])
            self._console.print(f"    {line}" + (f". Now: {best}" if best else ""), highlight=False, markup=False)

    def line(self, board: Board, digests: list[str], *, total: int) -> str:
        """The line of progress. `digests` are the weeks with a digest."""
        sent = f"{max(total, self.sent):,} posts sent"
        if board.newest is None:
            return f"{sent}; " + (
                f"still starting: {', '.join(self.starting)}"
                if self.starting
                else "waiting for the first ones in the view"
            )
        line = (
            f"{sent}, {self.bad} broken lines refused; the last two weeks: {board.posts:,} posts, "
            f"{len(board.states)} topics; event time {board.newest:%a %d %b %H:%M}; "
            f"digests: {', '.join(digests) or 'none yet'}"
        )
        return line + (f"; {self.doing}" if self.doing else "")
