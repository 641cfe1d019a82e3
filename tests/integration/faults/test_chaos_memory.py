"""The chaos run's measure of memory: it notices a growing stage and ignores processes that come and go."""

import pytest

from tests.integration.faults.progress import Progress

MIB = 2**20


def measured(steady: int, growth: float) -> Progress:
    """Twenty minutes, a sample every two seconds; a new process for the first twelve seconds of every minute."""
    progress = Progress()
    for second in range(0, 1200, 2):
        size = steady if second % 60 >= 12 else steady // 3
        progress.samples["assign"].append((float(second), int(size * MIB + growth * MIB * second / 60)))
    return progress


@pytest.mark.parametrize("growth", [0.0, 5.0, -2.0])
def test_growth_is_seen_beside_restarts(growth: float) -> None:
    """In MiB a minute."""
    assert measured(600, growth).slopes()["assign"] / MIB == pytest.approx(growth, abs=0.2)


def test_more_kills_at_the_end_are_no_shrinking() -> None:
    """A straight line through all samples would show a decrease."""
    progress = measured(600, 0.0)
    for place in range(500, 600, 4):
        second, size = progress.samples["assign"][place]
        progress.samples["assign"][place] = (second, size // 3)
    assert progress.slopes()["assign"] / MIB == pytest.approx(0.0, abs=0.2)
