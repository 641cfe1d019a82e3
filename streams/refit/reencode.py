"""Brings a week with vectors of several encoders into one vector space.

Vectors of two encoders cannot be compared. Posts with vectors of another encoder than the present one are encoded again
from their cleaned text. A week with one encoder, even an old one, stays as it is on the log.
"""

from collections.abc import Callable, Sequence
from typing import TypeGuard

import msgspec
import numpy as np

from models.encoding.encoder import Encoder, space_of
from models.events import Deletion, EmbeddedTweet
from models.events.wire import pack_vector
from streams.system.logs import get_logger

log = get_logger(__name__)


def in_one_space(
    records: Sequence[EmbeddedTweet | Deletion], load: Callable[[], Encoder]
) -> list[EmbeddedTweet | Deletion]:
    """Return the records with vectors of one space.

    The texts are encoded in one call, sorted by their characters, so that the same set gives the same bytes.

    Args:
        records: Records of one week.
        load: Loads the present encoder; called only when there are several spaces.

    Raises:
        EncoderError: The encoder cannot be loaded.
    """
    spaces = sorted({space_of(record.encoder) for record in records if isinstance(record, EmbeddedTweet)})
    if len(spaces) < 2:
        return list(records)
    encoder = load()
    space = space_of(encoder.name)
    texts = sorted({record.text for record in records if _is_foreign(record, space)})
    log.warning(
        "week has vectors of several encoders; encoding its texts again",
        encoders=spaces,
        texts=len(texts),
        now=space,
    )
    vectors = dict(zip(texts, encoder.encode(texts).astype(np.float16), strict=True))
    return [
        msgspec.structs.replace(
            record,
            vector=pack_vector(vectors[record.text]),
            dimensions=encoder.dimensions,
            encoder=encoder.name,
        )
        if _is_foreign(record, space)
        else record
        for record in records
    ]


def _is_foreign(record: EmbeddedTweet | Deletion, space: str) -> TypeGuard[EmbeddedTweet]:
    return isinstance(record, EmbeddedTweet) and space_of(record.encoder) != space
