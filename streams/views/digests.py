"""Digests in the view: which record headers are known, which revision wins, and what a deletion takes out. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import orjson

from models.events import Digest, DigestTopic, Item, Sentence
from streams.views.records import milliseconds

KNOWN = ("made_at", "revision", "supersedes", "slice_start", "slice_end")
REMOVED = "[removed by its author]"


@dataclass(frozen=True)
class DigestHeaders:
    """Record headers of a digest: where and when it was made, which are no part of its value."""

    headers: dict[str, str] = field(default_factory=dict)

    @property
    def revision(self) -> int:
        """0 when there is none, or it is no number."""
        text = self.headers.get("revision", "0")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    @property
    def order(self) -> tuple[int, str]:
        """What makes a later digest of a week later."""
        return self.revision, self.headers.get("made_at", "")


def read_headers(headers: Iterable[tuple[str, Any]]) -> DigestHeaders:
    """The known ones, as text."""
    return DigestHeaders(
        {
            name: value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
            for name, value in headers
            if name in KNOWN
        }
    )


def digest_item(digest: Digest, known: DigestHeaders) -> dict[str, str]:
    """The entry on the stream of events: once per week and revision."""
    data = {
        "week": digest.week,
        "headline": digest.headline.text,
        "topics": len(digest.topics),
        "revision": known.revision,
        "made_at": known.headers.get("made_at"),
    }
    key = f"digest {digest.week} {known.revision} {known.headers.get('made_at', '')}"
    return {
        "hash": hashlib.sha256(key.encode()).hexdigest()[:32],
        "kind": "digest",
        "topic": "",
        "at": str(milliseconds(digest.end)),
        "data": orjson.dumps(data).decode(),
    }


def cited_posts(digest: Digest) -> set[str]:
    """Ids of all posts that a digest names."""
    sentences = [digest.headline, *digest.overview]
    posts = {post for sentence in sentences for post in sentence.posts}
    for topic in digest.topics:
        posts.update(topic.post_ids, topic.summary.posts, topic.change.posts if topic.change else ())
        for item in topic.items:
            posts.update(item.sentence.posts, [item.quotation_post] if item.quotation_post else ())
    return posts


def redact(digest: Digest, gone: set[str]) -> Digest:
    """The digest without what rests on deleted posts alone, and without their quotations."""
    if not gone:
        return digest
    return msgspec.structs.replace(
        digest,
        headline=_sentence(digest.headline, gone),
        overview=[_sentence(sentence, gone) for sentence in digest.overview],
        topics=[_topic(topic, gone) for topic in digest.topics],
    )


def _topic(topic: DigestTopic, gone: set[str]) -> DigestTopic:
    return msgspec.structs.replace(
        topic,
        summary=_sentence(topic.summary, gone),
        change=_sentence(topic.change, gone) if topic.change else None,
        items=[item for item in (_item(item, gone) for item in topic.items) if item is not None],
        post_ids=[post for post in topic.post_ids if post not in gone],
    )


def _item(item: Item, gone: set[str]) -> Item | None:
    sentence = _sentence(item.sentence, gone)
    if item.sentence.posts and not sentence.posts:
        return None
    if item.quotation_post in gone:
        item = msgspec.structs.replace(item, quotation=None, quotation_post=None)
    return msgspec.structs.replace(item, sentence=sentence)


def _sentence(sentence: Sentence, gone: set[str]) -> Sentence:
    kept = [post for post in sentence.posts if post not in gone]
    if sentence.posts and not kept:
        return Sentence(text=REMOVED, posts=[])
    return msgspec.structs.replace(sentence, posts=kept)
