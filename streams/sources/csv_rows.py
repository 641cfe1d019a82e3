"""CSV and TSV with a header: columns found by their usual names, or named by `--map id=tweet_id,text=body,…`.

Fields: those of our JSON Lines (`id, author, created_at, text, author_id, author_name, followers, lang, kind,
related_id, related_author, likes, retweets, replies, quotes, urls`), and `link`, the post's address, whose number is
the id when no id column is mapped (collectors number their rows in columns called "id", so an address wins over
a guess).
A time without a zone is UTC. A row with too few or too many cells, or a damaged one, is bad; the rest goes on.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from models.events import Tweet
from models.wire import PoisonError
from streams.sources import fields
from streams.sources.json_lines import parse_object
from streams.sources.port import Bad, Ignored, Outcome

# in order of preference; compared without case, spaces, dots, dashes and underscores
GUESSES: dict[str, tuple[str, ...]] = {
    "id": ("id", "id_str", "tweet_id", "tweetid", "status_id", "post_id", "uri"),
    "link": ("tweetlink", "tweet_url", "post_url", "permalink", "permanenturl", "link", "url"),
    "author": ("handle", "screen_name", "user_screen_name", "username", "user_username", "author_username", "author"),
    "author_id": ("author_id", "user_id", "userid", "twitterid", "user_id_str", "did"),
    "author_name": ("author_name", "user_name", "display_name", "name"),
    "created_at": ("created_at", "createdat", "tweetdate", "datetime", "date", "time", "timestamp"),
    "text": ("full_text", "text", "tweet", "content", "body", "rawcontent", "renderedcontent"),
    "followers": ("followers", "followers_count", "user_followers_count", "followerscount"),
    "lang": ("lang", "language"),
    "kind": ("kind", "type", "tweet_type"),
    "related_id": (
        "related_id", "related_to", "retweeted_status_id", "quoted_status_id", "in_reply_to_status_id",
        "inreplytotweetid", "in_reply_to_tweet_id",
    ),
    "related_author": ("related_author", "reply_to", "in_reply_to_screen_name"),
    "likes": ("likes", "like_count", "favorite_count", "favourites_count", "likecount"),
    "retweets": ("retweets", "retweet_count", "reblogs_count", "repostcount", "retweetcount"),
    "replies": ("replies", "reply_count", "replies_count", "replycount"),
    "quotes": ("quotes", "quote_count", "quotes_count", "quotecount"),
    "urls": ("urls", "links"),
}  # fmt: skip
_METRICS = ("likes", "retweets", "replies", "quotes")
_STATUS_ID = re.compile(r"/(?:status(?:es)?|statuses|post)/([\w-]+)")
REQUIRED = ("author", "created_at", "text")


class ColumnsError(ValueError):
    """The header does not tell where the required fields are; the message lists what it has and how to map it."""


def columns_for(header: list[str], given: Mapping[str, str]) -> dict[str, str]:
    """Field -> column of this header; raises ColumnsError when a required field has none."""
    unknown = [name for name in given if name not in GUESSES]
    absent = [column for column in given.values() if column not in header]
    if unknown or absent:
        what = f"unknown fields {', '.join(unknown)}" if unknown else f"no columns {', '.join(absent)}"
        raise ColumnsError(f"--map: {what}; fields: {', '.join(GUESSES)}; columns: {', '.join(header)}")
    plain = {_plain(column): column for column in reversed(header)}
    found = {}
    for name, guesses in GUESSES.items():
        column = given.get(name) or next((plain[_plain(g)] for g in guesses if _plain(g) in plain), None)
        if column is not None:
            found[name] = column
    missing = [name for name in REQUIRED if name not in found]
    if "id" not in found and "link" not in found:
        missing.insert(0, "id")
    if missing:
        raise ColumnsError(
            f"no column for {', '.join(missing)}; name it with --map {missing[0]}=COLUMN; columns: {', '.join(header)}"
        )
    return found


def delimiter_of(header_line: str) -> str:
    """The separator that the header uses most."""
    return max(",;\t|", key=header_line.count)


def rows(lines: Iterable[str], given: Mapping[str, str]) -> Iterator[tuple[int, Outcome]]:
    """(line number where the row ends, outcome) of every row; raises ColumnsError for a header without the fields."""
    source = iter(lines)
    first = next(source, "")
    reader = csv.reader(_chained(first, source), delimiter=delimiter_of(first))
    try:
        header = [column.strip() for column in next(reader, [])]
    except csv.Error as error:
        raise ColumnsError(f"the header is not CSV: {error}") from error
    columns = columns_for(header, given)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, Bad(f"not CSV: {error}", b"")
            continue
        if not cells:
            continue
        if len(cells) != len(header):
            reason = f"{len(cells)} cells under a header of {len(header)}"
            yield reader.line_num, Bad(reason, _line(cells))
            continue
        yield reader.line_num, _outcome(dict(zip(header, cells, strict=True)), columns, "id" in given, cells)


def _outcome(row: dict[str, str], columns: dict[str, str], id_given: bool, cells: list[str]) -> Outcome:
    made = list(fields.guarded(_line(cells), lambda: _tweet(row, columns, id_given)))
    return made[0] if made else Ignored("an empty row")


def _tweet(row: dict[str, str], columns: dict[str, str], id_given: bool) -> Tweet:
    value: dict[str, Any] = {name: row[column].strip() or None for name, column in columns.items()}
    address = _STATUS_ID.search(value.pop("link", None) or "")
    if address and not id_given:
        value["id"] = address.group(1)
    value["created_at"] = fields.time_of(value["created_at"], naive_is_utc=True).isoformat()
    value["text"] = row[columns["text"]]
    if value.get("kind") and value["kind"].lower() not in ("original", "retweet", "quote", "reply"):
        del value["kind"]  # somebody else's types: the text decides
    value["metrics"] = {name: fields.count_of(value.pop(name)) for name in _METRICS if name in value}
    value["followers"] = _number(value.get("followers"))
    if value.get("urls"):
        value["urls"] = re.split(r"[\s,;|]+", value["urls"])
    tweet = parse_object(value)
    if not isinstance(tweet, Tweet):
        raise PoisonError("not a post")
    return tweet


def _number(text: str | None) -> int | None:
    return fields.count_of(text) if text else None


def _plain(column: str) -> str:
    return re.sub(r"[\s._-]", "", column).lower()


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _line(cells: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode("utf-8", "backslashreplace")
