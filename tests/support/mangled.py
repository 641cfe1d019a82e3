"""Inputs for fuzz tests: records that are nearly valid."""

import json
from collections.abc import Sequence

import orjson
from hypothesis import strategies as st

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(
        [
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "2021-05-03T00:00:00",
            "2021-05-03T24:00:00Z",
            "retweet",
            "deletion",
            "embedded",
            "0:1",
            "99999999999999999999:1",
            10**400,
        ]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def damaged(draw: st.DrawFn, source: bytes) -> bytes:
    """A file or message with some bytes replaced, cut off, or unchanged."""
    place = draw(st.integers(0, len(source)))
    return source[:place] + draw(st.binary(max_size=6)) + source[place + draw(st.integers(0, 40)) :]


@st.composite
def mangled(draw: st.DrawFn, sources: Sequence[bytes]) -> bytes | None:
    """Arbitrary bytes, or a good record with fields replaced, removed or added, or with changed bytes."""
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return draw(st.none() | st.binary(max_size=60))
    data = draw(st.sampled_from(sources))
    if kind == 1:
        place = draw(st.integers(0, len(data) - 1))
        return data[:place] + draw(st.binary(max_size=3)) + data[place + draw(st.integers(0, 3)) :]
    document = orjson.loads(data)
    for _ in range(draw(st.integers(1, 3))):
        target = document
        if isinstance(document.get("tweet"), dict) and draw(st.booleans()):
            target = document["tweet"]
        field = draw(st.sampled_from(sorted(target)) | st.text(max_size=4)) if target else "id"
        if draw(st.booleans()):
            target[field] = draw(VALUES)
        else:
            target.pop(field, None)
    return _dumps(document)


def _dumps(document: object) -> bytes:
    """JSON as a careless producer writes it: numbers of any size, NaN, infinities."""
    return json.dumps(document).encode()
