"""Stage assign: one outcome for each origin, after any crash or takeover."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from models.events import TopicEvent
from models.events.wire import decode, encode
from models.online.assigner import NewerSnapshotError
from streams.kafka.record import Record
from streams.kafka.topics import DEAD_LETTERS, TOPIC_EVENTS
from streams.stages.assign import ReadLog
from streams.stages.snapshots import SnapshotStore
from tests.support.assigning import READ, Bench, made_log, straight_run
from tests.support.made_lessons import lesson, taught
from tests.support.made_posts import ENCODER, SUBJECTS, embedded, in_batches, record, tweet


async def test_every_record_has_one_outcome(tmp_path: Path) -> None:
    """Each record is assigned or becomes a dead letter."""
    bench = await straight_run(tmp_path)
    assert [one.origin for one in bench.assignments()] == [f"0:{n}" for n in range(60) if n % 10]
    assert len(bench.send.on(DEAD_LETTERS.name)) == 6


async def test_a_redelivered_batch_is_not_sent_again(tmp_path: Path) -> None:
    """The state already includes those offsets."""
    bench = await straight_run(tmp_path)
    before = len(bench.send.sent)
    await bench.stage.assign(made_log()[30:])
    assert len(bench.send.sent) == before


async def test_after_a_crash_the_snapshot_and_the_log_give_the_same_future(tmp_path: Path) -> None:
    """The crash is at 40, with a snapshot of 20 and offsets committed up to 30."""
    expected = (await straight_run(tmp_path)).assignments()
    bench = Bench(tmp_path / "crash", made_log())
    await bench.stage.assign(made_log()[:20])
    bench.stage.save_snapshot()
    await bench.stage.assign(made_log()[20:40])
    bench.restart()
    assert bench.stage.load_snapshot() == 20
    await bench.stage.assign(made_log()[30:])
    assert bench.reads == [(19, 20), (20, 30)]
    assert bench.assignments() == [one for one in expected if int(one.origin[2:]) >= 30]


async def test_a_standby_without_any_state_takes_over(tmp_path: Path) -> None:
    """It reads published records without sending, and continues."""
    expected = (await straight_run(tmp_path)).assignments()
    bench = Bench(tmp_path / "standby", made_log())
    for batch in in_batches(made_log()[35:], [4, 9]):
        await bench.stage.assign(batch)  # type: ignore[arg-type]
    assert bench.reads == [(0, 35)]
    assert bench.assignments() == [one for one in expected if int(one.origin[2:]) >= 35]


async def test_a_damaged_snapshot_falls_back_to_an_older_one_and_then_to_the_log(tmp_path: Path) -> None:
    """This costs time but loses nothing."""
    bench = Bench(tmp_path, made_log())
    await bench.stage.assign(made_log()[:20])
    bench.stage.save_snapshot()
    await bench.stage.assign(made_log()[20:40])
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


async def test_a_newer_versions_snapshot_is_neither_used_nor_replaced(tmp_path: Path) -> None:
    """After a downgrade: the older program would delete what the newer one needs when it comes back."""
    bench = Bench(tmp_path, made_log())
    await bench.stage.assign(made_log()[:20])
    bench.stage.save_snapshot()
    (path,) = tmp_path.glob("*.safetensors")
    newer = path.read_bytes().replace(b'\\"version\\":1', b'\\"version\\":9')
    path.unlink()
    SnapshotStore(tmp_path, path.name.split("-0")[0]).save(newer, 20)
    bench.restart()
    with pytest.raises(NewerSnapshotError, match="start the newer version"):
        bench.stage.load_snapshot()
    assert [one.read_bytes() for one in tmp_path.glob("*.safetensors")] == [newer]


async def test_a_snapshot_that_is_ahead_of_the_log_is_not_believed(tmp_path: Path) -> None:
    """The broker's data are lost, the data folder is not: skipping the old offsets would lose the new posts."""
    bench = Bench(tmp_path, made_log())
    await bench.stage.assign(made_log()[:30])
    bench.stage.save_snapshot()
    await bench.stage.assign(made_log()[30:])
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
    """Another worker rebuilt the log beyond the snapshot's position: the snapshot does not know the post before it."""
    bench = Bench(tmp_path, made_log())
    await bench.stage.assign(made_log()[:30])
    bench.stage.save_snapshot()
    bench.log = [record(embedded(tweet(number), f"1:{number}"), 70 - number) for number in range(70, -1, -1)]
    bench.restart()
    assert bench.stage.load_snapshot() == 30
    await bench.stage.assign(bench.log[50:])
    assert bench.reads == [(29, 30), (0, 50)]
    assert [one.outcome for one in bench.assignments()] == ["assigned"] * 21
    assert not list(tmp_path.glob("*30-*.safetensors"))


async def test_a_snapshot_that_outran_the_commits_is_replaced_by_the_one_before(tmp_path: Path) -> None:
    """Killed between snapshot and commit: records that are delivered again are sent again with the same bytes."""
    expected = (await straight_run(tmp_path)).assignments()
    bench = Bench(tmp_path / "killed", made_log())
    await bench.stage.assign(made_log()[:20])
    bench.stage.save_snapshot()
    await bench.stage.assign(made_log()[20:40])
    bench.stage.save_snapshot()
    bench.restart()
    assert bench.stage.load_snapshot() == 40
    await bench.stage.assign(made_log()[25:])
    assert bench.reads == [(19, 20), (20, 25)]
    assert bench.assignments() == [one for one in expected if int(one.origin[2:]) >= 25]


async def test_a_gap_inside_a_batch_is_read_from_the_log(tmp_path: Path) -> None:
    """Another worker handled the records between them; their posts belong to the state."""
    expected = (await straight_run(tmp_path)).assignments()
    bench = Bench(tmp_path / "gap", made_log())
    await bench.stage.assign([*made_log()[:20], *made_log()[45:]])
    assert bench.reads == [(20, 45)]
    assert bench.assignments() == [one for one in expected if not 20 <= int(one.origin[2:]) < 45]


async def test_a_clock_that_is_set_back_puts_off_no_snapshot(tmp_path: Path) -> None:
    """Otherwise a clock that is a day off would mean a day without snapshots."""
    bench = Bench(tmp_path, made_log())
    bench.now -= timedelta(days=1)
    await bench.stage.assign(made_log()[:20])
    assert len(list(tmp_path.glob("*.safetensors"))) == 1


async def test_a_crash_in_a_long_catch_up_does_not_put_it_back_to_its_beginning(tmp_path: Path) -> None:
    """The records read so far are in a snapshot."""
    bench = Bench(tmp_path, made_log())
    read = bench.stage._read_log

    async def broken(start: int, end: int) -> AsyncIterator[list[Record]]:
        async for records in read(start, end):
            if records[0].offset >= 2 * READ:
                raise OSError("the broker is away")
            yield records

    bench.stage._read_log = broken
    with pytest.raises(OSError, match="away"):
        await bench.stage.assign(bench.log[59:])
    bench.restart()
    assert bench.stage.load_snapshot() == 2 * READ
    await bench.stage.assign(bench.log[59:])
    assert bench.assignments() == (await straight_run(tmp_path)).assignments()[-1:]


async def test_a_catch_up_comes_to_its_end_however_often_it_is_killed(tmp_path: Path) -> None:
    """Each process reads three times and is killed. If each started where the last one started, none would finish."""
    bench = Bench(tmp_path, made_log(400))
    reached = []
    for _life in range(400 // READ):
        read, left = bench.stage._read_log, iter(range(3))

        async def killed(
            start: int, end: int, read: ReadLog = read, left: Iterator[int] = left
        ) -> AsyncIterator[list[Record]]:
            async for records in read(start, end):
                yield records
                if next(left, None) is None:
                    raise OSError("killed")

        bench.stage._read_log = killed
        with suppress(OSError):
            await bench.stage.assign(bench.log[399:])
            break
        bench.restart()
        reached.append(bench.stage.load_snapshot())
    assert reached == sorted(set(reached)), "every life got further than the one before"
    assert len(bench.assignments()) == 1


async def test_a_snapshot_is_written_when_it_is_due(tmp_path: Path) -> None:
    """Only two are kept (law 4)."""
    bench = Bench(tmp_path, made_log())
    for turn in range(6):
        bench.now += timedelta(seconds=31)
        await bench.stage.assign(made_log()[turn * 10 : turn * 10 + 10])
    assert len(list(tmp_path.glob("*.safetensors"))) == 2


async def test_what_a_refit_teaches_is_learned_at_its_place_whatever_crashes(tmp_path: Path) -> None:
    """Killed before the WeekTopics, directly after it, or between its two copies: the same events and state."""
    people = {f"person{n}": 5 for n in range(7)}
    (vector,) = ENCODER.encode([SUBJECTS[0]])
    topic = taught("d-keepers", [f"p{n:05d}" for n in range(4, 36, 4)], vector, SUBJECTS[0].split(), people)
    value = encode(lesson([topic], 64, ENCODER.name))
    log = [*made_log(40), *(record(value, offset) for offset in (40, 41)), *(_shifted(one) for one in made_log()[40:])]
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


@pytest.mark.parametrize(("kept", "read"), [(25, True), (35, False)])
async def test_a_log_that_begins_after_the_state_is_said_so(tmp_path: Path, kept: int, read: bool) -> None:
    """Retention deleted what a restart needs: the live topics lack these posts, and it stands in the log once."""
    bench = Bench(tmp_path, made_log())
    await bench.stage.assign(made_log()[:20])
    bench.stage.save_snapshot()
    bench.log = [one for one in made_log() if one.offset == 19 or one.offset >= kept]
    bench.restart()
    bench.stage.load_snapshot()
    with structlog.testing.capture_logs() as lines:
        await bench.stage.assign(made_log()[35:])
        await bench.stage.assign([record(embedded(tweet(70), "0:70"), 60)])
    (line,) = [line for line in lines if line["event"].startswith("log begins after the state")]
    assert (line["position"], line["log_start"], "doctor" in line["next_step"]) == (20, kept if read else 35, True)


def test_snapshots_are_for_their_owner_and_leftovers_go(tmp_path: Path) -> None:
    """They hold words of posts. What crashes and damage left behind does not pile up."""
    folder = tmp_path / "snapshots"
    folder.mkdir(mode=0o755)
    endings = ("damaged", "safetensors.partial")
    names = [f"assign-{number:020d}-0123456789abcdef" for number in range(9)]
    leftovers = [folder / f"{name}.{ending}" for name in names for ending in endings]
    for path in leftovers:
        path.touch(mode=0o644)
    (folder / "other-1.damaged").touch()
    path = SnapshotStore(folder, "assign").save(b"state", 20)
    assert (folder.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
    kept = sorted(one.name for one in folder.iterdir())
    assert kept == sorted([path.name, "other-1.damaged", leftovers[14].name, leftovers[16].name])
