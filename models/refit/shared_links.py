"""Groups posts that share a link: they are about one thing, in any wording and language."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from models.events import Tweet
from models.text.links import canonical_url, is_media


def holders_of_links(posts: Sequence[Tweet]) -> dict[str, list[int]]:
    """Return address -> places of the posts that share it, ascending; sorted by address."""
    holders: dict[str, list[int]] = defaultdict(list)
    for place, post in enumerate(posts):
        for url in set(_pages(post)):
            holders[url].append(place)
    return dict(sorted(holders.items()))


def _pages(post: Tweet) -> Iterator[str]:
    """Return the addresses that a post shares, without front pages of sites: feeds use them as a signature."""
    for link in post.links:
        url = None if is_media(link) else canonical_url(link.url)
        if url is not None and urlsplit(url).path.strip("/"):
            yield url
