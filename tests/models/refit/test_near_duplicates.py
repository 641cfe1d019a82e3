"""Which posts repeat which: retweets, copies, near-duplicates, no chains."""

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from models.refit.near_duplicates import fold
from models.text import words
from models.week.posts import WeekPosts
from tests.support.made_weeks import direction, embedded, post, records, week_of


def folded(week: WeekPosts) -> dict[str, str]:
    """Post id -> the id of the post that it repeats."""
    duplicate_of = fold(week, [words(tweet.text, (), ()) for tweet in week.posts], 0.92)
    return {tweet.id: week.posts[int(of)].id for tweet, of in zip(week.posts, duplicate_of, strict=True)}


def turned(degrees: float) -> npt.NDArray[np.float32]:
    """A unit vector in the plane of the first two axes."""
    vector = np.zeros(32, dtype=np.float32)
    vector[:2] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return vector


def test_a_retweet_repeats_its_original_even_when_it_has_the_smaller_id() -> None:
    """Ids of other platforms say nothing about time: the original is the evidence."""
    week = week_of(
        [
            embedded(post(1, "RT @b: entirely cut off…", kind="retweet", related="000009"), direction("kites")),
            embedded(post(9, "the original words of it", author="b"), direction("wasps")),
        ]
    )
    assert folded(week) == {"000001": "000009", "000009": "000009"}


def test_retweets_of_a_post_outside_the_week_are_one_piece_of_evidence() -> None:
    """The earliest stands for it."""
    week = week_of(
        [
            embedded(post(1, "RT @x: a", kind="retweet", related="gone", hours=5), direction("kites")),
            embedded(post(2, "RT @x: b", kind="retweet", related="gone", hours=2), direction("wasps")),
        ]
    )
    assert folded(week) == {"000001": "000002", "000002": "000002"}


def test_chains_of_small_steps_do_not_run_together() -> None:
    """Each 20° from the next (cosine .94): the third is 40° from the first and no copy of it."""
    text = "identical words in all of these posts number"
    week = week_of([embedded(post(i, f"{text} {'abcdef'[i] * 2}", hours=i), turned(20.0 * i)) for i in range(5)])
    assert folded(week) == {
        "000000": "000000",
        "000001": "000000",
        "000002": "000002",
        "000003": "000002",
        "000004": "000004",
    }


def test_near_vectors_without_common_words_are_not_copies() -> None:
    """Short remarks crowd together in vector space."""
    week = week_of(
        [embedded(post(1, "brilliant keynote"), turned(0)), embedded(post(2, "lovely dinner, everyone"), turned(2))]
    )
    assert folded(week) == {"000001": "000001", "000002": "000002"}


def test_a_retweet_cycle_ends() -> None:
    """Two posts that claim to retweet each other, and one that retweets itself: untrusted data."""
    week = week_of(
        [
            embedded(post(1, "x one", kind="retweet", related="000002"), turned(0)),
            embedded(post(2, "y two", kind="retweet", related="000001"), turned(90)),
            embedded(post(3, "z three", kind="retweet", related="000003"), turned(180)),
        ]
    )
    assert folded(week) == {"000001": "000002", "000002": "000002", "000003": "000003"}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7), st.sampled_from(["original", "retweet"])), max_size=25))
def test_every_repeated_post_is_itself_distinct(drawn: list[tuple[int, int, str]]) -> None:
    """duplicate_of is idempotent, whatever repeats whatever."""
    texts = [entry.tweet.text for entry in records({"wasps": 3, "ferry": 3})]
    week = week_of(
        [
            embedded(
                post(i, texts[text], kind=kind, related=f"{related:06d}" if kind == "retweet" else None, hours=i % 5),
                turned(text * 7.0),
            )
            for i, (text, related, kind) in enumerate(drawn)
        ]
    )
    duplicate_of = fold(week, [words(tweet.text, (), ()) for tweet in week.posts], 0.92)
    assert (duplicate_of[duplicate_of] == duplicate_of).all()


def test_posts_without_words_repeat_nobody() -> None:
    """A bare link and an emoji of several people: their vectors are alike because nothing is said."""
    texts = ("https://t.co/abcdefghij", "\U0001f525\U0001f525", "https://t.co/klmnopqrst", "@ada \U0001f602")
    week = week_of(
        [
            embedded(post(i, text, author=name), direction("silence"))
            for i, (text, name) in enumerate(zip(texts, "abcd", strict=True))
        ]
    )
    assert folded(week) == {f"{i:06}": f"{i:06}" for i in range(4)}


def test_the_same_few_words_are_still_a_repetition() -> None:
    """One word is enough to be the same."""
    week = week_of([embedded(post(i, "Gorgeous!", hours=i), direction("kites")) for i in range(2)])
    assert folded(week) == {"000000": "000000", "000001": "000000"}


def test_one_comment_on_two_posts_is_no_repetition() -> None:
    """Two who quote one post in the same words repeat each other; about another post the words are another comment."""
    week = week_of(
        embedded(post(n, "so true again", author=f"a{n}", kind="quote", related=related), direction("kites"))
        for n, related in ((1, "x"), (2, "y"), (3, "x"))
    )
    assert folded(week) == {"000001": "000001", "000002": "000002", "000003": "000001"}
