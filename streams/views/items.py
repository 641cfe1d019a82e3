"""Converts wire types to items of the view. Pure.

`post_item`, `gone_items`: an Assignment for the script. `event_item`: a TopicEvent. Post text is made printable here,
once (`models.text.plain`); readers escape it for HTML.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec
import orjson

from models.events import Assignment, Link, TopicEvent, Tweet
from models.events.wire import encode
from models.live.limits import BUCKET_SECONDS
from models.text.links import post_url
from models.text.plain import one_line, plain
from models.text.stop_words import TITLE_STOP_WORDS

_NOT_WORDS = re.compile(r"https?://\S+|@\w+|&\w+;")
_WORD = re.compile(r"[^\W_][\w’'+-]*[^\W_]", re.UNICODE)
MAX_WORDS: Final = 40
MAX_LINKS: Final = 10
MAX_TEXT: Final = 10_000


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return int(moment.timestamp() * 1000)


def bucket_of(moment_ms: int) -> int:
    """Number of the ten-minute bucket since 1970."""
    return moment_ms // (BUCKET_SECONDS * 1000)


def search_words(text: str) -> list[str]:
    """Return the distinct casefolded words of at least two characters, without links, names and stop words."""
    found = (word.casefold() for word in _WORD.findall(_NOT_WORDS.sub(" ", text)))
    return list(dict.fromkeys(word[:60] for word in found if word not in TITLE_STOP_WORDS and not word.isdigit()))


def items_of(assignment: Assignment) -> Iterator[dict[str, Any]]:
    """Return the changes of one assignment: none, a post to add, or posts to remove."""
    at = str(milliseconds(assignment.at))
    if assignment.outcome == "deleted":
        yield {"id": assignment.id, "at": at, "gone": 1}
    elif assignment.outcome == "assigned" and assignment.topic_id is not None and assignment.tweet is not None:
        yield post_item(assignment, assignment.tweet, assignment.topic_id)
        if assignment.tweet.edit_of is not None and assignment.tweet.edit_of != assignment.id:
            yield {"id": assignment.tweet.edit_of, "at": at, "gone": 1}


def post_item(assignment: Assignment, tweet: Tweet, topic_id: str) -> dict[str, Any]:
    """Return a post for the view. `ref`: all data for its removal. `text`: the text for readers."""
    at = milliseconds(assignment.at)
    links = [link for link in tweet.links if link.url.startswith(("http://", "https://"))][:MAX_LINKS]
    words = search_words(plain(tweet.text[:MAX_TEXT]))
    ref = {
        "t": topic_id,
        "a": tweet.author_id,
        "b": str(bucket_of(at)),
        "s": int(assignment.support),
        "c": int(assignment.candidate),
        "o": (tweet.related_id or "") if tweet.kind == "retweet" else "",
        "u": list(dict.fromkeys(link.url for link in links)),
        "w": words[:MAX_WORDS],
        "g": {link.url: _target(link) for link in links},
    }
    return {
        "id": assignment.id,
        "at": str(at),
        "gone": 0,
        "ref": orjson.dumps(ref).decode(),
        "text": orjson.dumps(_shown(assignment, tweet, links)).decode(),
        "who": f"{at:014d}" + orjson.dumps([tweet.author, one_line(tweet.author_name or tweet.author, 100)]).decode(),
        "measure": f"{at:014d}" + orjson.dumps([assignment.usual, assignment.spread]).decode(),
    }


def event_item(event: TopicEvent) -> dict[str, Any]:
    """Return the event with printable texts, and the hash that identifies a redelivery."""
    data = encode(
        msgspec.structs.replace(
            event,
            label=one_line(event.label),
            reason=one_line(event.reason),
            keywords=[one_line(word, 100) for word in event.keywords],
        )
    )
    return {
        "hash": hashlib.sha256(data).hexdigest()[:32],
        "at": str(milliseconds(event.at)),
        "kind": event.step or event.kind,
        "topic": event.topic_id,
        "others": [other for other in event.other_ids if other != event.topic_id],
        "moved": event.moved_ids,
        "story": orjson.dumps(sorted(set(event.story_ids))).decode() if event.step == "story" else "",
        "level": event.level if event.step == "story" else "",
        "measure": f"{milliseconds(event.at):014d}" + orjson.dumps([event.usual, event.spread]).decode(),
        "data": data.decode(),
    }


def _shown(assignment: Assignment, tweet: Tweet, links: list[Link]) -> dict[str, Any]:
    return {
        "id": tweet.id,
        "author_id": tweet.author_id,
        "author": one_line(tweet.author, 100),
        "author_name": one_line(tweet.author_name or tweet.author, 100),
        "followers": tweet.followers,
        "created_at": tweet.created_at,
        "text": plain(tweet.text[:MAX_TEXT]),
        "lang": tweet.lang,
        "kind": tweet.kind,
        "links": [
            {"url": link.url, "title": one_line(link.title or "", 200), "site": link.site and one_line(link.site, 100)}
            for link in links
        ],
        "likes": tweet.metrics.likes,
        "retweets": tweet.metrics.retweets,
        "source": tweet.source,
        "url": post_url(tweet) or "",
        "similarity": assignment.similarity,
        "support": assignment.support,
        "candidate": assignment.candidate,
    }


def _target(link: Link) -> str:
    title, site = one_line(link.title or "", 200), one_line(link.site or "", 100)
    return orjson.dumps([title, site, link.kind or "", one_line(link.description or "", 300)]).decode()
