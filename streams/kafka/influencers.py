"""The influencer list on the compacted topic `influencers`: key influencer id, value `Influencer`, null removes.

The list is the last value of every key, so any stage can read it whole. Unreadable records are logged and skipped, so
that one bad record does not hide the list. Two people cannot have the same handle.
"""

from datetime import datetime

import structlog

from models.events import Influencer, wire
from models.events.wire import PoisonError
from streams.kafka import log as kafka_log
from streams.kafka.topics import INFLUENCERS
from streams.settings import Settings

log = structlog.get_logger(__name__)


class InfluencerError(ValueError):
    """An influencer that cannot be listed; the message gives the reason."""


async def read_influencers(settings: Settings) -> list[Influencer]:
    """All people on the list, by id.

    Raises:
        LookupError: The topic does not exist.
    """
    listed: dict[bytes, Influencer] = {}
    async for records in kafka_log.read_topic(settings, INFLUENCERS):
        for record in records:
            if record.key is None:
                continue
            listed.pop(record.key, None)
            if record.value is not None:
                try:
                    listed[record.key] = wire.decode(record.value, Influencer)
                except PoisonError as error:
                    log.warning("influencer record is unreadable; skipping it", offset=record.offset, reason=str(error))
    return sorted(listed.values(), key=lambda person: person.id)


async def put_influencers(settings: Settings, people: list[Influencer], *, at: datetime) -> None:
    """Add or replace people. On return the broker has stored them."""
    await _produce(settings, [(person.id, wire.encode(person)) for person in people], at)


async def remove_influencers(settings: Settings, ids: list[str], *, at: datetime) -> None:
    """Remove people from the list. On return the broker has stored the removal."""
    await _produce(settings, [(influencer_id, None) for influencer_id in ids], at)


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
    bare = new.name in new.handles.values() and new.weight == 1.0  # a bare handle states nothing but the listing
    return Influencer(
        id=new.id,
        name=before.name if bare else new.name,
        handles={**before.handles, **new.handles},
        weight=before.weight if bare else new.weight,
        tags=sorted({*before.tags, *new.tags}),
    )


def found(listed: list[Influencer], named: str) -> Influencer | None:
    """The person with this id, name or handle. Case and a leading @ are ignored."""
    wanted = named.strip().removeprefix("@").lower()
    for person in listed:
        if wanted in {value.lower() for value in (person.id, person.name, *person.handles.values())}:
            return person
    return None
