"""Stage assign: one outcome for each origin, whatever crashes and whoever takes over."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from structlog.testing import capture_logs

from models.assigner import STRAYS, Assigner
from models.encoder import space_of
from models.events import Assignment, DeadLetter, EmbeddedTweet, TopicEvent
from models.hash_encoder import HashEncoder
from models.online.factory import create_topic_model, restore_topic_model
from models.wire import decode, encode, pack_vector
from streams.assign import AssignStage
from streams.dead_letters import DeadLetterBudget
from streams.records import Record
from streams.snapshots import SnapshotStore
from streams.topics import ASSIGNMENTS, DEAD_LETTERS, EMBEDDED, TOPIC_EVENTS
from tests.made_lessons import lesson, taught
from tests.made_posts import ENCODER, START, SUBJECTS, FakeSend, embedded, in_batches, record, tweet


def _log(length: int = 60) -> list[Record]:
    return [
        record(embedded(tweet(number), f"0:{number}"), number, topic=EMBEDDED.name)
        if number % 10
        else record(b"bad", number)
        for number in range(length)
    ]


class Bench:
    """A stage over a fake log, with its outputs; `restart` makes a new one that shares the folder."""

    def __init__(self, folder: Path, log: Sequence[Record]) -> None:
        self.folder = folder
        self.log = log
        self.reads: list[tuple[int, int]] = []
        self.now = START
        self.restart()

    def restart(self) -> None:
        """As after a crash: only what is on disk is left."""
        self.send = FakeSend()
        self.stage = AssignStage(
            create=lambda: Assigner(_create),
            restore=lambda data: Assigner.from_bytes(data, _create, restore_topic_model),
            read_log=self._read,
            send=self.send,
            clock=self._clock,
            snapshots=SnapshotStore(self.folder, "assign"),
            snapshot_seconds=30,
            budget=DeadLetterBudget(1.0),
        )

    def restart_keeping_outputs(self) -> None:
        """As after an orderly stop."""
        send = self.send
        self.restart()
        self.stage.load_snapshot()
        self.send.sent[:0] = send.sent

    def _clock(self) -> datetime:
        return self.now

    async def _read(self, start: int, end: int) -> AsyncIterator[list[Record]]:
        self.reads.append((start, end))
        yield [one for one in self.log if start <= one.offset < end]

    def assignments(self) -> list[Assignment]:
        """What was sent, in order."""
        return [decode(value, Assignment) for value in self.send.on(ASSIGNMENTS.name)]


def _create(dimensions: int, encoder: str):  # type: ignore[no-untyped-def]
    return create_topic_model("topics", dimensions, encoder)


async def _straight(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path / "straight", _log())
    await bench.stage.assign(_log())
    return bench


async def test_every_record_has_one_outcome(tmp_path: Path) -> None:
    """Placed, or a dead letter."""
    bench = await _straight(tmp_path)
    assert [one.origin for one in bench.assignments()] == [f"0:{n}" for n in range(60) if n % 10]
    assert len(bench.send.on(DEAD_LETTERS.name)) == 6


async def test_a_redelivered_batch_is_not_sent_again(tmp_path: Path) -> None:
    """The state already holds those offsets."""
    bench = await _straight(tmp_path)
    before = len(bench.send.sent)
    await bench.stage.assign(_log()[30:])
    assert len(bench.send.sent) == before


async def test_after_a_crash_the_snapshot_and_the_log_give_the_same_future(tmp_path: Path) -> None:
    """Crashed at 40 with a snapshot of 20 and offsets committed up to 30."""
    expected = (await _straight(tmp_path)).assignments()
    bench = Bench(tmp_path / "crash", _log())
    await bench.stage.assign(_log()[:20])
    bench.stage.save_snapshot()
    await bench.stage.assign(_log()[20:40])
    bench.restart()
    assert bench.stage.load_snapshot() == 20
    await bench.stage.assign(_log()[30:])
    assert bench.reads == [(19, 20), (20, 30)]
    assert bench.assignments() == [one for one in expected if int(one.origin[2:]) >= 30]


async def test_a_standby_without_any_state_takes_over(tmp_path: Path) -> None:
    """It reads what others have published, silently, and goes on."""
    expected = (await _straight(tmp_path)).assignments()
    bench = Bench(tmp_path / "standby", _log())
    for batch in in_batches(_log()[35:], [4, 9]):
        await bench.stage.assign(batch)  # type: ignore[arg-type]
    assert bench.reads == [(0, 35)]
    assert bench.assignments() == [one for one in expected if int(one.origin[2:]) >= 35]


async def test_a_damaged_snapshot_falls_back_to_an_older_one_and_then_to_the_log(tmp_path: Path) -> None:
    """Nothing is lost but time."""
    bench = Bench(tmp_path, _log())
    await bench.stage.assign(_log()[:20])
    bench.stage.save_snapshot()
    await bench.stage.assign(_log()[20:40])
    bench.stage.save_snapshot()
    newest = max(tmp_path.glob("*.safetensors"))
    newest.write_bytes(newest.read_bytes()[:-3] + b"xyz")
    bench.restart()
    assert bench.stage.load_snapshot() == 20
    for path in tmp_path.glob("*.safetensors"):
        path.write_bytes(b"gone")
    bench.restart()
    assert bench.stage.load_snapshot() == 0
    assert len(list(tmp_path.glob("*.damaged"))) == 2


async def test_a_snapshot_that_is_ahead_of_the_log_is_not_believed(tmp_path: Path) -> None:
    """The broker's data are gone, the data folder stayed: to skip what the old log held would lose the new posts."""
    bench = Bench(tmp_path, _log())
    await bench.stage.assign(_log()[:30])
    bench.stage.save_snapshot()
    await bench.stage.assign(_log()[30:])
    bench.stage.save_snapshot()
    bench.log = [record(embedded(tweet(1_000 + number), f"0:{number}"), number) for number in range(40)]
    bench.restart()
    assert bench.stage.load_snapshot() == 60
    await bench.stage.assign(bench.log)
    assert [one.id for one in bench.assignments()] == [f"p{1_000 + number:05d}" for number in range(40)]
    bench.stage.save_snapshot()
    bench.restart()
    assert bench.stage.load_snapshot() == 40, "the snapshots of the old log are gone"


async def test_a_snapshot_of_another_log_is_not_believed(tmp_path: Path) -> None:
    """Made anew and grown past it by another worker: its last post is none that the snapshot knows."""
    bench = Bench(tmp_path, _log())
    await bench.stage.assign(_log()[:30])
    bench.stage.save_snapshot()
    bench.log = [record(embedded(tweet(number), f"1:{number}"), 70 - number) for number in range(70, -1, -1)]
    bench.restart()
    assert bench.stage.load_snapshot() == 30
    await bench.stage.assign(bench.log[50:])
    assert bench.reads == [(29, 30), (0, 50)]
    assert [one.outcome for one in bench.assignments()] == ["assigned"] * 21
    assert not list(tmp_path.glob("*30-*.safetensors"))


async def test_a_snapshot_that_outran_the_commits_is_replaced_by_the_one_before(tmp_path: Path) -> None:
    """Killed between the snapshot and the commit: what is handed out again is sent again, with the same bytes."""
    expected = (await _straight(tmp_path)).assignments()
    bench = Bench(tmp_path / "killed", _log())
    await bench.stage.assign(_log()[:20])
    bench.stage.save_snapshot()
    await bench.stage.assign(_log()[20:40])
    bench.stage.save_snapshot()
    bench.restart()
    assert bench.stage.load_snapshot() == 40
    await bench.stage.assign(_log()[25:])
    assert bench.reads == [(19, 20), (20, 25)]
    assert bench.assignments() == [one for one in expected if int(one.origin[2:]) >= 25]


async def test_a_gap_inside_a_batch_is_read_from_the_log(tmp_path: Path) -> None:
    """Another worker did what lies between: its posts are part of the state all the same."""
    expected = (await _straight(tmp_path)).assignments()
    bench = Bench(tmp_path / "gap", _log())
    await bench.stage.assign([*_log()[:20], *_log()[45:]])
    assert bench.reads == [(20, 45)]
    assert bench.assignments() == [one for one in expected if not 20 <= int(one.origin[2:]) < 45]


async def test_a_clock_that_is_set_back_puts_off_no_snapshot(tmp_path: Path) -> None:
    """A day of skew would mean a day without snapshots."""
    bench = Bench(tmp_path, _log())
    bench.now -= timedelta(days=1)
    await bench.stage.assign(_log()[:20])
    assert len(list(tmp_path.glob("*.safetensors"))) == 1


async def test_a_snapshot_is_written_when_it_is_due(tmp_path: Path) -> None:
    """And only two are kept (law 4)."""
    bench = Bench(tmp_path, _log())
    for turn in range(6):
        bench.now += timedelta(seconds=31)
        await bench.stage.assign(_log()[turn * 10 : turn * 10 + 10])
    assert len(list(tmp_path.glob("*.safetensors"))) == 2


async def test_vectors_of_a_retired_encoder_are_dead_letters_also_inside_one_batch(tmp_path: Path) -> None:
    """How the log is cut decides nothing."""
    encoders = ["one@1", "one@1", "two@1", "one@1", "two@1"]
    log = [record(embedded(tweet(n), f"0:{n}", encoder), n) for n, encoder in enumerate(encoders)]
    for number, sizes in enumerate(([5], [1], [2, 1])):
        bench = Bench(tmp_path / str(number), log)
        for batch in in_batches(log, sizes):
            await bench.stage.assign(batch)  # type: ignore[arg-type]
        assert [one.origin for one in bench.assignments()] == ["0:0", "0:1", "0:2", "0:4"]
        (letter,) = [decode(value, DeadLetter) for value in bench.send.on(DEAD_LETTERS.name)]
        assert letter.offset == 3
        assert "two@1" in letter.reason


async def test_a_change_of_encoder_says_so_and_how_to_rebuild(tmp_path: Path) -> None:
    """Once, with both names and a command; the first encoder of all is no change."""
    bench = Bench(tmp_path, [])
    with capture_logs() as logs:
        await bench.stage.assign(
            [record(embedded(tweet(n), f"0:{n}", f"{name}@1"), n) for n, name in enumerate("aabb")]
        )
    (line,) = logs
    assert (line["before"], line["now"]) == ("a@1", "b@1")
    assert re.fullmatch(
        r"toptopics replay --from 2021-\S+ --to 2021-\S+ --source tweets --publish", line["rebuild_digests"]
    )


async def test_going_back_to_an_encoder_costs_a_few_posts_and_not_the_stream(tmp_path: Path) -> None:
    """Few of the old one's are strays of a worker that still runs; many in a row are a choice. However it is cut."""
    names = ["a", "b", *"a" * (STRAYS - 1), "b", *"a" * (STRAYS + 2), "b"]
    log = [record(embedded(tweet(n), f"0:{n}", f"{name}@1"), n) for n, name in enumerate(names)]
    for sizes in ([len(log)], [1], [7, 64]):
        bench = Bench(tmp_path / str(sizes[0]), log)
        for batch in in_batches(log, sizes):
            await bench.stage.assign(batch)  # type: ignore[arg-type]
            bench.stage.save_snapshot()
            bench.restart_keeping_outputs()
        placed = [int(one.origin[2:]) for one in bench.assignments()]
        back = names.index("a", STRAYS + 2)
        assert placed == [0, 1, STRAYS + 1, back + STRAYS, back + STRAYS + 1]
        assert len(bench.send.on(DEAD_LETTERS.name)) == len(log) - len(placed)
        assert bench.stage.assigner.encoder == "a@1"


async def test_a_vector_of_a_wrong_length_is_a_dead_letter(tmp_path: Path) -> None:
    """Anyone may have written to the topic."""
    good = embedded(tweet(1), "0:1")
    wrong = encode(good).replace(b'"dimensions":64', b'"dimensions":63')
    bench = Bench(tmp_path, [])
    await bench.stage.assign([record(wrong, 0), record(good, 1)])
    assert [one.id for one in bench.assignments()] == ["p00001"]
    assert isinstance(good, EmbeddedTweet)
    assert "63" in decode(bench.send.on(DEAD_LETTERS.name)[0], DeadLetter).reason


async def test_what_a_refit_teaches_is_learned_at_its_place_whatever_crashes(tmp_path: Path) -> None:
    """Killed before the lesson, right after it, or between its two copies: the same events and state."""
    people = {f"person{n}": 5 for n in range(7)}
    (vector,) = ENCODER.encode([SUBJECTS[0]])
    topic = taught("d-keepers", [f"p{n:05d}" for n in range(4, 36, 4)], vector, SUBJECTS[0].split(), people)
    value = encode(lesson([topic], 64, ENCODER.name))
    log = [*_log(40), *(record(value, offset) for offset in (40, 41)), *(_shifted(one) for one in _log()[40:])]
    straight = Bench(tmp_path / "straight", log)
    await straight.stage.assign(log)
    events = [decode(sent, TopicEvent) for sent in straight.send.on(TOPIC_EVENTS.name)]
    assert [event.other_ids for event in events if event.kind == "alias"] == [["d-keepers"]]
    for crash in (39, 40, 41, 42):
        bench = Bench(tmp_path / str(crash), log)
        await bench.stage.assign(log[:20])
        bench.stage.save_snapshot()
        await bench.stage.assign(log[20:crash])
        bench.restart()
        assert bench.stage.load_snapshot() == 20
        await bench.stage.assign(log[crash:])
        assert bench.stage.assigner.to_bytes(0) == straight.stage.assigner.to_bytes(0)
        again = bench.send.on(TOPIC_EVENTS.name)
        assert again == straight.send.on(TOPIC_EVENTS.name)[len(events) - len(again) :]


def _shifted(one: Record) -> Record:
    return replace(one, offset=one.offset + 2)


async def test_the_first_post_of_an_encoder_sets_the_width_also_inside_one_batch(tmp_path: Path) -> None:
    """A naive version finds out when it stacks the vectors, and crashes for good."""
    (vector,) = HashEncoder(32).encode(["a choir"])
    narrow = msgspec.structs.replace(embedded(tweet(1), "0:1"), vector=pack_vector(vector), dimensions=32)
    wrong = encode(lesson([], 32, ENCODER.name))
    bench = Bench(tmp_path, [])
    records = [record(embedded(tweet(0), "0:0"), 0), record(narrow, 1), record(wrong, 2), record(embedded(tweet(2)), 3)]
    await bench.stage.assign(records)
    assert [one.id for one in bench.assignments()] == ["p00000", "p00002"]
    letters = [decode(value, DeadLetter) for value in bench.send.on(DEAD_LETTERS.name)]
    assert [letter.reason for letter in letters] == [f"32 dimensions, but {space_of(ENCODER.name)} has 64"] * 2
