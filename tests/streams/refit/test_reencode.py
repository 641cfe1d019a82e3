"""A week with a change of encoder gets one vector space, so that its digest can be made."""

import random
from typing import NoReturn

from models.encoding.hash_encoder import HashEncoder
from models.events import Deletion, EmbeddedTweet
from models.events.wire import encode
from models.week.posts import week_posts
from models.week.week import Week
from streams.refit.reencode import in_one_space
from tests.support.made_posts import ENCODER, START, embedded, tweet

OTHER = HashEncoder(32)


def never() -> NoReturn:
    raise AssertionError("no encoder is needed")


def mixed() -> list[EmbeddedTweet | Deletion]:
    old = [embedded(tweet(number), f"0:{number}") for number in range(6)]
    new = [in_other(tweet_record) for tweet_record in (embedded(tweet(n), f"0:{n}") for n in range(6, 10))]
    return [*old, Deletion(id="p00001", author_id="a", deleted_at=START), *new]


def in_other(record: EmbeddedTweet) -> EmbeddedTweet:
    (again,) = [
        one
        for one in in_one_space([record, embedded(tweet(99), "0:99", "third@1")], lambda: OTHER)
        if isinstance(one, EmbeddedTweet) and one.tweet.id == record.tweet.id
    ]
    return again


def test_a_week_of_one_encoder_stays_as_it_is() -> None:
    """Whichever encoder: a replay after a change must give the same bytes."""
    records = [embedded(tweet(number), f"0:{number}") for number in range(4)]
    assert in_one_space(records, never) == records
    assert in_one_space([], never) == []


def test_the_posts_of_the_other_encoder_are_encoded_again() -> None:
    """All vectors become the present encoder's. Tombstones and its own vectors stay."""
    for encoder, kept in ((OTHER, slice(6, None)), (ENCODER, slice(0, 7))):
        records = in_one_space(mixed(), lambda encoder=encoder: encoder)  # type: ignore[misc]
        assert {one.encoder for one in records if isinstance(one, EmbeddedTweet)} == {encoder.name}
        assert records[kept] == mixed()[kept]
        posts = week_posts(records, Week.of(START, "UTC"))
        assert posts.vectors.shape == (9, encoder.dimensions)
        assert (posts.vectors @ encoder.encode(posts.texts).T).diagonal().min() > 0.999


def test_the_same_set_gives_the_same_bytes() -> None:
    """In any order (law 2)."""
    shuffled = mixed()
    random.Random(3).shuffle(shuffled)
    week = Week.of(START, "UTC")
    hashes = {week_posts(in_one_space(records, lambda: OTHER), week).slice_hash for records in (mixed(), shuffled)}
    assert len(hashes) == 1
    assert len({encode(one) for one in in_one_space(mixed(), lambda: OTHER)}) == len(mixed())
