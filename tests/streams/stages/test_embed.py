"""Stage embed: every record ends on `tweets.embedded` or `dead-letters`."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pytest

from models.events import DeadLetter, Deletion, EmbeddedTweet
from models.events.wire import decode, decode_embedded, unpack_vector
from streams.kafka.record import Record
from streams.kafka.topics import DEAD_LETTERS, EMBEDDED
from streams.stages.dead_letters import DeadLetterBudget, DeadLetterBudgetError
from streams.stages.embed import embed
from streams.stages.ordered_release import OrderedRelease
from tests.support.made_posts import ENCODER, START, FakeSend, clock, record, tweet


async def _encode(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    return ENCODER.encode(texts)


async def _embed(records: Sequence[Record], send: FakeSend, budget: float = 1.0) -> None:
    await embed(
        records,
        send=send,
        encode_texts=_encode,
        encoder=ENCODER.name,
        clock=clock,
        future_skew=timedelta(minutes=10),
        budget=DeadLetterBudget(budget),
        release=OrderedRelease(),
    )


async def test_posts_keep_their_time_key_and_origin() -> None:
    """The record time is the post's own, so a week is a range of record times."""
    send = FakeSend()
    await _embed([record(tweet(1), 7, partition=3), record(tweet(2), 8)], send)
    (first, _) = send.sent
    assert (first.topic, first.key, first.timestamp) == (EMBEDDED.name, b"p00001", tweet(1).created_at)
    embedded = decode_embedded(first.value)
    assert isinstance(embedded, EmbeddedTweet)
    assert embedded.origin == "3:7"
    assert embedded.encoder == ENCODER.name
    expected = ENCODER.encode([embedded.text])[0].astype(np.float16)
    assert np.array_equal(unpack_vector(embedded.vector, embedded.dimensions), expected.astype(np.float32))


async def test_a_retweet_is_encoded_as_what_it_repeats() -> None:
    """Both forms of the prefix."""
    send = FakeSend()
    original = "The lens above the harbour was repaired"
    texts = [original, f"RT @keeper: {original}", f"RT @keeper:{original}"]
    await _embed(
        [
            record(tweet(number, text, kind="retweet" if number else "original"), number)
            for number, text in enumerate(texts)
        ],
        send,
    )
    encoded = [decode_embedded(value) for value in send.on(EMBEDDED.name)]
    assert len({one.text for one in encoded if isinstance(one, EmbeddedTweet)}) == 1


async def test_a_bad_record_is_a_dead_letter_and_stops_nobody() -> None:
    """The dead letter has the whole record, its coordinates and the reason."""
    send = FakeSend()
    await _embed([record(tweet(1), 1), record(b"{broken", 2, partition=1), record(None, 3), record(tweet(4), 4)], send)
    assert len(send.on(EMBEDDED.name)) == 2
    letters = [decode(value, DeadLetter) for value in send.on(DEAD_LETTERS.name)]
    assert [(letter.stage, letter.partition, letter.offset, letter.null) for letter in letters] == [
        ("embed", 1, 2, False),
        ("embed", 0, 3, True),
    ]
    assert letters[0].record == "e2Jyb2tlbg=="
    assert "not JSON" in letters[0].reason


async def test_a_post_from_the_future_is_a_dead_letter_and_small_skew_is_not() -> None:
    """It would close its week too early."""
    send = FakeSend()
    hours = (clock() - START) / timedelta(hours=1)
    await _embed([record(tweet(1, hours=hours + 0.1), 1), record(tweet(2, hours=hours + 1), 2)], send)
    assert len(send.on(EMBEDDED.name)) == 1
    assert "future" in decode(send.on(DEAD_LETTERS.name)[0], DeadLetter).reason


async def test_a_tombstone_travels_on_with_its_origin() -> None:
    """So the log of one week contains everything that its digest needs."""
    send = FakeSend()
    await _embed([record(Deletion(id="p1", author_id="a", deleted_at=START), 5, partition=2)], send)
    deletion = decode_embedded(send.on(EMBEDDED.name)[0])
    assert isinstance(deletion, Deletion)
    assert deletion.origin == "2:5"


async def test_a_lost_broker_fails_the_batch() -> None:
    """A buffered record is not sent: an unconfirmed record must not be acknowledged."""
    with pytest.raises(ConnectionError):
        await _embed([record(tweet(1))], FakeSend(broken=True))


async def test_an_encoder_that_gives_nonsense_is_a_bug_and_no_dead_letter() -> None:
    """Nothing later would notice NaN in a vector."""

    async def nonsense(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.full((len(texts), 3), np.nan, np.float32)

    send = FakeSend()
    with pytest.raises(FloatingPointError, match="NaN or infinity"):
        await embed(
            [record(tweet(1))],
            send=send,
            encode_texts=nonsense,
            encoder="x",
            clock=clock,
            future_skew=timedelta(),
            budget=DeadLetterBudget(1.0),
            release=OrderedRelease(),
        )
    assert send.sent == []


async def test_too_many_dead_letters_stop_the_stage_loudly() -> None:
    """A wrong producer must not fill the dead letters unnoticed; a few bad records must not stop the stage."""
    good = [record(tweet(number), number) for number in range(300)]
    bad = [record(b"x", number) for number in range(100)]
    await _embed(good + bad, FakeSend(), budget=0.3)
    with pytest.raises(DeadLetterBudgetError, match="of the last"):
        await _embed(good + bad * 3, FakeSend(), budget=0.3)


def test_the_budget_looks_at_the_last_thousand_only() -> None:
    """Older failures no longer count."""
    budget = DeadLetterBudget(0.5)
    for number in range(2_000):
        budget.count(bad=number < 90)
    for _ in range(500):
        budget.count(bad=True)
    with pytest.raises(DeadLetterBudgetError):
        budget.count(bad=True)
