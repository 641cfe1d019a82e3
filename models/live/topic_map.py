"""A map of topics on which related topics are near to each other. Pure.

The view has no vectors, so topics are compared by their words, weighted by rarity among topics (tf-idf), and by their
people. `similarity` is the weighted mean of both cosines; words count three times as much. Positions are classical
multidimensional scaling (Torgerson 1952) of 1 - similarity, in [0, 1], rotated so that topics stay near their places on
the previous map (orthogonal Procrustes). Each coordinate is averaged with its rank, which spreads dense groups and
keeps the order.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from models.live.state import TopicState

WORD_SHARE = 0.75
TIE = 0.15  # similarity from which two topics are shown as related
Matrix = npt.NDArray[np.float64]


def similarity(states: Sequence[TopicState]) -> Matrix:
    """float64 (n, n), symmetric, 0–1, ones on the diagonal."""
    words = _cosines([_weighted_words(state) for state in states], idf=True)
    people = _cosines([{author: float(posts) for author, (posts, _) in state.people.items()} for state in states])
    mixed = WORD_SHARE * words + (1 - WORD_SHARE) * people
    np.fill_diagonal(mixed, 1.0)
    return np.asarray(np.clip(mixed, 0.0, 1.0))


def positions(
    states: Sequence[TopicState], before: Mapping[str, tuple[float, float]] | None = None
) -> dict[str, tuple[float, float]]:
    """Compute the positions.

    Args:
        states: The topics.
        before: The previous map, so that this one does not flip.

    Returns:
        Topic id -> (x, y) in [0, 1].
    """
    if not states:
        return {}
    if len(states) == 1:
        return {states[0].id: (0.5, 0.5)}
    points = _align(_scale(1.0 - similarity(states)), states, before or {})
    placed = (_unit(points) + _unit(points.argsort(axis=0, kind="stable").argsort(axis=0).astype(np.float64))) / 2
    return {state.id: (round(float(x), 4), round(float(y), 4)) for state, (x, y) in zip(states, placed, strict=True)}


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


def ties(states: Sequence[TopicState], each: int) -> list[tuple[str, str, float]]:
    """For each topic the `each` most similar others, from `TIE` on: (id, id, similarity), each pair once."""
    near = similarity(states) if len(states) > 1 else np.zeros((len(states), len(states)))
    np.fill_diagonal(near, 0.0)
    found = {
        (min(i, int(j)), max(i, int(j))): round(float(near[i, j]), 3)
        for i in range(len(states))
        for j in np.argsort(-near[i], kind="stable")[:each]
        if near[i, j] >= TIE
    }
    return [(states[i].id, states[j].id, value) for (i, j), value in sorted(found.items())]


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


def _scale(distances: Matrix) -> Matrix:
    count = len(distances)
    center = np.eye(count) - 1.0 / count
    values, vectors = np.linalg.eigh(-0.5 * center @ (distances**2) @ center)
    top = np.argsort(values)[::-1][:2]
    return np.asarray(vectors[:, top] * np.sqrt(np.maximum(values[top], 0.0)))


def _unit(points: Matrix) -> Matrix:
    """Scale each column to [0, 1]; 0.5 where all values are equal."""
    low, high = points.min(axis=0), points.max(axis=0)
    flat = high - low < 1e-9
    return np.asarray(np.where(flat, 0.5, (points - low) / np.where(flat, 1.0, high - low)))


def _align(points: Matrix, states: Sequence[TopicState], before: Mapping[str, tuple[float, float]]) -> Matrix:
    kept = [i for i, state in enumerate(states) if state.id in before]
    if len(kept) < 2:
        return points
    target = np.array([before[states[i].id] for i in kept])
    source = points[kept]
    left, _, right = np.linalg.svd((source - source.mean(axis=0)).T @ (target - target.mean(axis=0)))
    return np.asarray(points @ (left @ right))
