"""Which posts pass on one link: they tell of one thing, in whatever words and language."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from models.events import Tweet
from models.text.links import canonical_url, is_media

SAME_STORY = 0.5  # cosine from which two posts tell the same; what those on one link count as, at least


def holders_of_links(posts: Sequence[Tweet]) -> dict[str, list[int]]:
    """Address -> places of the posts that pass it on, ascending."""
    holders: dict[str, list[int]] = defaultdict(list)
    for place, post in enumerate(posts):
        for url in sorted(set(_pages(post))):
            holders[url].append(place)
    return holders


def likeness(own: npt.NDArray[np.float64], posts: Sequence[Tweet]) -> npt.NDArray[np.float64]:
    """Cosine of every two of `n` posts, at least `SAME_STORY` for those on one link; float64 (n, n).

    own: unit vectors (n, dimensions).
    """
    cosine = np.round(own @ own.T, 6)
    for places in holders_of_links(posts).values():
        square = np.ix_(places, places)
        cosine[square] = np.maximum(cosine[square], SAME_STORY)
    return np.asarray(cosine)


def _pages(post: Tweet) -> Iterator[str]:
    """The addresses that a post passes on. A site's front page is none: feeds sign with it."""
    for link in post.links:
        url = None if is_media(link) else canonical_url(link.url)
        if url is not None and urlsplit(url).path.strip("/"):
            yield url
