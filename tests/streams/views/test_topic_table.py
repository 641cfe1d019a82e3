"""The terminal: what it shows is printable, and pipes get JSON lines."""

import asyncio
import io

import orjson
import pandas as pd
from rich.console import Console

from streams.views.board import Board
from streams.views.memory import MemoryViews
from streams.views.tables import POST_COLUMNS, TOPIC_COLUMNS, topic_rows
from streams.views.topic_table import board_text, ranking, spark_line, topic_text, watch_lines, watch_table
from tests.support.live_api import filled
from tests.support.view_examples import assignment, event


def test_spark_lines() -> None:
    """Nothing is a space, the largest a full block."""
    assert spark_line([0, 1, 2, 4]) == " ▃▅█"
    assert spark_line([]) == ""


async def test_the_table_shows_topics_in_order() -> None:
    """Label, people, posts."""
    board = Board(await filled())
    await board.refresh()
    console = Console(width=100, file=io.StringIO())
    with console.capture() as capture:
        console.print(ranking(board, "24h", "trend", 10))
    text = capture.get()
    assert text.index("Speech without labels") < text.index("Image cropping")


async def test_posts_cannot_drive_the_terminal() -> None:
    """Escape sequences and direction overrides are gone from everything that is printed."""
    views = MemoryViews()
    text = "\x1b]0;owned\x07 \u202eevil \x9b31m text"
    await views.apply_assignments([assignment(name, "T1", author=name, text=text) for name in "ab"])
    await views.apply_topic_events([event("born", "T1", label="\x1b[2Jlabel")])
    shown = [await board_text(views, "24h", "trend", 5), await topic_text(views, "T1", 5)]
    for printed in shown:
        assert printed is not None
        assert not set(printed) & {"\x1b", "\u202e", "\x9b", "\x07"}
        assert "label" in printed


async def test_one_topic_and_none() -> None:
    """By a merged id too; JSON holds the same."""
    views = await filled()
    text = await topic_text(views, "T3", 3)
    assert text is not None
    assert "Speech without labels" in text
    parsed = orjson.loads(await topic_text(views, "T3", 3, "json") or "")
    assert (parsed["id"], parsed["posts_total"], len(parsed["posts"])) == ("T1", 6, 3)
    assert await topic_text(views, "nothing", 3) is None
    assert [one["id"] for one in orjson.loads(await board_text(views, "24h", "trend", 5, "json"))] == ["T1", "T2"]


async def test_topics_and_posts_are_csv_and_data_frames() -> None:
    """pandas reads the same from both; an empty view has the columns."""
    views = await filled()
    board = Board(views)
    await board.refresh()
    topics = pd.DataFrame(topic_rows(board.ranked("7d", "posts"), "7d"))
    read = pd.read_csv(io.StringIO(await board_text(views, "7d", "posts", 9, "csv")), keep_default_na=False)
    pd.testing.assert_frame_equal(read, topics, check_dtype=False)
    assert topics[["rank", "id", "label", "people", "posts"]].to_numpy().tolist() == [
        [1, "T1", "Speech without labels", 6, 6],
        [2, "T2", "Image cropping", 3, 3],
    ]
    posts = pd.read_csv(io.StringIO(await topic_text(views, "T2", 5, "csv") or ""))
    assert (list(posts.columns), posts["id"].tolist()) == (list(POST_COLUMNS), ["b0", "b1", "b2"])
    empty = pd.read_csv(io.StringIO(await board_text(MemoryViews(), "7d", "posts", 9, "csv")))
    assert (list(empty.columns), len(empty)) == (list(TOPIC_COLUMNS), 0)


async def test_pipes_get_a_line_per_change() -> None:
    """First what is there, then what happens, each line JSON."""
    views = await filled()
    lines = watch_lines(views, "24h")
    first = [orjson.loads(await anext(lines)) for _ in range(2)]
    assert {one["topic"]["id"]: one["rank"] for one in first} == {"T1": 1, "T2": 2}
    waiting = asyncio.ensure_future(anext(lines))
    await views.apply_topic_events([event("trending", "T2", label="Image cropping")])
    assert orjson.loads(await asyncio.wait_for(waiting, 120))["event"]["kind"] == "trending"
    await lines.aclose()  # type: ignore[attr-defined]


async def test_the_live_table_runs_until_it_is_stopped() -> None:
    """On something that is no terminal, too."""
    console = Console(width=100, force_terminal=False, quiet=True)
    task = asyncio.create_task(watch_table(await filled(), console, "24h", "trend", 5))
    await asyncio.sleep(0.05)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
