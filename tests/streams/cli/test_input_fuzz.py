"""Untrusted input besides posts and files of posts: settings, options, requests, streams, our own state files.

Each is read, or refused with the documented error of its reader. Any other error fails the test.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch
from urllib.parse import quote

import msgspec
import orjson
import typer
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.week.week import Week
from streams.api.events import STREAM_ID, is_stream_id
from streams.cli.ingest import parse_columns, parse_speed
from streams.delivery.subscribe import Position, PositionFile
from streams.refit.settings import config_with
from streams.replay.backfill import note_of
from streams.replay.store import ReplayStore
from streams.settings import Settings, load_settings
from streams.sources.cursors import Files, Health, Saved, healths
from streams.sources.mastodon.stream import items_of as mastodon_items
from streams.sources.port import DisconnectedError
from streams.sources.x.stream import items_of as x_items
from streams.stages.snapshots import SnapshotStore
from streams.web.page_metadata import page_head
from tests.support import source_samples as samples
from tests.support.live_api import client, filled
from tests.support.made_posts import clock
from tests.support.mangled import damaged, mangled

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
NUMBERS = st.sampled_from(["inf", "-inf", "nan", "1e308", "1e12", "-1", "0", "007", "٣", "1_000", " 5 ", "0x10"])
VARIABLES = ["KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL", *(f"TOPTOPICS_{name.upper()}" for name in Settings.model_fields)]


@contextmanager
def _only(*documented: type[Exception]) -> Iterator[None]:
    try:
        yield
    except documented as refusal:
        if not str(refusal):
            raise AssertionError("a refusal says why") from refusal


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(VARIABLES), NUMBERS | TEXT, max_size=3))
@example({"TOPTOPICS_LATENESS_HOURS": "inf"})
@example({"TOPTOPICS_FUTURE_SKEW_MINUTES": "1e300"})
def test_any_environment_is_settings_or_refused(given_values: dict[str, str]) -> None:
    """Accepted durations can be used as such."""
    with patch.dict(os.environ, given_values), _only(ValidationError):
        wanted = load_settings()
        clock() - timedelta(hours=wanted.lateness_hours)
        clock() + timedelta(minutes=wanted.future_skew_minutes)
        timedelta(seconds=wanted.week_idle_seconds)


@given(NUMBERS | TEXT, st.lists(TEXT, max_size=2), TEXT)
@example("1e400x", ["="], "2021-W99")
@example("0x", ["id=a=b"], "0000-W01")
@example("", [], "9999-W53")
def test_any_option_is_understood_or_refused(speed: str, columns: list[str], week: str) -> None:
    """Of ingest, replay and digest."""
    with _only(typer.BadParameter):
        parse_speed(speed)
    with _only(typer.BadParameter):
        parse_columns(columns)
    with _only(ValueError):
        Week.parse(week)


@given(st.dictionaries(st.sampled_from(["min_topic_posts", "seed", "no_such"]) | TEXT, NUMBERS | TEXT, max_size=2))
def test_any_setting_of_a_digest_is_understood_or_refused(pairs: dict[str, str]) -> None:
    """`replay --set`."""
    with _only(ValueError):
        config_with(pairs)


@given(
    st.binary(max_size=200) | damaged(b"<title>A &amp; b</title><meta name=description content='c'>"), st.none() | TEXT
)
def test_any_page_has_a_head(body: bytes, charset: str | None) -> None:
    """Perhaps an empty one."""
    page_head(body, charset)


STATUS = orjson.dumps(samples.MASTODON)
X_LINE = orjson.dumps(samples.X_FLAT)


@given(damaged(X_LINE) | mangled([X_LINE]).map(lambda line: line or b""))
@example(b'{"errors": [3]}')
@example(b'{"errors": 3}')
@example(b"[1]")
def test_any_line_of_x_is_items_or_a_farewell(line: bytes) -> None:
    """The notice of a disconnection is one of them."""
    with _only(DisconnectedError):
        x_items(line)


@given(st.sampled_from(["update", "status.update", "delete", "notification"]) | TEXT, damaged(STATUS))
@example("update", b"[]")
@example("delete", b"\xff")
def test_any_event_of_mastodon_is_items(name: str, data: bytes) -> None:
    """An unusable status is a bad record."""
    list(mastodon_items(name, data, clock))


CURSOR = msgspec.json.encode(Saved("17"))
HEALTH = msgspec.json.encode(Health("rss"))
POSITION = msgspec.json.encode(Position({"2021-W18": "ab"}))


def _file(name: str, data: bytes, read: Callable[[Path], object]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        read(path)


@settings(max_examples=60)
@given(damaged(CURSOR), damaged(HEALTH), damaged(POSITION))
@example(b'{"cursor":"\xff"}', b'{"source":"\xff"}', b"\xff")
@example(b"", b"", b"")
def test_our_own_notes_are_read_or_refused(cursor: bytes, health: bytes, position: bytes) -> None:
    """A disk may have damaged them. A damaged file differs from a missing one, and the error names it."""
    with _only(ValueError):
        _file("x.cursor.json", cursor, lambda path: Files(path.parent, "x").load())
    _file("x.health.json", health, lambda path: healths(path.parent))
    with _only(ValueError):
        _file("x.json", position, lambda path: PositionFile(path).load())


@settings(max_examples=60)
@given(damaged(b'{"size":3,"lines":2,"weeks":["2021-W18"]}'), damaged(b'{"value":"YQ==","taught":"","records":1}'))
@example(b"\xff", b"\xff")
def test_notes_of_an_interrupted_run_are_read_or_refused(note: bytes, kept: bytes) -> None:
    """A damaged week is rebuilt. The progress of a file must not be guessed."""
    with _only(ValueError):
        _file("note.json", note, note_of)
    _file(f"{'k' * 32}.json", kept, lambda path: ReplayStore(path.parent).load("k" * 32))


@settings(max_examples=40)
@given(st.binary(max_size=40), TEXT.filter(lambda name: "/" not in name))
@example(b"x", "")
@example(b"x", "1-2")
def test_any_file_among_the_snapshots_is_passed_over(data: bytes, name: str) -> None:
    """They are renamed, or left as they are."""
    _file(f"assign-{name}.safetensors", data, lambda path: list(SnapshotStore(path.parent, "assign").load(5)))


QUERIES = st.dictionaries(
    st.sampled_from(["window", "sort", "q", "limit", "offset", "cursor", "after", "before", "topic", "since"]) | TEXT,
    NUMBERS | TEXT | st.sampled_from(["24h", "1-1", "9" * 15, "1616077800000-0"]),
    max_size=4,
)
ROUTES = ["topics", "topics/T1", "topics/T1/posts", "series", "digests", "digests/2021-W17", "events"]


@settings(max_examples=5)
@given(st.lists(st.tuples(st.sampled_from(ROUTES) | TEXT, QUERIES), min_size=40, max_size=40))
@example([("events", {"after": "٣"}), ("topics/T1/posts", {"limit": "1e12"})])
def test_no_request_breaks_the_service(wanted: list[tuple[str, dict[str, str]]]) -> None:
    """Any query and path gives an answer or an error."""

    async def ask() -> None:
        async with client(await filled()) as http:
            for route, query in wanted:
                answer = await http.get(f"/api/{quote(route)}", params=query)
                assert answer.status_code < 500, (route, query, answer.text)

    asyncio.run(ask())


@given(NUMBERS | TEXT | st.from_regex(STREAM_ID))
@example("٣-٣")
@example("1-1\n")
def test_an_event_id_that_is_taken_is_one(text: str) -> None:
    """`Last-Event-ID` and `after` are passed to Redis, which expects two numbers."""
    if is_stream_id(text):
        assert text.isascii()
        assert [int(part) for part in text.split("-")]
