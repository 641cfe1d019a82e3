"""The influencer list on the compacted topic `influencers`: key influencer id, value `Influencer`, null removes.

The list is the last value of every key, so any stage can read it whole. Unreadable records are logged and skipped, so
that one bad record does not hide the list. Two people cannot have the same handle.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
import structlog

from models.events import Influencer, wire
from models.events.wire import PoisonError
from models.text.handles import normal
from streams.kafka import log as kafka_log
from streams.kafka.record import Record
from streams.kafka.topics import INFLUENCERS
from streams.settings import Settings

log = structlog.get_logger(__name__)


class InfluencerError(ValueError):
    """An influencer that cannot be listed; the message gives the reason."""


async def read_influencers(settings: Settings) -> list[Influencer]:
    """Everybody on the list, by id. Raises LookupError when the topic does not exist."""
    last = (versions[-1].person for versions in (await _versions(settings)).values())
    return sorted((person for person in last if person is not None), key=lambda person: person.id)


@dataclass(frozen=True)
class _Version:
    """What one record says of a person; None: taken off the list, or not readable."""

    offset: int
    person: Influencer | None


async def _versions(settings: Settings) -> dict[str, list[_Version]]:
    """Every version that the topic still has, by id of the person, oldest first."""
    found: dict[str, list[_Version]] = {}
    async for records in kafka_log.read_topic(settings, INFLUENCERS):
        for record in records:
            if record.key is not None:
                key = record.key.decode("utf-8", "backslashreplace")
                found.setdefault(key, []).append(_Version(record.offset, _person_of(record)))
    return found


def _person_of(record: Record) -> Influencer | None:
    if record.value is None:
        return None
    try:
        return wire.decode(record.value, Influencer)
    except PoisonError as error:
        log.warning("influencer record is unreadable; skipping it", offset=record.offset, reason=str(error))
        return None


async def put_influencers(settings: Settings, people: list[Influencer], *, at: datetime) -> None:
    """Add or replace people. On return the broker has stored them."""
    await _produce(settings, [(person.id, wire.encode(person)) for person in people], at)


async def remove_influencers(settings: Settings, ids: list[str], *, at: datetime) -> None:
    """Remove people from the list. On return the broker has stored the removal."""
    await _produce(settings, [(influencer_id, None) for influencer_id in ids], at)


async def add_ids(settings: Settings, ids: Mapping[str, Mapping[str, str]], *, at: datetime) -> None:
    """Add the ids that handles were resolved to.

    A compacted topic knows no "read, change, write" in one step. So it is read again afterwards: what somebody else
    wrote of a person between the two is put back, and the next call adds the ids to that.

    Args:
        settings: the broker and the prefix.
        ids: id of a person -> platform -> id there. Whoever is not on the list is left out.
        at: time of the records.
    """
    before = {key: versions[-1] for key, versions in (await _versions(settings)).items()}
    changed: dict[str, Influencer] = {}
    for key, own_ids in ids.items():
        person = before[key].person if key in before else None
        if person is not None:
            changed[key] = msgspec.structs.replace(person, ids={**person.ids, **own_ids})
    await put_influencers(settings, list(changed.values()), at=at)
    after = await _versions(settings)
    covered: list[tuple[str, bytes | None]] = []
    for key, written in changed.items():
        newer = [version.person for version in after[key] if version.offset > before[key].offset]
        theirs = newer[: newer.index(written)]
        if theirs:
            covered.append((key, None if theirs[-1] is None else wire.encode(theirs[-1])))
    await _produce(settings, covered, at)


async def _produce(settings: Settings, records: list[tuple[str, bytes | None]], at: datetime) -> None:
    topic = kafka_log.topic_name(settings, INFLUENCERS)
    milliseconds = int(at.timestamp() * 1000)
    async with kafka_log.producer(settings) as client:
        sent = [
            await client.send(topic, key=key.encode(), value=value, timestamp_ms=milliseconds) for key, value in records
        ]
        for confirmation in sent:
            await confirmation


def addition(listed: list[Influencer], person: Influencer, *, by_name: bool, weighted: bool) -> Influencer:
    """Resolve `person` against the list: the same id, a known handle or the same name means the listed person.

    Args:
        listed: The list.
        person: The person to add.
        by_name: Whether the name and handles also identify a listed person.
        weighted: Whether `person.weight` was given; otherwise a listed person keeps the old weight.
    """
    same = next((one for one in listed if one.id == person.id), None)
    if same is None and by_name:
        found_ids = {one.id: one for name in (person.name, *person.handles.values()) if (one := found(listed, name))}
        if len(found_ids) == 1:
            same = next(iter(found_ids.values()))
    if same is None:
        return person
    weight = person.weight if weighted else same.weight
    return Influencer(id=same.id, name=person.name, handles=person.handles, weight=weight, tags=person.tags)


def merged(listed: list[Influencer], new: list[Influencer]) -> list[Influencer]:
    """Combine new people with the list: a listed person keeps the handles and tags that `new` does not give.

    Returns:
        The people of `new`, ready to be written, by id.

    Raises:
        InfluencerError: A handle belongs to another person.
    """
    known = {person.id: person for person in listed}
    owners = {(platform, handle.lower()): p.id for p in listed for platform, handle in p.handles.items()}
    for person in new:
        for platform, handle in person.handles.items():
            owner = owners.setdefault((platform, handle.lower()), person.id)
            if owner != person.id:
                raise InfluencerError(f"{handle} on {platform} already belongs to {owner}")
        before = known.get(person.id)
        known[person.id] = person if before is None else _joined(before, person)
    changed = {person.id for person in new}
    return [known[influencer_id] for influencer_id in sorted(changed)]


def _joined(before: Influencer, new: Influencer) -> Influencer:
    """`new` plus what only `before` states. An id goes with its handle: when `new` replaces that, the id is dropped."""
    bare = new.name in new.handles.values() and new.weight == 1.0  # a bare handle states nothing but the listing
    return Influencer(
        id=new.id,
        name=before.name if bare else new.name,
        handles={**before.handles, **new.handles},
        weight=before.weight if bare else new.weight,
        tags=sorted({*before.tags, *new.tags}),
        ids={**_kept_ids(before, new), **new.ids},
    )


def _kept_ids(before: Influencer, new: Influencer) -> dict[str, str]:
    handles = {platform: new.handles.get(platform, handle) for platform, handle in before.handles.items()}
    return {
        platform: own_id
        for platform, own_id in before.ids.items()
        if normal(handles.get(platform, "")) == normal(before.handles.get(platform, ""))
    }


def found(listed: list[Influencer], named: str) -> Influencer | None:
    """The person with this id, name or handle. Case and a leading @ are ignored."""
    wanted = named.strip().removeprefix("@").lower()
    for person in listed:
        if wanted in {
            value.lower() for value in (person.id, person.name, *person.handles.values(), *person.ids.values())
        }:
            return person
    return None
