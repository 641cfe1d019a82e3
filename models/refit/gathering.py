"""Posts of one story come together: those that one link or one name holds, and what of their topics goes with them.

Clustering by meaning parts a story by its languages, its jokes and its details; a link that several people pass on and
a name say what belongs together. A topic that they take posts from goes along when most of what is left of it is as
near to them as they are to each other: it is the same story without the name or the link. Else it keeps the rest.
"""

from collections import Counter
from collections.abc import Sequence, Set

import numpy as np

from models.events import Tweet
from models.refit.bursting_names import Names, Own
from models.refit.closeness import as_close, middle_of
from models.refit.shared_links import holders_of_links
from models.refit.topic_shapes import JOIN_SIMILARITY, Labels, by_size, drop_small
from models.refit.voices import voice_of

VOICES = 2  # people with words of their own who pass on a link, for it to hold a story together
TOGETHER = 0.5  # share of a name's posts in one topic, and share of that topic that they are: nothing is scattered
PART = 0.2  # of a topic, from which what is taken from it may take the rest along
MOST = 0.5  # of the rest


def gather_links(labels: Labels, posts: Sequence[Tweet], own: Own, fixed: Set[int], least_posts: int) -> Labels:
    """`labels` int64 (n,) with the posts on one link in the topic that has most of them.

    own: float64 (n, dimensions), as `features.own_part`. fixed: posts that stay where they are. Topics left with fewer
    than `least_posts` are none.
    """
    holders = {url: [index for index in held if index not in fixed] for url, held in holders_of_links(posts).items()}
    result = labels.copy()
    for url in sorted(holders, key=lambda url: (-len(holders[url]), url)):
        home = _home(result, holders[url], posts)
        if home is not None:
            result = _brought(result, holders[url], home, own, fixed)
    robbed = np.unique(labels[(labels >= 0) & (result != labels)])
    left = robbed[[int((result == topic).sum()) < least_posts for topic in robbed.tolist()]]
    return by_size(np.where(np.isin(result, left), -1, result))


def gather_names(
    labels: Labels, bursts: Sequence[Sequence[int]], new: Sequence[Sequence[int]], own: Own, least_posts: int
) -> tuple[Labels, list[Sequence[int]]]:
    """`labels` int64 (n,) with one topic for each of `new`, and of `bursts` that are scattered; and these.

    own: float64 (n, dimensions), as `features.own_part`. Topics left with fewer than `least_posts` are none.
    """
    scattered = [burst for burst in bursts if _is_scattered(labels, burst)]
    named = [*scattered, *new]
    taken = {index for group in named for index in group}
    topic_of = labels.copy()
    for number, group in enumerate(named, int(labels.max(initial=-1)) + 1):
        topic_of = _brought(topic_of, group, number, own, taken)
    rest = drop_small(np.where(topic_of <= int(labels.max(initial=-1)), topic_of, -1), least_posts)
    for number, _ in enumerate(named, int(labels.max(initial=-1)) + 1):
        rest[topic_of == number] = int(rest.max(initial=-1)) + 1  # few posts that many pass on are a topic, too
    return by_size(rest), named


def join_names(labels: Labels, holders: Names, known: Set[str], own: Own, fixed: Set[int]) -> Labels:
    """`labels` int64 (n,) with those topics as one that speak mostly of one new name and are alike.

    holders: as `holders_of_names`. known: names of the weeks before. fixed: posts whose topics stay as they are.
    """
    sizes = Counter(labels[labels >= 0].tolist())
    closed = {int(labels[index]) for index in fixed}
    joined = {topic: topic for topic in sizes}
    for name in sorted(set(holders) - known) if known else ():
        counts = Counter(topic for topic in labels[list(holders[name])].tolist() if topic >= 0 and topic not in closed)
        about = sorted(topic for topic, count in counts.items() if count > 1 and count >= TOGETHER * sizes[topic])
        for other in about[1:]:  # by size: the first is the largest
            if middle_of(own[labels == about[0]]) @ middle_of(own[labels == other]) >= JOIN_SIMILARITY:
                joined[other] = joined[about[0]]
    return by_size(np.array([joined.get(topic, -1) for topic in labels.tolist()], dtype=np.int64))


def _brought(labels: Labels, group: Sequence[int], home: int, own: Own, fixed: Set[int]) -> Labels:
    """`labels` with the posts of `group` in topic `home`, and those topics that go with them."""
    members = list(group)
    result = labels.copy()
    result[members] = home
    middle = np.flatnonzero(labels == home) if home in labels else np.array(members)
    for topic, count in Counter(labels[members].tolist()).items():
        rest = np.array([i for i in np.flatnonzero(result == topic).tolist() if i not in fixed], dtype=np.int64)
        if topic in {-1, home} or not len(rest) or count < PART * (count + len(rest)):
            continue
        if as_close(own[middle], own[rest]).mean() >= MOST:
            result[rest] = home
    return result


def _home(labels: Labels, held: Sequence[int], posts: Sequence[Tweet]) -> int | None:
    """The topic with most of a link's posts, of two with as many the one that they are more of."""
    if len({voice_of(posts[index]) for index in held}) < VOICES:
        return None
    counts = Counter(topic for topic in labels[list(held)].tolist() if topic >= 0)
    sizes = {topic: int((labels == topic).sum()) for topic in counts}
    home = min(counts, key=lambda topic: (-counts[topic], sizes[topic], topic), default=None)
    return home if home is not None and counts[home] > 1 else None


def _is_scattered(labels: Labels, burst: Sequence[int]) -> bool:
    inside = labels[list(burst)]
    largest = int(np.bincount(inside[inside >= 0], minlength=1).argmax())
    held = int((inside == largest).sum())
    return held < TOGETHER * len(burst) or held < TOGETHER * int((labels == largest).sum())
