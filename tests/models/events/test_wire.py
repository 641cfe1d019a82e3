"""Bytes and types: written events are read back, and other data are refused with a reason."""

import math
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import Assignment, Deletion, Tweet
from models.events.wire import (
    MAX_RECORD_BYTES,
    PoisonError,
    content_hash,
    decode,
    decode_embedded,
    decode_log,
    decode_post,
    encode,
    pack_vector,
    unpack_vector,
)
from tests.support.made_lessons import lesson, taught
from tests.support.made_posts import embedded, tweet

VALID = encode(tweet(1))


@given(
    st.text(max_size=300).filter(lambda text: text.strip()), st.datetimes(datetime(2006, 1, 1), datetime(9998, 12, 31))
)
def test_a_post_is_read_back_as_it_was_written(text: str, moment: datetime) -> None:
    """Any text and any time. The last year may have no UTC time and is refused."""
    post = Tweet(id="1", author_id="a", author="a", created_at=moment.replace(tzinfo=UTC), text=text)
    assert decode_post(encode(post)) == post


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No input raises anything but PoisonError."""
    for read in (decode_post, decode_embedded, lambda value: decode(value, Assignment)):
        assert _refusal(read, data) != ""


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner),
    ),
    st.data(),
)
def test_a_field_of_a_wrong_type_is_refused_or_valid(value: object, data: st.DataObject) -> None:
    """Each field in turn with a value of any type: it is read, or raises PoisonError."""
    document = orjson.loads(VALID)
    document[data.draw(st.sampled_from(sorted(document)))] = value
    assert _refusal(decode_post, orjson.dumps(document)) != ""


def _refusal(read: Callable[[bytes], object], data: bytes) -> str | None:
    """The reason, or None when it was read. Any other exception fails the test."""
    try:
        read(data)
    except PoisonError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "null"),
        (b"", "not JSON"),
        (b'{"id" 1}', "^not JSON: unexpected character, expected ':' after key, column 7$"),
        (b"[1]", "object was expected"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": Infinity}', "not JSON"),
        (b'"\xed\xa0\x80"', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"x":' * 2_000 + b"1" + b"}" * 2_000, "not JSON"),
        (b" " * (MAX_RECORD_BYTES + 1), "bytes, more than"),
        (VALID.replace(b'"tweet"', b'"weather"'), "unknown type"),
        (VALID.replace(b'"schema":1', b'"schema":2'), "schema version 2"),
        (VALID.replace(b'"schema":1', b'"schema":"1"'), "schema version"),
        (VALID.replace(b'"2021-05-03', b'"1970-01-01'), "before 2005"),
        (VALID.replace(b"T00:01:00Z", b"T00:01:00"), "time zone"),
        (VALID.replace(b'"p00001"', b'"p 1"'), "id"),
        (VALID.replace(b'"p00001"', b'""'), "id"),
    ],
)
def test_poison_names_its_reason(data: bytes | None, reason: str) -> None:
    """Every kind of bad record is refused with a helpful reason."""
    with pytest.raises(PoisonError, match=reason):
        decode_post(data)


def test_an_empty_text_is_refused() -> None:
    """A post needs text or a link."""
    with pytest.raises(PoisonError, match="empty"):
        decode_post(encode(tweet(1, "  \n ")))


def test_the_same_event_has_the_same_bytes_and_hash() -> None:
    """Key order and time zone have no effect."""
    post = tweet(3)
    assert encode(post) == encode(decode_post(encode(post)))
    assert content_hash(post) == content_hash(decode(encode(post), Tweet))


def test_a_deletion_is_told_from_a_post() -> None:
    """Both are sent to the same topic."""
    deletion = Deletion(id="p1", author_id="a", deleted_at=datetime(2021, 5, 4, tzinfo=UTC))
    assert decode_post(encode(deletion)) == deletion
    assert decode_embedded(encode(deletion)) == deletion


@pytest.mark.parametrize("origin", ["", "1", ":", "a:1", "1:b"])
def test_an_embedded_post_names_the_record_that_it_came_from(origin: str) -> None:
    """Without a usable origin a redelivery could not be separated from a post that was sent twice."""
    with pytest.raises(PoisonError, match="origin"):
        decode_embedded(encode(embedded(tweet(1), origin=origin)))


@given(st.lists(st.floats(-1, 1, width=16), min_size=1, max_size=40))
def test_a_vector_survives_as_float16(numbers: list[float]) -> None:
    """The wire has exactly half precision."""
    vector = np.array(numbers, np.float16)
    assert np.array_equal(unpack_vector(pack_vector(vector), len(vector)), vector.astype(np.float32))


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        ("?", "vector"),
        (pack_vector(np.zeros(3)), "3 numbers instead of 2"),
        (pack_vector(np.array([1.0, math.nan])), "NaN or infinity"),
        (pack_vector(np.array([math.inf, 0.0])), "NaN or infinity"),
    ],
)
def test_a_vector_that_cannot_be_used_is_refused(packed: str, reason: str) -> None:
    """Wrong length, not base64, not finite."""
    with pytest.raises(PoisonError, match=reason):
        unpack_vector(packed, 2)


def test_a_lesson_is_on_the_log_but_no_post() -> None:
    """It may be as large as a digest; a post may not."""
    week = lesson([taught(f"d{n}", [f"{n}-{k:0180d}" for k in range(200)], np.ones(8)) for n in range(30)], 8)
    assert len(encode(week)) > MAX_RECORD_BYTES
    assert decode_log(encode(week)) == week
    with pytest.raises(PoisonError, match="2023-W46, not a post"):
        decode_embedded(encode(week))
    with pytest.raises(PoisonError, match="bytes, more than"):
        decode_log(encode(week).replace(b'"type":"week"', b'"type":"embedded"'))
    with pytest.raises(PoisonError, match="8 numbers instead of 9"):
        decode_log(encode(week).replace(b'"dimensions":8', b'"dimensions":9'))
