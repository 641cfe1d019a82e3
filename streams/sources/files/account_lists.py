"""Documents that list accounts with their posts, as follow-builders' `feed-x.json` does.

    {"x": [{"handle": "ada", "name": "Ada", "tweets": [{"id", "text", "createdAt", "likes", …}]}], …}

Any list of the document counts whose entries have a handle and posts; other lists (blogs, podcasts) are ignored. A post
may be a quote (`isQuote`, `quotedTweetId`, and `quotedTweet` with author, text and address).
"""

from collections.abc import Iterator
from typing import Any

from models.events import Tweet
from streams.sources import fields
from streams.sources.fields import as_dict, as_list
from streams.sources.port import Ignored, Outcome
from streams.sources.x.entities import language, status_address

_HANDLES = ("handle", "username", "screen_name")
_POSTS = ("tweets", "posts")
_METRICS = {"likes": "likes", "retweets": "retweets", "replies": "replies", "quotes": "quotes"}


def is_list(value: dict[str, Any]) -> bool:
    """Whether a document is a list of accounts with their posts."""
    return any(_is_account(entry) for entries in value.values() for entry in as_list(entries)[:20])


def parse(value: dict[str, Any]) -> Iterator[Outcome]:
    """Yield the posts of every account."""
    for name, entries in value.items():
        for entry in map(as_dict, as_list(entries)):
            if not _is_account(entry):
                yield Ignored(f"no account with posts: an entry of {str(name)[:60]!r}")
                continue
            for post in _posts(entry):
                yield from fields.guarded(post, lambda post=post, entry=entry: _tweet(as_dict(post), entry))  # type: ignore[misc]


def _is_account(value: object) -> bool:
    entry = as_dict(value)
    return _handle(entry) is not None and any(isinstance(entry.get(name), list) for name in _POSTS)


def _handle(entry: dict[str, Any]) -> str | None:
    return next((handle for name in _HANDLES if (handle := fields.name_of(entry.get(name)))), None)


def _posts(entry: dict[str, Any]) -> list[Any]:
    return next(as_list(entry[name]) for name in _POSTS if isinstance(entry.get(name), list))


def _tweet(post: dict[str, Any], account: dict[str, Any]) -> Tweet:
    handle = _handle(account) or ""
    text = fields.as_text(post.get("text"))
    quoted = as_dict(post.get("quotedTweet"))
    quoted_id = fields.identifier(post.get("quotedTweetId") or quoted.get("id"))
    is_quote = post.get("isQuote") is True or quoted_id is not None
    quoted_author, _id = status_address({"expanded_url": quoted.get("url")})
    retweeted = fields.retweeted_handle(text or "")
    kind = "retweet" if retweeted else "quote" if is_quote else "original"
    text = None if text is None else fields.unescape_whole(text)
    return fields.build_tweet(
        id=fields.identifier(post.get("id")),
        author_id=fields.identifier(account.get("id")) or handle.lower(),
        author=handle,
        author_name=fields.as_text(account.get("name"), fields.MAX_NAME),
        created_at=fields.time_of(post.get("createdAt") or post.get("created_at")),
        text=text,
        lang=language(post.get("lang")),
        kind=kind,
        related_id=quoted_id if kind == "quote" else None,
        related_author=retweeted or (quoted_author if kind == "quote" else None),
        quoted_text=fields.as_text(quoted.get("text")) if kind == "quote" else None,
        links=fields.links_in(text or ""),
        mentions=fields.mentions_in(text or ""),
        metrics={name: fields.count_of(post.get(other)) for name, other in _METRICS.items()},
        source=str(account.get("source") or "x")[:40],
    )
