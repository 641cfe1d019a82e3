"""Reads and answers the `dead-letters` topic: which letters are open, and how a letter is sent back after a fix.

A letter is identified by its offset.

1. Sending back produces the original bytes to the original topic and key, with the post's own time. A letter from
   outside Kafka (a line of a file, an answer of a platform) is parsed again, and its posts go to `tweets`.
2. Then a note is put on `dead-letters`: key `sent-back`, a null value, and the letter's offset in the header `letter`.
   So a second `--retry` sends nothing twice. After a crash between the two steps the record is sent again, and the
   assign stage recognises the duplicate by its post id.
3. A letter that cannot be repaired is dismissed: the same note with the header `state`.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import orjson

from models.events import Assignment, DeadLetter, Deletion, TopicEvent, Tweet
from models.events.week_topics import WeekTopics
from models.events.wire import PoisonError, decode, decode_log, decode_post, encode, not_json, unpack_vector
from streams.kafka.log import read_topic
from streams.kafka.record import Record
from streams.kafka.topics import ASSIGNMENTS, DEAD_LETTERS, DIGESTS, EMBEDDED, TOPIC_EVENTS, TWEETS
from streams.ports import Send
from streams.settings import Settings
from streams.sources.files import formats
from streams.sources.files.archive import parsed_value
from streams.sources.port import Bad
from streams.stages.post_time import time_of
from streams.system.logs import get_logger

NOTE_KEY = b"sent-back"
LETTER_HEADER = "letter"
STATE_HEADER = "state"
State = Literal["open", "sent back", "dismissed"]
FutureCheck = Callable[[datetime], None]
log = get_logger(__name__)


class NotSendableError(ValueError):
    """The letter cannot be sent back, or would be refused again at once. The message gives the reason."""


@dataclass(frozen=True)
class StoredLetter:
    """A dead letter and what has happened to it."""

    number: int  # offset on `dead-letters`
    letter: DeadLetter
    state: State = "open"

    @property
    def record(self) -> bytes | None:
        """The original value.

        Raises:
            NotSendableError: The letter itself is damaged.
        """
        return None if self.letter.null else _bytes(self.letter.record)

    @property
    def key(self) -> bytes | None:
        """The original key.

        Raises:
            NotSendableError: The letter itself is damaged.
        """
        return None if self.letter.key is None else _bytes(self.letter.key)

    @property
    def came_from(self) -> str:
        """ "tweets 2:15", or the file and line."""
        if self.letter.topic is None:
            return self.letter.source or "unknown"
        return f"{self.letter.topic} {self.letter.partition}:{self.letter.offset}"


@dataclass(frozen=True)
class Outgoing:
    """One record to produce."""

    topic: str  # without the prefix
    key: bytes | None
    value: bytes | None
    timestamp: datetime | None


def stored_letters(records: Sequence[Record]) -> dict[int, StoredLetter]:
    """Letters by number. Records that are neither a letter nor a note are logged and skipped."""
    letters: dict[int, StoredLetter] = {}
    seen: set[tuple[object, ...]] = set()
    for record in records:
        if record.key == NOTE_KEY and record.value is None:
            header = record.header(LETTER_HEADER) or b""
            number = int(header) if header.isdigit() and len(header) < 20 else -1
            if number in letters:
                state: State = "dismissed" if record.header(STATE_HEADER) == b"dismissed" else "sent back"
                letters[number] = StoredLetter(number, letters[number].letter, state)
            continue
        try:
            letter = decode(record.value, DeadLetter)
        except PoisonError as error:
            log.warning(
                "record is not a dead letter; skipping it", topic=record.topic, offset=record.offset, reason=str(error)
            )
            continue
        # after a crash, a stage writes the letter of the same record again
        place = (letter.stage, letter.topic, letter.partition, letter.offset)
        if letter.topic is None or place not in seen:
            seen.add(place)
            letters[record.offset] = StoredLetter(record.offset, letter)
    return letters


async def read_letters(settings: Settings) -> dict[int, StoredLetter]:
    """Every letter that the topic still has, oldest first."""
    records = [record async for batch in read_topic(settings, DEAD_LETTERS) for record in batch]
    return stored_letters(records)


def outgoing(
    stored: StoredLetter, prefix: str = "", *, force: bool = False, soon: FutureCheck = lambda moment: None
) -> list[Outgoing]:
    """The records that sending the letter back produces.

    Args:
        stored: The letter.
        prefix: Prefix of Kafka's topics.
        force: Also send a record that this version would refuse again.
        soon: Raises PoisonError for a time that is too far in the future (`streams.stages.post_time`).

    Raises:
        NotSendableError: The letter cannot be sent back.
    """
    found = _found(stored, prefix, force=force)
    if not force:
        try:
            for record in found:
                if record.topic == TWEETS.name and record.timestamp is not None:
                    soon(record.timestamp)
        except PoisonError as error:
            raise NotSendableError(f"it would be refused again: {error}") from error
    return found


def _found(stored: StoredLetter, prefix: str, *, force: bool) -> list[Outgoing]:
    topic = stored.letter.topic
    if topic is None:
        return _parsed_again(stored)
    name = topic.removeprefix(prefix)
    if name == DIGESTS.name:
        raise NotSendableError("a digest cannot be sent back; the week-close stage computes it again")
    if name not in (TWEETS.name, EMBEDDED.name, ASSIGNMENTS.name, TOPIC_EVENTS.name):
        raise NotSendableError(f"{topic} does not take records back")
    try:
        timestamp = _checked(name, stored.record)
    except PoisonError as error:
        if not force:
            raise NotSendableError(f"it would be refused again: {error}") from error
        timestamp = None
    return [Outgoing(name, stored.key, stored.record, timestamp)]


async def send_back(stored: StoredLetter, records: Sequence[Outgoing], send: Send) -> None:
    """Produce the records, wait until the broker has stored them, then note that the letter was sent back.

    Args:
        stored: The letter.
        records: The records to produce.
        send: Produces a record.
    """
    for record in records:
        await (await send(record.topic, key=record.key, value=record.value, timestamp=record.timestamp))
    await _note(stored, "sent back", send)


async def dismiss(stored: StoredLetter, send: Send) -> None:
    """Note that the letter needs no further action. It stays readable as long as the topic keeps it."""
    await _note(stored, "dismissed", send)


async def _note(stored: StoredLetter, state: State, send: Send) -> None:
    headers = ((LETTER_HEADER, str(stored.number).encode()), (STATE_HEADER, state.encode()))
    await (await send(DEAD_LETTERS.name, key=NOTE_KEY, value=None, headers=headers))


def _checked(topic: str, value: bytes | None) -> datetime | None:
    """The time for the record.

    Raises:
        PoisonError: Its stage would refuse the record again.
    """
    if topic == TWEETS.name:
        return time_of(decode_post(value))
    if topic == EMBEDDED.name:
        embedded = decode_log(value)
        if isinstance(embedded, WeekTopics):
            return embedded.at
        if isinstance(embedded, Deletion):
            return embedded.deleted_at
        unpack_vector(embedded.vector, embedded.dimensions)
        return embedded.tweet.created_at
    decode(value, Assignment if topic == ASSIGNMENTS.name else TopicEvent)
    return None  # the broker sets the time of these


def _parsed_again(stored: StoredLetter) -> list[Outgoing]:
    data = stored.record or b""
    try:
        posts: list[Tweet | Deletion] = [decode_post(data)]
    except PoisonError:
        posts = _posts_of_line(data)
    return [Outgoing(TWEETS.name, post.author_id.encode(), encode(post), time_of(post)) for post in posts]


def _posts_of_line(data: bytes) -> list[Tweet | Deletion]:
    try:
        value = orjson.loads(data)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise NotSendableError(f"it is still {not_json(error)}; repair the file and ingest it again") from error
    outcomes = list(parsed_value(value, formats.auto))
    for outcome in outcomes:
        if isinstance(outcome, Bad):
            raise NotSendableError(f"it would be refused again: {outcome.reason}")
    posts = [outcome for outcome in outcomes if isinstance(outcome, Tweet | Deletion)]
    if not posts:
        raise NotSendableError("it contains no post")
    return posts


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise NotSendableError(f"the letter itself is damaged: {error}") from error
