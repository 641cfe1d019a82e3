"""Related topics. Pure.

The view has no vectors, so topics are compared by their words, weighted by rarity among topics (tf-idf), and by their
people. `similarity` is the weighted mean of both cosines; words count three times as much.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.live.state import TopicState

WORD_SHARE = 0.75
Matrix = npt.NDArray[np.float64]


def similarity(states: Sequence[TopicState]) -> Matrix:
    """float64 (n, n), symmetric, 0–1, ones on the diagonal."""
    words = _cosines([_weighted_words(state) for state in states], idf=True)
    people = _cosines([{author: float(posts) for author, (posts, _) in state.people.items()} for state in states])
    mixed = WORD_SHARE * words + (1 - WORD_SHARE) * people
    np.fill_diagonal(mixed, 1.0)
    return np.asarray(np.clip(mixed, 0.0, 1.0))


def related(state: TopicState, others: Sequence[TopicState], limit: int) -> list[tuple[str, float]]:
    """The most similar other topics, the most similar first, without unrelated ones.

    Args:
        state: The topic.
        others: Other topics.
        limit: Largest number of results.
    """
    group = [state, *(other for other in others if other.id != state.id)]
    row = similarity(group)[0][1:]
    found = [(other.id, round(float(near), 3)) for other, near in zip(group[1:], row, strict=True) if near > 0.02]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:limit]


def _weighted_words(state: TopicState) -> dict[str, float]:
    weights = {word: 1 + np.log(count) for word, count in state.words}
    for keyword in state.info.keywords if state.info else ():
        weights[keyword.casefold()] = weights.get(keyword.casefold(), 0.0) + 2.0
    return {word: float(weight) for word, weight in weights.items()}


def _cosines(rows: Sequence[dict[str, float]], *, idf: bool = False) -> Matrix:
    used = Counter(name for row in rows for name in row)
    columns = {name: i for i, name in enumerate(sorted(used))}
    table = np.zeros((len(rows), max(1, len(columns))))
    for i, row in enumerate(rows):
        for name, weight in row.items():
            table[i, columns[name]] = weight * (np.log((1 + len(rows)) / used[name]) if idf else 1.0)
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    unit = table / np.where(lengths > 0, lengths, 1.0)
    return np.asarray(unit @ unit.T)
