"""The input during faults. Invented; a pure function of the seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import orjson

from models.encoding.hash_encoder import HashEncoder
from models.events import Deletion, EmbeddedTweet, Tweet
from models.events.wire import encode, pack_vector
from streams.kafka.topics import EMBEDDED, TWEETS

START = datetime(2021, 5, 3, tzinfo=UTC)  # the first moment of 2021-W18
PEOPLE = 60
FOREIGN = "99:"  # the origin of a record of `tweets.embedded` that no embed stage made
SUBJECTS = (
    "lighthouse keepers repair the old lens above the harbour",
    "the choir rehearses its winter mass in the paper mill",
    "beekeepers count their hives after a long frost",
    "a tram line to the botanical garden opens again",
    "divers find the bell of a sunken ferry",
    "the observatory publishes its chart of faint comets",
    "a baker in the valley revives a rye bread of 1820",
    "chess players rebuild the automaton of the museum",
)
DETAILS = ("on Monday", "with volunteers", "after a year", "for free", "in the rain", "at last", "again", "by hand")


@dataclass(frozen=True)
class Produced:
    """One record for a topic. `poison` names its kind; "" for a usable record."""

    topic: str
    key: bytes | None
    value: bytes | None
    time: datetime | None
    poison: str = ""


def flow(count: int, seed: int, days: float, originals_share: float = 0.3) -> list[Produced]:
    """Make `count` records over `days`: originals by share, else retweets; 1 % sent twice, 0.3 % tombstones."""
    chance = random.Random(seed)
    records: list[Produced] = []
    originals: list[Tweet] = []
    step = timedelta(days=days) / count
    for number in range(count):
        at = START + number * step
        turn = chance.random()
        if turn < 0.003 and len(originals) > 20:
            gone = chance.choice(originals[-200:])
            records.append(deletion(Deletion(id=gone.id, author_id=gone.author_id, deleted_at=at)))
        elif turn < 0.013 and len(originals) > 20:
            again = chance.choice(originals[-200:])
            # half of them with another text: the id decides
            records.append(record(replace_text(again, chance) if chance.random() < 0.5 else again))
        elif turn < 1 - originals_share and originals:
            records.append(record(_retweet(number, at, chance.choice(originals[-300:]), chance)))
        else:
            originals.append(_original(number, at, chance))
            records.append(record(originals[-1]))
    return records


def record(post: Tweet, *, key: bytes | None = b"") -> Produced:
    """A post as a source produces it."""
    return Produced(TWEETS.name, post.author_id.encode() if key == b"" else key, encode(post), post.created_at)


def extra(number: int, at: datetime) -> Produced:
    """A post in addition to the flow; `number` makes its id unique."""
    return record(_original(number, at, random.Random(number)))


def newest_time(sent: Sequence[Produced]) -> datetime:
    """The time of the newest record that has one."""
    return next((record.time for record in reversed(sent) if record.time is not None), START)


def replace_text(post: Tweet, chance: random.Random) -> Tweet:
    """The same id with another text."""
    fields = {name: getattr(post, name) for name in post.__struct_fields__}
    return Tweet(**{**fields, "text": f"{post.text} {chance.randrange(1_000)}"})


def deletion(tombstone: Deletion) -> Produced:
    """A tombstone as a source produces it."""
    return Produced(TWEETS.name, tombstone.author_id.encode(), encode(tombstone), tombstone.deleted_at)


def _original(number: int, at: datetime, chance: random.Random) -> Tweet:
    person = f"person{chance.randrange(PEOPLE)}"
    text = f"{chance.choice(SUBJECTS)} {chance.choice(DETAILS)} {chance.choice(DETAILS)} {number}"
    return Tweet(id=f"c{number:07d}", author_id=person, author=person, created_at=at, text=text)


def _retweet(number: int, at: datetime, of: Tweet, chance: random.Random) -> Tweet:
    person = f"person{chance.randrange(PEOPLE)}"
    return Tweet(
        id=f"c{number:07d}",
        author_id=person,
        author=person,
        created_at=at,
        text=f"RT @{of.author}: {of.text}",
        kind="retweet",
        related_id=of.id,
        related_author=of.author,
    )


def poison(kind: str, number: int, now: datetime) -> Produced:
    """One record of a kind in POISON; `number` makes its id unique."""
    made = POISON[kind](_original(9_000_000 + number, START, random.Random(number)), now)
    return replace(made, poison=kind)


def _bytes(value: bytes | None) -> Produced:
    return Produced(TWEETS.name, b"poison", value, None)


def _with(post: Tweet, **fields: object) -> Produced:
    return _bytes(orjson.dumps(orjson.loads(encode(post)) | fields))


def _embedded(post: Tweet, vector: str, dimensions: int, encoder: str = HashEncoder().name) -> Produced:
    value = EmbeddedTweet(
        tweet=post, text=post.text, vector=vector, dimensions=dimensions, encoder=encoder, origin=f"{FOREIGN}1"
    )
    return Produced(EMBEDDED.name, b"poison", encode(value), post.created_at)


# kind -> record; each ends as one dead letter, except `null key`, which is a usable post
POISON = {
    "not JSON": lambda post, now: _bytes(b"\xff\xfe{" + post.id.encode()),
    "truncated": lambda post, now: _bytes(encode(post)[:-9]),
    "array": lambda post, now: _bytes(b"[" + encode(post) + b"]"),
    "wrong types": lambda post, now: _with(post, text=17, followers="many"),
    "5 MB": lambda post, now: _with(post, text="x" * 5_000_000),
    "deep nesting": lambda post, now: _bytes(b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "lone surrogate": lambda post, now: _bytes(encode(post).replace(b'"text":"', b'"text":"\\ud800')),
    "NaN": lambda post, now: _bytes(encode(post).replace(b'"schema":1', b'"schema":NaN')),
    "infinity": lambda post, now: _bytes(encode(post).replace(b'"likes":0', b'"likes":1e999')),
    "future date": lambda post, now: _with(post, created_at=(now + timedelta(days=1)).isoformat()),
    "ancient date": lambda post, now: _with(post, created_at="1815-12-10T00:00:00Z"),
    "no time zone": lambda post, now: _with(post, created_at="2021-05-03T00:00:00"),
    "deletion without time zone": lambda post, now: _bytes(
        orjson.dumps({"type": "deletion", "id": post.id, "author_id": "a", "deleted_at": "2021-05-03T00:00:00"})
    ),
    "deletion of year 1": lambda post, now: _bytes(
        orjson.dumps({"type": "deletion", "id": post.id, "author_id": "a", "deleted_at": "0001-01-01T00:00:00Z"})
    ),
    "unknown schema": lambda post, now: _with(post, schema=99),
    "unknown type": lambda post, now: _with(post, type="weather"),
    "null value": lambda post, now: _bytes(None),
    "null key": lambda post, now: record(post, key=None),
    "wrong vector length": lambda post, now: _embedded(post, pack_vector(np.ones(5)), 384),
    "other dimensions": lambda post, now: _embedded(post, pack_vector(np.ones(5)), 5),
    "vector not finite": lambda post, now: _embedded(post, pack_vector(np.full(384, np.inf)), 384),
}
