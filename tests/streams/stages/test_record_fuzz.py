"""Arbitrary records: each stage produces exactly one result for each and continues."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.events import DeadLetter, Deletion
from models.events.wire import decode, encode
from models.online.assigner import Assigner
from models.online.factory import create_topic_model, restore_topic_model
from streams.kafka.record import Record
from streams.stages.assign import AssignStage
from streams.stages.dead_letters import DeadLetterBudget
from streams.stages.embed import embed
from streams.stages.ordered_release import OrderedRelease
from streams.stages.snapshots import SnapshotStore
from tests.support.made_posts import ENCODER, START, FakeSend, clock, embedded, record, tweet
from tests.support.mangled import mangled

DELETION = encode(Deletion(id="p1", author_id="a", deleted_at=START, origin="0:1"))


async def _encode(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    return np.asarray(ENCODER.encode(texts))


def _embed(records: list[Record]) -> FakeSend:
    send = FakeSend()
    asyncio.run(
        embed(
            records,
            send=send,
            encode_texts=_encode,
            encoder=ENCODER.name,
            clock=clock,
            future_skew=timedelta(minutes=10),
            budget=DeadLetterBudget(1.0),
            release=OrderedRelease(),
        )
    )
    return send


@settings(max_examples=300, deadline=None)
@given(st.lists(mangled([encode(tweet(1)), DELETION]), min_size=1, max_size=4))
@example([DELETION.replace(b"2021-05-03T00:00:00Z", b"2021-05-03T00:00:00")])
@example([DELETION.replace(b"2021-05-03T00:00:00Z", b"9999-12-31T23:59:59-23:59")])
@example([DELETION.replace(b"2021-05-03T00:00:00Z", b"0001-01-01T00:00:00+23:59")])
def test_every_record_of_tweets_leaves_embed_once(values: list[bytes | None]) -> None:
    """It is embedded, or becomes a dead letter with its own bytes."""
    records = [record(value, offset) for offset, value in enumerate(values)]
    send = _embed(records)
    letters = [decode(value, DeadLetter) for value in send.on("dead-letters")]
    passed = [orjson.loads(value)["origin"] for value in send.on("tweets.embedded")]
    assert sorted([f"0:{letter.offset}" for letter in letters] + passed) == sorted(r.origin for r in records)
    assert all(sent.timestamp is None or sent.timestamp.timestamp() >= 0 for sent in send.sent)


def _no_log(start: int, end: int) -> AsyncIterator[list[Record]]:
    raise AssertionError("nothing is missing")


def _assign(records: list[Record], folder: Path) -> FakeSend:
    send = FakeSend()

    create = partial(create_topic_model, "topics")
    stage = AssignStage(
        create=lambda: Assigner(create),
        restore=lambda data: Assigner.from_bytes(data, create, restore_topic_model),
        read_log=_no_log,
        send=send,
        clock=clock,
        snapshots=SnapshotStore(folder, "assign"),
        snapshot_seconds=1e9,
        budget=DeadLetterBudget(1.0),
    )
    asyncio.run(stage.assign(records))
    stage.save_snapshot()
    return send


EMBEDDED = encode(embedded(tweet(2), "0:1"))


@settings(max_examples=300, deadline=None)
@given(st.lists(mangled([EMBEDDED, DELETION]), min_size=1, max_size=4))
@example([EMBEDDED.replace(b'"dimensions":64', b'"dimensions":32')])
@example([EMBEDDED.replace(b"Z", b"+23:59")])
def test_no_record_of_tweets_embedded_stops_assign(values: list[bytes | None]) -> None:
    """After good records. Each gives at most one assignment or letter (another encoder may end the topic space)."""
    good = [encode(embedded(tweet(number), f"1:{number}")) for number in (7, 8)]
    records = [record(value, offset) for offset, value in enumerate([*good, *values])]
    with TemporaryDirectory() as folder:
        send = _assign(records, Path(folder))
    assigned = [orjson.loads(value)["origin"] for value in send.on("assignments")]
    assert {"1:7", "1:8"} <= set(assigned)
    assert len(assigned) + len(send.on("dead-letters")) <= len(records)


@pytest.mark.parametrize("times", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_times_at_the_ends_of_the_calendar_are_poison(times: str) -> None:
    """They overflow in comparisons or conversions."""
    for value in (encode(tweet(1)).replace(b"2021-05-03T00:01:00Z", times.encode()), DELETION):
        changed = value.replace(b"2021-05-03T00:00:00Z", times.encode())
        assert len(_embed([record(changed)]).on("dead-letters")) == 1
