"""The output of `toptopics watch` and `toptopics topics`: tables with spark lines, or JSON.

Text of posts and labels is made printable first, so that it cannot control the terminal.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Literal

import msgspec
from rich.console import Console, ConsoleRenderable, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from models.live.naming import label_of
from models.live.state import ShownPost
from models.live.trends import PARTS
from models.render.tables import csv_text
from models.text.plain import one_line
from models.text.terminal import json_text
from streams.views.board import Board, Sort, TopicSummary
from streams.views.port import ViewReader, ViewUnavailableError
from streams.views.tables import POST_COLUMNS, TOPIC_COLUMNS, post_rows, topic_rows

Form = Literal["text", "json", "csv"]
BLOCKS = "▁▂▃▄▅▆▇█"
SECTIONS = {"rising": "Rising", "also": "Also talked about"}


def spark_line(values: list[int]) -> str:
    """One block per value, scaled to the largest value. Zero is a space."""
    top = max(values, default=0)
    return "".join(" " if not value else BLOCKS[min(7, value * 8 // top)] for value in values)


def ranking(board: Board, window: str, sort: Sort, limit: int) -> ConsoleRenderable:
    """The table of `toptopics watch`."""
    table = Table(expand=True, box=None, pad_edge=False, header_style="bold dim")
    for name, options in (
        ("#", {"justify": "right", "width": 3}),
        ("Topic", {"ratio": 1, "no_wrap": True, "overflow": "ellipsis"}),
        (f"Last {window}", {"width": max(PARTS.values())}),
        ("People", {"justify": "right"}),
        ("Posts", {"justify": "right"}),
        ("", {"width": 8}),
    ):
        table.add_column(name, **options)
    section = ""
    for place, one in enumerate(board.ranked(window, sort)[:limit], start=1):
        if sort == "trend" and one.windows[window].section != section:
            section = one.windows[window].section
            table.add_row("", Text(SECTIONS[section], "bold dim"))
        table.add_row(*_row(place, one, window, board.spark(one.id, window)))
    newest = board.newest.strftime("%Y-%m-%d %H:%M UTC") if board.newest else "no posts yet"
    head = Text.assemble(("Top Topics", "bold"), f"  {window}  ", (f"newest post {newest}", "dim"))
    quiet = board.quiet_since(window) if sort == "trend" else None
    note = [Text(f"Nothing rises since {quiet:%Y-%m-%d %H:%M} UTC", "dim")] if quiet else []
    return Group(head, Text(""), *note, table)


def _row(place: int, one: TopicSummary, window: str, spark: list[int]) -> list[Text]:
    stats = one.windows[window]
    return [
        Text(str(place), "bold"),
        _told(one),
        Text(spark_line(spark), "cyan"),
        Text(str(stats.people), "bold"),
        Text(str(stats.posts)),
        Text(stats.badge, "green" if stats.level else "dim"),
    ]


def _told(one: TopicSummary) -> Text:
    """The name of a topic; below it the post that tells its story best, with its author and link."""
    text = Text(one_line(one.label, 120))
    if one.line is not None:
        by = f"@{one.line.author}" + (f" {one.line.url}" if one.line.url else "")
        text.append(f"\n{one_line(by, 120)}: “{one_line(one.line.text, 300)}”", "dim")
    return text


async def updates(views: ViewReader, board: Board) -> AsyncIterator[tuple[list[dict[str, Any]], list[str]]]:
    """Yields (events, ids of changed topics) at each change. The first comes at once, with the ids of all topics."""
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
    """Show a live table until Ctrl-C. While the store is not available, it says so and tries again each second."""
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
    """Yields JSON lines: {"event": …} for each event, {"topic": …, "rank": n} for each changed topic."""
    board = Board(views)
    async for events, changed in updates(views, board):
        for one in events:
            yield msgspec.json.encode({"event": one})
        ranks = {one.id: place for place, one in enumerate(board.ranked(window), start=1)}
        for name in changed:
            summary = board.summary(name)
            if summary is not None:
                yield msgspec.json.encode({"rank": ranks.get(name), "topic": summary})


async def board_text(views: ViewReader, window: str, sort: Sort, limit: int, form: Form = "text") -> str:
    """The ranking as a table, as JSON or as CSV.

    Args:
        views: the live view.
        window: a window of the ranking, such as "24h".
        sort: the order.
        limit: maximum number of topics.
        form: "text" is the table.

    Raises:
        ViewUnavailableError: the store cannot be reached.
    """
    board = Board(views)
    await board.refresh()
    ranked = board.ranked(window, sort)[:limit]
    if form == "json":
        return json_text(msgspec.json.encode(ranked))
    if form == "csv":
        return csv_text(topic_rows(ranked, window), TOPIC_COLUMNS).rstrip("\n")
    console = Console(width=None if Console().is_terminal else 110)
    with console.capture() as capture:
        console.print(ranking(board, window, sort, limit))
    return capture.get().rstrip()


async def topic_text(views: ViewReader, topic_id: str, limit: int, form: Form = "text") -> str | None:
    """One topic with its posts and links; None when there is no such topic.

    Args:
        views: the live view.
        topic_id: an id of the topic; ids of merged topics and of digests work, too.
        limit: maximum number of posts.
        form: CSV has the posts only.

    Raises:
        ViewUnavailableError: the store cannot be reached.
    """
    current = await views.resolve(topic_id)
    if current is None:
        return None
    board = Board(views)
    await board.refresh()
    posts, total = await views.posts(current, limit)
    summary = board.summary(current)
    links = await views.links(current, 5)
    if form == "csv":
        return csv_text(post_rows(posts), POST_COLUMNS).rstrip("\n")
    if form == "json":
        document = {"id": current, "topic": summary, "posts": posts, "posts_total": total, "links": links}
        return json_text(msgspec.json.encode(document))
    lines = _summary_lines(summary, board) if summary else [one_line(current), "not listed now"]
    lines += [f"  {one.posts:>3}  {one_line(one.title or one.url)}" for one in links]
    return "\n".join([*lines, "", *(_post_line(post) for post in posts)])


def _summary_lines(one: TopicSummary, board: Board) -> list[str]:
    return [
        one_line(label_of(board.states[one.id])),
        f"{one.people} people, {one.posts} posts, {one.id}",
        f"last 24 h  {spark_line(one.spark)}",
        one_line(", ".join(one.keywords)),
    ]


def _post_line(post: ShownPost) -> str:
    return f"{post.created_at:%Y-%m-%d %H:%M}  @{one_line(post.author, 30)}: {one_line(post.text, 240)}"
