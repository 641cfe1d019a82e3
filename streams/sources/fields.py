"""Accessors for fields of untrusted payloads, and the only place that builds and validates a `Tweet`.

Optional fields of a wrong type count as missing. `id`, `created_at`, `text` and the author are checked by the wire
types, as in the stages, so the stages accept every post from a parser.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from models.events import Deletion, Tweet, wire
from models.events.wire import PoisonError
from models.text.language import language_of
from streams.sources.port import MAX_KEPT, Bad, Ignored, Outcome

MAX_TEXT, MAX_NAME, MAX_URL, MAX_LINKS, MAX_MENTIONS, MAX_LANG = 30_000, 300, 4_000, 100, 200, 35
MAX_COUNT = 10**12
_ESCAPES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "#39": "'", "#x27": "'", "apos": "'"}
_BARE = re.compile(rf"&(?!(?:{'|'.join(_ESCAPES)});|[#\w]{{0,5}}(?:…|\.\.\.)?\s*(?:https?://\S*\s*)?$)")
_ESCAPED = re.compile(f"&({'|'.join(_ESCAPES)});")
_MENTION = re.compile(r"(?<![\w@./])@(\w{1,30})\b")
_RETWEET = re.compile(r"^RT @(\w{1,30}):? ?")
_URL = re.compile(r"https?://[^\s<>\"…]+", re.IGNORECASE)
_CLASSIC_TIME = "%a %b %d %H:%M:%S %z %Y"  # X v1.1


class NothingToReadError(PoisonError):
    """A post without words and links, such as a single picture: valid, but without content for us."""


class OldNewsError(NothingToReadError):
    """A post from before the time limit of a live source: it must not open a past week."""


class NotAPostError(NothingToReadError):
    """A platform's notice, or a post that is not public."""


def as_dict(value: object) -> dict[str, Any]:
    """Return `value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Return `value` if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object, limit: int = MAX_TEXT) -> str | None:
    """Return `value` if it is a string that is not blank, cut at `limit` characters; else None."""
    return value[:limit] if isinstance(value, str) and value.strip() else None


def name_of(value: object) -> str | None:
    """Return a handle or name without the leading @."""
    text = as_text(value, MAX_NAME)
    return (text.strip().removeprefix("@") or None) if text else None


def identifier(value: object) -> str | None:
    """Return an id from a string, an integer, or a float that lost no digit ("1391.0"); else None."""
    if isinstance(value, bool) or value is None:
        return None
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    if re.fullmatch(r"\d+\.0+", text):
        return text.partition(".")[0]
    if re.fullmatch(r"\d+(\.\d+)?[eE]\+?\d+", text):
        return None  # a rounded number is another account's id
    return text or None


def count_of(value: object) -> int:
    """Return a count of likes and similar; 0 for a negative (unknown) number and for other types."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(min(max(value, 0), MAX_COUNT)) if value == value else 0  # NaN differs from itself


def optional_count(value: object) -> int | None:
    """Return a count that may be unknown: None if it is missing, negative or not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        return None
    return int(min(value, MAX_COUNT))


def time_of(value: object, *, naive_is_utc: bool = False) -> datetime:
    """Return a time in UTC from RFC 3339 or X v1.1's form.

    Raises:
        PoisonError: The value is not such a time.
    """
    if not isinstance(value, str) or not value.strip():
        raise PoisonError("created_at is missing" if value in (None, "") else "created_at is not a string")
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        try:
            moment = datetime.strptime(value.strip(), _CLASSIC_TIME)
        except ValueError as error:
            raise PoisonError(f"created_at is not a time: {value[:60]!r}") from error
    if moment.tzinfo is None:
        if not naive_is_utc:
            raise PoisonError("created_at has no time zone")
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise PoisonError(f"created_at is out of range: {value[:60]!r}") from error


def link_of(
    url: object, title: object = None, description: object = None, site: object = None
) -> dict[str, Any] | None:
    """Return a link's fields; None if `url` is not an http address (a script, a mail address, too long)."""
    if not isinstance(url, str) or len(url) > MAX_URL or not re.match(r"https?://[^\s/]", url, re.IGNORECASE):
        return None
    return {
        "url": url,
        "title": as_text(title),
        "description": as_text(description),
        "site": as_text(site, MAX_NAME),
    }


def links_in(text: str) -> list[dict[str, Any]]:
    """Return the addresses in the text, without duplicates, in order."""
    found = dict.fromkeys(url.rstrip(".,;:!?)]}'") for url in _URL.findall(text))
    return [link for link in map(link_of, found) if link][:MAX_LINKS]


def mentions_in(text: str) -> list[str]:
    """Return the handles in the text, without duplicates, in order."""
    return list(dict.fromkeys(_MENTION.findall(text)))[:MAX_MENTIONS]


def retweeted_handle(text: str) -> str | None:
    """Return the x of `RT @x: …` (also `RT @x:…`), or None."""
    match = _RETWEET.match(text)
    return match.group(1) if match else None


def unescape(text: str) -> str:
    """Unescape X's &, < and >, which every text has escaped once.

    Only once, and only these: `&amp;lt;` is a text that shows `&lt;`, and `&copy=2` is part of an address.
    """
    return _ESCAPED.sub(lambda found: _ESCAPES[found[1]], text)


def unescape_whole(text: str) -> str:
    """Unescape a text if it is escaped completely, for sources that do not say whether it is.

    An escaped text has no bare `<`, `>` or `&`, except in an entity that a collector cut off at the end.
    """
    if not _ESCAPED.search(text) or "<" in text or ">" in text or _BARE.search(text):
        return text
    return unescape(text)


def build_tweet(**fields: Any) -> Tweet:
    """Return a validated post from plain values; None means missing.

    Raises:
        PoisonError: A field is wrong; the message has its path.
    """
    present = {name: value for name, value in fields.items() if value is not None}
    if isinstance(present.get("text"), str):
        told = present.get("lang")
        present |= {"lang": lang} if (lang := language_of(present["text"], as_text(told, MAX_LANG))) else {}
    for name in ("id", "author_id", "author", "text"):
        if not isinstance(present.get(name), str):
            raise PoisonError(f"{name} is missing")
    post = wire.decode_post(_dumps({**present, "type": "tweet"}))
    if not isinstance(post, Tweet):  # decode_post also accepts tombstones
        raise PoisonError("not a post")
    return post


def build_deletion(*, id: object, author_id: object, deleted_at: datetime) -> Deletion:
    """Return a validated tombstone; an author that the platform does not report is "unknown"."""
    fields = {"id": identifier(id), "author_id": identifier(author_id) or "unknown", "deleted_at": deleted_at}
    deletion = wire.decode_post(_dumps({**fields, "type": "deletion"}))
    if not isinstance(deletion, Deletion):
        raise PoisonError("not a tombstone")
    return deletion


def quoted_words(read: Callable[[], str | None]) -> str | None:
    """Return the text of a quoted post; None if the platform does not send it or it has no words."""
    try:
        return as_text(read())
    except NothingToReadError:
        return None


def guarded(record: object, build: Callable[[], Outcome]) -> Iterator[Outcome]:
    """Return `build()`; a PoisonError becomes `Bad` with the bytes of `record`, a single picture `Ignored`."""
    try:
        yield build()
    except NothingToReadError as error:
        yield Ignored(str(error))
    except PoisonError as error:
        yield Bad(str(error)[:500], record_bytes(record))


def record_bytes(record: object) -> bytes:
    """Return the bytes of a record for `dead-letters`."""
    if isinstance(record, bytes):
        return record[:MAX_KEPT]
    try:
        return orjson.dumps(record)[:MAX_KEPT]
    except (TypeError, RecursionError):  # a lone surrogate, or a number beyond 64 bits
        return repr(record).encode("utf-8", "backslashreplace")[:MAX_KEPT]


def _dumps(value: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(value)
    except (TypeError, RecursionError) as error:
        raise PoisonError(f"not representable as JSON: {error}"[:300]) from error
