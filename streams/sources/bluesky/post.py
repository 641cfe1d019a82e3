"""Parser of Bluesky: Jetstream events (live, or archived as one JSON object per line), v1 and v2, and AppView posts.

* Ids: a post's id is its AT URI, its author's id is the DID. An update becomes a new post, `URI#rev`, with `edit_of`; a
  delete becomes a tombstone.

* Links: facets have whole addresses where the text shows shortened ones; the text gets the whole addresses. An external
  embed gives title and description. A record embed makes a quote, `reply` a reply.

* Ignored: posts dated long before the network saw them (imports); reposts, which have no words of their own (the live
  source looks the original up); likes, follows, identities and records of other apps.

* Jetstream v2 wraps a commit in `{"$type": "message", "payload": …}` and sends its time as a string.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from models.events import Tweet
from models.events.wire import PoisonError
from streams.sources import fields
from streams.sources.fields import as_dict, as_list
from streams.sources.port import Ignored, Outcome
from streams.sources.reach import is_date, time_within_reach

_V2 = "network.bsky.jetstream.subscribeEvents#"
_COUNTS = {"likes": "likeCount", "retweets": "repostCount", "replies": "replyCount", "quotes": "quoteCount"}
POST, REPOST = "app.bsky.feed.post", "app.bsky.feed.repost"
_LINK, _MENTION = "app.bsky.richtext.facet#link", "app.bsky.richtext.facet#mention"
SOURCE = "bluesky"
INVALID = "handle.invalid"  # the network's placeholder while it cannot verify a handle
_SCHEME = re.compile(r"^(?:https?://)?(?:www\.)?", re.IGNORECASE)
NO_HANDLES: Mapping[str, str] = {}


def parse(value: dict[str, Any], handles: Mapping[str, str] = NO_HANDLES) -> Iterator[Outcome]:
    """Return the post or tombstone of one event; `handles` maps known DIDs to handles."""
    if is_view(value):
        value = event_of_view(value)
    elif is_frame(value):
        value = event_of_frame(value)
    commit = as_dict(value.get("commit"))
    if value.get("kind") != "commit" or not commit:
        yield Ignored(f"no commit: {str(value.get('kind'))[:60]}")
    elif commit.get("collection") == REPOST and as_dict(value.get("original")).get("record"):
        yield from fields.guarded(value, lambda: _repost(value, commit, handles))
    elif commit.get("collection") != POST:
        yield Ignored(f"a record of {str(commit.get('collection'))[:100]}")
    elif commit.get("operation") == "delete":
        yield from fields.guarded(value, lambda: _deletion(value, commit))
    else:
        yield from fields.guarded(value, lambda: _tweet(value, commit, handles))


def is_frame(value: dict[str, Any]) -> bool:
    """Whether a record is a message of Jetstream v2, with or without its frame."""
    payload = as_dict(value.get("payload")) if value.get("$type") in ("message", "error", "info") else value
    return str(payload.get("$type")).startswith(_V2) or (payload is not value and "did" in payload)


def event_of_frame(value: dict[str, Any]) -> dict[str, Any]:
    """Convert a v2 message to the form of v1."""
    payload = as_dict(value.get("payload")) if value.get("$type") == "message" else value
    event = {"did": payload.get("did"), "kind": str(payload.get("$type", "")).rpartition("#")[2]}
    if "operation" in payload:
        event |= {"kind": "commit", "commit": payload}
    event |= {name: payload[name] for name in ("identity", "account") if name in payload}
    if "time" in payload:
        with suppress(PoisonError):  # treated as an event without a time
            event["time_us"] = int(fields.time_of(payload["time"]).timestamp() * 1e6)
    return event


def is_view(value: dict[str, Any]) -> bool:
    """Whether a record is a post view of the AppView."""
    return isinstance(value.get("record"), dict) and str(value.get("uri")).startswith("at://") and "author" in value


def event_of_view(view: dict[str, Any]) -> dict[str, Any]:
    """Return a post view as the event that created the post; the view stays beside it for names and counts."""
    did, _slash, rest = str(view["uri"]).removeprefix("at://").partition("/")
    collection, _slash, rkey = rest.partition("/")
    commit = {"operation": "create", "collection": collection, "rkey": rkey, "record": view["record"]}
    event: dict[str, Any] = {"did": did, "kind": "commit", "commit": commit, "view": view}
    with suppress(PoisonError):  # treated as an event without a time
        event["time_us"] = int(fields.time_of(view.get("indexedAt")).timestamp() * 1e6)
    return event


def uri_of(value: dict[str, Any]) -> str | None:
    """Return the AT URI of an event's record."""
    commit = as_dict(value.get("commit"))
    parts = (value.get("did"), commit.get("collection"), commit.get("rkey"))
    return "at://" + "/".join(map(str, parts)) if all(isinstance(part, str) and part for part in parts) else None


def time_us(value: dict[str, Any]) -> datetime:
    """Return the time at which the network saw an event.

    Raises:
        PoisonError: `time_us` is not an integer, or out of range.
    """
    moment = value.get("time_us")
    if isinstance(moment, bool) or not isinstance(moment, int):
        raise PoisonError("time_us is not an integer")
    try:
        return datetime.fromtimestamp(moment / 1_000_000, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise PoisonError("time_us is out of range") from error


def _deletion(value: dict[str, Any], commit: dict[str, Any]) -> Outcome:
    return fields.build_deletion(id=uri_of(value), author_id=value.get("did"), deleted_at=time_us(value))


def _tweet(value: dict[str, Any], commit: dict[str, Any], handles: Mapping[str, str]) -> Tweet:
    record = as_dict(commit.get("record"))
    did, uri = value.get("did"), uri_of(value)
    text = record.get("text")
    kind, related = _relation(record)
    related_did = related.split("/")[2] if related else ""
    edited = commit.get("operation") == "update"
    links = _links(record)
    view = as_dict(value.get("view"))
    author = as_dict(view.get("author"))
    quoted_author, quoted_text = _quoted(value) if kind == "quote" else (None, None)
    if isinstance(text, str):
        text = _with_whole_links(text, as_list(record.get("facets")))
        if not text.strip() and not links:
            raise fields.NothingToReadError("only media")
    return fields.build_tweet(
        id=f"{uri}#{commit.get('rev')}" if edited else uri,
        author_id=did,
        author=handles.get(str(did)) or _handle(author) or did,
        author_name=fields.as_text(author.get("displayName"), fields.MAX_NAME),
        created_at=_created_at(record, value),
        text=text,
        lang=_language(record),
        kind=kind,
        related_id=related,
        related_author=handles.get(related_did) or quoted_author or related_did or None,
        quoted_text=quoted_text,
        edit_of=uri if edited else None,
        links=links,
        mentions=_mentions(record, handles),
        metrics={name: fields.count_of(view.get(other)) for name, other in _COUNTS.items()},
        source=SOURCE,
    )


def _repost(value: dict[str, Any], commit: dict[str, Any], handles: Mapping[str, str]) -> Tweet:
    """Build a repost; `original` is the AppView's view of the reposted post: text, author and counts."""
    original = as_dict(value["original"])
    record, author = as_dict(original.get("record")), as_dict(original.get("author"))
    handle = _handle(author) or fields.as_text(author.get("did"), fields.MAX_NAME)
    text = _with_whole_links(str(record.get("text") or ""), as_list(record.get("facets")))
    links = _links(record)
    if not text.strip() and not links:
        raise fields.NothingToReadError("a repost of media")
    did = value.get("did")
    return fields.build_tweet(
        id=uri_of(value),
        author_id=did,
        author=handles.get(str(did)) or did,
        created_at=_created_at(as_dict(commit.get("record")), value),
        text=f"RT @{handle or 'unknown'}: {text}",
        lang=_language(record),
        kind="retweet",
        related_id=fields.identifier(original.get("uri")),
        related_author=handle,
        links=links,
        mentions=_mentions(record, handles),
        source=SOURCE,
    )


def _handle(author: dict[str, Any]) -> str | None:
    """Return an author's handle, or None while the network cannot verify it."""
    handle = fields.name_of(author.get("handle"))
    return None if handle == INVALID else handle


def _created_at(record: dict[str, Any], value: dict[str, Any]) -> datetime:
    """Return the author's time if it agrees with the network's (`reach`).

    Raises:
        PoisonError: The record has no valid time.
        OldNewsError: The post was written long before the network saw it.
    """
    seen = _seen(value)
    if seen is None:
        return fields.time_of(record.get("createdAt"))
    claimed: datetime | None = None
    with suppress(PoisonError):
        claimed = fields.time_of(record.get("createdAt"))
    moment = time_within_reach(claimed, seen)
    if moment is None:
        raise fields.OldNewsError("written long before the network saw it")
    return moment


def _seen(value: dict[str, Any]) -> datetime | None:
    """Return when the network saw the post; None if it is unknown (the zero of a calendar)."""
    if "time_us" not in value:
        return None
    seen = time_us(value)
    return seen if is_date(seen) else None


def _relation(record: dict[str, Any]) -> tuple[str, str | None]:
    embed = as_dict(record.get("embed"))
    quoted = as_dict(embed.get("record"))
    quoted = as_dict(quoted.get("record")) or quoted  # recordWithMedia has one level more
    parent = as_dict(as_dict(record.get("reply")).get("parent"))
    for kind, reference in (("quote", quoted), ("reply", parent)):
        uri = reference.get("uri")
        if isinstance(uri, str) and uri.startswith("at://") and f"/{POST}/" in uri and len(uri) <= 200:
            return kind, uri
    return "original", None


def quoted_uri(record: dict[str, Any]) -> str | None:
    """Return the address of the post that a record quotes."""
    kind, uri = _relation(record)
    return uri if kind == "quote" else None


def _quoted(value: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return (handle, text) of the quoted post, from its view `original`, else from the quoting post's view."""
    embed = as_dict(as_dict(value.get("view")).get("embed"))
    embedded = as_dict(embed.get("record"))
    quoted = as_dict(value.get("original")) or as_dict(embedded.get("record")) or embedded
    record = as_dict(quoted.get("record")) or as_dict(quoted.get("value"))  # a view embeds the record as `value`
    text = record.get("text")
    words = _with_whole_links(text, as_list(record.get("facets"))) if isinstance(text, str) else None
    return _handle(as_dict(quoted.get("author"))), fields.as_text(words)


def _features(record: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    for facet in map(as_dict, as_list(record.get("facets"))):
        yield from (as_dict(f) for f in as_list(facet.get("features")) if as_dict(f).get("$type") == kind)


def _links(record: dict[str, Any]) -> list[dict[str, Any]]:
    embed = as_dict(record.get("embed"))
    external = as_dict(embed.get("external")) or as_dict(as_dict(embed.get("media")).get("external"))
    found = [fields.link_of(external.get("uri"), external.get("title"), external.get("description"))]
    found += [fields.link_of(feature.get("uri")) for feature in _features(record, _LINK)]
    unique = {link["url"]: link for link in reversed(found) if link}
    return list(unique.values())[::-1][: fields.MAX_LINKS]


def _with_whole_links(text: str, facets: list[Any]) -> str:
    """Return the text with its shortened addresses written out.

    A facet counts UTF-8 bytes, and some clients count differently. So only a span that shows an address (cut, or
    without its scheme) is replaced; linked words stay, and so does a span that splits a character. Replacing starts at
    the end, so that earlier offsets stay valid.
    """
    data = text.encode("utf-8", "surrogatepass")
    spans = []
    for facet in map(as_dict, facets):
        index = as_dict(facet.get("index"))
        start, end = index.get("byteStart"), index.get("byteEnd")
        link = next((as_dict(f) for f in as_list(facet.get("features")) if as_dict(f).get("$type") == _LINK), {})
        if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(data)):
            continue
        if fields.link_of(link.get("uri")) and _shows(data[start:end], str(link["uri"])):
            spans.append((start, end, str(link["uri"]).encode("utf-8", "replace")))
    limit = len(data)
    for start, end, target in sorted(spans, reverse=True):
        if end <= limit:  # for overlapping facets the later one applies
            data, limit = data[:start] + target + data[end:], start
    return data.decode("utf-8", "replace")[: fields.MAX_TEXT]


def _shows(span: bytes, uri: str) -> bool:
    """Whether the text of a link is its address, as clients shorten it."""
    try:
        shown = _SCHEME.sub("", span.decode("utf-8"))
    except UnicodeDecodeError:
        return False
    address = _SCHEME.sub("", uri)
    beginning = re.sub(r"(\.\.\.|…)$", "", shown)
    if beginning != shown:
        return len(beginning) > 3 and address.startswith(beginning)
    return shown.rstrip("/") == address.rstrip("/")


def _language(record: dict[str, Any]) -> str | None:
    return fields.as_text(next(iter(as_list(record.get("langs"))), None), fields.MAX_LANG)


def _mentions(record: dict[str, Any], handles: Mapping[str, str]) -> list[str]:
    dids = [feature.get("did") for feature in _features(record, _MENTION)]
    names = [handles.get(did, did) for did in dids if isinstance(did, str)]
    return list(dict.fromkeys(name[: fields.MAX_NAME] for name in names))[: fields.MAX_MENTIONS]
