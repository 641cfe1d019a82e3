"""A community is added, and removed with all that is its: topics, what Redis holds of it, its data folder.

Kafka forgets a group without topics by itself. The embedding cache is shared: it holds vectors by the hash of their
text and their encoder, and lets go of them by itself.
"""

import asyncio
import shutil
import time
from typing import Final

import msgspec

from models.events import Community
from streams.clock import Clock
from streams.kafka.admin import delete_topics, ensure_topics, existing_topics
from streams.kafka.communities import read_communities, settings_of, write_community
from streams.kafka.lag import is_read, member_counts
from streams.kafka.log import EMBED, group_name
from streams.kafka.topics import COMMUNITIES, TOPICS, TWEETS
from streams.redis_store.client import open_views
from streams.redis_store.database import Keys
from streams.settings import Settings, of_community
from streams.stages.table import STAGE_NAMES

PATIENCE_SECONDS: Final = 90.0  # until the workers have stopped its stages
OWN_STAGES: Final = tuple(name for name in STAGE_NAMES if name != EMBED)
OWN_TOPICS: Final = tuple(topic for topic in TOPICS if topic is not COMMUNITIES)


class CommunityError(ValueError):
    """A community that cannot be added or removed; the message gives the reason."""


async def add_community(settings: Settings, wanted: Community, clock: Clock) -> Community:
    """Create the topics of a community, then list it. Returns it with its number.

    Args:
        settings: Of the installation.
        wanted: The community; its number does not count.
        clock: The present time.

    Raises:
        CommunityError: There is one of that name.
        WrongTopicsError: A topic of that name has other settings.
    """
    listed = await read_communities(settings)
    if any(one.name == wanted.name for one in listed):
        raise CommunityError(f"there is a community {wanted.name!r} already")
    taken = {one.number for one in listed}
    made = msgspec.structs.replace(wanted, number=next(n for n in range(1, len(taken) + 2) if n not in taken))
    await ensure_topics(settings_of(settings, made))
    await write_community(settings, made.name, made, at=clock())
    return made


async def remove_community(settings: Settings, name: str, clock: Clock, patience: float = PATIENCE_SECONDS) -> None:
    """Take a community off the list, wait until no stage works for it, and delete all that is its.

    A second call finishes what a first one could not.

    Args:
        settings: Of the installation.
        name: Its name.
        clock: The present time.
        patience: Seconds to wait for the stages.

    Raises:
        CommunityError: There is none, or its stages run on.
    """
    own = of_community(settings, name)
    if any(one.name == name for one in await read_communities(settings)):
        await write_community(settings, name, None, at=clock())
    elif not await existing_topics(own, OWN_TOPICS) and not own.data_dir.exists():
        raise CommunityError(f"there is no community {name!r}")
    end = time.monotonic() + patience
    while users := await _users(own):
        if time.monotonic() > end:
            raise CommunityError(
                f"{name} is off the list, but {', '.join(users)} still run{'s' * (len(users) == 1)} for it: stop what "
                "does not stop by itself, and remove it again"
            )
        await asyncio.sleep(1.0)
    await delete_topics(own, OWN_TOPICS)
    async with open_views(str(own.redis_url), own.prefix) as views:
        keys = Keys(own.prefix)
        for root in (keys.root, keys.alerts, f"{own.prefix}resource:"):
            await views.database.delete_matching(f"{root}*")
    shutil.rmtree(own.data_dir, ignore_errors=True)


async def _users(own: Settings) -> list[str]:
    """The stages that still read its topics."""
    groups = {group_name(own, stage): stage for stage in OWN_STAGES}
    members = await member_counts(own, list(groups))
    users = [stage for group, stage in groups.items() if members[group]]
    return [*users, *([EMBED] if await is_read(own, TWEETS, group=group_name(own, EMBED)) else [])]
