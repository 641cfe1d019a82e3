"""Posts, records and fakes for tests. Everything here is invented."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from models.encoding.hash_encoder import HashEncoder
from models.events import Deletion, EmbeddedTweet, Tweet
from models.events.wire import encode, pack_vector
from streams.kafka.record import Record
from streams.ports import Headers

START = datetime(2021, 5, 3, tzinfo=UTC)  # the first moment of 2021-W18
ENCODER = HashEncoder(64)
SUBJECTS = (
    "lighthouse keepers repair the lens above the harbour",
    "a choir rehearses the winter mass in the old mill",
    "beekeepers count the hives after the long frost",
    "the tram line to the botanical garden opens again",
)


def tweet(
    number: int, text: str = "", *, hours: float | None = None, author: str | None = None, **more: object
) -> Tweet:
    """Post `number`, a minute after the previous one unless `hours` after START is given."""
    at = START + timedelta(hours=number / 60 if hours is None else hours)
    name = author or f"person{number % 7}"
    return Tweet(
        id=f"p{number:05d}",
        author_id=name,
        author=name,
        created_at=at,
        text=text or f"{SUBJECTS[number % len(SUBJECTS)]} {number}",
        **more,  # type: ignore[arg-type]
    )


def embedded(post: Tweet, origin: str = "0:0", encoder: str = ENCODER.name) -> EmbeddedTweet:
    """The post with its vector."""
    (vector,) = ENCODER.encode([post.text])
    return EmbeddedTweet(
        tweet=post,
        text=post.text,
        vector=pack_vector(np.asarray(vector)),
        dimensions=len(vector),
        encoder=encoder,
        origin=origin,
    )


def record(
    value: Tweet | Deletion | EmbeddedTweet | bytes | None,
    offset: int = 0,
    *,
    topic: str = "tweets",
    partition: int = 0,
) -> Record:
    """A Kafka record around a value."""
    data = value if isinstance(value, bytes) or value is None else encode(value)
    return Record(topic=topic, partition=partition, offset=offset, key=b"key", value=data, timestamp=0)


@dataclass(frozen=True)
class Sent:
    """What a stage produced."""

    topic: str
    key: bytes | None
    value: bytes | None
    timestamp: datetime | None
    headers: Headers


@dataclass
class FakeSend:
    """`streams.ports.Send` that stores what it gets. With `broken`, confirmations fail as those of an unreachable
    broker.
    """

    sent: list[Sent] = field(default_factory=list)
    broken: bool = False

    async def __call__(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        timestamp: datetime | None = None,
        headers: Headers = (),
    ) -> Awaitable[object]:
        return self._confirm(Sent(topic, key, value, timestamp, headers))

    async def _confirm(self, sent: Sent) -> object:
        if self.broken:
            raise ConnectionError("the broker is away")
        self.sent.append(sent)
        return None

    def on(self, topic: str) -> list[bytes]:
        """The values sent to `topic`."""
        return [sent.value for sent in self.sent if sent.topic == topic and sent.value is not None]


def clock() -> datetime:
    """A day after START."""
    return START + timedelta(days=1)


def in_batches(items: Sequence[object], sizes: Sequence[int]) -> list[Sequence[object]]:
    """`items` divided into batches of `sizes`, which repeat as needed."""
    batches, start, turn = [], 0, 0
    while start < len(items):
        size = sizes[turn % len(sizes)]
        batches.append(items[start : start + size])
        start, turn = start + size, turn + 1
    return batches
