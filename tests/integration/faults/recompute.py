"""Compares assignments and topic events with those of one process that reads the log once from its start."""

from collections.abc import Sequence
from pathlib import Path

from streams.kafka.record import Record
from streams.kafka.topics import ASSIGNMENTS, EMBEDDED, TOPIC_EVENTS
from streams.runtime.pipeline import build_assign
from streams.settings import Settings
from streams.system.metrics import Metrics
from tests.integration.pipeline import records_of
from tests.support.made_posts import FakeSend

BATCH = 500


async def recomputed_differences(settings: Settings, embedded: Sequence[Record], folder: Path) -> list[str]:
    """Outputs that should not be on the topics, and missing ones: the state must be a function of the log alone.

    It must not depend on the snapshot that a process started with, nor on the number of kills.

    Args:
        settings: Brokers and prefix.
        embedded: The whole log.
        folder: An empty one.
    """
    send = FakeSend()
    stage = build_assign(settings.model_copy(update={"data_dir": folder}), send, Metrics())
    for start in range(0, len(embedded), BATCH):
        await stage.handlers[EMBEDDED](embedded[start : start + BATCH])
    differences = []
    for topic in (ASSIGNMENTS, TOPIC_EVENTS):
        found = {record.value or b"" for record in await records_of(settings, topic)}
        expected = set(send.on(topic.name))
        differences += [f"{topic.name}: {value!r:.300} comes from no log" for value in sorted(found - expected)]
        differences += [f"{topic.name}: {value!r:.300} is missing" for value in sorted(expected - found)]
    return differences
