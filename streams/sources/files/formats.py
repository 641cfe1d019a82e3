"""The closed table of formats, and the recognition of a record's format."""

from collections.abc import Iterator
from typing import Any

from streams.sources.bluesky import post as bluesky_post
from streams.sources.fields import record_bytes
from streams.sources.files import account_lists, activity_streams, foreign, json_lines, x_archive
from streams.sources.mastodon import status as mastodon_status
from streams.sources.port import Bad, Outcome, Parser
from streams.sources.x import v1 as x_v1
from streams.sources.x import v2 as x_v2

FORMATS: dict[str, Parser] = {
    "jsonl": json_lines.parse,
    "x-v2": x_v2.parse,
    "x-v1": x_v1.parse,
    "activity": activity_streams.parse,
    "bluesky": bluesky_post.parse,
    "mastodon": mastodon_status.parse,
    "accounts": account_lists.parse,
    "x-archive": x_archive.parser(None),  # of a file only; `archive` knows its account
}


_OWN = {"text", "created_at", "deleted_at", "author"}  # one of them makes a line ours, or a damaged one of ours


def names() -> list[str]:
    """Return the values of `--format`."""
    return ["auto", "csv", "document", *FORMATS]


def auto(value: dict[str, Any]) -> Iterator[Outcome]:
    """Parse a record by its own shape."""
    name = foreign.name_of_record(value)
    if name is not None:
        yield Bad(foreign.refusal(name), record_bytes(value))
        return
    form = recognise(value)
    if form == "jsonl" and not value.keys() & _OWN and value.get("type") not in ("tweet", "deletion"):
        yield Bad(f"no known format: {', '.join(map(str, value))[:200] or 'an empty record'}", record_bytes(value))
        return
    yield from FORMATS[form](value)


def parser_named(form: str) -> Parser:
    """Return the parser of a format. `auto` checks every record."""
    return FORMATS.get(form, auto)


def recognise(value: dict[str, Any]) -> str:
    """Return the format of a record by its marks; ours if no other one matches."""
    if "did" in value and ("time_us" in value or "commit" in value):
        return "bluesky"
    if bluesky_post.is_frame(value) or bluesky_post.is_view(value):
        return "bluesky"
    if _is_mastodon(value):
        return "mastodon"
    if account_lists.is_list(value):
        return "accounts"
    if "verb" in value or "objectType" in value:
        return "activity"
    if "author" in value and not isinstance(value["author"], dict):
        return "jsonl"
    if "deleted_at" in value or value.get("type") in ("tweet", "deletion"):
        return "jsonl"
    return _x_version(value)


def _is_mastodon(value: dict[str, Any]) -> bool:
    if ("response" in value and "method" in value) or ("event" in value and "payload" in value):
        return True
    if "content" in value and ("account" in value or "visibility" in value):
        return True
    if isinstance(value.get("account"), dict) or ("ancestors" in value and "descendants" in value):
        return True
    return isinstance(value.get("statuses"), list) and ("accounts" in value or "hashtags" in value)


def _x_version(value: dict[str, Any]) -> str:
    if "data" in value or "errors" in value or "includes" in value or "meta" in value:
        return "x-v2"
    if isinstance(value.get("delete"), dict):
        return "x-v2" if "tweet" in value["delete"] else "x-v1"
    if "action" in value and "id" in value and "text" not in value:
        return "x-v2"
    if "for_user" in value or isinstance(value.get("statuses"), list):
        return "x-v1"
    if "user" in value or "id_str" in value or "full_text" in value or any(name in value for name in x_v1.NOTICES):
        return "x-v1"
    if any(name in value for name in ("author_id", "username", "public_metrics", "edit_history_tweet_ids", "title")):
        return "x-v2"
    return "jsonl"
