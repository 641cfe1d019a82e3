"""The process of a stage: it gives up when a restart cannot help, and always ends."""

import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from models.encoding.hash_encoder import HashEncoder
from models.online.assigner import Assigner
from models.online.factory import create_topic_model, restore_topic_model
from streams.kafka.record import Record
from streams.kafka.topics import TWEETS
from streams.runtime.pipeline import EncoderHangsError, build_embed
from streams.runtime.stage_process import GIVE_UP, run_stage
from streams.settings import load_settings
from streams.stages.assign import AssignStage
from streams.stages.dead_letters import DeadLetterBudget
from streams.stages.snapshots import SnapshotStore
from streams.system.metrics import Metrics
from tests.support.made_posts import FakeSend, clock, embedded, record, tweet
from tests.support.paths import ROOT

_create = partial(create_topic_model, "topics")


def _nothing_is_missing(start: int, end: int) -> AsyncIterator[list[Record]]:
    raise AssertionError(f"nothing is missing between {start} and {end}")


def test_an_unwritable_data_folder_is_told_and_not_tried_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3 stops the worker: no restart repairs a folder."""
    (tmp_path / "file").touch()
    settings = load_settings(kafka_bootstrap_servers="127.0.0.1:1", data_dir=tmp_path / "file" / "data")
    assert run_stage(settings, "embed") == GIVE_UP
    shown = capsys.readouterr()
    assert "TOPTOPICS_DATA_DIR" in shown.out + shown.err


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"encoder": "no/such-model"}, "no/such-model"),
        ({"kafka_security_protocol": "SSL", "kafka_ssl_cafile": "/not/there.pem"}, "TOPTOPICS_KAFKA_SSL_CAFILE"),
    ],
)
def test_a_wrong_setting_is_told_and_not_tried_again(
    wrong: dict[str, str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The setting would still be wrong after the thirtieth restart."""
    given = {"kafka_bootstrap_servers": "127.0.0.1:1", "redis_url": "redis://127.0.0.1:1", "encoder": "hash"}
    assert run_stage(load_settings(**(given | wrong), data_dir=tmp_path), "embed") == GIVE_UP
    shown = capsys.readouterr()
    assert told in shown.out + shown.err


def _run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=180)


def test_a_blocked_event_loop_ends_the_process_with_its_stack() -> None:
    """A blocked loop cannot crash, stop or send heartbeats; only a watchdog can end it."""
    done = _run(
        "import asyncio, time\n"
        "from streams.runtime import stage_process\n"
        "stage_process.STALLED_SECONDS = 2.0\n"
        "async def blocked():\n"
        "    watch = asyncio.create_task(stage_process._watch_loop())\n"
        "    await asyncio.sleep(0)\n"  # the watch is running; a wait here could be too long on a busy machine
        "    time.sleep(200)\n"
        "asyncio.run(blocked())\n"
    )
    assert done.returncode == 1
    assert "Timeout" in done.stderr
    assert "in blocked" in done.stderr


def test_a_hanging_thread_does_not_keep_the_process() -> None:
    """At exit Python waits for executor threads, and a hanging device never returns."""
    done = _run(
        "import time\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from streams.runtime.stage_process import end_process\n"
        "ThreadPoolExecutor(1).submit(time.sleep, 600)\n"
        "end_process(1)\n"
    )
    assert done.returncode == 1


async def test_a_hanging_encoder_crashes_the_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The batch is not acknowledged; the next process gets it again."""

    given_up = threading.Event()

    def slow(self: HashEncoder, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        given_up.wait(240)
        raise AssertionError("nobody waits for this any more")

    monkeypatch.setattr(HashEncoder, "encode", slow)
    settings = load_settings(redis_url="redis://127.0.0.1:1/0", data_dir=tmp_path, encoder="hash", encoder_seconds=0.05)
    send = FakeSend()
    stage = build_embed(settings, send, Metrics())
    try:
        with pytest.raises(EncoderHangsError, match="encoder did not return a batch within"):
            await stage.handlers[TWEETS]([record(tweet(1))])
    finally:
        given_up.set()
    assert send.sent == []


async def test_a_full_disk_stops_no_post(tmp_path: Path) -> None:
    """The snapshot is only a cache of the log: outputs continue, and the next attempt may succeed."""
    folder = tmp_path / "snapshots"
    folder.touch()
    send = FakeSend()
    stage = AssignStage(
        create=lambda: Assigner(_create),
        restore=lambda data: Assigner.from_bytes(data, _create, restore_topic_model),
        read_log=_nothing_is_missing,
        send=send,
        clock=clock,
        snapshots=SnapshotStore(folder, "assign"),
        snapshot_seconds=1e-9,
        budget=DeadLetterBudget(0.5),
    )
    records = [record(embedded(tweet(number), f"0:{number}"), number) for number in range(4)]
    await stage.assign(records[:2])
    stage.save_snapshot()
    assert len(send.on("assignments")) == 2
    folder.unlink()
    await stage.assign(records[2:])
    stage.save_snapshot()
    assert len(send.on("assignments")) == 4
    assert len(list(folder.iterdir())) == 1
