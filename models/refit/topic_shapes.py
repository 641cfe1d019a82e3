"""Corrects clusters to topics: splits mixed clusters, joins topics of one subject, reassigns outliers.

All steps use cosine similarities to centroids, visit clusters in a fixed order and break ties by index.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_matrix
from scipy.spatial.distance import squareform

from models.refit.features import Matrix
from models.week.config import DigestConfig

Labels = npt.NDArray[np.int64]

SPLIT_SIMILARITY = 0.20  # average similarity (features) below which the parts of a cluster are split
GATHER_SIMILARITY = 0.15  # the same for posts outside clusters
JOIN_SIMILARITY = 0.40  # average similarity between the centroids of topics of one subject
LARGEST_SPLIT = 4_000  # posts in a cluster that is processed as a whole; HDBSCAN has split larger ones
LARGEST_LEFTOVER = 8_000  # outliers whose distances are in memory at a time


@dataclass(frozen=True)
class Shaped:
    """Topics of `n` posts."""

    labels: Labels  # int64 (n,), topics numbered by size, largest first, -1 for outliers
    rescued: int  # outliers assigned to a topic
    rescued_similarity: float  # their mean cosine to its centroid, sentence vectors only


def shape(labels: Labels, matrix: Matrix, vectors: Matrix, config: DigestConfig) -> Shaped:
    """Return the topics of a first clustering of `n` posts.

    Args:
        labels: int64 (n,), the clusters, -1 for outliers.
        matrix: features, float32 (n, ·).
        vectors: sentence vectors, float32 (n, dimensions).
        config: settings of the digest.
    """
    size = config.min_topic_posts
    labels = drop_small(_split(labels, matrix), size)
    labels = _join(_gather_leftovers(labels, matrix, size, GATHER_SIMILARITY), matrix)
    saved = _rescue(labels, vectors, config.rescue_similarity)
    rescued = (labels < 0) & (saved >= 0)
    labels = saved
    labels = by_size(labels)
    similarity = 0.0
    if rescued.any():
        centres = centroids(labels, vectors)
        similarity = float(np.einsum("ij,ij->i", vectors[rescued], centres[labels[rescued]]).mean())
    return Shaped(labels, int(rescued.sum()), similarity)


def members_of(labels: Labels) -> list[Labels]:
    """Return the posts of each of the topics 0 … max, ascending."""
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], np.arange(int(labels.max(initial=-1)) + 2))
    return [order[first:last] for first, last in pairwise(ends.tolist())]


def centroids(labels: Labels, matrix: Matrix) -> Matrix:
    """Return the unit centroids of the topics 0 … max, float32 (topics, dimensions)."""
    count = int(labels.max(initial=-1)) + 1
    inside = np.flatnonzero(labels >= 0)
    place = (np.ones(len(inside)), (labels[inside], inside))
    sums = csr_matrix(place, shape=(count, len(matrix))) @ matrix.astype(np.float64)
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.maximum(norms, 1e-9), dtype=np.float32)


def _split(labels: Labels, matrix: Matrix) -> Labels:
    """Cut each cluster's average-linkage tree where its parts are dissimilar."""
    result = np.full_like(labels, -1)
    following = 0
    for members in members_of(labels):
        parts = (
            _cut(matrix[members], SPLIT_SIMILARITY)
            if 2 < len(members) <= LARGEST_SPLIT
            else np.zeros(len(members), dtype=np.int64)
        )
        result[members] = parts + following
        following += int(parts.max(initial=0)) + 1
    return result


def _cut(rows: Matrix, similarity: float) -> Labels:
    distance = rows.astype(np.float64) @ rows.T.astype(np.float64)
    np.subtract(1, distance, out=distance)
    np.clip(distance, 0, 2, out=distance)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), method="average")
    return np.asarray(fcluster(tree, 1 - similarity, criterion="distance"), dtype=np.int64) - 1


def _gather_leftovers(labels: Labels, matrix: Matrix, size: int, similarity: float) -> Labels:
    """Find topics among the outliers that are too sparse for HDBSCAN."""
    result = labels.copy()
    for part in halves(np.flatnonzero(labels < 0), matrix, LARGEST_LEFTOVER):
        if len(part) >= size:
            found = drop_small(_cut(matrix[part], similarity), size)
            new = found >= 0
            result[part[new]] = found[new] + int(result.max(initial=-1)) + 1
    return result


def halves(rows: Labels, matrix: Matrix | npt.NDArray[np.float64], largest: int) -> list[Labels]:
    """Halve `rows` of `matrix` along their main direction until every part has at most `largest` rows."""
    if len(rows) <= largest:
        return [rows]
    centred = matrix[rows].astype(np.float64)
    centred -= centred.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    order = np.argsort(centred @ directions[:, -1], kind="stable")
    parts = np.sort(rows[order[: len(rows) // 2]]), np.sort(rows[order[len(rows) // 2 :]])
    return [part for half in parts for part in halves(half, matrix, largest)]


def _join(labels: Labels, matrix: Matrix) -> Labels:
    count = int(labels.max(initial=-1)) + 1
    if count < 2:
        return labels
    return np.where(labels >= 0, _cut(centroids(labels, matrix), JOIN_SIMILARITY)[labels], -1)


def _rescue(labels: Labels, vectors: Matrix, similarity: float) -> Labels:
    """Assign outliers to a topic if their cosine to its centroid reaches `similarity`."""
    outliers = np.flatnonzero(labels < 0)
    if len(outliers) == 0 or labels.max(initial=-1) < 0:
        return labels
    cosine = vectors[outliers] @ centroids(labels, vectors).T
    nearest = cosine.argmax(axis=1)
    near = cosine[np.arange(len(outliers)), nearest] >= similarity
    result = labels.copy()
    result[outliers[near]] = nearest[near]
    return result


def drop_small(labels: Labels, size: int) -> Labels:
    """Make topics of fewer than `size` posts outliers."""
    if labels.max(initial=-1) < 0:
        return labels
    counts = np.bincount(labels[labels >= 0])
    return _compact(np.where((labels >= 0) & (counts[labels] >= size), labels, -1))


def _compact(labels: Labels) -> Labels:
    kept = np.unique(labels[labels >= 0])
    return np.where(labels >= 0, np.searchsorted(kept, labels), -1).astype(np.int64)


def by_size(labels: Labels) -> Labels:
    """Number the topics by size, then by their first post."""
    labels = _compact(labels)
    members = members_of(labels)
    rank = np.empty(len(members), dtype=np.int64)
    by_rank = sorted(range(len(members)), key=lambda topic: (-len(members[topic]), int(members[topic][0])))
    rank[by_rank] = np.arange(len(members))
    return np.where(labels >= 0, rank[labels], -1) if members else labels
