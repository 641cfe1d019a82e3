"""The refit's benchmark: limits end a process and keep its output, and ids are counted correctly."""

import sys

import pytest

from tests.benchmarks.bench_refit import show
from tests.benchmarks.bounded import Limits, peak_mib, run_bounded
from tests.benchmarks.refit_ids import WeekIds, tell

SAYS = "print('one row', flush=True); import time; held = bytearray({size}); time.sleep({seconds})"


@pytest.mark.parametrize(
    ("limits", "size", "why"),
    [
        (Limits(minutes=0.02, gib=1), 1, "stopped after 0.02 minutes"),
        (Limits(minutes=5, gib=0.05), 2**27, "stopped at 0.05 GiB"),
    ],
)
def test_a_measurement_that_takes_too_much_is_ended(limits: Limits, size: int, why: str) -> None:
    """Its output so far is kept."""
    done = run_bounded([sys.executable, "-c", SAYS.format(size=f"b'x' * {size}", seconds=600)], limits)
    assert done.stopped == why


def test_a_measurement_that_ends_by_itself_is_whole() -> None:
    """The output, and no reason."""
    done = run_bounded([sys.executable, "-c", SAYS.format(size=1, seconds=0)], Limits(minutes=5, gib=4))
    assert (done.lines, done.stopped) == (["one row"], "")


def test_what_was_not_measured_is_a_dash() -> None:
    """A stopped row names the reason."""
    row = show([{"posts": 50_000, "method": "plain BERTopic", "stopped": "stopped at 13 GiB"}]).splitlines()[-1]
    assert row.startswith("| 50,000 | plain BERTopic | – |")
    assert row.endswith("| stopped at 13 GiB |")


def test_ids_are_added_up_over_the_weeks() -> None:
    """A single week has no continuing subjects."""
    said: list[str] = []
    weeks = [WeekIds("2021-W18", 900, 10, 10, True, 0, 0), WeekIds("2021-W19", 800, 10, 9, False, 4, 3)]
    tell(iter(weeks), said.append)
    assert said[-2:] == ["ids after shuffling: 19 of 20 (95.0%)", "ids of continuing subjects: 3 of 4 (75.0%)"]
    assert ["OTHER BYTES" in line for line in said[:2]] == [False, True]
    said.clear()
    tell(iter(weeks[:1]), said.append)
    assert said[-1] == "ids after shuffling: 10 of 10 (100.0%)"
    assert len(said) == 2


def test_the_peak_of_a_process_is_its_own() -> None:
    """It is not that of a larger parent process, and it stays when memory is freed."""
    own = (
        "from tests.benchmarks.bounded import peak_mib; print(peak_mib())\n"
        "held = b'x' * (200 << 20); del held; print(peak_mib())"
    )
    large = b"x" * (400 << 20)
    done = run_bounded([sys.executable, "-c", own], Limits(minutes=5, gib=4))
    small, later = map(float, done.lines)
    assert small < 200 < later < len(large) >> 20 < peak_mib()
