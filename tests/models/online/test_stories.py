"""Groups of a day: which ones stand out, against what chance brings, and that finding them moves no topic."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from models.online.burst import DAY
from models.online.floors import DAYS, FEWEST_DAYS, ROUNDS, UNKNOWN_ROW, UNKNOWN_TREND, Noise
from models.online.online_topics import OnlineTopics
from models.online.stories import Story, find_stories
from models.online.topic_model import PostBatch
from models.online.topic_space import TopicSpace
from models.online.window import BUCKETS, Day, WindowPost
from tests.support.made_streams import DIMENSIONS, START, join, made_stream, story

WORD, ROW = 7, np.eye(DIMENSIONS, dtype=np.float32)[0] * 4096


def day_of(people: str, *, wall: float = 0.0, name: bool = True, others: int = 0) -> Day:
    """One post with the same word by each, and `others` more posts by the first person."""
    names, plain = ([WORD], []) if name else ([], [WORD])
    posts = [
        WindowPost(f"p{k}", person, float(k), [WORD], [], names, plain, ["word"], None, False, False, wall)
        for k, person in enumerate(people)
    ]
    posts += [
        WindowPost(f"o{k}", people[0], float(k), [100 + k], [], [], [], [f"other{k}"], None, False, False, wall)
        for k in range(others)
    ]
    rows = [ROW] * len(people) + [np.roll(ROW, 1 + k % (DIMENSIONS - 1)) for k in range(others)]
    return Day(posts, rows, np.zeros(BUCKETS, np.int32), 0)


def strongest(day: Day) -> Story:
    """The first story."""
    return find_stories(TopicSpace(DIMENSIONS), day)[0][0]


def test_more_people_and_a_name_make_a_story_stronger() -> None:
    """A word in lower case may be anybody's; a name is about something."""
    assert strongest(day_of("abcd")).people == 4
    assert strongest(day_of("abcde")).strength > strongest(day_of("abcd")).strength
    assert strongest(day_of("abcd", name=False)).strength == pytest.approx(strongest(day_of("abcd")).strength / 4)


def test_people_who_are_in_every_group_count_less() -> None:
    """Those who post walls of hashtags, and those who post much."""
    plain = strongest(day_of("abcd")).strength
    assert strongest(day_of("abcd", wall=0.5)).strength < plain / 2
    assert strongest(day_of("abcd", others=12)).strength < plain


def test_a_word_of_every_day_tells_nothing() -> None:
    """The same four people, and the word in every earlier post."""
    usual = np.zeros(BUCKETS, np.int32)
    usual[WORD] = 400
    assert find_stories(TopicSpace(DIMENSIONS), replace(day_of("abcd"), usage=usual, left=400)) == ([], 4)


def test_stories_do_not_change_where_posts_go() -> None:
    """The topics are the same with and without the search: a story gathers posts, and attracts none."""
    stream = made_stream(300, subjects=8, gap=900.0)
    with_stories, without = (OnlineTopics(TopicSpace(DIMENSIONS)) for _ in range(2))
    without.space.window.next_look = float("inf")
    placements, events = with_stories.learn_many(stream)
    expected, _ = without.learn_many(stream)
    assert any(event.step == "story" for event in events)
    originals = [k for k in range(len(stream)) if not stream.retweet[k]]
    assert [placements[k].topic_id for k in originals] == [expected[k].topic_id for k in originals]
    alive = without.space.by_id
    assert {name for name in with_stories.space.by_id if name in alive} == set(alive)


def test_floors_are_those_of_the_streams_own_noise() -> None:
    """At most a fifth of the rows by chance; a trend by chance once in five days. Unknown noise: the defaults."""
    noise = Noise()
    for _ in range(FEWEST_DAYS - 1):
        noise.learn([1.0, 2.0, 4.0, 5.0], [1.0, 1.1, 1.2, 1.5] * ROUNDS)
    assert (noise.row, noise.trend) == (UNKNOWN_ROW, UNKNOWN_TREND)
    noise.learn([1.0, 2.0, 4.0, 5.0], [1.0, 1.1, 1.2, 1.5] * ROUNDS)
    assert (noise.row, noise.trend) == (2.0, 2.0)
    loud = Noise()
    for _ in range(2 * DAYS):
        loud.learn([1.0, 2.0], [3.0, 4.0] * ROUNDS)
    assert loud.row == loud.trend == 4.0  # chance is stronger than anything real
    assert len(loud.real) == len(loud.chance) == DAYS


def test_a_story_is_announced_once_even_under_another_id() -> None:
    """Its topic is merged into a larger one while it runs: the wave goes on, and nothing new is told."""
    usual = story("o", 300, START, gap=1500.0, people=30, direction=1, words=("routine",))
    wave = story("wave", 30, START + 3 * DAY, gap=900.0, people=9, direction=4)
    stream = in_order(join(usual, replace(wave, spelled=[(tuple(words), ()) for words in wave.words])))
    model = OnlineTopics(TopicSpace(DIMENSIONS))
    half = int(np.searchsorted(stream.at, START + 3 * DAY + 20 * 900.0))
    _, first = model.learn_many(piece(stream, 0, half))
    assert {event.level for event in first if event.kind == "trending"} == {"rising", "hot"}
    name = next(event.topic_id for event in first if event.kind == "trending")
    record = model.space.records[model.space.by_id[name]]
    record.level, record.announced = "", False  # as a topic that has just got the story
    _, second = model.learn_many(piece(stream, half, len(stream)))
    assert not [event for event in second if event.kind == "trending"]


def in_order(batch: PostBatch) -> PostBatch:
    """The posts by time."""
    return take(batch, np.argsort(batch.at, kind="stable"))


def piece(batch: PostBatch, start: int, stop: int) -> PostBatch:
    """The posts `start` … `stop`."""
    return take(batch, np.arange(start, stop))


def take(batch: PostBatch, order: npt.NDArray[np.int64]) -> PostBatch:
    """These posts, in this order."""
    places = order.tolist()
    return PostBatch(
        ids=[batch.ids[k] for k in places],
        vectors=batch.vectors[order],
        words=[batch.words[k] for k in places],
        authors=[batch.authors[k] for k in places],
        at=batch.at[order],
        related=[batch.related[k] for k in places],
        retweet=[batch.retweet[k] for k in places],
        spelled=[batch.spelled[k] for k in places] if batch.spelled else (),
    )
