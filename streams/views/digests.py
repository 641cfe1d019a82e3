"""Digests in the view: which record headers are known, which revision wins, and what a deletion takes out. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from msgspec.structs import replace

from models.digest.cited import cited_posts
from models.events import Brief, Digest, DigestTopic, Item, Sentence
from models.wording.summary import headline
from streams.views.items import milliseconds

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


def redact(digest: Digest, gone: set[str]) -> Digest:
    """The digest without what rests on deleted posts alone, and without their words and addresses.

    A topic that has no post left goes, with its name. What is counted stays as it was counted: a correction counts
    anew.
    """
    if not gone & cited_posts(digest):
        return digest
    kept = [topic for topic in digest.topics if not topic.post_ids or set(topic.post_ids) - gone]
    lines = dict(zip([topic.id for topic in digest.topics], digest.overview, strict=False))
    topics = [_topic(topic, gone) for topic in kept]
    return replace(
        digest,
        headline=_headline(digest, topics, gone),
        overview=[
            _renamed(_sentence(lines[before.id], gone), before.label, after.label)
            for before, after in zip(kept, topics, strict=True)
            if before.id in lines
        ],
        topics=topics,
        briefs=[brief for brief in (_brief(brief, gone) for brief in digest.briefs) if brief is not None],
        statistics=replace(digest.statistics, topics_published=len(topics)),
    )


def _headline(digest: Digest, topics: list[DigestTopic], gone: set[str]) -> Sentence:
    """Without the names of topics that are gone."""
    same = [topic.label for topic in topics] == [topic.label for topic in digest.topics]
    return _sentence(digest.headline if same or not topics else headline(topics, []), gone)


def _topic(topic: DigestTopic, gone: set[str]) -> DigestTopic:
    label_posts = [post for post in topic.label_posts if post not in gone]
    return replace(
        topic,
        label=topic.label if label_posts or not topic.label_posts else ", ".join(topic.keywords[:3]) or REMOVED,
        label_posts=label_posts,
        summary=_quoting(topic.summary, gone),
        change=_sentence(topic.change, gone) if topic.change else None,
        items=[item for item in (_item(item, gone) for item in topic.items) if item is not None],
        post_ids=[post for post in topic.post_ids if post not in gone],
    )


def _renamed(line: Sentence, before: str, after: str) -> Sentence:
    """A line of the overview begins with its topic's label."""
    if before == after or not line.text.startswith(before):
        return line
    return replace(line, text=after + line.text.removeprefix(before))


def _brief(brief: Brief, gone: set[str]) -> Brief | None:
    kept = _item(brief, gone)
    if not isinstance(kept, Brief):
        return None
    label_posts = [post for post in brief.label_posts if post not in gone]
    return replace(kept, label=brief.label if label_posts or not brief.label_posts else "", label_posts=label_posts)


def _item(item: Item, gone: set[str]) -> Item | None:
    """An entry with an id is one line that quotes the first post that it cites."""
    sentence = _sentence(item.sentence, gone)
    if item.sentence.posts and not sentence.posts:
        return None
    if item.id and item.sentence.posts[:1] != sentence.posts[:1]:
        return None
    if item.quotation_post in gone:
        item = replace(item, quotation=None, quotation_post=None)
    addresses = [url for url in item.post_urls if not any(_is_address(url, post) for post in gone)]
    return replace(item, sentence=sentence, post_urls=addresses)


def _is_address(url: str, post: str) -> bool:
    """Platforms' addresses end as the id does ("…/status/1", "…/post/3k" of "at://…/3k"), or are the id."""
    return url.rstrip("/").rpartition("/")[2] == post.rstrip("/").rpartition("/")[2]


def _quoting(sentence: Sentence, gone: set[str]) -> Sentence:
    """A summary quotes the first post that it cites; the others only show that it is one of many."""
    quoted = "“" in sentence.text and sentence.posts[:1]
    return Sentence(text=REMOVED, posts=[]) if quoted and quoted[0] in gone else _sentence(sentence, gone)


def _sentence(sentence: Sentence, gone: set[str]) -> Sentence:
    kept = [post for post in sentence.posts if post not in gone]
    if sentence.posts and not kept:
        return Sentence(text=REMOVED, posts=[])
    return replace(sentence, posts=kept)
