"""The core of a topic: what its people agree on, without the stragglers around it."""

import numpy as np
import numpy.typing as npt

from models.ranking.story_core import cores
from models.ranking.story_facts import facts, week_words
from models.refit.story import Story
from models.week.config import DigestConfig
from models.week.posts import WeekPosts
from tests.support.made_weeks import direction, embedded, post, week_of

CONFIG = DigestConfig()


def near(one: str, other: str, share: float) -> npt.NDArray[np.float32]:
    """A unit vector `share` of the way from `other` to `one`."""
    vector = share * direction(one) + (1 - share) * direction(other)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def landing() -> tuple[WeekPosts, Story]:
    """Four people on one landing, one of them in other words, two stragglers, and a week of something else around."""
    told = [
        ("Heron-9 has landed on the barge", "a", near("wasps", "kites", 0.95)),
        ("Watching Heron-9 land again and again", "b", near("wasps", "kites", 0.9)),
        ("The engines of Heron-9 after the flight", "c", near("wasps", "cheese", 0.9)),
        ("What a touchdown on the barge", "d", near("wasps", "kites", 0.93)),
        ("A hotel above the clouds opens next year", "e", near("wasps", "violin", 0.45)),
        ("My ticket to the moon is booked", "f", near("wasps", "mosaic", 0.45)),
    ]
    records = [embedded(post(i, text, author=who), vector) for i, (text, who, vector) in enumerate(told)]
    records += [embedded(post(50 + i, f"ferry number {i}", author=f"z{i}"), direction("ferry")) for i in range(6)]
    week = week_of(records)
    members = np.arange(6)
    centroid = week.vectors[:6].mean(axis=0)
    return week, Story(members, members, [("heron-9", 1.0)], centroid / np.linalg.norm(centroid), repeated=members)


def others(week: WeekPosts) -> Story:
    """The rest of the week as a topic."""
    members = np.arange(6, len(week))
    return Story(members, members, [("ferry", 1.0)], direction("ferry"), repeated=members)


def test_stragglers_are_left_out_and_other_words_are_not() -> None:
    """The posts with the name, and the one that is as close without it; whole() still has the cluster."""
    week, story = landing()
    stories = [story, others(week)]
    (core, _) = cores(stories, week, week_words(week, stories), CONFIG)
    assert core.distinct.tolist() == [0, 1, 2, 3]
    assert core.whole() is story
    assert float(core.centroid @ direction("wasps")) > float(story.centroid @ direction("wasps"))


def test_repeats_follow_the_post_that_they_repeat() -> None:
    """A retweet of a straggler goes with it, a retweet of the story stays."""
    week, story = landing()
    with_repeats = Story(
        np.arange(8), np.arange(6), story.words, story.centroid, repeated=np.array([0, 1, 2, 3, 4, 5, 1, 5])
    )
    rest = Story(np.arange(8, len(week)), np.arange(8, len(week)), [], direction("ferry"))
    (core, _) = cores([with_repeats, rest], week, week_words(week, [with_repeats, rest]), CONFIG)
    assert core.members.tolist() == [0, 1, 2, 3, 6]


def test_a_core_that_is_too_small_is_none() -> None:
    """Fewer posts or people than make a topic: the story stays as it was found."""
    week, story = landing()
    stories = [story, others(week)]
    strict = DigestConfig(min_topic_posts=5)
    assert cores(stories, week, week_words(week, stories), strict)[0] is story


def test_agreement_needs_somebody_else() -> None:
    """Six posts of one voice agree with nobody; those of six people do."""
    alike = [embedded(post(i, f"kelp cable part {i}", author="solo"), near("wasps", "kites", 0.9)) for i in range(4)]
    shared = [
        embedded(post(9 + i, f"moss roof part {i}", author=f"p{i}"), near("ferry", "kites", 0.9)) for i in range(4)
    ]
    week = week_of(alike + shared)
    stories = [
        Story(np.arange(4), np.arange(4), [], direction("wasps")),
        Story(np.arange(4, 8), np.arange(4, 8), [], direction("ferry")),
    ]
    vocabulary = week_words(week, stories)
    solo, many = (facts(story, week, vocabulary) for story in stories)
    assert solo.agreement == 0
    assert many.agreement > 0.9


def test_what_the_platform_cut_off_says_nothing_about_links() -> None:
    """Its link may have been behind the cut: of the two others one has a link."""
    texts = ["PixLoc is here", "PixLoc at last", "so much is to be said of PixLoc…"]
    links = [["https://paper.example/pixloc"], [], []]
    week = week_of(
        embedded(post(i, text, author=f"p{i}", links=links[i]), direction("wasps")) for i, text in enumerate(texts)
    )
    told = Story(np.arange(3), np.arange(3), [], direction("wasps"))
    assert facts(told, week, week_words(week, [told])).linked == 0.5


def test_a_name_counts_by_the_people_who_bring_it() -> None:
    """Two posts of four hold a name: of one person it is nothing, of two half as much as of three."""
    week = week_of([
        embedded(post(i, text, author=who), direction("wasps"))
        for i, (text, who) in enumerate(
            [("we use PixLoc here", "a"), ("so PixLoc it is", "b"), ("a map of moss", "c"), ("a plain roof", "d"),
             ("again the PixLoc talk", "e")]
        )
    ])  # fmt: skip
    everyone = np.arange(5)
    alone = Story(everyone[:4], everyone[:4], [], direction("wasps"))
    passed_on = Story(everyone, everyone[:4], [], direction("wasps"), repeated=np.array([0, 1, 2, 3, 0]))
    few, more = (facts(story, week, week_words(week, [story])) for story in (alone, passed_on))
    assert few.focus == 0.25
    assert more.focus == 0.5
