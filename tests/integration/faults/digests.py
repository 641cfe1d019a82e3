"""Compares the digests of a disturbed run with those of an undisturbed one, byte for byte.

The undisturbed run has the same posts, embedded in order of time by one process on a topic of its own. Each week is
refitted in the real refit process, building on the previous digest.
"""

import asyncio
import time
from collections.abc import Sequence

import msgspec

from models.encoding.hash_encoder import HashEncoder
from models.events import Deletion, Digest, EmbeddedTweet, Tweet
from models.events.wire import PoisonError, decode, decode_post, encode, pack_vector
from models.text import clean
from models.week.week import Week
from streams.kafka.admin import ensure_topics
from streams.kafka.digests import PublishedDigest, read_digests
from streams.kafka.log import producer, topic_name
from streams.kafka.topics import DIGESTS, EMBEDDED
from streams.refit.client import run_refit
from streams.settings import Settings
from tests.integration.faults.posts import Produced
from tests.integration.faults.world import World

CLOSING_SECONDS = 600.0


async def digest_differences(settings: Settings, world: World, stages: Sequence[str]) -> list[str]:
    """The differences from the undisturbed run. Waits for a limited time until the disturbed run has the same."""
    if "week-close" not in stages:
        return []
    expected = await undisturbed(settings.model_copy(update={"prefix": "undisturbed-"}), world.sent)
    end = time.monotonic() + CLOSING_SECONDS
    while True:
        found = {week: encode(entry.digest) for week, entry in (await read_digests(settings)).items()}
        if found == expected or time.monotonic() > end:
            break
        await asyncio.sleep(2)
    if not expected:
        return ["the undisturbed run has no digest"]
    return [
        f"{week}: {_difference(found.get(week), expected.get(week))}"
        for week in sorted({*found, *expected})
        if found.get(week) != expected.get(week)
    ]


async def undisturbed(settings: Settings, sent: Sequence[Produced]) -> dict[str, bytes]:
    """The digests' bytes by week."""
    await ensure_topics(settings)
    encoder = HashEncoder()
    usable = [entry for record in sent if (entry := _usable(record)) is not None]
    async with producer(settings) as client:
        for number, post in enumerate(sorted(usable, key=lambda post: (_time(post), post.id))):
            if isinstance(post, Deletion):
                record: EmbeddedTweet | Deletion = msgspec.structs.replace(post, origin=f"0:{number}")
            else:
                text = clean(post.text, kind=post.kind, links=post.links)
                (vector,) = encoder.encode([text])
                record = EmbeddedTweet(
                    tweet=post,
                    text=text,
                    vector=pack_vector(vector),
                    dimensions=encoder.dimensions,
                    encoder=encoder.name,
                    origin=f"0:{number}",
                )
            await client.send(
                topic_name(settings, EMBEDDED),
                key=post.id.encode(),
                value=encode(record),
                timestamp_ms=int(_time(post) * 1000),
            )
        await client.flush()
        weeks = sorted(
            {Week.of(post.created_at, settings.timezone) for post in usable if not isinstance(post, Deletion)}
        )
        found = {}
        for week in weeks:
            made = await run_refit(settings, week)
            published = PublishedDigest(decode(made.value, Digest), 1, made.slice_start, made.slice_end)
            await client.send_and_wait(
                topic_name(settings, DIGESTS),
                key=str(week).encode(),
                value=made.value,
                timestamp_ms=int(published.digest.end.timestamp() * 1000),
                headers=list(published.headers()),
            )
            found[str(week)] = made.value
    return found


def _usable(record: Produced) -> Tweet | Deletion | None:
    if record.poison not in ("", "null key"):
        return None
    try:
        return decode_post(record.value)
    except PoisonError:
        return None


def _time(post: Tweet | Deletion) -> float:
    return (post.deleted_at if isinstance(post, Deletion) else post.created_at).timestamp()


def _difference(found: bytes | None, expected: bytes | None) -> str:
    if found is None or expected is None:
        return "was never made" if found is None else "nobody expected"
    place = next((at for at, (a, b) in enumerate(zip(found, expected, strict=False)) if a != b), -1)
    return f"{found[max(0, place - 80) : place + 80]!r} instead of {expected[max(0, place - 80) : place + 80]!r}"
