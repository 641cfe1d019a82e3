"""Records that cannot be used go to `dead-letters`, whole; too many of them stop the worker loudly."""

import base64
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from models.events import DeadLetter
from models.events.wire import PoisonError, encode
from streams.kafka.record import Record
from streams.kafka.topics import DEAD_LETTERS
from streams.ports import Send
from streams.system.logs import get_logger

WINDOW = 1_000
# below so many records a share says nothing: the first three lines of a stream may all be bad
LEAST = 200
TOLD = 5  # log lines a batch: a flood of bad records must not become a flood of lines
log = get_logger(__name__)
T = TypeVar("T")


class DeadLetterBudgetError(RuntimeError):
    """More records fail than can be an accident: a wrong producer or a bug of ours."""


def dead_letter(stage: str, reason: str, record: Record, at: datetime) -> DeadLetter:
    """The letter for a Kafka record."""
    return DeadLetter(
        stage=stage,
        reason=reason[:1_000],
        record=base64.b64encode(record.value or b"").decode("ascii"),
        key=None if record.key is None else base64.b64encode(record.key).decode("ascii"),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        at=at,
        null=record.value is None,
    )


def decode_records(
    records: Sequence[Record], decode: Callable[[Record], T], *, stage: str, at: datetime
) -> tuple[list[tuple[Record, T]], list[DeadLetter]]:
    """Decode each record, or write its letter.

    Args:
        records: a batch.
        decode: the value of one record; raises PoisonError for a record that cannot be used.
        stage: who writes the letters.
        at: the letters' time.

    Returns:
        The usable records with their values, and the letters of the others, both in the order of `records`.
    """
    good: list[tuple[Record, T]] = []
    letters: list[DeadLetter] = []
    for record in records:
        try:
            good.append((record, decode(record)))
        except PoisonError as error:
            letters.append(dead_letter(stage, str(error), record, at))
    return good, letters


class DeadLetterBudget:
    """Counts good and bad records over the last WINDOW; raises when the share of bad ones passes `share`."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._bad = 0

    def count(self, *, bad: bool) -> None:
        """One more record; raises DeadLetterBudgetError past the budget."""
        if len(self._recent) == WINDOW:
            self._bad -= self._recent[0]
        self._recent.append(bad)
        self._bad += bad
        if bad and len(self._recent) >= LEAST and self._bad > self._share * len(self._recent):
            raise DeadLetterBudgetError(
                f"{self._bad} of the last {len(self._recent)} records were dead letters, more than "
                f"{self._share:.0%}: see `toptopics dead-letters`; raise TOPTOPICS_DEAD_LETTER_BUDGET to go on"
            )


async def send_dead_letters(send: Send, letters: list[DeadLetter]) -> None:
    """Produce and wait until the broker has them all; the first few of a batch are named in the log."""
    for letter in letters[:TOLD]:
        log.warning(
            "dead letter",
            topic=letter.topic,
            partition=letter.partition,
            offset=letter.offset,
            reason=letter.reason[:300],
        )
    if len(letters) > TOLD:
        log.warning("further dead letters in this batch", count=len(letters) - TOLD)
    sent = [await send(DEAD_LETTERS.name, key=letter.stage.encode(), value=encode(letter)) for letter in letters]
    for confirmation in sent:
        await confirmation
