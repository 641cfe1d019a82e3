"""The steps of the demo: each start is printed at once, each end with its duration."""

import time
from collections.abc import Callable


class Steps:
    """Several steps may run at once: the stages start while the first posts are sent. `now` returns seconds."""

    def __init__(self, say: Callable[[str], None], now: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._now = now
        self._begun: dict[str, float] = {}
        self._first = now()

    def begin(self, name: str, line: str) -> None:
        """Print that the step `name` starts."""
        self._begun[name] = self._now()
        self._say(line)

    def end(self, name: str, line: str) -> None:
        """Print that the step has ended, and after how many seconds. Further calls do nothing."""
        begun = self._begun.pop(name, None)
        if begun is not None:
            self._say(f"  {line}, after {self._now() - begun:.0f} s")

    def running(self, name: str) -> bool:
        """Whether the step has started and not ended."""
        return name in self._begun

    @property
    def seconds(self) -> float:
        """Seconds since this object was made."""
        return self._now() - self._first
