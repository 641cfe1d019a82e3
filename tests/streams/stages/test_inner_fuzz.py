"""Topics that only our stages write: a foreign record there is reported and stops nothing."""

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.events import Assignment, DeadLetter, TopicEvent
from models.events.wire import encode
from models.online.assigner import Assigner, SnapshotError
from models.online.factory import create_topic_model, restore_topic_model
from streams.kafka.digests import published_of
from streams.kafka.record import Record
from streams.operations.dead_letters import NOTE_KEY, NotSendableError, outgoing, stored_letters
from streams.stages.assign import AssignStage
from streams.stages.dead_letters import DeadLetterBudget, dead_letter
from streams.stages.snapshots import SnapshotStore
from streams.stages.view import delays_of, view_assignments, view_digests, view_topic_events
from streams.views.memory import MemoryViews
from tests.support.made_lessons import lesson, taught
from tests.support.made_posts import ENCODER, START, FakeSend, clock, embedded, record, tweet
from tests.support.mangled import mangled
from tests.support.view_examples import digest

POST = tweet(1)
ASSIGNMENT = encode(Assignment(id=POST.id, origin="0:1", outcome="assigned", at=START, topic_id="t1", tweet=POST))
EVENT = encode(TopicEvent(topic_id="t1", kind="trending", at=START, label="a", keywords=["b"], other_ids=["t2"]))
DIGEST = encode(digest("2021-W18"))
LETTER = encode(dead_letter("embed", "not JSON", record(b"x"), START))
LESSON = encode(
    lesson([taught("d1", ["p00000", "p00004"], ENCODER.encode([POST.text])[0], ["w"])], 64, encoder=ENCODER.name)
)
SNAPSHOT = Assigner(partial(create_topic_model, "topics")).to_bytes(5)


def _records(values: list[bytes | None]) -> list[Record]:
    return [record(value, offset) for offset, value in enumerate(values)]


@settings(max_examples=150)
@given(
    st.lists(mangled([ASSIGNMENT]), max_size=3),
    st.lists(mangled([EVENT]), max_size=3),
    st.lists(mangled([DIGEST]), max_size=2),
)
@example([ASSIGNMENT.replace(b"2021-05-03T00:00:00Z", b"2021-05-03T00:00:00")], [], [])
@example([], [EVENT.replace(b"2021-05-03T00:00:00Z", b"0001-01-01T00:00:00+23:59")], [])
@example([], [], [DIGEST.replace(b'"2021-W18"', b'"2021-W99"')])
def test_no_record_stops_the_view(
    assignments: list[bytes | None], events: list[bytes | None], digests: list[bytes | None]
) -> None:
    """It is shown or becomes a dead letter."""

    async def all_three() -> None:
        store, send = MemoryViews(), FakeSend()
        await view_assignments(_records(assignments), store=store, send=send, clock=clock)
        await view_topic_events(_records(events), store=store, send=send, clock=clock)
        await view_digests(_records(digests), store=store, send=send, clock=clock)
        delays_of(_records(assignments), clock(), timedelta(days=1))

    asyncio.run(all_three())


@settings(max_examples=100)
@given(mangled([LESSON]))
@example(LESSON.replace(b'"centroid":"', b'"centroid":"!'))
@example(LESSON.replace(b'"centroid":"', b'"centroid":"AAAA'))
@example(LESSON.replace(b'"dimensions":64', b'"dimensions":32'))
@example(LESSON.replace(b'"post_ids":[', b'"post_ids":["",'))
def test_no_lesson_stops_assign(value: bytes | None) -> None:
    """A WeekTopics record is applied or becomes a dead letter."""
    create = partial(create_topic_model, "topics")

    async def run(folder: Path) -> None:
        stage = AssignStage(
            create=lambda: Assigner(create),
            restore=lambda data: Assigner.from_bytes(data, create, restore_topic_model),
            read_log=lambda start, end: (_ for _ in ()),  # type: ignore[arg-type,return-value]
            send=FakeSend(),
            clock=clock,
            snapshots=SnapshotStore(folder, "assign"),
            snapshot_seconds=1e9,
            budget=DeadLetterBudget(1.0),
        )
        await stage.assign([record(embedded(tweet(number), f"1:{number}"), number) for number in range(6)])
        await stage.assign([record(value, 6)])

    with TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


@given(mangled([LETTER]), st.none() | st.binary(max_size=8))
@example(None, b"twelve")
@example(None, b"9" * 5_000)
def test_no_record_hides_the_dead_letters(value: bytes | None, number: bytes | None) -> None:
    """A damaged note or letter is skipped, and sending it back explains why it cannot be sent."""
    headers = [] if number is None else [("letter", number)]
    note = Record(topic="dead-letters", partition=0, offset=7, key=NOTE_KEY, value=None, timestamp=0, headers=headers)
    found = stored_letters([record(LETTER, 0), record(value, 1), note])
    assert 0 in found
    for stored in found.values():
        try:
            outgoing(stored)
        except NotSendableError:
            continue


@given(mangled([DIGEST]), st.dictionaries(st.sampled_from(["revision", "slice_end", "made_at"]), st.binary(max_size=9)))
def test_a_record_of_digests_is_a_digest_or_none(value: bytes | None, headers: dict[str, bytes]) -> None:
    """Otherwise week-close could not continue."""
    published_of(
        Record(topic="digests", partition=0, offset=0, key=b"k", value=value, timestamp=0, headers=[*headers.items()])
    )


@given(st.integers(0, len(SNAPSHOT) - 1), st.binary(max_size=8))
def test_a_mangled_snapshot_is_read_or_refused(place: int, change: bytes) -> None:
    """The hash finds a damaged one. A whole snapshot of an older program may still be unreadable."""
    data = SNAPSHOT[:place] + change + SNAPSHOT[place + len(change) :]
    try:
        Assigner.from_bytes(data, partial(create_topic_model, "topics"), restore_topic_model)
    except SnapshotError:
        return


@pytest.mark.parametrize("value", [LETTER, encode(DeadLetter(stage="ingest", reason="x", record="", source="f:1"))])
def test_a_letter_is_a_letter(value: bytes) -> None:
    """The unchanged inputs of the tests above are valid."""
    assert stored_letters([record(value, 3)])[3].number == 3
