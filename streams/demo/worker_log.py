"""The background work of the demo's worker, read from its log."""

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
    """For example `closing 2021-W09: clustering, 10 %`; empty when no week is closing.

    Raises:
        OSError: There is no log.
    """
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        lines = file.read().splitlines()
    for line in _parsed(reversed(lines)):
        if line.event == "closing week":
            return f"closing {line.week}"
        if line.event == "refit":
            return f"closing {line.week}: {line.step}, {line.share:.0%}"
        if line.event == "digest published":
            return ""
    return ""


def starting_stages(log: Path, stages: Sequence[str]) -> list[str]:
    """The stages whose start is not in the log yet.

    Raises:
        OSError: There is no log.
    """
    started = {line.stage for line in _parsed(log.read_bytes().splitlines()) if line.event == "stage starts"}
    return [stage for stage in stages if stage not in started]


def _parsed(lines: Iterable[bytes]) -> Iterator[_Line]:
    for line in lines:
        try:
            yield msgspec.json.decode(line, type=_Line)
        except msgspec.DecodeError:  # half a line, or output of a library
            continue
