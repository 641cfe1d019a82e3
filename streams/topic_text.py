"""`toptopics topics [ID]` as text or JSON."""

import msgspec
from rich.console import Console

from models.text.plain import one_line
from streams.terminal import json_text
from streams.views.board import Board, Sort, TopicSummary
from streams.views.naming import label_of
from streams.views.state import ShownPost, ViewReader
from streams.watch import ranking, spark_line


async def board_text(views: ViewReader, window: str, sort: Sort, limit: int, *, as_json: bool) -> str:
    """The ranking. Raises ViewUnavailableError."""
    board = Board(views)
    await board.refresh()
    if as_json:
        return json_text(msgspec.json.encode(board.ranked(window, sort)[:limit]))
    console = Console(width=None if Console().is_terminal else 110)
    with console.capture() as capture:
        console.print(ranking(board, window, sort, limit))
    return capture.get().rstrip()


async def topic_text(views: ViewReader, topic_id: str, limit: int, *, as_json: bool) -> str | None:
    """One topic; None if there is none. Raises ViewUnavailableError."""
    current = await views.resolve(topic_id)
    if current is None:
        return None
    board = Board(views)
    await board.refresh()
    posts, total = await views.posts(current, limit)
    summary = board.summary(current)
    links = await views.links(current, 5)
    if as_json:
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
