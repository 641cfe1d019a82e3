"""A week in which the encoder was changed: its posts in one vector space, so that its digest can be made.

Vectors of two encoders have no common space. Those of another encoder than the present one are made anew from the text
that stands beside them. A week of one encoder, whichever, stays as it is on the log.
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
    """The records with vectors of one space. load: the present encoder, asked for only when there are several.

    The texts are encoded in one call and in order of their characters, so the same set gives the same bytes. Raises
    EncoderError.
    """
    spaces = sorted({space_of(record.encoder) for record in records if isinstance(record, EmbeddedTweet)})
    if len(spaces) < 2:
        return list(records)
    encoder = load()
    space = space_of(encoder.name)
    texts = sorted({record.text for record in records if _is_foreign(record, space)})
    log.warning(
        "the week has vectors of several encoders; texts are encoded again",
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
