"""Compares the digests of a disturbed run with those of an undisturbed one, byte for byte.

The undisturbed run has the same posts, embedded by one process on a topic of its own, in order of time. Each week is
refitted in the real refit process. A published digest was made from the posts up to its `slice_end`, and builds on the
digest that its manifest names: from the same ones the undisturbed run must make the same bytes, and from all posts a
digest that shows the same. A digest whose week was trimmed from the log must equal the one before it without the
deleted posts. No revision has fewer posts than the one before it.
"""

import asyncio
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import msgspec
from aiokafka.errors import KafkaError

from models.digest.cited import shown_posts
from models.digest.redaction import redact
from models.encoding.hash_encoder import HashEncoder
from models.events import Deletion, Digest, EmbeddedTweet, Tweet
from models.events.wire import PoisonError, decode, decode_embedded, decode_post, encode, pack_vector
from models.render.shown import shown
from models.text import clean
from models.week.week import Week
from streams.kafka.admin import ensure_topics
from streams.kafka.digests import PublishedDigest, read_digests, read_revisions
from streams.kafka.log import producer, topic_name
from streams.kafka.record import Record
from streams.kafka.topics import EMBEDDED
from streams.refit.client import RefitProcess
from streams.settings import Settings
from tests.integration.faults.posts import FOREIGN, Produced
from tests.integration.faults.world import World

CLOSING_SECONDS = 900.0
REDACTED = re.compile(r"\d+ deleted posts? removed")
Revisions = Mapping[str, Sequence[PublishedDigest]]


async def digest_differences(settings: Settings, world: World, stages: Sequence[str]) -> list[str]:
    """The differences from the undisturbed run, after the disturbed one has come to rest."""
    if "week-close" not in stages:
        return []
    posts = [post for record in world.sent if (post := _usable(record)) is not None]
    weeks = sorted({Week.of(post.created_at, settings.timezone) for post in posts if isinstance(post, Tweet)})
    differences = await _wait(settings, world, weeks)
    revisions = await read_revisions(settings)
    differences += [problem for entries in revisions.values() for problem in _lessened(entries)]
    log = await world.embedded()
    finals = {week: _refitted(entries, log, differences) for week, entries in revisions.items()}
    compared = Compared(log, max(world.trimmed, default=-1) + 1, revisions, finals)
    return differences + await _against_undisturbed(settings.model_copy(update={"prefix": "undisturbed-"}), compared)


@dataclass(frozen=True)
class Compared:
    """What the undisturbed run is held against."""

    log: Sequence[Record]  # `tweets.embedded` as it was before any trim
    start: int  # first offset that it still has
    revisions: Revisions
    finals: Mapping[str, PublishedDigest]  # the newest revision of each week that a refit made


async def _wait(settings: Settings, world: World, weeks: Sequence[Week]) -> list[str]:
    """What is still open after a time: weeks without a digest, and records that no digest has seen."""
    end = time.monotonic() + CLOSING_SECONDS
    while True:
        try:
            left = _unseen(await read_digests(settings), await world.embedded(), weeks)
        except (KafkaError, OSError):
            left = ["the broker is away"]
        if not left or time.monotonic() > end:
            return left
        await asyncio.sleep(10)  # the whole log is read each time


def _unseen(published: Mapping[str, PublishedDigest], log: Sequence[Record], weeks: Sequence[Week]) -> list[str]:
    left = [f"{week}: was never closed" for week in weeks if str(week) not in published]
    first: set[str] = set()  # a record that is on the log twice counts where it is first
    for record in log:
        try:
            value = decode_embedded(record.value)
        except PoisonError:
            continue
        if value.origin in first or value.origin.startswith(FOREIGN):
            continue
        first.add(value.origin)
        for week in weeks:
            entry = published.get(str(week))
            if entry is None or record.offset < entry.seen_end:
                continue
            if isinstance(value, Deletion):
                belongs = value.id in shown_posts(entry.digest)
            else:
                belongs = week.contains(value.tweet.created_at)
            if belongs:
                left.append(f"{week}: {value.origin} at {record.offset} came after {entry.seen_end}")
    return left


def _lessened(entries: Sequence[PublishedDigest]) -> list[str]:
    """Revisions that were made from fewer posts than the one before."""
    return [
        f"{after.digest.week}: revision {after.revision} has {_posts(after)} posts after {_posts(before)}"
        for before, after in pairwise(entries)
        if _posts(after) < _posts(before)
    ]


def _posts(entry: PublishedDigest) -> int:
    return entry.held or entry.digest.manifest.records + entry.digest.statistics.deleted


def _refitted(entries: Sequence[PublishedDigest], log: Sequence[Record], differences: list[str]) -> PublishedDigest:
    """The newest revision that a refit made. Those after it must be this one without deleted posts."""
    newest = len(entries) - 1
    while newest and REDACTED.fullmatch(entries[newest].changes):
        newest -= 1
    for before, after in zip(entries[newest:], entries[newest + 1 :], strict=False):
        gone = _deleted(log, before.seen_end)  # earlier tombstones are in the digest, or older than its week
        left = shown_posts(after.digest)
        wanted = redact(before.digest, gone & (shown_posts(before.digest) - left))
        if encode(after.digest) != encode(wanted) or left & gone & shown_posts(wanted):
            differences.append(f"{after.digest.week}: revision {after.revision} is not the one before without posts")
    return entries[newest]


def _deleted(log: Sequence[Record], since: int) -> set[str]:
    """Ids of the posts that tombstones from an offset on delete."""
    found = set()
    for record in log:
        if record.offset >= since:
            with suppress(PoisonError):
                value = decode_embedded(record.value)
                if isinstance(value, Deletion):
                    found.add(value.id)
    return found


async def _against_undisturbed(settings: Settings, disturbed: Compared) -> list[str]:
    """Refit every week from the posts that its digest had, and from all."""
    revisions, finals = disturbed.revisions, disturbed.finals
    known = await _embed_in_order(settings, disturbed.log, sorted({entry.slice_end for entry in finals.values()}))
    process = RefitProcess(settings)
    differences = []
    try:
        for week, entry in finals.items():
            named = entry.digest.manifest.previous_hash
            previous = [one for entries in revisions.values() for one in entries if one.hash == named]
            if named and not previous:
                differences.append(f"{week}: the digest that it builds on was never published")
                continue
            with tempfile.NamedTemporaryFile() as file:
                file.write(encode(previous[0].digest) if previous else b"")
                file.flush()
                week_, path = Week.parse(week, settings.timezone), Path(file.name)
                same = await process.refit(week_, end=known[entry.slice_end], previous=path)
                everything = await process.refit(week_, previous=path)
            if same.value != encode(entry.digest):
                differences.append(f"{week}: {_difference(encode(entry.digest), same.value)}")
            if entry.slice_start >= disturbed.start and shown(decode(everything.value, Digest)) != shown(entry.digest):
                differences.append(f"{week}: later posts change what it shows, and it was not corrected")
    finally:
        await process.aclose()
    return differences


async def _embed_in_order(settings: Settings, log: Sequence[Record], ends: Sequence[int]) -> dict[int, int]:
    """Embed the posts and deletions of `log` again: those before the first of `ends` in order of time, then the next.

    Returns:
        The offset here for each of `ends`.
    """
    await ensure_topics(settings)
    encoder = HashEncoder()
    parts: list[dict[str, Tweet | Deletion]] = [{} for _ in range(len(ends) + 1)]
    seen: set[str] = set()
    for record in log:
        try:
            value = decode_embedded(record.value)
        except PoisonError:
            continue
        if value.origin not in seen and not value.origin.startswith(FOREIGN):
            seen.add(value.origin)
            part = sum(end <= record.offset for end in ends)
            parts[part][value.origin] = value if isinstance(value, Deletion) else value.tweet
    offsets: dict[int, int] = {}
    number = 0
    async with producer(settings) as client:
        for place, posts in enumerate(parts):
            for post in sorted(posts.values(), key=lambda post: (_time(post), post.id)):
                await client.send(
                    topic_name(settings, EMBEDDED),
                    key=post.id.encode(),
                    value=encode(_embedded(post, number, encoder)),
                    timestamp_ms=int(_time(post) * 1000),
                )
                number += 1
            if place < len(ends):
                offsets[ends[place]] = number
        await client.flush()
    return offsets


def _embedded(post: Tweet | Deletion, number: int, encoder: HashEncoder) -> EmbeddedTweet | Deletion:
    if isinstance(post, Deletion):
        return msgspec.structs.replace(post, origin=f"0:{number}")
    text = clean(post.text, kind=post.kind, links=post.links)
    (vector,) = encoder.encode([text])
    return EmbeddedTweet(
        tweet=post,
        text=text,
        vector=pack_vector(vector),
        dimensions=encoder.dimensions,
        encoder=encoder.name,
        origin=f"0:{number}",
    )


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
