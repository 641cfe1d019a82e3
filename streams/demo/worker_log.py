"""What the demo's worker does behind the scenes, as its log has it."""

from collections.abc import Iterable, Iterator, Sequence
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
    for told in _told(reversed(lines)):
        if told.event == "closing week":
            return f"closing {told.week}"
        if told.event == "refit":
            return f"closing {told.week}: {told.step}, {told.share:.0%}"
        if told.event == "digest published":
            return ""
    return ""


def starting_stages(log: Path, stages: Sequence[str]) -> list[str]:
    """Those of `stages` that have not said yet that they run. OSError if there is no log."""
    started = {told.stage for told in _told(log.read_bytes().splitlines()) if told.event == "stage starts"}
    return [stage for stage in stages if stage not in started]


def _told(lines: Iterable[bytes]) -> Iterator[_Line]:
    for line in lines:
        try:
            yield msgspec.json.decode(line, type=_Line)
        except msgspec.DecodeError:  # half a line, or a library's own words
            continue
