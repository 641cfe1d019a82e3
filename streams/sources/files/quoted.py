"""Finds the quoted post in a record of a collector, by the names that collectors give its fields.

Either the record has flat fields (`quoted_id`, `quotedTweetId`, `quoted_status_text`, …), or it contains the quoted
post as an object, or only its address. X's `referenced_tweets` are read too.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from streams.sources import fields
from streams.sources.fields import as_dict, as_list
from streams.sources.x.entities import status_address

_SAYS_SO = ("is_quote", "isQuote", "is_quote_status", "isQuoteStatus")
_OBJECTS = ("quoted_status", "quotedStatus", "quoted_tweet", "quotedTweet", "quoted_post", "quotedPost")
_FIELDS = {
    "id": (
        "quoted_id", "quoted_status_id_str", "quoted_status_id", "quoted_tweet_id", "quotedTweetId", "quoted_post_id",
        "quote_id",
    ),
    "author": ("quoted_author", "quoted_username", "quoted_screen_name"),
    "text": ("quoted_text", "quoted_status_text", "quoted_tweet_text"),
    "address": ("quoted_url", "quoted_link", "quote_url", "quotedTweetUrl"),
}  # fmt: skip
_OF_AN_OBJECT = {
    "id": ("id_str", "id", "tweetId"),
    "author": ("screen_name", "username", "handle"),
    "text": ("full_text", "text", "rawContent", "content"),
    "address": ("url", "link", "permalink"),
}


def quoted_in(record: Mapping[str, Any]) -> dict[str, object] | None:
    """Return what a record tells of the post that it quotes: `id`, `author` and `text`; empty if it tells nothing more.

    Returns:
        None: The record is no quote, by its own word or because it has no such field.
    """
    told = _first(record, _SAYS_SO)
    nested = as_dict(_first(record, _OBJECTS))
    user = as_dict(nested.get("user")) or as_dict(nested.get("author"))
    found = {name: _first(record, names) or _first(nested, _OF_AN_OBJECT[name]) for name, names in _FIELDS.items()}
    author, own_id = status_address({"expanded_url": found.pop("address") or found["id"]})
    found["author"] = author or found["author"] or _first(user, _OF_AN_OBJECT["author"]) or _name(nested.get("author"))
    found["id"] = own_id or found["id"] or _referenced(record)
    if told is False:
        return None
    found = {name: value for name, value in found.items() if value is not None}
    return found if told is True or found.keys() & {"id", "text"} or nested else None


def _first(record: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((record[name] for name in names if record.get(name) not in (None, "")), None)


def _name(value: object) -> str | None:
    """Return an author that is given as a handle; a name with spaces is none."""
    name = fields.name_of(value)
    return name if name and " " not in name else None


def _referenced(record: Mapping[str, Any]) -> object:
    entries = map(as_dict, as_list(record.get("referenced_tweets")))
    return next((entry.get("id") for entry in entries if entry.get("type") == "quoted"), None)
