"""Ranking, hours, related topics and words: the pure part of the view."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from models.live.naming import label_of, title_of
from models.live.related import related, similarity
from models.live.state import StoryPost, TopicState
from models.live.trends import BUCKETS, DAY, PARTS, bucket_now, hour_starts, hourly, parts, window_stats
from streams.views.board import Board
from streams.views.items import search_words
from streams.views.memory import MemoryViews
from tests.support.view_examples import NOW, assignment, event

LAST = bucket_now(NOW)


def state(
    topic_id: str = "T1",
    *,
    series: dict[int, tuple[int, int]] | None = None,
    people: dict[str, tuple[int, int]] | None = None,
    words: list[tuple[str, int]] | None = None,
    **fields: Any,
) -> TopicState:
    """A topic from its counts; buckets relative to the newest."""
    return TopicState(
        id=topic_id,
        series={LAST + bucket: counts for bucket, counts in (series or {0: (1, 1)}).items()},
        people={name: (posts, LAST + newest) for name, (posts, newest) in (people or {"a": (1, 0)}).items()},
        words=words or [],
        links=[],
        first_at=NOW,
        last_at=NOW,
        info=None,
        **fields,
    )


def test_windows_end_with_the_newest_post_and_are_half_open() -> None:
    """The hour is six buckets of ten minutes, the newest one included."""
    one = state(series={0: (1, 1), -5: (2, 1), -6: (4, 4)}, people={"a": (3, -5), "b": (4, -6)})
    stats = window_stats(one, "1h", LAST, 12)
    assert (stats.posts, stats.originals, stats.people, stats.before) == (3, 2, 1, 4)
    assert window_stats(one, "6h", LAST, 12).people == 2


@pytest.mark.parametrize("window", PARTS)
def test_a_spark_line_is_of_the_window_and_of_nothing_else(window: str) -> None:
    """Equal parts that add up to the window's posts: the oldest bucket in the first, the newest in the last."""
    oldest = 1 - BUCKETS[window]
    one = state(series={0: (2, 2), oldest: (5, 5), oldest - 1: (9, 9)})
    line = parts(one, window, LAST)
    assert len(line) == PARTS[window]
    assert BUCKETS[window] % PARTS[window] == 0
    assert (line[0], line[-1], sum(line)) == (5, 2, window_stats(one, window, LAST, 12).posts)


def told(*people: str, bucket: int = 0) -> list[StoryPost]:
    """A post of a story by each."""
    return [StoryPost(f"{name}{i}", name, LAST + bucket) for i, name in enumerate(people)]


def test_the_story_counts_and_not_the_field() -> None:
    """Twenty people under the topic, three of them tell its story: those are the people of the day, not of the week."""
    field = state(people={f"p{i}": (2, 0) for i in range(20)}, story=told("p1", "p2", "p3", "p3"), told=True)
    field = structs.replace(field, level="rising")
    day = window_stats(field, "24h", LAST, 40)
    assert (day.people, day.posts, day.section, day.level) == (3, 4, "rising", "rising")
    assert day.reason == "3 people in 24 h, 0.5 usual"
    assert window_stats(field, "7d", LAST, 40).people == 20


def test_what_is_usual_is_also_talked_about_and_single_voices_stand_nowhere() -> None:
    """The measure decides the section; too few people, or no story where others have one, have none."""
    usual = state(story=told("a", "b", "c"), told=True, usual=0.2)
    assert window_stats(usual, "24h", LAST, 20).section == "also"
    assert window_stats(state(story=told("a", "a"), told=True), "24h", LAST, 20).section == ""
    field = state(people=dict.fromkeys("abcdef", (1, 0)))
    assert window_stats(field, "24h", LAST, 20).section == ""
    assert window_stats(field, "24h", LAST, 20, stories=False).section == "rising"


@pytest.mark.parametrize(
    ("people", "bucket", "first", "badge"),
    [
        ("abc", 0, NOW, "new"),
        ("abc", 0, NOW - timedelta(days=3), "rising"),
        ("abcdefg", 0, NOW, "hot"),
        ("abcdefg", -DAY // 2, NOW, "cooling"),
    ],
)
def test_a_badge_tells_the_present(people: str, bucket: int, first: datetime, badge: str) -> None:
    """Whatever was said of the topic before; nobody in the last quarter of the window is cooling."""
    one = structs.replace(state(story=told(*people, bucket=bucket), told=True), first_at=first, level="hot")
    assert window_stats(one, "24h", LAST, 20).badge == badge


def test_a_story_rises_no_more_than_its_topics_events_say() -> None:
    """Seven people are hot, but the regrouping found the story no stronger than chance: it is only talked about."""
    one = state(story=told(*"abcdefg"), told=True)
    levels = [structs.replace(one, level=level) for level in ("", "rising", "hot")]
    stats = [window_stats(each, "24h", LAST, 20) for each in levels]
    assert [each.level for each in stats] == ["", "rising", "hot"]
    assert [each.section for each in stats] == ["also", "rising", "rising"]


def test_a_story_of_usual_size_is_steady() -> None:
    """Not new, not above what is usual, and people speak of it now."""
    one = structs.replace(state(story=told("a", "b", "c"), told=True, usual=0.2), first_at=NOW - timedelta(days=5))
    assert window_stats(one, "24h", LAST, 20).badge == "steady"


@given(st.dictionaries(st.integers(-2015, 0), st.integers(1, 50), min_size=1))
def test_numbers_are_sane_for_any_series(counts: dict[int, int]) -> None:
    """Finite, not negative, and the week holds at least what the day does."""
    one = state(series={bucket: (count, count) for bucket, count in counts.items()})
    found = {window: window_stats(one, window, LAST, 12) for window in BUCKETS}
    assert all(np.isfinite(stats.trend) for stats in found.values())
    assert found["1h"].posts <= found["6h"].posts <= found["24h"].posts <= found["7d"].posts
    assert sum(hourly(one, LAST, 336 + 1)) == sum(counts.values())


def test_hours_are_those_of_the_clock() -> None:
    """A post at 11:50 and one at 12:00 are in two hours."""
    one = state(series={0: (1, 1), -1: (2, 2)})
    assert hourly(one, LAST, 3) == [0, 2, 1]
    assert hour_starts(LAST, 3)[-1] == datetime(2021, 5, 7, 12, tzinfo=UTC)


async def test_the_board_ranks_and_names() -> None:
    """By the measure; a topic without an event is named by its words."""
    views = MemoryViews()
    await views.apply_assignments([assignment(f"o{i}", "OLD", author=f"o{i}", hours=-20) for i in range(3)])
    await views.apply_assignments([assignment(f"n{i}", "NEW", author=f"n{i}", text="pixloc camera") for i in range(5)])
    await views.apply_topic_events([event("born", "OLD", label="Old news")])
    board = Board(views)
    await board.refresh()
    assert [one.id for one in board.ranked("24h")] == ["NEW", "OLD"]
    assert [one.id for one in board.ranked("1h")] == ["NEW"]
    assert label_of(board.states["OLD"]) == "Old news"
    assert set(label_of(board.states["NEW"]).split(" · ")) == {"pixloc", "camera"}
    with pytest.raises(KeyError):
        board.ranked("2h")


async def test_a_quiet_window_says_since_when_and_shows_the_next_wider_one() -> None:
    """Nothing rises in the last hours; the story of the day before is the best of the day, and cools."""
    views = MemoryViews()
    await views.apply_assignments([assignment(f"s{i}", "S", author=f"s{i}", hours=-9) for i in range(4)])
    await views.apply_topic_events(
        [event("merged", "S", hours=-9, step="story", level="rising", story_ids=[f"s{i}" for i in range(4)])]
    )
    await views.apply_assignments([assignment("x", "X", author="x")])
    board = Board(views)
    await board.refresh()
    assert board.ranked("6h") == []
    assert board.quiet_since("6h") == NOW - timedelta(hours=9)
    assert [one.id for one in board.ranked("24h")] == ["S"]
    assert board.quiet_since("24h") == NOW - timedelta(hours=9)
    assert (board.ranked("24h")[0].windows["24h"].section, board.ranked("24h")[0].status) == ("also", "cooling")
    window, items = board.wider("6h", 5)
    assert (window, [one.id for one in items]) == ("24h", ["S"])
    assert {one.id for one in board.ranked("24h", "latest")} == {"S", "X"}


async def test_a_row_keeps_its_title_while_it_fits() -> None:
    """As many people with other words do not rename it; a story of which most is another one has another title."""
    views = MemoryViews()
    text = "Kestrel 4.2 is out, and its planner is twice as fast as before"
    await views.apply_assignments([assignment(f"s{i}", "S", author=f"s{i}", text=text) for i in range(3)])
    board = Board(views)

    async def label(ids: list[str]) -> str:
        await views.apply_topic_events([event("merged", "S", step="story", level="rising", story_ids=ids)])
        await board.refresh()
        return label_of(board.states["S"])

    first = await label(["s0", "s1", "s2"])
    assert "Kestrel 4.2" in first
    other = "The Osprey outage lasted three hours, and Osprey says nothing about it"
    await views.apply_assignments([assignment(f"o{i}", "S", author=f"o{i}", text=other) for i in range(8)])
    assert await label(["s0", "s1", "s2", "o0", "o1", "o2"]) == first
    assert "Osprey" in await label(["s1", "s2", *(f"o{i}" for i in range(8))])


async def test_a_name_beats_a_link_beats_words() -> None:
    """The digest's name, else the title of what half of the posts link to, else the telling words."""
    views = MemoryViews()
    words: dict[str, Any] = {"label": "speech, wav2vec", "keywords": ["speech", "wav2vec"]}
    board = Board(views)

    async def label() -> str:
        await board.refresh()
        return label_of(board.states["T"])

    await views.apply_assignments([assignment(f"{i}", "T") for i in range(3)])
    await views.apply_topic_events([event("born", "T", **words)])
    assert await label() == "speech, wav2vec"
    await views.apply_assignments([assignment(f"l{i}", "T", links=["https://papers.example/1"]) for i in range(3)])
    assert await label() == "Title of https://papers.example/1"
    await views.apply_topic_events([event("alias", "T", other_ids=["D"], label="Wav2vec-U", keywords=["speech"])])
    assert await label() == "Wav2vec-U"


def test_a_title_is_cut_at_a_word_and_without_the_site() -> None:
    """Headings stay short."""
    assert title_of("Speech without labels | Papers of the week") == "Speech without labels"
    assert title_of("word " * 40) == "word " * 16 + "word…"
    assert len(title_of("x" * 300)) <= 90


def test_related_topics_have_words_in_common() -> None:
    """By words first."""
    speech = state("S1", words=[("speech", 9), ("wav2vec", 5)], people={"a": (1, 0)})
    audio = state("S2", words=[("speech", 7), ("audio", 3)], people={"a": (1, 0)})
    jobs = state("J", words=[("jobs", 8), ("career", 5)], people={"z": (1, 0)})
    near = similarity([speech, audio, jobs])
    assert near[0, 1] > near[0, 2]
    assert np.allclose(near, near.T)
    assert related(speech, [jobs, audio, speech], 5)[0][0] == "S2"


def test_words_for_search_are_words() -> None:
    """No links, handles, numbers alone or stop words; other scripts too; folded once."""
    text = "The GPT-Neo models by @eleutherai are OUT https://t.co/x 2021 out Straße 機械学習"
    assert search_words(text) == ["gpt-neo", "models", "strasse", "機械学習"]
