"""The communities of an installation, on the compacted topic `communities`: key name, value `Community`.

A null value removes.
"""

from datetime import datetime

from models.events import Community, wire
from models.events.wire import PoisonError
from streams.kafka.log import producer, read_topic, topic_name
from streams.kafka.topics import COMMUNITIES
from streams.settings import Settings, of_community
from streams.system.logs import get_logger

METRICS_PORTS = 20  # of one community
log = get_logger(__name__)


async def read_communities(settings: Settings) -> list[Community]:
    """All communities, by name. An unreadable record is logged and skipped.

    Raises:
        LookupError: The topic does not exist.
    """
    found: dict[bytes | None, Community] = {}
    async for records in read_topic(settings, COMMUNITIES):
        for record in records:
            found.pop(record.key, None)
            if record.value is not None:
                try:
                    found[record.key] = wire.decode(record.value, Community)
                except PoisonError as error:
                    log.warning("record of a community is unreadable; skipping it", reason=str(error))
    return sorted(found.values(), key=lambda community: community.name)


def settings_of(settings: Settings, community: Community) -> Settings:
    """The settings for a community, with what the list says of it.

    Args:
        settings: Of the installation.
        community: The community.
    """
    port = settings.metrics_port
    return of_community(settings, community.name).model_copy(
        update={
            "timezone": community.timezone,
            "lateness_hours": community.lateness_hours,
            "metrics_port": port and port + METRICS_PORTS * community.number,
        }
    )


async def write_community(settings: Settings, name: str, community: Community | None, *, at: datetime) -> None:
    """Add or replace a community, or remove it with None. On return the broker has stored it.

    Args:
        settings: The broker and the prefix.
        name: Its name.
        community: What is to be known of it.
        at: Time of the record.
    """
    async with producer(settings) as client:
        await client.send_and_wait(
            topic_name(settings, COMMUNITIES),
            key=name.encode(),
            value=None if community is None else wire.encode(community),
            timestamp_ms=int(at.timestamp() * 1000),
        )
