"""Parser of X API v1.1: classic, compatibility and extended payloads, and stream messages.

* Text: `extended_tweet` and `full_text` override the cut `text`. A retweet gets its original's full text and links. A
  quote's link to the quoted post is removed.

* Messages: `{"delete": …}` becomes a tombstone; limits, warnings and similar messages are ignored. The `for_user`
  envelope of site streams and the `statuses` of a search are unpacked.

* Edits: `edit_history` names the replaced version.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from models.events import Tweet
from models.events.wire import PoisonError
from streams.sources import fields
from streams.sources.fields import as_dict, as_list
from streams.sources.port import Ignored, Outcome
from streams.sources.x.entities import Links, check_readable, language, replace_links, replaced, status_address

_METRICS = {"likes": "favorite_count", "retweets": "retweet_count", "replies": "reply_count", "quotes": "quote_count"}
NOTICES = (
    "limit",
    "warning",
    "disconnect",
    "scrub_geo",
    "status_withheld",
    "user_withheld",
    "friends",
    "friends_str",
    "event",
    "info",
    "direct_message",
    "control",
    "blocks_list",
    "search_metadata",
)
_WITHHELD = ("withheld_in_countries", "withheld_copyright", "withheld_scope")
SOURCE = "x"


def parse(value: dict[str, Any]) -> Iterator[Outcome]:
    """Return the post, tombstone or notice of one v1.1 message."""
    if "for_user" in value and isinstance(value.get("message"), dict):
        value = value["message"]
    if isinstance(value.get("statuses"), list):
        for status in map(as_dict, value["statuses"]):
            yield from parse(status)
        return
    notice = next((name for name in NOTICES if name in value and "text" not in value), None)
    if "delete" in value:
        yield from fields.guarded(value, lambda: _deletion(as_dict(value["delete"])))
    elif notice:
        yield Ignored(f"a notice of the stream: {notice}")
    elif "screen_name" in value and "user" not in value:
        yield Ignored("a user")
    else:
        yield from fields.guarded(value, lambda: _tweet(value))


def _deletion(delete: dict[str, Any]) -> Outcome:
    status = as_dict(delete.get("status"))
    return fields.build_deletion(
        id=_id(status), author_id=status.get("user_id_str") or status.get("user_id"), deleted_at=_when_deleted(delete)
    )


def _when_deleted(delete: dict[str, Any]) -> datetime:
    moment = delete.get("timestamp_ms")
    try:
        return datetime.fromtimestamp(int(str(moment)) / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise PoisonError("delete.timestamp_ms is not a time") from error


def _id(status: dict[str, Any]) -> str | None:
    return fields.identifier(status.get("id_str")) or fields.identifier(status.get("id"))


def _tweet(status: dict[str, Any]) -> Tweet:
    user = as_dict(status.get("user"))
    kind, related = _relation(status)
    related_author = fields.name_of(as_dict(related.get("user")).get("screen_name"))
    if kind == "quote" and related_author is None:  # the permalink names the author if the quoted post is missing
        permalink = as_dict(status.get("quoted_status_permalink"))
        related_author, _id_of_quoted = status_address({"expanded_url": permalink.get("expanded")})
    if kind == "reply":
        related_author = fields.name_of(status.get("in_reply_to_screen_name"))
    own_ids = {str(_id(status)), *([str(_id(related))] if kind in ("quote", "retweet") else [])}
    body = related if kind == "retweet" and _body(related) else status
    withheld = any(one.get(name) for one in (status, body) for name in _WITHHELD)
    check_readable(_body(body) or "", as_list(as_dict(body.get("entities")).get("urls")), withheld, user)
    text, links = _text(body, own_ids)
    if kind == "retweet" and _body(related):
        text = f"RT @{related_author or 'unknown'}: {text}"
    author = fields.name_of(user.get("screen_name"))
    return fields.build_tweet(
        id=_id(status),
        author_id=_id(user) or (author.lower() if author else None),
        author=author,
        author_name=fields.as_text(user.get("name"), fields.MAX_NAME),
        followers=fields.optional_count(user.get("followers_count")),
        created_at=fields.time_of(status.get("created_at")),
        text=text,
        lang=language(status.get("lang")),
        kind=kind,
        related_id=_id(related),
        related_author=related_author,
        quoted_text=fields.quoted_words(lambda: _text(related, {str(_id(related))})[0]) if kind == "quote" else None,
        edit_of=replaced(_id(status), as_dict(status.get("edit_history")).get("edit_tweet_ids")),
        links=links,
        mentions=_mentions(status, related if kind == "retweet" else {}),
        metrics={name: fields.count_of(status.get(other)) for name, other in _METRICS.items()},
        source=SOURCE,
    )


def _relation(status: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if isinstance(status.get("retweeted_status"), dict):
        return "retweet", status["retweeted_status"]
    quoted = fields.identifier(status.get("quoted_status_id_str") or status.get("quoted_status_id"))
    if isinstance(status.get("quoted_status"), dict) or quoted:
        return "quote", as_dict(status.get("quoted_status")) or {"id_str": quoted}
    if status.get("is_quote_status") is True:  # the quoted post is deleted, or not visible to the collector
        return "quote", {}
    replied = fields.identifier(status.get("in_reply_to_status_id_str") or status.get("in_reply_to_status_id"))
    if replied:
        return "reply", {"id_str": replied}
    return ("retweet" if fields.retweeted_handle(str(status.get("text"))) else "original"), {}


def _body(status: dict[str, Any]) -> str | None:
    extended = as_dict(status.get("extended_tweet"))
    for text in (extended.get("full_text"), status.get("full_text"), status.get("text")):
        if isinstance(text, str):
            return text
    return None


def _text(status: dict[str, Any], own_ids: set[str]) -> tuple[str | None, Links]:
    text = _body(status)
    if text is None:
        return None, []
    extended = as_dict(status.get("extended_tweet"))
    entries: list[Any] = []
    for holder in (extended, status):
        entities = as_dict(holder.get("entities"))
        media = as_list(as_dict(holder.get("extended_entities")).get("media")) or as_list(entities.get("media"))
        entries += [*as_list(entities.get("urls")), *media]
    quoted = as_dict(status.get("quoted_status_permalink"))  # the text has this address, the entities may not
    entries += [{"url": quoted.get("url"), "expanded_url": quoted.get("expanded")}] if quoted else []
    return replace_links(text, entries, own_ids)


def _mentions(*statuses: dict[str, Any]) -> list[str]:
    names = []
    for status in statuses:  # a retweet's own list is cut like its text; use the original's
        entities = as_dict(as_dict(status.get("extended_tweet")).get("entities")) or as_dict(status.get("entities"))
        names += [fields.name_of(as_dict(entry).get("screen_name")) for entry in as_list(entities.get("user_mentions"))]
    return list(dict.fromkeys(name for name in names if name))[: fields.MAX_MENTIONS]
