"""What the demo's worker does behind the scenes, as its log has it."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

TAIL_BYTES = 16_384


class _Line(msgspec.Struct):
    event: str = ""
    week: str = ""
    step: str = ""
    share: float = 0.0
    stage: str = ""


def closing_week(log: Path) -> str:
    """Such as `closing 2021-W09: clustering, 10 %`; empty when no week is being closed. OSError if there is no log."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        lines = file.read().splitlines()
    for line in reversed(lines):
        try:
            told = msgspec.json.decode(line, type=_Line)
        except msgspec.DecodeError:  # cut by the seek, or a library's own words
            continue
        if told.event == "closing week":
            return f"closing {told.week}"
        if told.event == "refit":
            return f"closing {told.week}: {told.step}, {told.share:.0%}"
        if told.event == "digest published":
            return ""
    return ""


def starting_stages(log: Path, stages: Sequence[str]) -> list[str]:
    """Those of `stages` that have not said yet that they run. OSError if there is no log."""
    started = set()
    for line in log.read_bytes().splitlines():
        try:
            told = msgspec.json.decode(line, type=_Line)
        except msgspec.DecodeError:  # a library's own words, or half a line
            continue
        if told.event == "stage starts":
            started.add(told.stage)
    return [stage for stage in stages if stage not in started]
