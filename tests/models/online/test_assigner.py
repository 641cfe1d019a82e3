"""The state of the assign stage: a pure function of the log up to an offset."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.events import Assignment, Deletion, TopicEvent
from models.events.week_topics import WeekTopics
from models.events.wire import PoisonError
from models.online.assigner import Assigner, LogRecord, NewerSnapshotError, SnapshotError
from models.online.factory import create_topic_model, restore_topic_model
from tests.support.made_lessons import lesson, taught
from tests.support.made_posts import ENCODER, START, SUBJECTS, embedded, in_batches, tweet


def _create() -> Assigner:
    return Assigner(lambda dimensions, encoder: create_topic_model("topics", dimensions, encoder))


def _restore(data: bytes) -> tuple[Assigner, int]:
    return Assigner.from_bytes(
        data, lambda dimensions, encoder: create_topic_model("topics", dimensions, encoder), restore_topic_model
    )


def _lesson(encoder: str = ENCODER.name) -> WeekTopics:
    """The WeekTopics of the log below: each of its subjects is a topic."""
    topics = []
    for number, subject in enumerate(SUBJECTS):
        posts = [f"p{n:05d}" for n in range(number, 60, len(SUBJECTS))]
        people = {f"person{n}": 2 for n in range(7)}
        topics.append(taught(f"d{number}", posts, ENCODER.encode([subject])[0], subject.split(), people))
    return lesson(topics, 64, encoder)


def _log(length: int = 120) -> list[LogRecord]:
    draw = random.Random(5)
    records: list[LogRecord] = []
    for number in range(length):
        what = draw.random()
        if number == 70:
            records.append(_lesson())
        elif what < 0.1 and number > 5:
            again = draw.randrange(number)
            records.append(embedded(tweet(again), f"2:{number}"))
        elif what < 0.15 and number > 5:
            records.append(Deletion(id=f"p{number - 3:05d}", author_id="a", deleted_at=START, origin=f"1:{number}"))
        else:
            records.append(embedded(tweet(number), f"0:{number}"))
    return records


def _run(assigner: Assigner, batches: list[list[LogRecord]]) -> tuple[list[Assignment], list[TopicEvent]]:
    assignments: list[Assignment] = []
    events: list[TopicEvent] = []
    for batch in batches:
        outcome = assigner.apply(batch)
        assignments += outcome.assignments
        events += outcome.events
    return sorted(assignments, key=lambda one: one.origin), events


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_how_the_log_is_cut_into_batches_leaves_no_trace(sizes: list[int]) -> None:
    """Neither on the outputs nor on the state."""
    whole, cut = _create(), _create()
    expected = _run(whole, [_log()])
    assert _run(cut, in_batches(_log(), sizes)) == expected  # type: ignore[arg-type]
    assert cut.to_bytes(9) == whole.to_bytes(9)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 119))
def test_a_restored_snapshot_has_the_same_future(at: int) -> None:
    """Wherever the crash was."""
    log = _log()
    expected = _run(_create(), [log])
    first = _create()
    before = _run(first, [log[:at]])
    restored, position = _restore(first.to_bytes(at))
    assert position == at
    after = _run(restored, [log[at:]])
    assert sorted(before[0] + after[0], key=lambda one: one.origin) == expected[0]
    assert before[1] + after[1] == expected[1]


def test_every_origin_has_exactly_one_outcome() -> None:
    """Assigned, duplicate or deleted. A redelivery adds nothing."""
    log = _log()
    assigner = _create()
    assignments, _ = _run(assigner, [log, log])
    first, _ = _run(_create(), [log])
    assert sorted({one.origin for one in first}) == sorted(one.origin for one in log if not isinstance(one, WeekTopics))
    assert len(first) == len(log) - 1
    placed_again = [one for one in assignments if one.outcome == "assigned"]
    assert len(placed_again) == len([one for one in first if one.outcome == "assigned"])


def test_a_post_sent_twice_is_a_duplicate_and_a_record_delivered_twice_is_not() -> None:
    """They have different origins."""
    assigner = _create()
    outcome = assigner.apply(
        [embedded(tweet(1), "0:1"), embedded(tweet(1), "0:1"), embedded(tweet(1, "other text"), "0:2")]
    )
    assert [(one.origin, one.outcome) for one in outcome.assignments if one.outcome == "duplicate"] == [
        ("0:2", "duplicate")
    ]
    assert len(outcome.assignments) == 2


def test_another_encoder_starts_a_new_space_and_the_old_one_is_refused() -> None:
    """Vectors of two encoders are never compared."""
    assigner = _create()
    assigner.apply([embedded(tweet(1), "0:1")])
    old_model = assigner.model
    newer = embedded(tweet(2), "0:2", encoder="another@2")
    assigner.check(newer)
    assigner.apply([newer])
    assert assigner.encoder == "another@2"
    assert assigner.model is not old_model
    with pytest.raises(PoisonError, match="topic space uses another@2"):
        assigner.check(embedded(tweet(3), "0:3"))


@pytest.mark.parametrize("damage", [b"", b"junk", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_damaged_snapshot_is_refused(damage: bytes) -> None:
    """With the error that the stage expects."""
    with pytest.raises(SnapshotError):
        _restore(damage)


def test_a_snapshot_of_another_version_is_refused() -> None:
    """An older one is rebuilt from the log; a newer one is not, because this program would replace it."""
    data = _create().to_bytes(3)
    with pytest.raises(NewerSnapshotError, match="version 9"):
        _restore(data.replace(b'\\"version\\":1', b'\\"version\\":9'))
    with pytest.raises(SnapshotError, match="version 0") as older:
        _restore(data.replace(b'\\"version\\":1', b'\\"version\\":0'))
    assert not isinstance(older.value, NewerSnapshotError)


def test_the_precisions_of_one_model_share_a_space() -> None:
    """Workers with a GPU and with a CPU in one consumer group: their vectors differ only by rounding."""
    assigner = _create()
    assigner.apply([embedded(tweet(1), "0:1", encoder="model@1/fp32")])
    model = assigner.model
    other = embedded(tweet(2), "0:2", encoder="model@1/bf16")
    assigner.check(other)
    assigner.apply([other])
    assigner.apply([embedded(tweet(3), "0:3", encoder="model@1/fp32")])
    assert assigner.model is model


def test_a_lesson_is_learned_once() -> None:
    """A crash between the refit's two records sends it again; a restart between them does not forget it."""
    assigner = _create()
    _run(assigner, [_log()[:70]])
    assert "alias" in {event.kind for event in assigner.apply([_lesson()]).events}
    before = assigner.to_bytes(0)
    assert assigner.apply([_lesson()]).events == []
    restored, _ = _restore(before)
    assert restored.apply([_lesson()]).events == []
    assert restored.to_bytes(0) == before


def test_a_lesson_in_the_space_of_another_encoder_says_nothing() -> None:
    """Also not before the first post. A vector length that this encoder does not have is poison."""
    assigner = _create()
    assert assigner.apply([_lesson()]).events == []
    _run(assigner, [_log()[:70]])
    other = _lesson("another@2")
    assigner.check(other)
    before = assigner.to_bytes(0)
    assert assigner.apply([other]).events == []
    assert assigner.to_bytes(0) == before
    with pytest.raises(PoisonError, match="32 dimensions"):
        assigner.check(lesson([], 32, ENCODER.name))
