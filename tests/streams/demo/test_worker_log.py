"""The demo's reading of its worker's log."""

from collections.abc import Mapping
from pathlib import Path

import orjson

from streams.demo.run import SignsOfLife
from streams.demo.worker_log import TAIL_BYTES, closing_week

CLOSING = {"event": "closing week", "week": "2021-W09", "stage": "week-close"}
REFIT = {"event": "refit", "week": "2021-W09", "step": "clustering", "share": 0.1, "stage": "week-close"}
DONE = {"event": "digest published", "week": "2021-W09", "topics": 3}
OTHER = {"event": "encoder loaded", "stage": "embed"}


def log_of(folder: Path, *lines: Mapping[str, object] | bytes) -> Path:
    path = folder / "worker.log"
    path.write_bytes(b"".join((line if isinstance(line, bytes) else orjson.dumps(line)) + b"\n" for line in lines))
    return path


def test_the_step_of_the_week_that_is_being_closed(tmp_path: Path) -> None:
    assert closing_week(log_of(tmp_path)) == ""
    assert closing_week(log_of(tmp_path, OTHER, CLOSING, OTHER)) == "closing 2021-W09"
    assert closing_week(log_of(tmp_path, CLOSING, REFIT, OTHER, b"Traceback (most recent")) == (
        "closing 2021-W09: clustering, 10%"
    )
    assert closing_week(log_of(tmp_path, CLOSING, REFIT, DONE, OTHER)) == ""
    assert closing_week(log_of(tmp_path, b"x" * TAIL_BYTES, REFIT)) == "closing 2021-W09: clustering, 10%"


def test_silence_begins_anew_with_every_change() -> None:
    signs = SignsOfLife()
    first = signs.silent(1)
    assert signs.silent(1) >= first
    signs._since -= 100
    assert signs.silent(1) >= 100
    assert signs.silent(2) < 100
