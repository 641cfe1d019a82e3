"""Writes what a release leaves behind for the next one: records, a snapshot of the live topics, the keys of the view.

    python -m tests.contracts.release_state REDIS_URL    # at a release, with its own code

The files in `released_state/` are from the last release, so that the present code is tested with them
(`test_released_state`). Its posts are invented.
"""

import asyncio
import gzip
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from redis.asyncio import Redis

from models.events import Answer, DeadLetter, Deletion, EditedDigest, EditedSection, Influencer, Sentence
from models.events.wire import content_hash, encode
from streams.kafka.topics import ASSIGNMENTS, EMBEDDED, TOPIC_EVENTS
from streams.redis_store.client import create_views
from tests.contracts.view_stores import dump
from tests.support.assigning import Bench
from tests.support.made_lessons import lesson
from tests.support.made_lessons import taught as topic
from tests.support.made_posts import START, SUBJECTS, embedded, record, tweet
from tests.support.view_examples import assignment, deletion, digest, event

FOLDER: Final = Path(__file__).parent / "released_state"
LENGTH, HANDLED = 80, 60  # records of the log, and those that the snapshot includes
PREFIX: Final = "released-"
AT: Final = datetime(2021, 5, 7, tzinfo=UTC)


def made_records() -> list[Any]:
    """The log of the release: posts by several people, and a deletion."""
    posts = [
        tweet(n, f"{SUBJECTS[n % len(SUBJECTS)]} {n // 20}", author=f"person{n % 9}", hours=n / 4)
        for n in range(LENGTH)
    ]
    gone = Deletion(id=posts[3].id, author_id=posts[3].author_id, deleted_at=START + timedelta(hours=9), origin="0:40")
    return [gone if n == 40 else embedded(post, f"0:{n}") for n, post in enumerate(posts)]


async def write(url: str) -> None:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    values = made_records()
    log = [record(value, n, topic=EMBEDDED.name) for n, value in enumerate(values)]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), log)
        await bench.stage.assign(log[:HANDLED])
        bench.stage.save_snapshot()
        (snapshot,) = Path(folder).glob("*.safetensors")
        _write(f"{snapshot.name}.gz", snapshot.read_bytes())
    week = digest("2021-W17")
    taught = lesson([topic("D1", ["p00001", "p00002"], np.ones(64), ["speech"])], 64)
    claim = EditedSection(id="D1", sentences=[Sentence(text="It runs.", posts=["1"])])
    answers = [Answer(section="D1", prompt="00", hash="00", text="It runs.")]
    edited = EditedDigest(
        week=week.week,
        digest=content_hash(week),
        model="m",
        headline=None,
        sections=[claim],
        proposed=2,
        accepted=1,
        answers=answers,
    )
    letter = DeadLetter(stage="embed", reason="no JSON", topic="tweets", partition=0, offset=1, record="eA==", at=AT)
    person = Influencer(id="ada", name="Ada", handles={"x": "ada"}, weight=2.0, tags=["nlp"], ids={"x": "1"})
    others = {
        "Tweet": [encode(tweet(1))],
        "Deletion": [encode(Deletion(id="p1", author_id="a", deleted_at=AT))],
        "EmbeddedTweet": [encode(value) for value in values if not isinstance(value, Deletion)],
        "WeekTopics": [encode(taught)],
        "Assignment": bench.send.on(ASSIGNMENTS.name),
        "TopicEvent": bench.send.on(TOPIC_EVENTS.name),
        "Influencer": [encode(person)],
        "DeadLetter": [encode(letter)],
        "Digest": [encode(week)],
        "EditedDigest": [encode(edited)],
    }
    lines = [orjson.dumps({"type": kind, "value": value.decode()}) for kind, found in others.items() for value in found]
    lines += [orjson.dumps({"type": "log", "value": (one.value or b"").decode()}) for one in log]
    _write("records.jsonl.gz", b"\n".join(lines))
    await _write_view(url)


async def _write_view(url: str) -> None:
    views = create_views(url, PREFIX)
    try:
        posts = [
            assignment(f"s{n}", f"T{1 + n % 3}", author=f"a{n}", hours=-n, links=["https://a.example/p"])
            for n in range(9)
        ]
        await views.apply_assignments([*posts, deletion("s4")])
        born = [event("born", f"T{n}", label=f"Label {n}", keywords=["speech"], hours=-8) for n in (1, 2, 3)]
        await views.apply_topic_events([*born, event("merged", "T1", other_ids=["T3"], label="Label 1", hours=-1)])
        await views.put_digest(digest("2021-W17"), [("revision", b"2"), ("made_at", b"2021-05-04T00:00:00Z")])
        seen = orjson.dumps(await dump(views), option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
        _write("view.json.gz", orjson.dumps({"seen": seen.decode(), "keys": await read_keys(url, PREFIX)}))
        await views.wipe()
    finally:
        await views.aclose()


_READ: Final = {
    "string": lambda client, key: client.get(key),
    "hash": lambda client, key: client.hgetall(key),
    "set": lambda client, key: client.smembers(key),
    "list": lambda client, key: client.lrange(key, 0, -1),
    "zset": lambda client, key: client.zrange(key, 0, -1, withscores=True),
    "stream": lambda client, key: client.xrange(key),
}


async def read_keys(url: str, prefix: str) -> dict[str, tuple[str, Any]]:
    """Every key with its type and value."""
    client = Redis.from_url(url, decode_responses=True, protocol=2)
    try:
        found: dict[str, tuple[str, Any]] = {}
        async for key in client.scan_iter(match=f"{prefix}*"):
            kind = str(await client.type(key))
            value = await _READ[kind](client, key)
            found[str(key)] = (kind, sorted(value) if kind == "set" else value)
        return found
    finally:
        await client.aclose()


async def write_keys(url: str, keys: dict[str, tuple[str, Any]], prefix: str, to: str) -> None:
    """Put them into a Redis, under another prefix."""
    client = Redis.from_url(url, decode_responses=True, protocol=2)
    try:
        for name, (kind, value) in keys.items():
            key = to + name.removeprefix(prefix)
            if kind == "string":
                await client.set(key, value)
            elif kind == "hash":
                await client.hset(key, mapping=value)
            elif kind == "set":
                await client.sadd(key, *value)
            elif kind == "list":
                await client.rpush(key, *value)
            elif kind == "zset":
                await client.zadd(key, dict(value))
            else:
                for entry, fields in value:
                    await client.xadd(key, fields, id=entry)
    finally:
        await client.aclose()


def _write(name: str, data: bytes) -> None:
    (FOLDER / name).write_bytes(gzip.compress(data, mtime=0))


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
