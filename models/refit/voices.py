"""Whose words a post contains, and the names of its people and sites, for everything that counts authors of words."""

from collections.abc import Iterable

from models.events import Tweet
from models.text import hashtag_wall
from models.text.words import link_host

FILED = 0.5  # share of hashtags from which they classify a post instead of describing its subject


def voice_of(post: Tweet) -> str:
    """The author of the words: a retweet counts for its original's author, so that a retweeted post is one voice."""
    return (post.related_author or post.author_id) if post.kind == "retweet" else post.author_id


def signatures(posts: Iterable[Tweet]) -> set[str]:
    """The names of the authors and their sites: a feed that signs its posts is no story about itself."""
    called: set[str] = set()
    for post in posts:
        called.update({post.author.casefold(), (post.author_name or "").casefold()})
        called.update((post.author_name or "").casefold().split())
        for link in post.links:
            called.update(link_host(link.url).split("."))
    return called


def is_filed(post: Tweet) -> bool:
    """Whether hashtags are so large a part of the post that they say nothing about its subject."""
    return hashtag_wall(post.text) >= FILED
