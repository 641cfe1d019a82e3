"""Names that many people begin to speak of within two days: "SpaceX" as its ship lands, "CDC" as it lifts a mandate.

People tell one happening in a dozen ways (news, doubt, jokes), so that clustering by meaning scatters it; its name and
the hour hold it together. Names are told by their spelling (`models.wording.names`), so no list is needed. A name that
is spoken of all week, by few, or in posts that have nothing else in common, is none of these; one whose posts are
most of a topic is left to it, with what tells the same without the name.
"""

from collections import defaultdict
from collections.abc import Sequence, Set
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from models.events import Tweet
from models.refit.features import Matrix, own_part
from models.refit.topic_shapes import Labels, by_size, drop_small
from models.refit.voices import is_filed, signatures, voice_of
from models.wording.english import WEAK_WORDS
from models.wording.names import NameSpelling

VOICES = 5  # people with words of their own
WINDOW = timedelta(hours=48)
CROWDED = 0.75  # share of a name's posts within the window
COHERENT = 0.25  # mean cosine (of `own_part`) of the posts to each other: a word of two senses has less
STRAY = 0.15  # mean cosine to the others below which a post speaks of something else
TOGETHER = 0.5  # share of a name's posts in one topic, and share of that topic that they are: nothing is scattered


def bursting_names(
    posts: Sequence[Tweet], words: Sequence[Sequence[str]], vectors: Matrix, taken: Set[int], least_posts: int
) -> list[list[int]]:
    """The posts of each such name, as ascending indices into the `n` `posts` (distinct ones); none in two.

    words: of each post. vectors: float32 (n, dimensions), sentences. taken: posts of an event already.
    """
    holders = holders_of_names(posts, words, taken)
    own = own_part(vectors)
    found: list[list[int]] = []
    gone: set[int] = set()
    for name in sorted(holders, key=lambda name: (-len(holders[name]), name)):
        crowd = _crowd(posts, [index for index in holders[name] if index not in gone])
        together = alike(own, crowd, COHERENT) if len({voice_of(posts[i]) for i in crowd}) >= VOICES else []
        if len(together) >= least_posts and len({voice_of(posts[i]) for i in together}) >= VOICES:
            found.append(together)
            gone.update(together)
    return found


def gather(labels: Labels, bursts: Sequence[Sequence[int]], least_posts: int) -> tuple[Labels, list[Sequence[int]]]:
    """`labels` int64 (n,) of the topics with one more for each of `bursts` that they scatter, by size; and these."""
    scattered = [burst for burst in bursts if _is_scattered(labels, burst)]
    rest = labels.copy()
    for burst in scattered:
        rest[list(burst)] = -1
    result = drop_small(rest, least_posts)
    for burst in scattered:  # after that: what a name gathers may be few posts that many pass on
        result[list(burst)] = int(result.max(initial=-1)) + 1
    return by_size(result), scattered


def _is_scattered(labels: Labels, burst: Sequence[int]) -> bool:
    inside = labels[list(burst)]
    largest = int(np.bincount(inside[inside >= 0], minlength=1).argmax())
    held = int((inside == largest).sum())
    return held < TOGETHER * len(burst) or held < TOGETHER * int((labels == largest).sum())


def holders_of_names(
    posts: Sequence[Tweet], words: Sequence[Sequence[str]], taken: Set[int], *, filed: bool = False
) -> dict[str, list[int]]:
    """Name -> its posts. What the authors and their sites are called is none: a feed signs its posts.

    filed: also those that are mostly hashtags (`is_filed`)."""
    spelling = NameSpelling(post.text for post in posts)
    holders: dict[str, list[int]] = defaultdict(list)
    for index, post in enumerate(posts):
        if index not in taken and (filed or not is_filed(post)):
            for word in dict.fromkeys(words[index]):
                holders[word].append(index)
    signed = signatures(posts) | WEAK_WORDS
    return {word: held for word, held in holders.items() if word not in signed and spelling.is_name(word)}


def _crowd(posts: Sequence[Tweet], held: Sequence[int]) -> list[int]:
    """Those of the fullest two days, when they are most of them."""
    by_time = sorted(held, key=lambda index: (posts[index].created_at, posts[index].id))
    best: list[int] = []
    first = 0
    for last, index in enumerate(by_time):
        while posts[index].created_at - posts[by_time[first]].created_at > WINDOW:
            first += 1
        if last + 1 - first > len(best):
            best = by_time[first : last + 1]
    return sorted(best) if len(best) >= CROWDED * max(1, len(held)) else []


def alike(own: npt.NDArray[np.float64], crowd: Sequence[int], least: float) -> list[int]:
    """`crowd` without strays; nothing when its mean cosine is below `least`. own: float64 (n, dimensions)."""
    if len(crowd) < 2:
        return []
    rows = own[list(crowd)]
    cosine = np.round(rows @ rows.T, 6)
    to_others = (cosine.sum(axis=1) - 1) / (len(crowd) - 1)
    if float(to_others.mean()) < least:
        return []
    return [index for index, near in zip(crowd, to_others.tolist(), strict=True) if near >= STRAY]
