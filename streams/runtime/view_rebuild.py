"""Builds the live view from the log: how each topic is applied, and the rebuild of the whole view."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

from streams.clock import system_clock
from streams.kafka.admin import cluster_id
from streams.kafka.log import Bounds, bounds_of, consumer, read
from streams.kafka.record import Record
from streams.kafka.topics import ASSIGNMENTS, DIGESTS, DIGESTS_EDITED, TOPIC_EVENTS, Topic
from streams.ports import Send
from streams.redis_store.client import RedisViews
from streams.redis_store.view_positions import ViewPositions
from streams.settings import Settings
from streams.stages.stage import Handler
from streams.stages.view import view_assignments, view_digests, view_editions, view_topic_events
from streams.stages.view_follower import ViewFollower

TopicProgress = Callable[[str, int, int], None]  # topic, records done, records in total


def view_positions(settings: Settings, store: RedisViews) -> ViewPositions:
    """The positions of the view that is made from this installation's log."""
    return ViewPositions(store.database, settings.prefix, partial(cluster_id, settings))


def view_followers(
    settings: Settings, store: RedisViews, positions: ViewPositions, send: Send
) -> dict[Topic, ViewFollower]:
    """The view stage's handlers by topic.

    Args:
        settings: Brokers and prefix.
        store: The view.
        positions: How far it has read.
        send: Receives the dead letters.
    """
    appliers: dict[Topic, Callable[..., Awaitable[None]]] = {
        ASSIGNMENTS: view_assignments,
        TOPIC_EVENTS: view_topic_events,
        DIGESTS: view_digests,
        DIGESTS_EDITED: view_editions,
    }
    return {
        topic: ViewFollower(topic.name, _handler(apply, store, send), positions, partial(_read_range, settings, topic))
        for topic, apply in appliers.items()
    }


def _handler(apply: Callable[..., Awaitable[None]], store: RedisViews, send: Send) -> Handler:
    return partial(apply, store=store, send=send, clock=system_clock)


async def rebuild_views(settings: Settings, store: RedisViews, send: Send, progress: TopicProgress) -> dict[str, int]:
    """Wipe the view and apply the log from its start to its present end.

    A worker of this installation may run at the same time: both apply the same records, which changes nothing.

    Args:
        settings: Brokers and prefix.
        store: The view.
        send: Receives the dead letters.
        progress: Called after each batch.

    Returns:
        The number of applied records by topic.

    Raises:
        OtherLogError: The worker of another installation has filled the view again meanwhile.
    """
    await store.wipe()
    counts: dict[str, int] = {}
    for topic, follower in view_followers(settings, store, view_positions(settings, store), send).items():
        async with consumer(settings, topic) as client:
            bounds = await bounds_of(client)
            total = sum(bound.end - bound.start for bound in bounds.values())
            done = 0
            async for records in read(client, bounds):
                await follower.handle(records)
                done += len(records)
                progress(topic.name, done, total)
        counts[topic.name] = done
    return counts


async def _read_range(
    settings: Settings, topic: Topic, partition: int, start: int, end: int
) -> AsyncIterator[list[Record]]:
    async with consumer(settings, topic) as client:
        kept = {known: bound for known, bound in (await bounds_of(client)).items() if known.partition == partition}
        bounds = {known: Bounds(max(start, bound.start), min(end, bound.end)) for known, bound in kept.items()}
        async for records in read(client, bounds):
            yield records
