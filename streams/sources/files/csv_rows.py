"""CSV and TSV with a header. Columns are found by their usual names, or named by `--map id=tweet_id,text=body,…`.

Fields: those of our JSON Lines (`id, author, created_at, text, author_id, author_name, followers, lang, kind,
related_id, related_author, is_quote, quoted_id, quoted_author, quoted_text, likes, retweets, replies, quotes, urls`),
and `link`, the post's address. The number in the address is the id when no id column is mapped; collectors number their
rows in columns called "id", so an address is preferred to a guess. The columns of the usual collectors are known:
twarc-csv (`author.username`, links as JSON), snscrape, twint, PhantomBuster.

A time without a zone is UTC. Seconds or milliseconds since 1970 and mail dates are accepted as well. A damaged row, or
one with too few or too many cells, is bad; the others are read.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from models.events import Tweet
from models.events.wire import PoisonError
from streams.sources import fields
from streams.sources.files.json_lines import parse_object
from streams.sources.port import Bad, Ignored, Outcome

# in order of preference; compared without case, spaces, dots, dashes and underscores
GUESSES: dict[str, tuple[str, ...]] = {
    "id": ("id", "id_str", "tweet_id", "tweetid", "status_id", "post_id", "uri"),
    "link": ("tweetlink", "tweet_url", "post_url", "permalink", "permanenturl", "link", "url"),
    "author": ("handle", "screen_name", "user_screen_name", "username", "user_username", "author_username", "author"),
    "author_id": ("author_id", "user_id", "userid", "twitterid", "user_id_str", "did"),
    "author_name": ("author_name", "user_name", "display_name", "name"),
    "created_at": (
        "created_at", "createdat", "tweetdate", "datetime", "date", "published", "published_at", "time", "timestamp",
    ),
    "text": ("full_text", "text", "tweet", "content", "body", "rawcontent", "renderedcontent"),
    "followers": (
        "followers", "followers_count", "user_followers_count", "followerscount",
        "author.public_metrics.followers_count", "author_followers_count",
    ),
    "lang": ("lang", "language"),
    "kind": ("kind", "type", "tweet_type"),
    "related_id": (
        "related_id", "related_to", "retweeted_status_id", "in_reply_to_status_id",
        "inreplytotweetid", "in_reply_to_tweet_id", "retweet_id",
    ),
    "related_author": ("related_author", "reply_to", "in_reply_to_screen_name"),
    "is_quote": ("is_quote", "is_quote_status", "isquote"),
    "quoted_id": ("quoted_id", "quoted_status_id", "quoted_tweet_id", "quoted_link", "quote_url", "quotedtweet"),
    "quoted_author": ("quoted_author", "quoted_screen_name", "quoted_username"),
    "quoted_text": ("quoted_text", "quoted_status_text", "quoted_tweet_text", "quotedtweet.rawcontent"),
    "likes": ("likes", "like_count", "favorite_count", "favourites_count", "likes_count", "public_metrics.like_count"),
    "retweets": ("retweets", "retweet_count", "reblogs_count", "repost_count", "retweets_count",
                 "public_metrics.retweet_count"),
    "replies": ("replies", "reply_count", "replies_count", "public_metrics.reply_count"),
    "quotes": ("quotes", "quote_count", "quotes_count", "public_metrics.quote_count"),
    "urls": ("urls", "links", "outlinks", "entities.urls"),
}  # fmt: skip
# twarc-csv has columns for each relation: (kind, the other post, its author); the first filled one counts
_RELATIONS = (
    ("retweet", "referenced_tweets.retweeted.id", "retweeted_username"),
    ("quote", "referenced_tweets.quoted.id", "quoted_username"),
    ("reply", "referenced_tweets.replied_to.id", "in_reply_to_username"),
)
_METRICS = ("likes", "retweets", "replies", "quotes")
_TRUE = ("true", "1", "yes", "t")
# a line for Excel, before the header; Excel fills it up to the number of columns
SEPARATOR_LINE = re.compile(r'\ufeff?"?sep ?= ?(\\t|.)\1*"?', re.IGNORECASE)
_STATUS_ID = re.compile(r"/(?:status(?:es)?|statuses|post)/([\w-]+)")
REQUIRED = ("author", "created_at", "text")


class ColumnsError(ValueError):
    """The header lacks required fields. The message lists its columns and how to map them."""


def columns_for(header: list[str], given: Mapping[str, str]) -> dict[str, str]:
    """Field -> column of this header.

    Args:
        header: The columns.
        given: Field -> column, from the user.

    Raises:
        ColumnsError: A required field has no column, or `given` is wrong.
    """
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


def fields_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a record by the names of our fields: the first column with a value counts."""
    plain = {_plain(column): value for column, value in record.items() if value not in (None, "")}
    found = {
        name: next((plain[_plain(g)] for g in guesses if _plain(g) in plain), None) for name, guesses in GUESSES.items()
    }
    return {name: value for name, value in found.items() if value is not None}


def delimiter_of(header_line: str) -> str:
    """The separator that occurs most in the header."""
    return max(",;\t|", key=header_line.count)


def rows(lines: Iterable[str], given: Mapping[str, str]) -> Iterator[tuple[int, Outcome]]:
    """Yield (line number where the row ends, outcome) of every row.

    Raises:
        ColumnsError: The header lacks required fields.
    """
    source = iter(lines)
    first = next(source, "")
    told = SEPARATOR_LINE.fullmatch(first.rstrip("\r\n"))
    before = 1 if told else 0
    first = next(source, "") if told else first
    delimiter = told[1].replace("\\t", "\t") if told else delimiter_of(first)
    reader = csv.reader(_chained(first, source), delimiter=delimiter)
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
            yield reader.line_num + before, Bad(f"not CSV: {error}", b"")
            continue
        if not cells:
            continue
        if len(cells) != len(header):
            reason = f"{len(cells)} cells under a header of {len(header)}"
            yield reader.line_num + before, Bad(reason, _line(cells))
            continue
        yield reader.line_num + before, _outcome(dict(zip(header, cells, strict=True)), columns, "id" in given, cells)


def _outcome(row: dict[str, str], columns: dict[str, str], id_given: bool, cells: list[str]) -> Outcome:
    made = list(fields.guarded(_line(cells), lambda: _tweet(row, columns, id_given)))
    return made[0] if made else Ignored("an empty row")


def _tweet(row: dict[str, str], columns: dict[str, str], id_given: bool) -> Tweet:
    value: dict[str, Any] = {name: row[column].strip() or None for name, column in columns.items()}
    address = id_in(value.pop("link", None))
    if address and not id_given:
        value["id"] = address
    value["created_at"] = time_in(value["created_at"]).isoformat()
    value["text"] = row[columns["text"]]
    if value.get("kind") and value["kind"].lower() not in ("original", "retweet", "quote", "reply"):
        del value["kind"]  # types of another collector: the text decides
    value["metrics"] = {name: fields.count_of(value.pop(name)) for name in _METRICS if name in value}
    value["followers"] = _number(value.get("followers"))
    if value.get("urls"):
        value["urls"] = _urls(value["urls"])
    if value.get("is_quote"):
        value["is_quote"] = str(value["is_quote"]).lower() in _TRUE
    value |= _relation(row)
    tweet = parse_object(value)
    if not isinstance(tweet, Tweet):
        raise PoisonError("not a post")
    return tweet


def id_in(address: object) -> str | None:
    """The post's id in its address."""
    found = _STATUS_ID.search(str(address or ""))
    return found.group(1) if found else None


def _relation(row: Mapping[str, str]) -> dict[str, str]:
    for kind, related, author in _RELATIONS:
        if row.get(related):
            return {"kind": kind, "related_id": row[related], "related_author": row.get(author) or ""}
    return {}


def time_in(text: str | None) -> datetime:
    """Parse RFC 3339 and the forms of spreadsheets and collectors.

    Raises:
        PoisonError: The text is no time.
    """
    plain = re.sub(r"\s+(?:UTC|GMT|Z)$", "+00:00", text or "")
    if re.fullmatch(r"\d{9,10}(?:\.\d+)?|\d{12,13}", plain):
        return datetime.fromtimestamp(float(plain) / (1000 if len(plain.split(".")[0]) > 10 else 1), UTC)
    try:
        return fields.time_of(plain, naive_is_utc=True)
    except PoisonError:
        with suppress(ValueError):
            moment = parsedate_to_datetime(plain)
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        raise


def _urls(text: str) -> list[Any]:
    """Addresses in a cell: a JSON or Python array, else separated by characters that no address has."""
    with suppress(orjson.JSONDecodeError):
        found = orjson.loads(text)
        return [entry for entry in found if isinstance(entry, str | dict)] if isinstance(found, list) else []
    return re.findall(r"https?://[^\s,;|'\"\]]+", text)


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
