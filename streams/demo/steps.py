"""The steps of the demo: what begins is said at once, and how long it took when it has ended."""

import time
from collections.abc import Callable


class Steps:
    """Several may be under way: the stages start while the first posts are sent. `now`: seconds, of whatever origin."""

    def __init__(self, say: Callable[[str], None], now: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._now = now
        self._begun: dict[str, float] = {}
        self._first = now()

    def begin(self, name: str, line: str) -> None:
        """Say that the step `name` begins."""
        self._begun[name] = self._now()
        self._say(line)

    def end(self, name: str, line: str) -> None:
        """Say that it has ended, and after how many seconds; once, however often it is called."""
        begun = self._begun.pop(name, None)
        if begun is not None:
            self._say(f"  {line}, after {self._now() - begun:.0f} s")

    def running(self, name: str) -> bool:
        """Whether it has begun and not ended."""
        return name in self._begun

    @property
    def seconds(self) -> float:
        """Since the first of them could begin."""
        return self._now() - self._first
