"""Our own JSON Lines: one post per line, as `toptopics ingest` documents it.

Required: `id` (string or integer), `author` (handle; null or "" becomes "unknown"), `created_at` (RFC 3339 with
a zone), `text`. Optional: `author_id` (default: the handle in lower case), `author_name`, `followers`, `lang`, `kind`
(original, retweet, quote, reply), `related_id`, `related_author`, `edit_of`, `urls` (strings, or objects with `url`,
`title`, `description`, `site`), `mentions`, `metrics` {likes, retweets, replies, quotes}, and `deleted_at`, which makes
the line a tombstone. Collections that put more into `extra` {name, type, lang, retweet_count, like_count, reply_count,
quote_count, related_to, is_quote, quoted_id, quoted_author, quoted_text} work as they are; a field at the top wins.
Without a kind the text decides: `RT @x: …` is a retweet; then `is_quote` or a quoted post (`quoted`) makes a quote.
Lines in the wire format of `tweets` (`"type": "tweet"` or "deletion") are taken as they are.
A text of which all reads as escaped (`&amp;`, `&lt;`, `&gt;`, no bare `&` or `<`) is unescaped, as X's collectors
store it. Unknown fields are ignored; a known field of the wrong type is a PoisonError that names it.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from models.events import Deletion, Tweet, wire
from models.events.wire import PoisonError
from streams.sources import fields
from streams.sources.files.quoted import quoted_in
from streams.sources.port import Outcome

_KINDS = {
    "original": "original", "retweet": "retweet", "quote": "quote", "reply": "reply",
    "retweeted": "retweet", "quoted": "quote", "replied_to": "reply", "repost": "retweet", "reblog": "retweet",
}  # fmt: skip
_METRICS = {"likes": "like_count", "retweets": "retweet_count", "replies": "reply_count", "quotes": "quote_count"}
_STRINGS = ("text", "lang", "kind", "related_author", "author_name", "author")


def parse_line(line: bytes) -> Tweet | Deletion | None:
    """The post of one line; None for a blank line. Raises PoisonError with the field that is wrong."""
    if not line.strip():
        return None
    value = wire.loads(line)
    if value.get("type") in ("tweet", "deletion"):
        return wire.decode_post(line)
    return parse_object(value)


def parse(value: dict[str, Any]) -> Iterator[Outcome]:
    """`parse_line` for a decoded record, as the archive reader wants it."""
    if value.get("type") in ("tweet", "deletion"):
        yield from fields.guarded(value, lambda: wire.decode_post(orjson.dumps(value)))
    else:
        yield from fields.guarded(value, lambda: parse_object(value))


def parse_object(value: dict[str, Any]) -> Tweet | Deletion:
    """The post of one decoded line."""
    _check_types(value)
    extra = fields.as_dict(value.get("extra"))
    author = fields.name_of(value.get("author")) or "unknown"
    author_id = fields.identifier(value.get("author_id")) or author.lower()
    if value.get("deleted_at") is not None:
        when = fields.time_of(value["deleted_at"])
        return fields.build_deletion(id=value.get("id"), author_id=author_id, deleted_at=when)
    text = value.get("text")
    if text is None:
        raise PoisonError("text is missing")
    text = fields.unescape_whole(text)
    found = quoted_in({**extra, **{name: one for name, one in value.items() if one is not None}})
    quoted = found or {}
    kind = _kind(value, extra, text, is_quote=found is not None)
    mentions = _mentions(value, text)
    return fields.build_tweet(
        id=fields.identifier(value.get("id")),
        author_id=author_id,
        author=author,
        author_name=fields.as_text(value.get("author_name") or extra.get("name"), fields.MAX_NAME),
        followers=value.get("followers"),
        created_at=fields.time_of(value.get("created_at")),
        text=text,
        lang=fields.as_text(value.get("lang") or extra.get("lang"), fields.MAX_LANG),
        kind=kind,
        related_id=fields.identifier(
            value.get("related_id") or (quoted.get("id") if kind == "quote" else None) or extra.get("related_to")
        ),
        related_author=_related_author(value, kind, text, mentions)
        or (fields.name_of(quoted.get("author")) if kind == "quote" else None),
        quoted_text=_unescaped(quoted.get("text")) if kind == "quote" else None,
        edit_of=fields.identifier(value.get("edit_of")),
        links=_links(value, text),
        mentions=mentions,
        metrics=_metrics(value, extra),
        source="jsonl",
    )


def _check_types(value: dict[str, Any]) -> None:
    for name in _STRINGS:
        if value.get(name) is not None and not isinstance(value[name], str):
            raise PoisonError(f"{name} is not a string")
    for name, kind in (("urls", list), ("mentions", list), ("metrics", dict)):
        if value.get(name) is not None and not isinstance(value[name], kind):
            raise PoisonError(f"{name} is not {'an object' if kind is dict else 'an array'}")
    for name in ("id", "author_id", "related_id", "edit_of", "quoted_id"):
        if value.get(name) is not None and not isinstance(value[name], str | int | float):
            raise PoisonError(f"{name} is neither a string nor a number")


def _kind(value: dict[str, Any], extra: dict[str, Any], text: str, *, is_quote: bool) -> str:
    given = value.get("kind")
    if given is not None:
        if given.lower() not in _KINDS:
            raise PoisonError(f"kind is {given[:40]!r}, not one of {', '.join(_KINDS)}")
        return _KINDS[given.lower()]
    known = _KINDS.get(str(extra.get("type")).lower())  # a collector's "ERROR" says nothing: the text decides
    if known == "retweet" or (known is None and fields.retweeted_handle(text)):
        return "retweet"
    return "quote" if is_quote else known or "original"


def _related_author(value: dict[str, Any], kind: str, text: str, mentions: list[str]) -> str | None:
    given = fields.name_of(value.get("related_author"))
    if given or kind in ("original", "quote"):
        return given
    if kind == "retweet":
        return fields.retweeted_handle(text)
    return mentions[0] if text.lstrip().startswith("@") and mentions else None


def _links(value: dict[str, Any], text: str) -> list[dict[str, Any]]:
    urls = value.get("urls")
    if urls is None:
        return fields.links_in(text)
    links = []
    for entry in urls:
        if not isinstance(entry, str | dict):
            raise PoisonError("urls: neither a string nor an object")
        entry = {"url": entry} if isinstance(entry, str) else entry
        address = entry.get("expanded_url") or entry.get("url")
        words = (_unescaped(entry.get(name)) for name in ("title", "description", "site"))
        links.append(fields.link_of(address, *words))
    return [link for link in links if link][: fields.MAX_LINKS]


def _unescaped(value: object) -> str | None:
    text = fields.as_text(value)
    return None if text is None else fields.unescape_whole(text)


def _mentions(value: dict[str, Any], text: str) -> list[str]:
    if value.get("mentions") is None:
        return fields.mentions_in(text)
    names = [fields.name_of(entry) for entry in value["mentions"]]
    return [name for name in names if name][: fields.MAX_MENTIONS]


def _metrics(value: dict[str, Any], extra: dict[str, Any]) -> dict[str, int]:
    given = fields.as_dict(value.get("metrics"))
    for name in _METRICS:
        if name in given and (isinstance(given[name], bool) or not isinstance(given[name], int | float)):
            raise PoisonError(f"metrics.{name} is not a number")
    return {name: fields.count_of(given.get(name, extra.get(other))) for name, other in _METRICS.items()}
