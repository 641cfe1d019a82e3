"""Whose words a post is, and what its people and sites are called: for all that counts voices and not accounts."""

from collections.abc import Iterable

from models.events import Tweet
from models.text import hashtag_wall
from models.text.words import link_host

FILED = 0.5  # share of hashtags from which they say where a post is filed, not what it is about


def voice_of(post: Tweet) -> str:
    """A retweet speaks with its author's voice, so that one post passed on is one voice."""
    return (post.related_author or post.author_id) if post.kind == "retweet" else post.author_id


def signatures(posts: Iterable[Tweet]) -> set[str]:
    """What the authors and their sites are called: a feed that signs its posts is no story about itself."""
    called: set[str] = set()
    for post in posts:
        called.update({post.author.casefold(), (post.author_name or "").casefold()})
        called.update((post.author_name or "").casefold().split())
        for link in post.links:
            called.update(link_host(link.url).split("."))
    return called


def is_filed(post: Tweet) -> bool:
    """Whether hashtags are so much of the post that they tell nothing of its subject."""
    return hashtag_wall(post.text) >= FILED
