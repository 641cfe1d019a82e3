"""The strengths of a stream's stories, real and by chance, and the floors that follow from them (`online.noise`)."""

from bisect import bisect_left

import msgspec

ROUNDS = 4  # made days per day
DAYS = 28  # maximum number of days that are remembered
FEWEST_DAYS = 4  # minimum number of days for floors of the stream's own
KEPT = 40  # maximum number of strengths per day
FALSE_ROWS = 1 / 5  # maximum share of groups by chance on the board
ONE = 1.0  # a single group by chance in all of these days says nothing
TREND_DAYS = 5.0  # minimum number of days between two trends by chance
# floors of a stream whose noise is not known yet: those of the streams of the benchmark
UNKNOWN_ROW, UNKNOWN_TREND = 0.6, 1.5


class Noise(msgspec.Struct):
    """Strengths of stories, real and by chance, of the last days; and the floors."""

    real: list[list[float]] = []  # of each day, newest last
    chance: list[list[float]] = []  # of all made days of each day
    row: float = UNKNOWN_ROW
    trend: float = UNKNOWN_TREND

    def learn(self, real: list[float], chance: list[float]) -> None:
        """Add a day: strengths of its stories, and of the groups of its `ROUNDS` made days."""
        self.real = [*self.real, sorted(real)[-KEPT:]][-DAYS:]
        self.chance = [*self.chance, sorted(chance)[-KEPT * ROUNDS :]][-DAYS:]
        if len(self.real) >= FEWEST_DAYS:
            self.row, self.trend = self._floors()

    def _floors(self) -> tuple[float, float]:
        found = sorted(strength for day in self.real for strength in day)
        chance = sorted(strength for day in self.chance for strength in day)
        if not found:
            return UNKNOWN_ROW, UNKNOWN_TREND
        row = trend = max([found[-1], *chance[-1:]])
        for number, strength in enumerate(reversed(found), start=1):  # the strongest first
            by_chance = (len(chance) - bisect_left(chance, strength)) / ROUNDS
            if by_chance - ONE > FALSE_ROWS * number:
                break
            row = strength
            if by_chance * TREND_DAYS <= len(self.real):
                trend = strength
        return row, trend
