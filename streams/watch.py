"""What `toptopics watch` and `toptopics topics` show: rich tables with spark lines, or JSON lines.

Text of posts and labels is made printable first: it must not drive a terminal.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from rich.console import Console, ConsoleRenderable, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from models.text.plain import one_line
from streams.views.board import Board, Sort, TopicSummary
from streams.views.database import ViewUnavailableError
from streams.views.state import ViewReader
from streams.views.trends import PARTS

BLOCKS = "▁▂▃▄▅▆▇█"
STATUS = {"born": "new", "trending": "trending", "revived": "back", "faded": "fading"}


def spark_line(values: list[int]) -> str:
    """One block per value, scaled to the largest; a space for nothing."""
    top = max(values, default=0)
    return "".join(" " if not value else BLOCKS[min(7, value * 8 // top)] for value in values)


def ranking(board: Board, window: str, sort: Sort, limit: int) -> ConsoleRenderable:
    """The table of `toptopics watch`."""
    table = Table(expand=True, box=None, pad_edge=False, header_style="bold dim")
    for name, options in (
        ("#", {"justify": "right", "width": 3}),
        ("", {"width": 4}),
        ("Topic", {"ratio": 1, "no_wrap": True, "overflow": "ellipsis"}),
        (f"Last {window}", {"width": max(PARTS.values())}),
        ("People", {"justify": "right"}),
        ("Posts", {"justify": "right"}),
        ("", {"width": 8}),
    ):
        table.add_column(name, **options)
    moves = board.moves(window)
    for place, one in enumerate(board.ranked(window, sort)[:limit], start=1):
        table.add_row(*_row(place, moves.get(one.id), one, window, board.spark(one.id, window)))
    newest = board.newest.strftime("%Y-%m-%d %H:%M UTC") if board.newest else "no posts yet"
    head = Text.assemble(("Top Topics", "bold"), f"  {window}  ", (f"newest post {newest}", "dim"))
    return Group(head, Text(""), table)


def _row(place: int, move: int | None, one: TopicSummary, window: str, spark: list[int]) -> list[Text]:
    stats = one.windows[window]
    arrow = Text("new", "blue") if move is None else Text("")
    if move:
        arrow = Text(f"▲{move}", "green") if move > 0 else Text(f"▼{-move}", "red")
    return [
        Text(str(place), "bold"),
        arrow,
        Text(one_line(one.label, 120)),
        Text(spark_line(spark), "cyan"),
        Text(str(stats.people), "bold"),
        Text(str(stats.posts)),
        Text(STATUS.get(one.status, ""), "green" if one.status in ("born", "trending") else "dim"),
    ]


async def updates(views: ViewReader, board: Board) -> AsyncIterator[tuple[list[dict[str, Any]], list[str]]]:
    """(events, ids of changed topics) each time something happens; the first at once, with all topics."""
    event, pulse = await views.positions()
    yield [], await board.refresh()
    while True:
        events, latest = await views.tail(event, pulse, 1_000)
        event = events[-1].id if events else event
        pulse = latest or pulse
        changed = await board.refresh() if latest else []
        if events or changed:
            yield [msgspec.to_builtins(one) for one in events], changed
            await asyncio.sleep(0.25)


async def watch_table(views: ViewReader, console: Console, window: str, sort: Sort, limit: int) -> None:
    """A live table until Ctrl-C. It waits when the store goes away, and says so."""
    board = Board(views)
    with Live(ranking(board, window, sort, limit), console=console, screen=console.is_terminal) as live:
        while True:
            try:
                async for _ in updates(views, board):
                    live.update(ranking(board, window, sort, limit), refresh=True)
            except ViewUnavailableError as error:
                waiting = Text(f"\n{error}; trying again", "yellow")
                live.update(Group(ranking(board, window, sort, limit), waiting), refresh=True)
                await asyncio.sleep(1)


async def watch_lines(views: ViewReader, window: str) -> AsyncIterator[bytes]:
    """JSON, one line each: {"event": …} for what happened, {"topic": …, "rank": n} for each topic that changed."""
    board = Board(views)
    async for events, changed in updates(views, board):
        for one in events:
            yield msgspec.json.encode({"event": one})
        ranks = {one.id: place for place, one in enumerate(board.ranked(window), start=1)}
        for name in changed:
            summary = board.summary(name)
            if summary is not None:
                yield msgspec.json.encode({"rank": ranks.get(name), "topic": summary})
