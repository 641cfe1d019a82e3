"""A check of an installation, and its finding. A check ends by itself, only reads, and never raises."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

SECONDS = 20.0


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    name: str  # name of the check
    ok: bool
    detail: str  # what was found
    fix: str = ""  # what to do; for a passed check what could be done, or empty


@dataclass(frozen=True)
class Check:
    """One check."""

    name: str
    ask: Callable[[], Awaitable[str]]  # returns the finding; raises `Problem`, or any other error
    fix: str  # what to do when it fails
    seconds: float = SECONDS  # longest time that it may take


class Problem(Exception):  # noqa: N818 (it is a finding, not an error of the program)
    """A check has failed. `fix` replaces the check's own advice."""

    def __init__(self, detail: str, fix: str = "") -> None:
        super().__init__(detail)
        self.fix = fix


class Note(Problem):
    """A check has passed, and `fix` is what could be done."""


async def examine(check: Check) -> Finding:
    """Run one check."""
    try:
        detail = await asyncio.wait_for(check.ask(), check.seconds)
    except Note as note:
        return Finding(check.name, True, str(note), note.fix)
    except Problem as problem:
        return Finding(check.name, False, str(problem), problem.fix or check.fix)
    except TimeoutError:
        return Finding(check.name, False, f"no answer within {check.seconds:.0f} s", check.fix)
    except Exception as error:  # noqa: BLE001 (any error is what this command has to report)
        return Finding(check.name, False, _in_one_line(error), check.fix)
    return Finding(check.name, True, detail)


def _in_one_line(error: Exception) -> str:
    name = type(error).__name__
    return " ".join(f"{name}: {str(error).removeprefix(f'{name}: ')}".split())
