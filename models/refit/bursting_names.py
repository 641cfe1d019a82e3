"""Names that many people begin to speak of within two days: "SpaceX" as its ship lands, "CDC" as it lifts a mandate.

People tell one happening in a dozen ways (news, doubt, jokes), so that clustering by meaning scatters it; its name and
the hour hold it together. Names are told by their spelling (`models.text.names`), so no list is needed. A name that
is spoken of all week, by few, or in posts that have nothing else in common, is none of these; one whose posts are
most of a topic is left to it, with what tells the same without the name.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from models.events import Tweet
from models.refit.shared_links import likeness
from models.refit.voices import is_filed, signatures, voice_of
from models.text.names import NameSpelling
from models.text.stop_words import WEAK_WORDS

VOICES = 5  # people with words of their own
WINDOW = timedelta(hours=48)
CROWDED = 0.75  # share of a name's posts within the window
COHERENT = 0.25  # mean cosine (of `own_part`) of the posts to each other: a word of two senses has less
TOLD = 0.5  # share of a name's posts in an event: of more, its story is told, and what is left are its strays
STRAY = 0.15  # mean cosine to the others below which a post speaks of something else

Names = Mapping[str, Sequence[int]]  # the posts that hold each name, ascending
Own = npt.NDArray[np.float64]


def bursting_names(
    posts: Sequence[Tweet], holders: Names, own: Own, taken: Set[int], least_posts: int
) -> list[list[int]]:
    """The posts of each such name, as ascending indices into the `n` `posts` (distinct ones); none in two.

    holders: as `holders_of_names`; posts that are mostly hashtags count for none. own: float64 (n, dimensions), as
    `features.own_part`. taken: posts of an event already.
    """
    out = {*taken, *(index for index, post in enumerate(posts) if is_filed(post))}
    found: list[list[int]] = []
    gone: set[int] = set()
    free = {name: [index for index in held if index not in out] for name, held in holders.items()}
    for name in sorted(free, key=lambda name: (-len(free[name]), name)):
        if sum(index in taken for index in holders[name]) > TOLD * len(holders[name]):
            continue
        crowd = _crowd(posts, [index for index in free[name] if index not in gone])
        together = alike(own, posts, crowd, COHERENT) if len({voice_of(posts[i]) for i in crowd}) >= VOICES else []
        if len(together) >= least_posts and len({voice_of(posts[i]) for i in together}) >= VOICES:
            found.append(together)
            gone.update(together)
    return found


def holders_of_names(posts: Sequence[Tweet], words: Sequence[Sequence[str]]) -> Names:
    """Name -> its posts. What the authors and their sites are called is none: a feed signs its posts.

    words: of each post.
    """
    spelling = NameSpelling(post.text for post in posts)
    holders: dict[str, list[int]] = defaultdict(list)
    for index, spoken in enumerate(words):
        for word in dict.fromkeys(spoken):
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


def alike(own: Own, posts: Sequence[Tweet], crowd: Sequence[int], least: float) -> list[int]:
    """`crowd` without strays; nothing when its mean likeness is below `least`. own: float64 (n, dimensions)."""
    if len(crowd) < 2:
        return []
    cosine = likeness(own[list(crowd)], [posts[index] for index in crowd])
    np.fill_diagonal(cosine, 0.0)
    to_others = cosine.sum(axis=1) / (len(crowd) - 1)
    if float(to_others.mean()) < least:
        return []
    return [index for index, near in zip(crowd, to_others.tolist(), strict=True) if near >= STRAY]


PEOPLE = 3  # who say it or pass it on

NEW_VOICES = 2  # of whom so many have words of their own

NEW_COHERENT = 0.4  # mean cosine (of `own_part`) of the posts to each other

TOLD_ALIKE = 0.5  # of posts so few that they make a topic only with what repeats them


def new_names(
    posts: Sequence[Tweet],
    holders: Names,
    own: Own,
    taken: Set[int],
    bearers: Sequence[Sequence[str]],
    known: Set[str],
    least_posts: int,
) -> list[list[int]]:
    """The posts of each such name, as ascending indices into the `n` `posts` (distinct ones); none in two.

    holders: as `holders_of_names`. own: float64 (n, dimensions), as `features.own_part`. taken: posts of an event
    already. bearers: of each post the author of it and of everything that repeats it. known: names of the weeks before.
    least_posts: repetitions included.
    """
    if not known:
        return []
    found: list[list[int]] = []
    gone = set(taken)
    for name in sorted(holders, key=lambda name: (-len(holders[name]), name)):
        if name in known:
            continue
        held = [index for index in holders[name] if index not in gone]
        together = alike(own, posts, held, NEW_COHERENT if len(held) >= least_posts else TOLD_ALIKE)
        said = [author for index in together for author in bearers[index]]
        voices = {voice_of(posts[index]) for index in together}
        if len(said) >= least_posts and len(set(said)) >= PEOPLE and len(voices) >= NEW_VOICES:
            found.append(together)
            gone.update(together)
    return found
