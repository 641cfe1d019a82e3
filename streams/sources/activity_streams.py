"""X's enterprise format (Gnip): Activity Streams, classic and extended.

`verb` post is a post, share a retweet with its original as `object`. The long text and its entities win; links come
with the titles that the platform's enrichment found. Other verbs and `{"info": …}` notices are ignored.
"""

import re
from collections.abc import Iterator
from typing import Any

from models.events import Tweet
from streams.sources import fields
from streams.sources.fields import as_dict, as_list
from streams.sources.port import Ignored, Outcome
from streams.sources.x_entities import Links, language, replace_links

_STATUS_ID = re.compile(r"(\d+)$")
SOURCE = "x"


def parse(value: dict[str, Any]) -> Iterator[Outcome]:
    """The post of one activity."""
    if value.get("verb") not in ("post", "share"):
        yield Ignored(f"an activity that is no post: {str(value.get('verb'))[:60]}")
        return
    yield from fields.guarded(value, lambda: _tweet(value))


def _id(activity: dict[str, Any]) -> str | None:
    match = _STATUS_ID.search(str(activity.get("id") or activity.get("link") or ""))
    return match.group(1) if match else None


def _handle(activity: dict[str, Any]) -> str | None:
    return fields.name_of(as_dict(activity.get("actor")).get("preferredUsername"))


def _tweet(activity: dict[str, Any]) -> Tweet:
    actor = as_dict(activity.get("actor"))
    kind, related_id, related_author = _relation(activity)
    original = as_dict(activity.get("object")) if kind == "retweet" else {}
    own_ids = {str(_id(activity)), *([related_id] if kind in ("quote", "retweet") and related_id else [])}
    text, links = _text(original if _body(original) else activity, own_ids)
    if _body(original):
        text = f"RT @{related_author or 'unknown'}: {text}"
    return fields.build_tweet(
        id=_id(activity),
        author_id=_id(actor) or _handle(activity),
        author=_handle(activity),
        author_name=fields.as_text(actor.get("displayName"), fields.MAX_NAME),
        followers=fields.optional_count(actor.get("followersCount")),
        created_at=fields.time_of(activity.get("postedTime")),
        text=text,
        lang=language(activity.get("twitter_lang")),
        kind=kind,
        related_id=related_id,
        related_author=related_author,
        links=links,
        mentions=_mentions(activity),
        metrics={
            "likes": fields.count_of(activity.get("favoritesCount")),
            "retweets": fields.count_of(activity.get("retweetCount")),
        },
        source=SOURCE,
    )


def _relation(activity: dict[str, Any]) -> tuple[str, str | None, str | None]:
    if activity.get("verb") == "share":
        original = as_dict(activity.get("object"))
        return "retweet", _id(original), _handle(original)
    quoted = as_dict(activity.get("twitter_quoted_status"))
    if quoted:
        return "quote", _id(quoted), _handle(quoted)
    link = str(as_dict(activity.get("inReplyTo")).get("link") or "")
    if link:
        author = re.search(r"\.com/(\w+)/status", link)
        return "reply", _id({"link": link}), author.group(1) if author else None
    return "original", None, None


def _body(activity: dict[str, Any]) -> str | None:
    for text in (as_dict(activity.get("long_object")).get("body"), activity.get("body")):
        if isinstance(text, str):
            return text
    return None


def _text(activity: dict[str, Any], own_ids: set[str]) -> tuple[str | None, Links]:
    text = _body(activity)
    if text is None:
        return None, []
    entries: list[Any] = list(as_list(as_dict(activity.get("gnip")).get("urls")))
    for holder in (as_dict(activity.get("long_object")), activity):
        entities = as_dict(holder.get("twitter_entities"))
        entries += [*as_list(entities.get("urls")), *as_list(entities.get("media"))]
    return replace_links(text, entries, own_ids)


def _mentions(activity: dict[str, Any]) -> list[str]:
    long = as_dict(as_dict(activity.get("long_object")).get("twitter_entities"))
    entities = long or as_dict(activity.get("twitter_entities"))
    names = [fields.name_of(as_dict(entry).get("screen_name")) for entry in as_list(entities.get("user_mentions"))]
    return list(dict.fromkeys(name for name in names if name))[: fields.MAX_MENTIONS]
