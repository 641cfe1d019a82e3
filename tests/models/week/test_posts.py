"""The canonical week: a function of the set of records (law 2)."""

import random
from datetime import timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import Deletion, EmbeddedTweet
from models.events.wire import pack_vector
from models.week import posts
from models.week.posts import week_posts, week_tweets
from models.week.week import Week
from tests.support.made_posts import START, embedded, tweet

WEEK = Week.parse("2021-W18")


def _records() -> list[EmbeddedTweet | Deletion]:
    records: list[EmbeddedTweet | Deletion] = [embedded(tweet(number), f"0:{number}") for number in range(30)]
    records.append(embedded(tweet(7, "another text under the same id"), "1:1"))
    records.append(Deletion(id="p00009", author_id="x", deleted_at=START + timedelta(days=9)))
    records.append(embedded(tweet(31, "an edit", edit_of="p00011"), "1:2"))
    return records


@given(st.randoms(use_true_random=False), st.integers(0, 30))
def test_order_and_repetition_leave_no_trace(shuffle: random.Random, repeated: int) -> None:
    """Shuffled, with a record delivered again from another offset: the same week."""
    expected = week_posts(_records(), WEEK)
    records = _records()
    again = records[repeated]
    if isinstance(again, EmbeddedTweet):
        records.append(msgspec.structs.replace(again, origin="3:99"))
    shuffle.shuffle(records)
    found = week_posts(records, WEEK)
    assert found.slice_hash == expected.slice_hash
    assert found.posts == expected.posts
    assert np.array_equal(found.vectors, expected.vectors)


def test_tombstones_and_edits_take_posts_away() -> None:
    """Neither a deleted post nor a replaced version is left, and both are counted."""
    week = week_posts(_records(), WEEK)
    ids = {post.id for post in week.posts}
    assert not {"p00009", "p00011"} & ids
    assert "p00031" in ids
    assert week.deleted == 2


def test_costly_posts_are_read_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget in characters for all of them, whatever their order; short posts stay whole, and no text is invented."""
    costly = [embedded(tweet(100 + number, "A. " * 1_000)) for number in range(4)]
    wordless = embedded(tweet(200, "\u5b57" * 3_000))
    records = [*costly, wordless, *(embedded(tweet(number)) for number in range(3))]
    whole = week_posts(records, WEEK)
    assert [post.text for post in whole.posts] == [record.tweet.text for record in sorted(records, key=_id)]
    monkeypatch.setattr(posts, "READ_BUDGET", 5_000)
    week = week_posts(records, WEEK)
    assert week.posts == week_posts(reversed(records), WEEK).posts
    assert week.slice_hash == whole.slice_hash, "the digest names the posts, not what was read of them"
    assert sum(len(post.text) for post in week.posts) <= 5_000
    for cut, post in zip(week.posts, whole.posts, strict=True):
        assert post.text.startswith(cut.text.removesuffix("…"))
        assert len(cut.text) >= min(len(post.text), 900)
    monkeypatch.setattr(posts, "READ_BUDGET", 1)
    assert all(270 < len(post.text) <= 281 for post in week_posts(costly, WEEK).posts)


def _id(record: EmbeddedTweet) -> str:
    return record.tweet.id


def test_only_the_week_itself_is_taken() -> None:
    """The week's first moment is included, its end is not."""
    records = [
        embedded(tweet(1, hours=0)),
        embedded(tweet(2, hours=7 * 24)),
        embedded(tweet(3, hours=-0.001)),
        embedded(tweet(4, hours=7 * 24 - 0.001)),
    ]
    assert [post.id for post in week_posts(records, WEEK).posts] == ["p00001", "p00004"]


def test_vectors_of_two_encoders_are_never_mixed() -> None:
    """They cannot be compared."""
    with pytest.raises(ValueError, match="several encoders"):
        week_posts([embedded(tweet(1)), embedded(tweet(2), encoder="other@1")], WEEK)


@pytest.mark.parametrize(
    ("vector", "dimensions"),
    [
        (pack_vector(np.ones(5)), 64),
        (pack_vector(np.full(64, np.nan)), 64),
        ("?", 64),
        (pack_vector(np.ones(5)), 5),
        (pack_vector(np.ones(128)), 128),
    ],
    ids=["too short", "not finite", "not base64", "other width", "wider"],
)
def test_a_damaged_vector_does_not_stop_the_week(vector: str, dimensions: int) -> None:
    """It becomes a dead letter of the assign stage; the week is the same as without it (found by the fault harness)."""
    damaged = msgspec.structs.replace(embedded(tweet(33), "2:2"), vector=vector, dimensions=dimensions)
    expected = week_posts(_records(), WEEK)
    for records in ([*_records(), damaged], [damaged, *_records()]):
        found = week_posts(records, WEEK)
        assert found.slice_hash == expected.slice_hash
        assert np.array_equal(found.vectors, expected.vectors)


def test_an_empty_week_is_a_week() -> None:
    """No posts, no vectors, but a hash."""
    week = week_posts([], WEEK)
    assert len(week) == 0
    assert week.slice_hash


def test_retweets_go_with_the_post_that_they_repeat() -> None:
    """They contain its text. Retweets of an edited version stay: its author deleted nothing."""
    records = [
        *_records(),
        embedded(tweet(40, "RT @x: words", kind="retweet", related_id="p00009")),
        embedded(tweet(41, "RT @y: words", kind="retweet", related_id="p00011")),
        embedded(tweet(42, "my words on it", kind="quote", related_id="p00009")),
    ]
    week = week_posts(records, WEEK)
    assert {"p00040", "p00041", "p00042"} & {post.id for post in week.posts} == {"p00041", "p00042"}
    assert week.deleted == 2, "the retweeter deleted nothing"
    assert week_tweets(records, WEEK) == {post.id: post for post in week.posts}


def test_a_tombstone_from_before_the_week_leaves_no_trace_when_it_is_delivered_again() -> None:
    """The slice has it only after a redelivery: with it, the digest of the week was another one than without it."""
    records: list[EmbeddedTweet | Deletion] = [
        embedded(tweet(1, "RT @a: a post of the week before", kind="retweet", related_id="old"), "0:1"),
        embedded(tweet(2, "a quote", kind="quote", related_id="old", quoted_text="its words"), "0:2"),
    ]
    expected = week_posts(records, WEEK)
    again = Deletion(id="old", author_id="a", deleted_at=WEEK.start - timedelta(days=1))
    assert week_posts([*records, again], WEEK).slice_hash == expected.slice_hash
    assert week_tweets([*records, again], WEEK) == {post.id: post for post in expected.posts}
