"""An upgrade, and a rolling one: the present code takes over what the last release left, and the reverse.

The files were written by the release itself (`release_state`). A release that is newer is refused elsewhere.
"""

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest

from models.events import Assignment, EmbeddedTweet, TopicEvent
from models.events.base import SCHEMA
from models.events.schemas import TYPES
from models.events.wire import decode, encode
from streams.kafka.record import Record
from streams.kafka.topics import ASSIGNMENTS, DEAD_LETTERS, EMBEDDED, TOPIC_EVENTS
from streams.redis_store.client import create_views
from streams.stages.assign import AssignStage
from tests.contracts.release_state import FOLDER, HANDLED, LENGTH, PREFIX, made_records, write_keys
from tests.contracts.view_stores import dump
from tests.support.assigning import Bench
from tests.support.made_posts import record
from tests.support.view_examples import assignment

SCHEMAS = Path(__file__).parent / "released_schemas" / str(SCHEMA)


@cache
def _records() -> dict[str, list[bytes]]:
    """Type, or "log" -> values, as the release wrote them."""
    found: dict[str, list[bytes]] = {}
    for line in gzip.decompress((FOLDER / "records.jsonl.gz").read_bytes()).splitlines():
        one = orjson.loads(line)
        found.setdefault(one["type"], []).append(one["value"].encode())
    return found


def _log(values: list[bytes]) -> list[Record]:
    return [record(value, offset, topic=EMBEDDED.name) for offset, value in enumerate(values)]


def _outcomes(values: list[bytes]) -> dict[str, str]:
    return {one.origin: one.outcome for one in (decode(value, Assignment) for value in values)}


@pytest.mark.parametrize("kind", TYPES)
def test_records_of_the_release_are_read(kind: Any) -> None:
    """And written again as they were: no field is lost."""
    for value in _records().get(kind.__name__, []):
        assert orjson.loads(encode(decode(value, kind))) == orjson.loads(value)


def test_no_type_is_forgotten() -> None:
    """But one that the release did not have."""
    assert {kind.__name__ for kind in TYPES} - _records().keys() == {"Community"}


async def test_the_old_embed_feeds_the_new_assign(tmp_path: Path) -> None:
    """In a rolling upgrade: every record of the old stage has one outcome, the one that the old stage gave it."""
    bench = Bench(tmp_path, log := _log(_records()["log"]))
    await bench.stage.assign(log)
    assert bench.send.on(DEAD_LETTERS.name) == []
    found = _outcomes(bench.send.on(ASSIGNMENTS.name))
    assert len(found) == LENGTH
    before = _outcomes(_records()["Assignment"])
    assert {origin: found[origin] for origin in before} == before


async def test_the_new_stages_feed_the_old_ones(tmp_path: Path) -> None:
    """What embed and assign write now is valid by the schemas that the release reads with, which allow new fields."""
    values = made_records()
    bench = Bench(tmp_path, log := _log([encode(value) for value in values]))
    await bench.stage.assign(log)
    written: dict[type, list[bytes]] = {
        EmbeddedTweet: [encode(value) for value in values if isinstance(value, EmbeddedTweet)],
        Assignment: bench.send.on(ASSIGNMENTS.name),
        TopicEvent: bench.send.on(TOPIC_EVENTS.name),
    }
    for kind, found in written.items():
        schema = orjson.loads((SCHEMAS / f"{kind.__name__}.json").read_bytes())
        assert found
        for value in found:
            jsonschema.validate(orjson.loads(value), schema)
            assert orjson.loads(value)["schema"] == SCHEMA


async def test_a_snapshot_of_the_release_is_taken_over(tmp_path: Path) -> None:
    """Loaded, or read again from the log: the posts after it are placed as by a stage that never stopped."""
    (packed,) = FOLDER.glob("*.safetensors.gz")
    log = _log(_records()["log"])
    upgraded, steady = Bench(tmp_path, log), Bench(tmp_path / "other", log)
    (tmp_path / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    assert upgraded.stage.load_snapshot() in (0, HANDLED)
    await upgraded.stage.assign(log[HANDLED:])
    await steady.stage.assign(log[:HANDLED])
    await steady.stage.assign(log[HANDLED:])
    assert _placed(upgraded.stage) == _placed(steady.stage)
    after = set(upgraded.send.on(ASSIGNMENTS.name))
    assert len(after) == LENGTH - HANDLED
    assert after <= set(steady.send.on(ASSIGNMENTS.name))


def _placed(stage: AssignStage) -> list[str]:
    model = stage.assigner.model
    assert model is not None
    return sorted(model.centroids()[0])


async def test_the_view_of_the_release_is_shown_and_goes_on(redis_url: str, fresh_names: str) -> None:
    """Readers see what they saw, and the new writer adds to it."""
    view = orjson.loads(gzip.decompress((FOLDER / "view.json.gz").read_bytes()))
    await write_keys(redis_url, view["keys"], PREFIX, fresh_names)
    views = create_views(redis_url, fresh_names)
    try:
        shown = orjson.loads(orjson.dumps(await dump(views), option=orjson.OPT_NON_STR_KEYS))
        assert shown == orjson.loads(view["seen"])
        await views.apply_assignments([assignment("new", "T3", author="z")])
        posts, total = await views.posts("T1", 100)
        assert (total, posts[0].id) == (shown["topics"]["T1"]["posts"][1] + 1, "s0")
        assert "new" in [post.id for post in posts]
        await views.wipe()
    finally:
        await views.aclose()
