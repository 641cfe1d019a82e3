"""How the steps of a digest report their progress."""

from collections.abc import Callable

StepProgress = Callable[[str, float], None]  # name of the step, share of the whole that is done (0–1)
