"""Converts wire types to bytes and back: orjson for JSON, msgspec for the typed, validating conversion.

Bytes are canonical (sorted keys, UTC times with microseconds as needed), so equal events have equal bytes; hashes and
`replay --verify` depend on it. All input is untrusted: data that is too large, too deep, of a wrong type or of a newer
schema raises `PoisonError` with a reason that can be shown.
"""

import base64
import hashlib
from datetime import MAXYEAR, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import orjson

from models.events import EARLIEST_YEAR, SCHEMA, DeadLetter, Deletion, Digest, EditedDigest, EmbeddedTweet, Event, Tweet
from models.events.week_topics import WeekTopics

if TYPE_CHECKING:  # loaded where vectors are read: a reader of digests needs no NumPy
    import numpy as np
    import numpy.typing as npt

T = TypeVar("T", bound=Event)
MAX_RECORD_BYTES = 1_000_000  # a post with 100 described links is far smaller
MAX_DIGEST_BYTES = 8_000_000  # the identities of 300 topics and the ids of their posts
MAX_LETTER_BYTES = 12 * 1024**2  # the largest record that the broker accepts, in base64


class PoisonError(ValueError):
    """A record that can never be used and belongs on `dead-letters`: a retry would fail again."""


def encode(event: Event) -> bytes:
    """Canonical JSON of a wire type."""
    return orjson.dumps(
        msgspec.to_builtins(event, builtin_types=()),
        option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS,
    )


def content_hash(event: Event) -> str:
    """Hex sha256 of the canonical bytes."""
    return hashlib.sha256(encode(event)).hexdigest()


def not_json(error: Exception) -> str:
    """The error of one record. It gives the column only, because "line 1" beside a file's line number misleads."""
    if isinstance(error, orjson.JSONDecodeError):
        return f"not JSON: {error.msg}, column {error.colno}"
    return f"not JSON: {error}"


def loads(data: bytes | None, limit: int = MAX_RECORD_BYTES) -> dict[str, Any]:
    """Parse the JSON object in `data`.

    Raises:
        PoisonError: The data are no JSON object, or contain NaN or infinity.
    """
    if data is None:
        raise PoisonError("the value is null")
    if len(data) > limit:
        raise PoisonError(f"the record has {len(data)} bytes, more than {limit}")
    try:
        value = orjson.loads(data)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise PoisonError(not_json(error)) from error
    if not isinstance(value, dict):
        raise PoisonError(f"a JSON object was expected, not {type(value).__name__}")
    return value


def decode(data: bytes | None, kind: type[T]) -> T:
    """Decode `data` as a `kind`.

    Raises:
        PoisonError: A field is wrong; the message has its path.
    """
    limit = {Digest: MAX_DIGEST_BYTES, EditedDigest: MAX_DIGEST_BYTES, DeadLetter: MAX_LETTER_BYTES}.get(
        kind, MAX_RECORD_BYTES
    )
    event = _convert(loads(data, limit), kind)
    for field in event.__struct_fields__:
        if isinstance(moment := getattr(event, field), datetime):
            _check_time(field, moment)
    return event


def decode_post(data: bytes | None) -> Tweet | Deletion:
    """Decode a record of `tweets`.

    Raises:
        PoisonError: The record cannot be used.
    """
    value = loads(data)
    kind = value.get("type", "tweet")
    if kind == "deletion":
        return _deletion(value)
    if kind != "tweet":
        raise PoisonError(f"unknown type {kind!r}"[:200])
    tweet = _convert(value, Tweet)
    _check_time("created_at", tweet.created_at)
    if not tweet.text.strip() and not tweet.links:
        raise PoisonError("the text is empty")
    return tweet


def decode_embedded(data: bytes | None) -> EmbeddedTweet | Deletion:
    """Decode a post or tombstone of `tweets.embedded`.

    Raises:
        PoisonError: The record is no post or tombstone, for example WeekTopics (see `decode_log`).
    """
    embedded = decode_log(data)
    if isinstance(embedded, WeekTopics):
        raise PoisonError(f"the record has the topics of {embedded.week}, not a post"[:200])
    return embedded


def decode_log(data: bytes | None) -> EmbeddedTweet | Deletion | WeekTopics:
    """Decode any record of `tweets.embedded`.

    Raises:
        PoisonError: The record cannot be used.
    """
    value = loads(data, MAX_DIGEST_BYTES)
    if value.get("type") == "week":
        return _week_topics(value)
    if data is not None and len(data) > MAX_RECORD_BYTES:
        raise PoisonError(f"the record has {len(data)} bytes, more than {MAX_RECORD_BYTES}")
    if value.get("type") == "deletion":
        return _deletion(value)
    embedded = _convert(value, EmbeddedTweet)
    partition, colon, offset = embedded.origin.partition(":")
    if not (colon and partition.isdecimal() and offset.isdecimal()):
        raise PoisonError(f"origin {embedded.origin!r} is not partition:offset")
    _check_time("created_at", embedded.tweet.created_at)
    return embedded


def pack_vector(vector: "npt.NDArray[np.floating[Any]]") -> str:
    """base64 of `vector` (any shape, C order) as little-endian float16."""
    import numpy as np

    return base64.b64encode(np.ascontiguousarray(vector, dtype="<f2").tobytes()).decode("ascii")


def unpack_vector(packed: str, dimensions: int) -> "npt.NDArray[np.float32]":
    """The vector, float32 (dimensions,).

    Raises:
        PoisonError: The vector has a wrong length, or contains NaN or infinity.
    """
    import numpy as np

    try:
        vector = np.frombuffer(base64.b64decode(packed, validate=True), dtype="<f2").astype(np.float32)
    except ValueError as error:
        raise PoisonError(f"vector: {error}") from error
    if vector.shape != (dimensions,):
        raise PoisonError(f"vector: it has {vector.shape[0]} numbers instead of {dimensions}")
    if not np.isfinite(vector).all():
        raise PoisonError("vector: it contains NaN or infinity")
    return vector


def _convert(value: dict[str, Any], kind: type[T]) -> T:
    schema = value.get("schema", SCHEMA)
    if schema != SCHEMA:
        raise PoisonError(f"schema version {schema!r}"[:100] + f" is unknown; this reader knows {SCHEMA}")
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise PoisonError(str(error)) from error


def _deletion(value: dict[str, Any]) -> Deletion:
    deletion = _convert(value, Deletion)
    _check_time("deleted_at", deletion.deleted_at)
    return deletion


def _week_topics(value: dict[str, Any]) -> WeekTopics:
    taught = _convert(value, WeekTopics)
    _check_time("at", taught.at)
    for topic in taught.topics:
        _check_time("first", topic.first)
        _check_time("last", topic.last)
        unpack_vector(topic.centroid, taught.dimensions)
    return taught


def _check_time(field: str, moment: datetime) -> None:
    if moment.tzinfo is None:
        raise PoisonError(f"{field} has no time zone")
    if moment.year < EARLIEST_YEAR:
        raise PoisonError(f"{field} is before {EARLIEST_YEAR}")
    if moment.year == MAXYEAR:  # it may have no UTC time
        raise PoisonError(f"{field} is in {MAXYEAR}")
