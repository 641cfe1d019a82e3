"""Topics on a real broker: created as in the table; a wrong one is reported and never used."""

from dataclasses import replace
from pathlib import Path

import pytest

from streams.kafka.admin import WrongTopicsError, ensure_topics
from streams.kafka.lag import lag_of
from streams.kafka.log import Bounds, bounds_of, consumer, producer, read, topic_name
from streams.kafka.topics import DIGESTS, EMBEDDED, TOPICS, TWEETS
from streams.settings import Settings, load_settings


def _settings(kafka: str, prefix: str, folder: Path) -> Settings:
    return load_settings(kafka_bootstrap_servers=kafka, prefix=prefix, data_dir=folder)


async def test_missing_topics_are_made_once(kafka_bootstrap: str, fresh_names: str, tmp_path: Path) -> None:
    """All of the table, under the prefix."""
    settings = _settings(kafka_bootstrap, fresh_names, tmp_path)
    assert await ensure_topics(settings) == [fresh_names + topic.name for topic in TOPICS]
    assert await ensure_topics(settings) == []


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (replace(EMBEDDED, partitions=2), "2 partitions instead of 1"),
        (replace(TWEETS, config={**TWEETS.config, "retention.ms": "1000"}), "retention.ms is 1000 instead of -1"),
        (replace(DIGESTS, config={}), "cleanup.policy is delete instead of compact"),
    ],
)
async def test_a_wrong_topic_is_named(
    wrong: object, problem: str, kafka_bootstrap: str, fresh_names: str, tmp_path: Path
) -> None:
    """A short retention would delete a backfill at once; two partitions would have two writers."""
    settings = _settings(kafka_bootstrap, fresh_names, tmp_path)
    await ensure_topics(settings, (wrong,))  # type: ignore[arg-type]
    with pytest.raises(WrongTopicsError, match=problem):
        await ensure_topics(settings)


async def test_a_range_is_read_exactly(kafka_bootstrap: str, fresh_names: str, tmp_path: Path) -> None:
    """No record more or less, also when a partition is empty. The lag counts uncommitted records."""
    settings = _settings(kafka_bootstrap, fresh_names, tmp_path)
    await ensure_topics(settings)
    async with producer(settings) as client:
        for number in range(500):
            await client.send(topic_name(settings, TWEETS), value=b"%d" % number, partition=number % 2)
    async with consumer(settings, TWEETS) as client:
        bounds = {
            partition: Bounds(bound.start + 10, bound.end - 10) if bound.end else bound
            for partition, bound in (await bounds_of(client)).items()
        }
        found = [
            int(record.value or b"-1") for records in [r async for r in read(client, bounds)] for record in records
        ]
    assert sorted(found) == list(range(20, 480))
    assert await lag_of(settings, TWEETS, group="nobody") == {0: 250, 1: 250, 2: 0, 3: 0}
