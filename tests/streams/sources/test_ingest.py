"""`streams.sources.files.ingest` before the broker: refused lines, times of records, and the end."""

import asyncio
import gc
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError, OutOfOrderSequenceNumber

from models.events import DeadLetter, Deletion, Tweet
from models.events.wire import decode
from streams.kafka.log import MOST_AHEAD, record_time
from streams.settings import load_settings
from streams.sources.files.archive import Line
from streams.sources.files.ingest import Ingest, IngestStoppedError, Pace
from tests.support.made_posts import clock, tweet

MINUTE = timedelta(minutes=1)


class Producer:
    """aiokafka's producer as `Ingest` uses it. Records from `broken_from` on fail together, as a batch does."""

    def __init__(self, broken_from: int = 1_000, *, full: bool = False) -> None:
        self.sent: list[dict[str, Any]] = []
        self.letters: list[DeadLetter] = []
        self._broken_from = broken_from
        self._full = full

    async def send(self, topic: str, **record: Any) -> asyncio.Future[object]:
        """The broker's answer comes later."""
        if self._full:
            raise KafkaTimeoutError
        answer = asyncio.get_running_loop().create_future()
        self.sent.append(record)
        if len(self.sent) > self._broken_from:
            answer.set_exception(OutOfOrderSequenceNumber())
        else:
            answer.set_result(None)
        return answer

    async def send_and_wait(self, topic: str, *, value: bytes, **_: Any) -> None:
        """Dead letters."""
        self.letters.append(decode(value, DeadLetter))


def _at(number: int, moment: datetime) -> Tweet:
    post = tweet(number)
    return Tweet(id=post.id, author_id=post.author_id, author=post.author, created_at=moment, text=post.text)


def _ingest(producer: Producer, **settings: float) -> tuple[Ingest, list[tuple[int, str]]]:
    told: list[tuple[int, str]] = []
    run = Ingest(
        load_settings(**settings),
        producer,
        clock=clock,
        pace=Pace(),
        report=lambda name, line, reason: told.append((line.number, reason)),
        advance=lambda position, counts: None,
    )
    return run, told


def _lines(posts: Sequence[Tweet | Deletion]) -> list[Line]:
    return [Line(number, post, 0) for number, post in enumerate(posts, start=1)]


async def test_a_post_from_the_future_is_a_bad_line_and_never_sent() -> None:
    """The broker would refuse the whole batch with it."""
    producer = Producer()
    run, told = _ingest(producer)
    tombstone = Deletion(id="9", author_id="a", deleted_at=clock() + 3 * 24 * 60 * MINUTE)
    near, far = _at(5, clock() + 9 * MINUTE), _at(2, clock() + 11 * MINUTE)
    posts: list[Tweet | Deletion] = [tweet(1), far, tweet(3), tombstone, near]
    await run.run("posts.jsonl", _lines(posts))
    assert (run.counts.sent, run.counts.bad) == (3, 2)
    assert [number for number, _ in told] == [2, 4]
    assert all("is more than 10 minutes in the future" in reason for _, reason in told)
    assert [letter.source for letter in producer.letters] == ["posts.jsonl:2", "posts.jsonl:4"]


async def test_a_time_that_we_allow_and_the_broker_does_not_is_sent_with_one_that_it_takes() -> None:
    """Only the record's time changes; the post keeps its own."""
    producer = Producer()
    run, told = _ingest(producer, future_skew_minutes=600.0)
    await run.run("posts.jsonl", _lines([_at(1, clock() + 300 * MINUTE), tweet(2)]))
    latest = int((clock() + MOST_AHEAD).timestamp() * 1000)
    assert [record["timestamp_ms"] for record in producer.sent] == [
        latest,
        int(tweet(2).created_at.timestamp() * 1000),
    ]
    assert decode(producer.sent[0]["value"], Tweet).created_at == clock() + 300 * MINUTE
    assert not told
    assert record_time(clock() + MINUTE, clock()) == clock() + MINUTE


async def test_a_producer_that_fails_ends_it_with_the_count_and_no_future_left_behind() -> None:
    """No line is blamed for it, and no error stays unread."""
    unseen: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(context))
    producer = Producer(broken_from=2)
    run, told = _ingest(producer)
    stopped = re.escape("[Error 45] OutOfOrderSequenceNumber. So far: 2 posts sent, 0 bad lines.")
    with pytest.raises(IngestStoppedError, match=stopped):
        await run.run("posts.jsonl", _lines([tweet(number) for number in range(6)]))
    assert (run.counts.sent, told, producer.letters) == (2, [], [])
    gc.collect()
    assert unseen == []


async def test_a_broker_that_is_away_is_not_the_lines_fault() -> None:
    """A full buffer must not lose a post."""
    run, told = _ingest(Producer(full=True))
    with pytest.raises(IngestStoppedError, match=r"up to line 1: KafkaTimeoutError\. So far: 0 posts sent"):
        await run.run("posts.jsonl", _lines([tweet(1)]))
    assert told == []
