"""Recognises unsupported formats by their own marks, so that the error names the format instead of a missing field."""

import re
from collections.abc import Callable, Mapping
from typing import Any

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PAR1", "Parquet"),
    (0, b"ARROW1", "Arrow"),
    (0, b"FEA1", "Feather"),
    (0, b"Obj\x01", "Avro"),
    (0, b"ORC", "ORC"),
    (0, b"\x89HDF", "HDF5"),
    (0, b"SQLite format 3\x00", "an SQLite database"),
    (0, b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (0, b"%PDF-", "PDF"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"\x04\x22\x4d\x18", "lz4"),
    (0, b"{\\rtf", "RTF"),
    (0, b"\x93NUMPY", "NumPy"),
    (0, b"\x1f\x9d", "compress (.Z)"),
    (0, b"\xff\x06\x00\x00sNaPpY", "snappy"),
    (0, b"\x89PNG", "a picture"),
    (0, b"\xff\xd8\xff", "a picture"),
    (0, b"GIF8", "a picture"),
    (4, b"ftyp", "a video"),
    (257, b"ustar", "a tar archive"),
)
_PICKLE = re.compile(rb"^\x80[\x02-\x05]")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a]")
_CAR = re.compile(rb"^.{1,4}\xa2.{0,60}eroots|^.{1,4}\xa2.{0,60}gversion", re.DOTALL)  # a repository of the AT protocol
_TEXTS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:rss|feed|rdf:RDF)\b", re.DOTALL), "a feed"),
    (re.compile(rb"^\s*(?:<\?xml[^>]*>\s*)?<opml\b", re.IGNORECASE), "OPML"),
    (re.compile(rb"^\s*(?:<!doctype html|<html)\b", re.IGNORECASE), "HTML"),
    (re.compile(rb"^\s*<\?xml\b"), "XML"),
    (re.compile(rb"^From \S+ .*\r?\n"), "a mailbox"),
    (re.compile(rb"^WARC/\d"), "WARC"),
    (re.compile(rb"^---\r?\n\w+:"), "YAML"),
)
_HELP = {
    "a feed": "`toptopics source rss` follows it",
    "OPML": "`toptopics influencers import` reads it",
    "a tar archive": "unpack it first",
    "a 7z archive": "unpack it first",
    "a RAR archive": "unpack it first",
}
_EXPORT = "export its posts as JSON Lines or CSV"


def refusal(name: str) -> str:
    """Return the reason for an unsupported format, with the next step."""
    return f"{name}, which is not read: {_HELP.get(name, _EXPORT)}"


def name_of_bytes(head: bytes) -> str | None:
    """Return the format of a file by its first bytes (512, decompressed); None if it may be supported."""
    for offset, magic, name in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return name
    if _CAR.match(head):
        return "a CAR file (a repository of the AT protocol)"
    if _PICKLE.match(head):
        return "a pickle"
    return next((name for pattern, name in _TEXTS if pattern.match(head)), None)


def is_binary(head: bytes) -> bool:
    """Whether the first bytes contain what no text begins with; later ones may be damage."""
    return _BINARY.search(head[:16]) is not None


def name_of_record(value: Mapping[str, Any]) -> str | None:
    """Return the unsupported format of a JSON record; None if it may be supported."""
    return next((name for name, has_marks in _RECORDS.items() if has_marks(value)), None)


def _is_activity_pub(value: Mapping[str, Any]) -> bool:
    if "orderedItems" in value or "@context" in value:
        return True
    return value.get("type") in ("Note", "Create", "Announce", "Article", "Question") and (
        "attributedTo" in value or "actor" in value
    )


def _is_misskey(value: Mapping[str, Any]) -> bool:
    body = value.get("body")
    if value.get("type") == "channel" and isinstance(body, dict):
        return body.get("type") in ("note", "noteUpdated")
    has_user = isinstance(value.get("user"), dict)
    return "createdAt" in value and (
        ("userId" in value and ("cw" in value or has_user)) or (has_user and "visibility" in value)
    )


def _is_reddit(value: Mapping[str, Any]) -> bool:
    thing = value.get("kind") in ("Listing", "t1", "t3") and isinstance(value.get("data"), dict)
    return thing or ("subreddit" in value and ("selftext" in value or "body" in value))


def _is_x_page(value: Mapping[str, Any]) -> bool:
    data = value.get("data")
    views = ("user", "search_by_raw_query", "home", "threaded_conversation_with_injections_v2", "tweetResult", "list")
    timeline = isinstance(data, dict) and any(name in data for name in views)
    return ("rest_id" in value and "legacy" in value) or (timeline and "id" not in value["data"])


_RECORDS: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "ActivityPub (an outbox, as in Mastodon's own archive)": _is_activity_pub,
    "a Misskey note": _is_misskey,
    "Reddit": _is_reddit,
    "X's web page (GraphQL)": _is_x_page,
    "Hacker News": lambda value: value.get("type") in ("story", "comment") and "by" in value and "time" in value,
    "Telegram": lambda value: (
        ("date_unixtime" in value and "from_id" in value)
        or (isinstance(value.get("messages"), list) and "type" in value and "guild" not in value)
    ),
    "Discord": lambda value: (
        (isinstance(value.get("messages"), list) and "guild" in value)
        or ("channel_id" in value and isinstance(value.get("author"), dict))
    ),
    "Lemmy": lambda value: "community" in value and "creator" in value,
    "Threads or Instagram": lambda value: "media_type" in value and "permalink" in value,
    "Slack": lambda value: value.get("type") == "message" and "ts" in value and "user" in value,
    "Nostr": lambda value: "pubkey" in value and "sig" in value and "content" in value,
    "Facebook or Instagram": lambda value: (
        ("timestamp" in value or "media" in value)
        and any(isinstance(value.get(name), list) for name in ("data", "attachments", "media"))
        and ("title" in value or "attachments" in value or "creation_timestamp" in value)
    ),
    "a JSON feed": lambda value: str(value.get("version")).startswith("https://jsonfeed.org/"),
    "YouTube": lambda value: "snippet" in value and "etag" in value,
}
