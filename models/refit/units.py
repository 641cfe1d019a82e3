"""Units: small groups of a week's distinct posts, each about one story. Ranking starts from them.

* Every distinct post has its bearers: its author and all who repeat it.

* Similarity: the cosine of two vectors, minus the density of each post's own neighbourhood, because in a stream about
  one field all posts are near each other. Posts whose bearers share an original, a quoted post, a thread or a link are
  similar by that evidence.

* Average linkage groups the posts, and the tree is cut low: a unit may miss a part of its story, but must not mix two
  (`ranking.joining` joins the parts of a story later).

* The result depends on the set of posts only: distances are exact, the input order is canonical, and sums run in one
  thread.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from threadpoolctl import threadpool_limits

from models.refit.features import own_part
from models.refit.shared_links import holders_of_links
from models.refit.topic_shapes import halves, members_of
from models.refit.voices import voice_of
from models.week.posts import WeekPosts

CUT = 0.55  # maximum distance between groups that average linkage joins
SHARED = 0.85  # similarity of two posts that share an original, a quoted post, a thread or a link
NEIGHBOURS = 10  # number of nearest posts that define the neighbourhood of a post
UNUSUAL = 0.95  # quantile of the likeness of any two posts
CROWD = 30  # a thing shared by more posts is no evidence: a form, a channel, a sponsor
LARGEST = 6_000  # posts whose distances are in memory at a time; larger sets are halved along their main direction

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Units:
    """`n` distinct posts of a week in units."""

    distinct: Indices  # int64 (n,), places in the week, ascending
    bearers: list[list[int]]  # of each distinct post: places of its bearers in the week, its own first
    own: Floats  # float64 (n, dimensions), unit length: `features.own_part` of the vectors
    density: Floats  # float64 (n,), mean cosine to the nearest posts
    nearest: Floats  # float64 (n,), cosine to the nearest post of another voice, -1 without one
    groups: list[Indices]  # of each unit: places in `distinct`, ascending; units by their first post
    evidence: frozenset[tuple[int, int]] = frozenset()  # pairs that share an original, quoted post, thread or link
    beside: Indices = field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # see `_beside`

    def likeness(self, one: Sequence[int], other: Sequence[int]) -> float:
        """Return the mean similarity of two groups of distinct posts, as in average linkage."""
        middle, its = self.own[one].mean(axis=0), self.own[other].mean(axis=0)
        level = (self.density[one].mean() + self.density[other].mean()) / 2
        return float(middle @ its - level + self.density.mean())

    def nearness(self, posts: Sequence[int]) -> float:
        """Return the mean similarity of every two of at least two distinct posts."""
        count = len(posts)
        itself = 1 - float(self.density[posts].mean()) + float(self.density.mean())
        return round((count * self.likeness(posts, posts) - itself) / (count - 1), 6)

    @cached_property
    def unusual(self) -> float:
        """Return the likeness that one of twenty pairs of posts reaches, whatever they are about."""
        apart = len(self.own) // 2  # pairs of posts that are half a week apart
        if not apart:
            return 1.0
        cosine = np.einsum("ij,ij->i", self.own, np.roll(self.own, apart, axis=0))
        likeness = cosine - (self.density + np.roll(self.density, apart)) / 2 + self.density.mean()
        return float(np.quantile(likeness.round(6), UNUSUAL))

    def members(self, group: Sequence[int]) -> list[int]:
        """Return the places in the week of all bearers of a group of distinct posts, ascending."""
        return sorted(bearer for post in group for bearer in self.bearers[post])


def find_units(week: WeekPosts, duplicate_of: Indices) -> Units:
    """Return the units of `week`. duplicate_of: int64 (posts,), from `near_duplicates.fold`."""
    distinct = np.flatnonzero(duplicate_of == np.arange(len(week)))
    bearers = _bearers(distinct, duplicate_of)
    if not len(distinct):
        nothing = np.zeros(0)
        return Units(distinct, bearers, np.zeros((0, week.vectors.shape[1])), nothing, nothing, [])
    with threadpool_limits(limits=1):
        own = own_part(week.vectors[distinct])
        voices = np.unique([voice_of(week.posts[post]) for post in distinct.tolist()], return_inverse=True)[1]
        together = list(_in_common(week, distinct, bearers))
        density, nearest = np.zeros(len(distinct)), np.full(len(distinct), -1.0)
        beside = np.full(len(distinct), -1, dtype=np.int64)
        labels, found = np.zeros(len(distinct), dtype=np.int64), 0
        for part in halves(np.arange(len(distinct)), own, LARGEST):
            cosine = own[part] @ own[part].T
            density[part] = _density(cosine)
            nearest[part] = _nearest(cosine, voices[part])
            labels[part] = found + _linked(cosine, density[part], _within(part, together))
            found = int(labels[part].max()) + 1
            beside[part] = _beside(part, cosine - (density[part][:, None] + density[part]) / 2, voices, labels)
    groups = sorted(members_of(labels), key=lambda group: int(group[0]))
    evidence = {pair for held in together if len(held) <= CROWD for pair in combinations(held, 2)}
    return Units(distinct, bearers, own, density, nearest, groups, frozenset(evidence), beside)


def _bearers(distinct: Indices, duplicate_of: Indices) -> list[list[int]]:
    found: dict[int, list[int]] = {post: [post] for post in distinct.tolist()}
    for post, original in enumerate(duplicate_of.tolist()):
        if post != original:
            found[original].append(post)
    return [found[post] for post in distinct.tolist()]


def _in_common(week: WeekPosts, distinct: Indices, bearers: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Return groups of distinct posts whose bearers share an original, quoted post, thread or link."""
    place = {bearer: post for post, carried in enumerate(bearers) for bearer in carried}
    holders: dict[str, set[int]] = defaultdict(set)
    for index, post in enumerate(week.posts):
        holders[post.id].add(place[index])
        if post.related_id is not None:
            holders[post.related_id].add(place[index])
    for passed_on in holders_of_links(week.posts).values():
        yield sorted({place[index] for index in passed_on})
    for _, held in sorted(holders.items()):
        yield sorted(held)


def _within(part: Indices, groups: Sequence[Sequence[int]]) -> Iterator[Indices]:
    """Return the groups that may be joined, as places in `part`."""
    place = {post: index for index, post in enumerate(part.tolist())}
    for group in groups:
        if 1 < len(group) <= CROWD:
            inside = [place[post] for post in group if post in place]
            if len(inside) > 1:
                yield np.array(inside, dtype=np.int64)


def _density(cosine: Floats) -> Floats:
    """Return the mean of the cosines to the `NEIGHBOURS` nearest other posts."""
    others = min(NEIGHBOURS, len(cosine) - 1)
    if others < 1:
        return np.zeros(len(cosine))
    # the nearest post of a post is itself: it is the last column, which is left out
    near = np.sort(np.partition(cosine, len(cosine) - others - 1, axis=1)[:, -others - 1 :], axis=1)
    return np.asarray(near[:, :-1].mean(axis=1))


def _nearest(cosine: Floats, voices: Indices) -> Floats:
    """Return the cosine to the nearest post with another voice. voices: int64 (n,), a number per voice."""
    others = np.where(voices[:, None] == voices, -1.0, cosine)
    return np.asarray(others.max(axis=1))


def _beside(part: Indices, likeness: Floats, voices: Indices, labels: Indices) -> Indices:
    """Return the nearest post of another voice in another unit, for each of `part`; -1 without one."""
    apart = (voices[part][:, None] != voices[part]) & (labels[part][:, None] != labels[part])
    nearest = np.where(apart, likeness, -np.inf).argmax(axis=1)
    return np.where(apart.any(axis=1), part[nearest], -1)


def _linked(cosine: Floats, density: Floats, together: Iterator[Indices]) -> Indices:
    """Cluster by average linkage; returns int64 (n,), a number per group."""
    if len(cosine) < 2:
        return np.zeros(len(cosine), dtype=np.int64)
    distance = 1 - (cosine - (density[:, None] + density) / 2 + density.mean())
    for group in together:
        square = np.ix_(group, group)
        distance[square] = np.minimum(distance[square], 1 - SHARED)
    distance = np.round(np.clip((distance + distance.T) / 2, 0, 2), 6)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    return np.asarray(fcluster(tree, CUT, criterion="distance"), dtype=np.int64) - 1
