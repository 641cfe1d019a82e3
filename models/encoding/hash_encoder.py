"""A deterministic encoder without a model, for tests and for trying the pipeline: hashed words, no torch.

Texts that share words are close, others nearly orthogonal. It knows no synonyms. (Feature hashing: Weinberger et al.,
2009.)
"""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

_WORD = re.compile(r"\w+")
_PLACES = 8  # dimensions for each word, each with a sign, so that collisions cancel on average


class HashEncoder:
    """Signed feature hashing of casefolded words into `dimensions` numbers (at least 1)."""

    def __init__(self, dimensions: int = 384) -> None:
        if dimensions < 1:
            raise ValueError(f"dimensions must be at least 1, not {dimensions}")
        self.dimensions = dimensions
        self.name = f"hash-{dimensions}@1/fp32"

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """See `models.encoding.encoder.Encoder`."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in _WORD.findall(text.casefold()) or [""]:
                places, signs = _places(word)
                np.add.at(row, places % self.dimensions, signs)
            if not row.any():  # everything cancelled out: take a direction of its own
                row[_places(text)[0][0] % self.dimensions] = 1.0
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


@lru_cache(maxsize=65_536)
def _places(word: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4 * _PLACES).digest()
    numbers = np.frombuffer(digest, "<u4").astype(np.int64)
    return numbers >> 1, np.where(numbers & 1, 1.0, -1.0).astype(np.float32)
