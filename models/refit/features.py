"""The features for the clustering of the refit: the stored sentence vectors, with the posts' words appended.

Sentence encoders blur names ("GPT-Neo", "PixLoc", "ICLR2021") that identify whole topics. Therefore a hashed,
idf-weighted bag of words is appended to each vector.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction import FeatureHasher

LEXICAL_SHARE = 0.25  # share of a post's squared length
LEXICAL_DIMENSIONS = 512
COMMON_SHARE = 0.1  # a word in a larger share of the posts says nothing
FEW = 200  # number of posts at which half of their common part is removed

Matrix = npt.NDArray[np.float32]


def features(vectors: Matrix, words: Sequence[Sequence[str]]) -> Matrix:
    """float32 (n, dimensions + LEXICAL_DIMENSIONS), unit length: `own_part` and words of `n` distinct posts."""
    own, lexical = own_part(vectors), _hashed_words(words)
    return np.hstack([own * np.sqrt(1 - LEXICAL_SHARE), lexical * np.sqrt(LEXICAL_SHARE)]).astype(np.float32)


def own_part(vectors: Matrix) -> npt.NDArray[np.float64]:
    """The vectors without their common part (Arora and others 2017), unit length.

    In a stream about one field all posts are similar. With fewer posts less is removed, because a small week may be
    about one subject.
    """
    common = vectors.astype(np.float64).mean(axis=0) * (len(vectors) / (len(vectors) + FEW))
    own = vectors - common
    return np.asarray(own / np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-9))


def _hashed_words(words: Sequence[Sequence[str]]) -> Matrix:
    frequency: dict[str, int] = {}
    for post in words:
        for word in set(post):
            frequency[word] = frequency.get(word, 0) + 1
    total = len(words)
    ceiling = max(3, COMMON_SHARE * total)
    idf = {word: float(np.log(1 + total / count)) for word, count in frequency.items() if 2 <= count <= ceiling}
    bags = [{word: idf[word] for word in sorted(set(post)) if word in idf} for post in words]
    hashed = FeatureHasher(LEXICAL_DIMENSIONS, dtype=np.float64).transform(bags).toarray()
    norms = np.linalg.norm(hashed, axis=1, keepdims=True)
    return np.asarray(hashed / np.maximum(norms, 1e-9), dtype=np.float32)
