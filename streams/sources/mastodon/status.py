"""Parser of Mastodon statuses, from the REST API and the streams.

* Ids: the instance's own with the prefix "mastodon:". An author's id is `user@host` (accounts cannot be renamed).

* Text: HTML becomes text with whole links. A card gives a link its title and description. A content warning is put
  before the text.

* Kinds: a boost is a retweet with its original's text. An edited status becomes a new post, `id#seconds of the edit`,
  with `edit_of`.

* Visibility: only public and unlisted posts are read, and quoted text only from those, and only while the quoted person
  accepts the quote. All other visibilities, also of
  other servers with this API, are not for everybody.

* Input: stream messages `{"event": …, "payload": …}`, recorded exchanges `{"uri", "method", "response"}`, threads and
  search results are unpacked. Drafts, versions, announcements and other objects without an account are not statuses.

* Deletions: a recorded `delete` has neither author nor time. Its tombstone has the earliest possible time, the one in
  the status id.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from models.events import Tweet
from models.events.wire import PoisonError, not_json
from streams.sources import fields
from streams.sources.fields import as_dict, as_list
from streams.sources.html_text import html_to_text
from streams.sources.port import Ignored, Outcome

PREFIX = "mastodon:"
SOURCE = "mastodon"
_PUBLIC = ("public", "unlisted")
_STATUS = re.compile(r"/api/v1/statuses/(\w+)$")
_METRICS = {
    "likes": "favourites_count",
    "retweets": "reblogs_count",
    "replies": "replies_count",
    "quotes": "quotes_count",
}


def parse(value: dict[str, Any]) -> Iterator[Outcome]:
    """Return the posts of one status, stream message, thread or recorded exchange."""
    if "response" in value and "method" in value:
        yield from _recorded(value)
    elif isinstance(value.get("event"), str):
        yield from _message(value)
    elif "ancestors" in value and "descendants" in value:
        for status in [*as_list(value["ancestors"]), *as_list(value["descendants"])]:
            yield from parse(as_dict(status))
    elif isinstance(value.get("statuses"), list):
        for status in value["statuses"]:
            yield from parse(as_dict(status))
    elif "content" not in value or not ("visibility" in value or ("id" in value and "account" in value)):
        yield Ignored("no status: " + ", ".join(sorted(map(str, value))[:5]))
    elif not is_public(value):
        yield Ignored("not public")
    else:
        yield from fields.guarded(value, lambda: _tweet(value))


def is_public(status: dict[str, Any]) -> bool:
    """Whether a status, and the status that it boosts, is public.

    The check is an allow list, because servers have visibilities of their own. Posts for the people of one server only
    ("local", `local_only`) are not public.
    """
    if status.get("visibility") not in _PUBLIC or status.get("local_only"):
        return False
    boosted = as_dict(status.get("reblog"))
    return not boosted or is_public(boosted)


def post_id(value: object) -> str | None:
    """Return a status id as a post id."""
    own = fields.identifier(value)
    return PREFIX + own if own else None


def author_id(account: dict[str, Any]) -> str | None:
    """Return `user@host` in lower case; for a local account, the host of its page."""
    acct = fields.name_of(account.get("acct"))
    if acct is None:
        return None
    host = urlsplit(str(account.get("url") or "")).netloc
    return (acct if "@" in acct or not host else f"{acct}@{host}").lower()


def deletion(status_id: object, when: datetime | None = None) -> Outcome:
    """Return the deletion of a status whose author only the runner's `SentPosts` knows.

    Raises:
        PoisonError: The id or the time is not valid.
    """
    if when is None:
        number = fields.identifier(status_id) or ""
        if not number.isdecimal() or len(number) >= 20:
            return Ignored("a deletion that tells no time")
        when = datetime.fromtimestamp((int(number) >> 16) / 1000, UTC)
    return fields.build_deletion(id=post_id(status_id), author_id=None, deleted_at=when)


def _message(value: dict[str, Any]) -> Iterator[Outcome]:
    payload = value.get("payload")
    if value["event"] == "delete":
        yield from fields.guarded(value, lambda: deletion(payload))
        return
    if value["event"] not in ("update", "status.update"):
        yield Ignored(f"a stream event: {value['event'][:60]}")
        return
    if isinstance(payload, str):
        try:
            payload = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            reason = PoisonError(f"payload is {not_json(error)}")
            yield from fields.guarded(value, lambda: _raise(reason))
            return
    yield from parse(as_dict(payload))


def _raise(error: PoisonError) -> Tweet:
    raise error


def _recorded(exchange: dict[str, Any]) -> Iterator[Outcome]:
    """Parse a recorded answer: a status, a list, or the text of an event stream; for DELETE the deleted status."""
    response = exchange["response"]
    deleted = _STATUS.search(urlsplit(str(exchange.get("uri"))).path) if exchange["method"] == "DELETE" else None
    if deleted:
        yield from fields.guarded(exchange, lambda: deletion(deleted.group(1)))
        return
    if isinstance(response, str):
        for block in response.split("\n\n"):
            lines = dict(re.split(": ?", line, maxsplit=1) for line in block.splitlines() if ":" in line)
            if "event" in lines and "data" in lines:
                yield from _message({"event": lines["event"], "payload": lines["data"]})
        return
    for entry in response if isinstance(response, list) else [response]:
        yield from parse(entry) if isinstance(entry, dict) else [Ignored("no status")]


def _tweet(status: dict[str, Any]) -> Tweet:
    account = as_dict(status.get("account"))
    boosted = as_dict(status.get("reblog"))
    body = boosted or status
    kind, related_id, related_author = _relation(status, boosted)
    text, links = _text(body)
    if boosted:
        text = f"RT @{related_author or 'unknown'}: {text}"
    base = post_id(status.get("id"))
    edited = fields.as_text(status.get("edited_at"))
    return fields.build_tweet(
        id=f"{base}#{int(fields.time_of(edited).timestamp())}" if edited and base else base,
        author_id=author_id(account),
        author=author_id(account),
        author_name=fields.as_text(account.get("display_name"), fields.MAX_NAME),
        followers=fields.optional_count(account.get("followers_count")),
        created_at=fields.time_of(status.get("created_at")),
        text=text,
        lang=fields.as_text(body.get("language"), fields.MAX_LANG),
        kind=kind,
        related_id=related_id,
        related_author=related_author,
        quoted_text=_quoted_text(status) if kind == "quote" else None,
        edit_of=base if edited else None,
        links=links,
        mentions=_mentions(body),
        metrics={name: fields.count_of(body.get(other)) for name, other in _METRICS.items()},
        source=SOURCE,
    )


def _relation(status: dict[str, Any], boosted: dict[str, Any]) -> tuple[str, str | None, str | None]:
    if boosted:
        return "retweet", post_id(boosted.get("id")), author_id(as_dict(boosted.get("account")))
    if _is_quote(status):
        quoted = _quoted(status)
        return "quote", post_id(quoted.get("id")), author_id(as_dict(quoted.get("account")))
    if status.get("in_reply_to_id"):
        answered = fields.identifier(status.get("in_reply_to_account_id"))
        people = {str(as_dict(m).get("id")): as_dict(m) for m in as_list(status.get("mentions"))}
        return "reply", post_id(status["in_reply_to_id"]), author_id(people.get(str(answered), {}))
    return "original", None, None


def _quoted(status: dict[str, Any]) -> dict[str, Any]:
    """Return the quoted status, or its known parts; forks put it, or its id, in other places."""
    quote, own = _quote(status), as_dict(status.get("pleroma"))
    if as_dict(quote.get("quoted_status")) or "content" in quote:
        return as_dict(quote.get("quoted_status")) or quote
    quoted = fields.identifier(quote.get("quoted_status_id") or status.get("quote_id") or own.get("quote_id"))
    return {"id": quoted} if quoted else {}


def _quote(status: dict[str, Any]) -> dict[str, Any]:
    return as_dict(status.get("quote")) or as_dict(as_dict(status.get("pleroma")).get("quote"))


def _is_quote(status: dict[str, Any]) -> bool:
    """Whether a status quotes another one, which may be deleted, or not yet known to accept it."""
    return "state" in _quote(status) or bool(_quoted(status))


def _quoted_text(status: dict[str, Any]) -> str | None:
    quoted = _quoted(status)
    is_accepted = _quote(status).get("state", "accepted") == "accepted"
    return fields.quoted_words(lambda: _text(quoted)[0]) if is_accepted and is_public(quoted) else None


def _text(status: dict[str, Any]) -> tuple[str | None, list[dict[str, Any]]]:
    content = status.get("content")
    if not isinstance(content, str):
        return None, []
    text, links = html_to_text(content, without=".quote-inline" if _is_quote(status) else "")
    card = as_dict(status.get("card"))
    described = fields.link_of(card.get("url"), card.get("title"), card.get("description"), card.get("provider_name"))
    if described:
        links = [described, *(link for link in links if link["url"] != described["url"])]
    warning = fields.as_text(status.get("spoiler_text"))
    text = f"{warning}\n\n{text}".strip() if warning else text
    if not text and not links:
        raise fields.NothingToReadError("only media")
    return text, links[: fields.MAX_LINKS]


def _mentions(status: dict[str, Any]) -> list[str]:
    names = [author_id(as_dict(entry)) for entry in as_list(status.get("mentions"))]
    return list(dict.fromkeys(name for name in names if name))[: fields.MAX_MENTIONS]
