"""Parser of X API v2: twarc pages, twarc's flattened lines, single tweets, stream lines and compliance events.

* Pages: a page yields its `data`. Tweets of `includes` are context: a retweet gets the original's full text and links,
  a quote or reply the other author.

* Text: long posts come from `note_tweet`, the title of an article from `article`. t.co links are expanded, with title
  and description. Links to attached media, to the quoted post and to the post itself are removed.

* Edits and time: `edit_history_tweet_ids` names the replaced version. The time of a post without `created_at` is in its
  id.

* Deletions: events of the compliance stream and of batch compliance jobs become tombstones; so does a post that was
  removed from public view.

* Ignored: rules, users, lists, counts, errors and meta messages.
"""

from collections.abc import Iterator
from typing import Any

from models.events import Tweet
from streams.sources import fields
from streams.sources.fields import as_dict, as_list
from streams.sources.port import Ignored, Outcome
from streams.sources.x.entities import (
    Links,
    check_readable,
    created_at,
    language,
    replace_links,
    replaced,
    status_address,
)

_METRICS = {"likes": "like_count", "retweets": "retweet_count", "replies": "reply_count", "quotes": "quote_count"}
_KIND_OF = {"retweeted": "retweet", "quoted": "quote", "replied_to": "reply"}  # in order of precedence
_POST_MARKS = ("text", "note_tweet", "referenced_tweets", "edit_history_tweet_ids", "conversation_id")
_COMPLIANCE = ("delete", "withheld", "drop", "undrop", "tweet_edit", "scrub_geo")
SOURCE = "x"


def parse(value: dict[str, Any]) -> Iterator[Outcome]:
    """Return the posts of one page, stream line, flattened tweet or single tweet."""
    if _is_tweet(value):
        yield from _one(value, {}, {})
        return
    data = value.get("data")
    if isinstance(data, dict) and "id" not in data and _is_compliance(data):
        yield from _compliance(data)
    elif isinstance(data, dict | list):
        yield from _page(value, [data] if isinstance(data, dict) else data)
    elif _is_compliance(value):
        yield from _compliance(value)
    elif "action" in value and "id" in value:
        yield from _job_result(value)
    elif "errors" in value or "title" in value:
        yield Ignored(f"an error message of the API: {_error_text(value)}")
    else:
        yield Ignored("no post: " + ", ".join(sorted(map(str, value))[:5]))


def _page(value: dict[str, Any], tweets: list[Any]) -> Iterator[Outcome]:
    includes = as_dict(value.get("includes"))
    users = _by_id(includes.get("users"))
    others = _by_id(includes.get("tweets"))
    for tweet in tweets:
        if isinstance(tweet, dict) and _is_tweet(tweet):
            yield from _one(tweet, users, others)
        elif isinstance(tweet, dict) and not any(name in tweet for name in _POST_MARKS):
            yield Ignored(_what_it_is(tweet))
        else:
            yield from fields.guarded(tweet, lambda tweet=tweet: _tweet(as_dict(tweet), {}, {}))  # type: ignore[misc]


def _what_it_is(entry: dict[str, Any]) -> str:
    """Return the kind of a page entry that is not a post."""
    names = {"username": "a user", "value": "a stream rule", "tweet_count": "a count of posts"}
    known = next((what for mark, what in names.items() if mark in entry), None)
    return known or "no post: " + ", ".join(sorted(map(str, entry))[:5])


def _is_tweet(value: dict[str, Any]) -> bool:
    return "id" in value and "text" in value


def _one(tweet: dict[str, Any], users: dict[str, Any], others: dict[str, Any]) -> Iterator[Outcome]:
    return fields.guarded(tweet, lambda: _tweet(tweet, users, others))


def _by_id(entries: object) -> dict[str, Any]:
    return {str(entry["id"]): entry for entry in as_list(entries) if isinstance(entry, dict) and "id" in entry}


def _tweet(tweet: dict[str, Any], users: dict[str, Any], others: dict[str, Any]) -> Tweet:
    author_id = fields.identifier(tweet.get("author_id")) or fields.identifier(as_dict(tweet.get("author")).get("id"))
    author = as_dict(tweet.get("author")) or as_dict(users.get(author_id or ""))
    kind, related_id, related = _relation(tweet, others)
    related_author = _related_author(tweet, kind, related, users)
    own_ids = {str(tweet.get("id")), *([related_id] if kind != "reply" and related_id else [])}
    body = related if kind == "retweet" and related.get("text") else tweet
    entries = as_list(as_dict(body.get("entities")).get("urls"))
    check_readable(str(body.get("text") or ""), entries, body.get("withheld") or tweet.get("withheld"), author)
    text, links = _text(body, own_ids)
    if body is related:
        text = f"RT @{related_author or 'unknown'}: {text}"
    own_id = fields.identifier(tweet.get("id"))
    return fields.build_tweet(
        id=own_id,
        author_id=author_id,
        author=fields.name_of(author.get("username")) or author_id,
        author_name=fields.as_text(author.get("name"), fields.MAX_NAME),
        followers=fields.optional_count(as_dict(author.get("public_metrics")).get("followers_count")),
        created_at=created_at(tweet.get("created_at"), own_id),
        text=text,
        lang=language(tweet.get("lang")),
        kind=kind,
        related_id=related_id,
        related_author=related_author,
        quoted_text=fields.quoted_words(lambda: _text(related, {str(related_id)})[0]) if kind == "quote" else None,
        edit_of=replaced(own_id, tweet.get("edit_history_tweet_ids")),
        links=links,
        mentions=_mentions(tweet, related if kind == "retweet" else {}),
        metrics={
            name: fields.count_of(as_dict(tweet.get("public_metrics")).get(other)) for name, other in _METRICS.items()
        },
        source=SOURCE,
    )


def _text(tweet: dict[str, Any], own_ids: set[str]) -> tuple[str | None, Links]:
    note = as_dict(tweet.get("note_tweet"))
    whole = note if fields.as_text(note.get("text")) else tweet
    text = whole.get("text")
    if not isinstance(text, str):
        return None, []
    # a long post's media are listed only with the short version
    entries = [
        *as_list(as_dict(note.get("entities")).get("urls")),
        *as_list(as_dict(tweet.get("entities")).get("urls")),
    ]
    title = fields.as_text(as_dict(tweet.get("article")).get("title"))
    if title is None:
        return replace_links(text, entries, own_ids)
    entries = [_titled(entry, title) for entry in map(as_dict, entries)]
    text, links = replace_links(text, entries, own_ids)
    return (text if title in text else f"{title}\n\n{text}"), links


def _titled(entry: dict[str, Any], title: str) -> dict[str, Any]:
    """Return the link of an X article; its title is outside the post's entities."""
    return {**entry, "title": title} if "/i/article/" in str(entry.get("expanded_url")) else entry


def _relation(tweet: dict[str, Any], others: dict[str, Any]) -> tuple[str, str | None, dict[str, Any]]:
    references: dict[str, dict[str, Any]] = {}
    for entry in map(as_dict, as_list(tweet.get("referenced_tweets"))):
        references.setdefault(str(entry.get("type")), entry)
    for relation, kind in _KIND_OF.items():
        if relation in references:
            entry = references[relation]
            related_id = fields.identifier(entry.get("id"))
            return kind, related_id, as_dict(others.get(related_id or "")) or entry
    # the field is optional, the text prefix is not
    return ("retweet" if fields.retweeted_handle(str(tweet.get("text"))) else "original"), None, {}


def _related_author(tweet: dict[str, Any], kind: str, related: dict[str, Any], users: dict[str, Any]) -> str | None:
    if kind == "original":
        return None
    user = as_dict(related.get("author")) or as_dict(users.get(str(related.get("author_id"))))
    if not user and kind == "reply":
        user = as_dict(tweet.get("in_reply_to_user")) or as_dict(users.get(str(tweet.get("in_reply_to_user_id"))))
    return fields.name_of(user.get("username")) or _told_by_the_post(tweet, kind)


def _told_by_the_post(tweet: dict[str, Any], kind: str) -> str | None:
    """Find the other author without a user object: `RT @x`, the quoted address, or the first answered person."""
    if kind == "retweet":
        return fields.retweeted_handle(str(tweet.get("text")))
    if kind == "quote":
        quoted = {fields.identifier(entry.get("id")) for entry in map(as_dict, as_list(tweet.get("referenced_tweets")))}
        entries = as_list(as_dict(tweet.get("entities")).get("urls"))
        return next((author for author, own_id in map(status_address, entries) if own_id in quoted), None)
    mentions = _mentions(tweet)
    return mentions[0] if mentions and str(tweet.get("text")).startswith("@") else None


def _mentions(*tweets: dict[str, Any]) -> list[str]:
    names = []
    for tweet in tweets:  # a retweet's own list is cut like its text; use the original's
        entities = as_dict(as_dict(tweet.get("note_tweet")).get("entities")) or as_dict(tweet.get("entities"))
        names += [fields.name_of(as_dict(entry).get("username")) for entry in as_list(entities.get("mentions"))]
    return list(dict.fromkeys(name for name in names if name))[: fields.MAX_MENTIONS]


def _is_compliance(value: dict[str, Any]) -> bool:
    return any(name in _COMPLIANCE or str(name).startswith("user_") for name in value)


def _compliance(value: dict[str, Any]) -> Iterator[Outcome]:
    event = as_dict(value.get("delete")) or as_dict(value.get("drop"))
    tweet = as_dict(event.get("tweet"))
    if not tweet:
        yield Ignored(f"a compliance event that deletes no post: {', '.join(map(str, value))[:60]}")
        return
    yield from fields.guarded(
        value,
        lambda: fields.build_deletion(
            id=tweet.get("id"), author_id=tweet.get("author_id"), deleted_at=fields.time_of(event.get("event_at"))
        ),
    )


def _job_result(value: dict[str, Any]) -> Iterator[Outcome]:
    """Parse a line of a batch compliance job; it has no author."""
    if value["action"] != "delete":
        yield Ignored(f"a compliance result: {str(value['action'])[:60]}")
        return
    when = value.get("redacted_at") or value.get("created_at")
    yield from fields.guarded(
        value, lambda: fields.build_deletion(id=value["id"], author_id=None, deleted_at=fields.time_of(when))
    )


def _error_text(value: dict[str, Any]) -> str:
    first = as_dict(next(iter(as_list(value.get("errors"))), {}))
    return str(value.get("title") or first.get("title") or first.get("message") or "untitled")[:200]
