"""Documents that list accounts with their posts, as follow-builders' `feed-x.json` does.

    {"x": [{"handle": "ada", "name": "Ada", "tweets": [{"id", "text", "createdAt", "likes", …}]}], …}

Every list of the document counts whose entries have a handle and posts, also one level deeper; other lists (blogs,
podcasts) are ignored. The accounts may be an object by handle, the document may be one account, or a list of posts that
name their authors (`{"tweets": […]}`). Fields have the names that the collectors of tables use (`csv_rows`), and quotes
those of `quoted`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from models.events import Tweet
from models.events.wire import PoisonError
from streams.sources import fields
from streams.sources.fields import as_dict, as_list
from streams.sources.files import csv_rows
from streams.sources.files.json_lines import parse_object
from streams.sources.files.quoted import quoted_in
from streams.sources.port import Ignored, Outcome
from streams.sources.x.entities import language

_HANDLES = ("handle", "username", "screen_name", "screenName", "xHandle", "author")
_POSTS = ("tweets", "posts", "items", "entries")
_METRICS = ("likes", "retweets", "replies", "quotes")


def is_list(value: dict[str, Any]) -> bool:
    """Whether a document is a list of accounts with their posts, or of posts with their authors."""
    return _is_account(value) or any(_is_account(entry) for entry in _entries(value))


def parse(value: dict[str, Any]) -> Iterator[Outcome]:
    """Yield the posts of every account."""
    for entry in [value] if _is_account(value) else _entries(value):
        if not _is_account(entry):
            yield Ignored(f"no account with posts: {', '.join(map(str, entry))[:60]}")
            continue
        for post in _posts(entry):
            yield from fields.guarded(post, lambda post=post, entry=entry: _tweet(as_dict(post), entry))  # type: ignore[misc]


def _entries(value: dict[str, Any], *, deeper: bool = True) -> Iterator[dict[str, Any]]:
    """Yield the entries of all lists of a document, and its accounts where it has them by handle."""
    inner = {name: one for name, one in value.items() if isinstance(one, dict)}
    if len(inner) == len(value) and all(_has_posts(one) for one in inner.values()):
        yield from ({"handle": name, **one} for name, one in inner.items())
        return
    for entries in value.values():
        yield from map(as_dict, as_list(entries))
    if deeper:
        for one in inner.values():
            yield from (entry for entry in _entries(one, deeper=False) if _is_account(entry))


def _has_posts(entry: Mapping[str, Any]) -> bool:
    return any(isinstance(entry.get(name), list) for name in _POSTS)


def _is_account(entry: dict[str, Any]) -> bool:
    """Whether an object has posts, and it or each of them tells their author."""
    return _has_posts(entry) and (_handle(entry) is not None or any(_is_post(post) for post in _posts(entry)[:20]))


def _is_post(value: object) -> bool:
    return _handle(as_dict(value)) is not None and {"text", "created_at"} <= csv_rows.fields_of(as_dict(value)).keys()


def _handle(entry: dict[str, Any]) -> str | None:
    owner = next((as_dict(entry[name]) for name in ("user", "author", "account") if as_dict(entry.get(name))), entry)
    return next((handle for name in _HANDLES if (handle := fields.name_of(owner.get(name)))), None)


def _posts(entry: dict[str, Any]) -> list[Any]:
    return next(as_list(entry[name]) for name in _POSTS if isinstance(entry.get(name), list))


def _tweet(post: dict[str, Any], account: dict[str, Any]) -> Tweet:
    found = csv_rows.fields_of(post)
    author = _handle(account) or _handle(post)
    quoted = quoted_in(post)
    value = {
        "id": found.get("id") or csv_rows.id_in(found.get("link")),
        "author": author,
        "author_id": as_dict(account.get("user")).get("id") or account.get("id") or (author or "").lower(),
        "author_name": account.get("name") or account.get("displayName"),
        "created_at": csv_rows.time_in(str(found.get("created_at") or "")).isoformat(),
        "text": found.get("text"),
        "lang": language(found.get("lang")),
        "metrics": {name: fields.count_of(found.get(name)) for name in _METRICS},
        "is_quote": quoted is not None,
        **{f"quoted_{name}": told for name, told in (quoted or {}).items()},
    }
    tweet = parse_object(value)
    if not isinstance(tweet, Tweet):
        raise PoisonError("not a post")
    return msgspec.structs.replace(tweet, source=str(account.get("source") or "x")[:40])
