"""Influence of every author of a week, 0 to 1, computed from the stream.

* graph: PageRank over retweets, quotes, replies and mentions, from the author of the post to the author that it refers
  to. Each pair of authors has one vote, however many retweets there are.

* reach: engagement per post, relative to the audience (followers) if the platform reports it; as a rank among the
  authors, so that outliers do not dominate.

* curated: the weight from the `influencers` topic. 1 leaves the measured value, 0 silences, larger weights raise it:
  the measured value gets the exponent 1 / weight.

The numbers of a retweet belong to its original and are not counted.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.stats import rankdata

from models.events import Influencer, Metrics, Tweet
from models.text.handles import keys_of, normal
from models.week.posts import WeekPosts

DAMPING = 0.85  # damping of Brin and Page
ITERATIONS = 60
VOTES: Mapping[str, float] = {"retweet": 1.0, "quote": 1.0, "reply": 0.5, "mention": 0.5}
GRAPH_SHARE = 0.6
UNKNOWN = 0.1  # influence of an unknown author


@dataclass(frozen=True)
class InfluenceScore:
    """Influence of an author within the week."""

    value: float  # 0 to 1
    parts: dict[str, float]  # graph, reach and curated, as described above
    usual: float = 0.0  # normal engagement: median of log(1 + engagement) over the author's own posts


def engagement(metrics: Metrics) -> float:
    """Return the likes plus the weighted forms of engagement that cost more than a like."""
    return metrics.likes + 2.0 * metrics.retweets + 2.0 * metrics.quotes + 1.0 * metrics.replies


def influence(week: WeekPosts, influencers: Sequence[Influencer]) -> dict[str, InfluenceScore]:
    """Return influence by author id, for every author of the week."""
    if len(week) == 0:
        return {}
    authors = sorted({post.author_id for post in week.posts})
    graph = _graph(week, authors)
    reach, usual = _reach(week, authors)
    weights = _weights(week, influencers)
    scores = {}
    for index, author in enumerate(authors):
        weight = weights.get(author, 1.0)
        measured = max(UNKNOWN, GRAPH_SHARE * graph[index] + (1 - GRAPH_SHARE) * reach[index])
        value = measured ** (1 / weight) if weight > 0 else 0.0
        parts = {"graph": round(graph[index], 6), "reach": round(reach[index], 6), "curated": weight}
        scores[author] = InfluenceScore(round(value, 6), parts, usual[author])
    return scores


def _graph(week: WeekPosts, authors: Sequence[str]) -> list[float]:
    """Return PageRank as a rank among the authors, 0 to 1; 0 for all if there are no references."""
    author_of_handle = {post.author.casefold(): post.author_id for post in week.posts}
    author_of_post = {post.id: post.author_id for post in week.posts}
    votes: dict[tuple[str, str], float] = defaultdict(float)
    for post in week.posts:
        for target, vote in _targets(post, author_of_handle, author_of_post).items():
            if target != post.author_id:
                votes[post.author_id, target] = max(votes[post.author_id, target], vote)
    nodes = sorted({*authors, *(target for _, target in votes)})
    rank = _pagerank(nodes, votes)
    taken_up = {target for _, target in votes}
    values = np.array([rank[author] if author in taken_up else 0.0 for author in authors])
    return _ranks(values)


def _targets(post: Tweet, by_handle: Mapping[str, str], by_post: Mapping[str, str]) -> dict[str, float]:
    """Return the authors that the post refers to, with the weight of the vote: author id, or "@handle" outside the
    week.
    """
    targets: dict[str, float] = {}
    for name in post.mentions:
        targets[by_handle.get(name.casefold(), "@" + name.casefold())] = VOTES["mention"]
    if post.kind != "original":
        name = (post.related_author or "").casefold()
        target = by_post.get(post.related_id or "") or by_handle.get(name) or ("@" + name if name else None)
        if target is not None:
            targets[target] = max(targets.get(target, 0.0), VOTES[post.kind])
    return targets


def _pagerank(nodes: Sequence[str], votes: Mapping[tuple[str, str], float]) -> dict[str, float]:
    """Power iteration in a fixed order; nodes without votes of their own distribute their rank equally."""
    index = {node: i for i, node in enumerate(nodes)}
    edges = sorted(votes.items())
    count = len(nodes)
    source = np.array([index[one] for (one, _), _ in edges], dtype=np.int64)
    target = np.array([index[other] for (_, other), _ in edges], dtype=np.int64)
    weight = np.array([vote for _, vote in edges], dtype=np.float64)
    out = np.bincount(source, weight, minlength=count)
    links = sparse.csr_matrix((weight / out[source], (target, source)), shape=(count, count))
    rank = np.full(count, 1 / max(count, 1))
    for _ in range(ITERATIONS):
        rank = DAMPING * (links @ rank + rank[out == 0].sum() / count) + (1 - DAMPING) / count
    return dict(zip(nodes, rank.tolist(), strict=True))


def _reach(week: WeekPosts, authors: Sequence[str]) -> tuple[list[float], dict[str, float]]:
    """Return reach as a rank, in the order of `authors`, and the usual log engagement by author."""
    of: dict[str, list[float]] = defaultdict(list)
    followers: dict[str, int] = {}
    for post in week.posts:
        if post.kind != "retweet":
            of[post.author_id].append(engagement(post.metrics))
        if post.followers is not None:
            followers[post.author_id] = max(post.followers, followers.get(post.author_id, 0))
    usual = {author: float(np.median(np.log1p(of[author]))) if of[author] else 0.0 for author in authors}
    values = [
        usual[author] - 0.5 * float(np.log1p(followers[author]))
        if author in followers and of[author]
        else usual[author]
        for author in authors
    ]
    known = [author in followers for author in authors]
    spoken = np.array([bool(of[author]) for author in authors])
    if any(known) and not all(known):  # numbers with and without an audience cannot be compared
        values = [usual[author] for author in authors]
    return _ranks(np.where(spoken, np.array(values) - min(values, default=0.0) + 1e-9, 0.0)), usual


def _ranks(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[float]:
    """Return the share of the authors below each one, with half for ties; 0 stays 0."""
    if len(values) == 0:
        return []
    ranks = rankdata(np.round(values, 12), method="average") / len(values)
    return [float(rank) if value > 0 else 0.0 for rank, value in zip(ranks, values, strict=True)]


def _weights(week: WeekPosts, influencers: Sequence[Influencer]) -> dict[str, float]:
    """Return the curated weight by author id: by an influencer's ids, or by the handle on the post's platform."""
    by_key = {
        key: influencer.weight
        for influencer in sorted(influencers, key=lambda known: known.id)
        for key in keys_of(influencer)
    }
    by_key |= {normal(influencer.id): influencer.weight for influencer in influencers}
    weights = {}
    for post in week.posts:
        weight = by_key.get(normal(post.author_id), by_key.get(normal(post.author)))
        if weight is not None:
            weights[post.author_id] = weight
    return weights
