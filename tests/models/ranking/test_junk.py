"""What stays out of a digest, and why."""

import dataclasses

import pytest

from models.events import Tweet
from models.ranking.junk import junk_scores, reason
from models.ranking.story_facts import StoryFacts
from models.week.config import DigestConfig
from tests.support.made_weeks import post

CONFIG = DigestConfig()
NEWS = StoryFacts(
    evidence=8,
    posts=14,
    voices={f"a{i}": 1.0 for i in range(6)},
    authors=6,
    coherence=0.5,
    agreement=0.55,
    wall=0.1,
    length=9.0,
    linked=0.8,
    specific=0.9,
    named=0.8,
    focus=0.7,
    known_focus=0.0,
    subject=0.8,
    peak=0.8,
    top_author=0.25,
    top_publisher=0.2,
    own_words=frozenset({"pixloc"}),
    names=frozenset({"pixloc"}),
)
VAGUE = dataclasses.replace(NEWS, named=0.0, focus=0.0, names=frozenset())


def posts(*texts: str) -> list[Tweet]:
    """One post for each text."""
    return [post(i, text) for i, text in enumerate(texts)]


PLAIN = posts(*[f"PixLoc learns camera poses from pixels, part {i}" for i in range(8)])


def test_news_stays_in() -> None:
    """A named, linked subject of several people."""
    assert reason(NEWS, PLAIN, CONFIG) is None


def test_talk_of_many_is_a_story_without_a_source() -> None:
    """Five people mourn; of four who gossip nobody has anything to read."""
    assert reason(dataclasses.replace(NEWS, linked=0.2, voices=dict.fromkeys("abcde", 1.0)), PLAIN, CONFIG) is None


def test_two_texts_that_many_share_are_a_story_when_one_name_holds_them_together() -> None:
    """A headline that six people share is told by six."""
    assert reason(dataclasses.replace(NEWS, evidence=2, posts=10), PLAIN, CONFIG) is None


@pytest.mark.parametrize(
    ("facts", "texts", "expected"),
    [
        (dataclasses.replace(NEWS, voices={"a": 1.0, "b": 0.5}), PLAIN, "few people"),
        (dataclasses.replace(NEWS, evidence=2, posts=3), PLAIN, "few posts"),
        (dataclasses.replace(VAGUE, evidence=2), PLAIN, "few posts"),
        (dataclasses.replace(VAGUE, wall=0.7), PLAIN, "hashtag wall"),
        (dataclasses.replace(NEWS, top_author=0.8), PLAIN, "self-promotion"),
        (dataclasses.replace(NEWS, coherence=0.2), PLAIN, "mixture"),
        (dataclasses.replace(NEWS, agreement=0.35), PLAIN, "mixture"),
        (dataclasses.replace(NEWS, linked=0.2, voices=dict.fromkeys("abcd", 1.0)), PLAIN, "chatter"),
        (dataclasses.replace(VAGUE, linked=0.0, peak=0.5), posts("so true", "same here", "love it"), "chatter"),
        (VAGUE, posts("Good morning all!", "good morning from the lake", "Happy Friday everyone"), "greeting"),
        (VAGUE, posts("Giveaway! RT to win", "last day of the giveaway", "use code AB for 20% off"), "giveaway"),
        (VAGUE, posts("10 ways to learn SQL", "How to learn SQL", "SQL cheat sheet", "SQL for beginners"), "evergreen"),
    ],
)
def test_each_kind_has_its_reason(facts: StoryFacts, texts: list[Tweet], expected: str) -> None:
    """The reason is shown in the digest's statistics."""
    assert reason(facts, texts, CONFIG) == expected


def test_a_story_may_have_hashtags_and_thanks() -> None:
    """A named story is not dropped for its walls, nor for one polite post."""
    story = dataclasses.replace(NEWS, wall=0.5)
    assert reason(story, [*PLAIN[:7], *posts("thank you for PixLoc")], CONFIG) is None


def test_scores_are_shares() -> None:
    """All within 0 and 1, at both ends of the facts."""
    for facts in (NEWS, VAGUE, dataclasses.replace(VAGUE, wall=1, top_author=1, coherence=0, length=0, linked=0)):
        assert all(0 <= score <= 1 for score in junk_scores(facts, PLAIN).values())
