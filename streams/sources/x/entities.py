"""Shared rules of all X formats: t.co links, invalid language codes, escaped text, ids with a time, and edit chains."""

import re
from datetime import UTC, datetime
from typing import Any

from streams.sources import fields

Links = list[dict[str, Any]]
_NO_LANGUAGE = {"und", "qam", "qct", "qht", "qme", "qst", "zxx", "art"}  # X's own codes
_STATUS = re.compile(r"^https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/(\w+|i/web)/status(?:es)?/(\d+)", re.I)
_MEDIA = re.compile(r"/(?:photo|video)/\d+$")
# X's notice in the place of a post; retweets repeat it
_NOTICE = re.compile(
    r"(?:RT @\w+: ?)?(?:(?:Tweet|Post|Account) withheld\. )?(?:"
    r"(?:@\w+['’]s (?:account|Tweet|Post)|This (?:account|(?:Tweet|Post)(?: from @\w+)?)) (?:"
    r"has been withheld\b[^\n]{0,200}\b(?:in response to|based on|legal|law)\b|is temporarily unavailable because|"
    r"is unavailable|was deleted by the|is from a suspended account|is from an account that no longer exists|"
    r"violated the (?:Twitter|X) Rules)|You['’]re unable to view this (?:Tweet|Post) because|"
    r"Age-restricted adult content\. This content|This media has been disabled in response to)\b[^\n]{0,200}$",
    re.IGNORECASE,
)
_HELP = re.compile(r"https?://(?:support|help)\.(?:twitter|x)\.com/", re.IGNORECASE)
SNOWFLAKE_EPOCH_MS = 1_288_834_974_657  # ids contain milliseconds since then, above 22 bits
FIRST_SNOWFLAKE = 30_000_000_000  # smaller ids, until November 2010, were counters


def language(code: object) -> str | None:
    """Return a BCP 47 code, or None for X's "undetermined" and "only links" codes."""
    text = fields.as_text(code, fields.MAX_LANG)
    if text == "in":  # the code for Indonesian until 1989
        return "id"
    return None if text is None or text in _NO_LANGUAGE else text


def written_at(post_id: int) -> datetime:
    """Return a post's time from its id."""
    return datetime.fromtimestamp(((post_id >> 22) + SNOWFLAKE_EPOCH_MS) / 1000, UTC)


def id_at(moment: datetime) -> int:
    """Return the smallest id that a post of this time can have."""
    return max(0, int(moment.timestamp() * 1000) - SNOWFLAKE_EPOCH_MS) << 22


def created_at(given: object, post_id: str | None) -> datetime:
    """Return the time of a payload, else the one in its id, because fields are optional in API v2.

    Raises:
        PoisonError: Neither the field nor the id has a valid time.
    """
    if given is None and post_id is not None and post_id.isdecimal() and FIRST_SNOWFLAKE < int(post_id) < 1 << 63:
        return written_at(int(post_id))
    return fields.time_of(given)


def replaced(post_id: str | None, history: object) -> str | None:
    """Return the previous version: a history lists the ids of all versions, oldest first, also later ones."""
    ids = [fields.identifier(entry) for entry in fields.as_list(history)]
    place = ids.index(post_id) if post_id in ids else 0
    return ids[place - 1] if place else None


def replace_links(text: str, entries: list[Any], own_ids: set[str]) -> tuple[str, Links]:
    """Return (`text` unescaped and with t.co links expanded, the links that lead to other pages).

    Links to the post's own media, and to the posts in `own_ids`, are removed from both. Entity offsets are not used:
    they count differently in each format, and every t.co address is unique.

    Raises:
        NothingToReadError: Nothing else is in the text.
    """
    text = fields.unescape(text)  # unescape first: an address that is inserted afterwards is not escaped
    links: Links = []
    seen: set[str] = set()
    for entry in map(fields.as_dict, entries):
        short = entry.get("url")
        target = (
            entry.get("unwound_url") or fields.as_dict(entry.get("unwound")).get("url") or entry.get("expanded_url")
        )
        link = fields.link_of(target, *_described(entry))
        if not isinstance(short, str) or not short or link is None:
            continue
        if _is_own(entry, link["url"], own_ids):
            text = text.replace(short, "")
            continue
        text = text.replace(short, link["url"])
        if link["url"] not in seen:
            seen.add(link["url"])
            links.append(link)
    text = text[: fields.MAX_TEXT].strip()
    if not text and not links:
        raise fields.NothingToReadError("only media, or a link to itself")
    return text, links[: fields.MAX_LINKS]


def check_readable(text: str, entries: list[Any], withheld: object, user: dict[str, Any]) -> None:
    """Check that a payload is a post for everybody.

    A post that is withheld in some countries only, and has its own text, is a post.

    Raises:
        NotAPostError: It is X's notice in the place of a post, or not public.
    """
    if user.get("protected") is True:
        raise fields.NotAPostError("not public")
    spoken = fields.unescape(text).strip()
    helps = any(_HELP.match(str(fields.as_dict(entry).get("expanded_url"))) for entry in entries)
    if _NOTICE.match(spoken) or (withheld and (helps or "withheld" in spoken.lower())):
        raise fields.NotAPostError("withheld")


def status_address(entry: object) -> tuple[str | None, str | None]:
    """Return (handle, post id) of a link entity that leads to a post; the handle is None for addresses without one."""
    match = _STATUS.match(str(fields.as_dict(entry).get("expanded_url")))
    if match is None:
        return None, None
    return (None if match.group(1) in ("i", "i/web") else match.group(1)), match.group(2)


def _described(entry: dict[str, Any]) -> tuple[object, object]:
    unwound = fields.as_dict(entry.get("unwound"))
    title = entry.get("title") or unwound.get("title") or entry.get("expanded_url_title")
    description = entry.get("description") or unwound.get("description") or entry.get("expanded_url_description")
    return _unescaped(title), _unescaped(description)


def _unescaped(value: object) -> object:
    return fields.unescape(value) if isinstance(value, str) else value


def _is_own(entry: dict[str, Any], target: str, own_ids: set[str]) -> bool:
    if entry.get("media_key") or entry.get("media_url_https"):
        return True
    match = _STATUS.match(target)
    return match is not None and (match.group(2) in own_ids or _MEDIA.search(target) is not None)
