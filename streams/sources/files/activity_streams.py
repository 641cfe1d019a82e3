"""X's enterprise format (Gnip): Activity Streams, classic and extended.

`verb` post is a post, share a retweet with its original as `object`. The long text and its entities win; links come
with the titles that the platform's enrichment found. A `delete` is a tombstone, `edit_history` names the version that a
post replaces. Other verbs and `{"info": …}` notices are ignored.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from models.events import Tweet
from streams.sources import fields
from streams.sources.fields import as_dict, as_list
from streams.sources.port import Ignored, Outcome
from streams.sources.x.entities import Links, check_readable, language, replace_links, replaced

_STATUS_ID = re.compile(r"(\d+)$")
SOURCE = "x"


def parse(value: dict[str, Any]) -> Iterator[Outcome]:
    """The post of one activity."""
    if value.get("verb") == "delete" and _id(as_dict(value.get("object"))):
        yield from fields.guarded(value, lambda: _deletion(value))
        return
    if value.get("verb") not in ("post", "share"):
        yield Ignored(f"an activity that is no post: {str(value.get('verb'))[:60]}")
        return
    yield from fields.guarded(value, lambda: _tweet(value))


def _id(activity: dict[str, Any]) -> str | None:
    match = _STATUS_ID.search(str(activity.get("id") or activity.get("link") or ""))
    return match.group(1) if match else None


def _deletion(activity: dict[str, Any]) -> Outcome:
    moment = activity.get("timestampMs") or activity.get("postedTime") or activity.get("updated")
    if isinstance(moment, int | str) and str(moment).isdecimal() and len(str(moment)) < 16:
        moment = datetime.fromtimestamp(int(moment) / 1000, UTC).isoformat()
    return fields.build_deletion(
        id=_id(as_dict(activity["object"])),
        author_id=_id(as_dict(activity.get("actor"))),
        deleted_at=fields.time_of(moment),
    )


def _handle(activity: dict[str, Any]) -> str | None:
    return fields.name_of(as_dict(activity.get("actor")).get("preferredUsername"))


def _tweet(activity: dict[str, Any]) -> Tweet:
    actor = as_dict(activity.get("actor"))
    kind, related_id, related_author = _relation(activity)
    original = as_dict(activity.get("object")) if kind == "retweet" else {}
    own_ids = {str(_id(activity)), *([related_id] if kind in ("quote", "retweet") and related_id else [])}
    enriched = as_list(as_dict(activity.get("gnip")).get("urls"))  # a share's originals carry no enrichments
    body = original if _body(original) else activity
    check_readable(_body(body) or "", [], activity.get("twitter_withheld") or activity.get("withheld"), {})
    text, links = _text(body, own_ids, enriched)
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
        quoted_text=_quoted_text(activity) if kind == "quote" else None,
        edit_of=replaced(_id(activity), as_dict(activity.get("edit_history")).get("edit_tweet_ids")),
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


def _quoted_text(activity: dict[str, Any]) -> str | None:
    quoted = as_dict(activity.get("twitter_quoted_status"))
    return fields.quoted_words(lambda: _text(quoted, {str(_id(quoted))}, [])[0])


def _body(activity: dict[str, Any]) -> str | None:
    for text in (as_dict(activity.get("long_object")).get("body"), activity.get("body")):
        if isinstance(text, str):
            return text
    return None


def _text(activity: dict[str, Any], own_ids: set[str], enriched: list[Any]) -> tuple[str | None, Links]:
    text = _body(activity)
    if text is None:
        return None, []
    entries: list[Any] = [*as_list(as_dict(activity.get("gnip")).get("urls")), *enriched]
    for holder in (as_dict(activity.get("long_object")), activity):
        entities = as_dict(holder.get("twitter_entities"))
        entries += [*as_list(entities.get("urls")), *as_list(entities.get("media"))]
    return replace_links(text, entries, own_ids)


def _mentions(activity: dict[str, Any]) -> list[str]:
    long = as_dict(as_dict(activity.get("long_object")).get("twitter_entities"))
    entities = long or as_dict(activity.get("twitter_entities"))
    names = [fields.name_of(as_dict(entry).get("screen_name")) for entry in as_list(entities.get("user_mentions"))]
    return list(dict.fromkeys(name for name in names if name))[: fields.MAX_MENTIONS]
