"""Unusable records go to `dead-letters`, complete. Too many of them stop the worker."""

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
# below this count a share says nothing: the first three lines of a stream may all be bad
LEAST = 200
LOGGED = 5  # log lines a batch: a flood of bad records must not become a flood of lines
log = get_logger(__name__)
T = TypeVar("T")


class DeadLetterBudgetError(RuntimeError):
    """More records fail than an accident explains: a producer is wrong or we have a bug."""


def dead_letter(stage: str, reason: str, record: Record, at: datetime) -> DeadLetter:
    """The dead letter of a Kafka record.

    Args:
        stage: Name of the stage that refused the record.
        reason: The error.
        record: The record.
        at: The present time.
    """
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
    """Counts good and bad records in a window of WINDOW records, and raises above the given share of bad ones."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._bad = 0

    def count(self, *, bad: bool) -> None:
        """Count one record.

        Raises:
            DeadLetterBudgetError: The share of bad records exceeds the budget.
        """
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
    """Produce the dead letters and wait for the broker's confirmations. The first LOGGED of a batch are logged."""
    for letter in letters[:LOGGED]:
        log.warning(
            "dead letter",
            topic=letter.topic,
            partition=letter.partition,
            offset=letter.offset,
            reason=letter.reason[:300],
        )
    if len(letters) > LOGGED:
        log.warning("further dead letters in this batch", count=len(letters) - LOGGED)
    sent = [await send(DEAD_LETTERS.name, key=letter.stage.encode(), value=encode(letter)) for letter in letters]
    for confirmation in sent:
        await confirmation
