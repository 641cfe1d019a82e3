"""Removes deleted posts from a digest: for the view at once, and for publication when the week cannot be computed
again.

In: a digest and the ids of deleted posts. Out: the digest without the parts that only these posts support, and without
their words and addresses. A retweet of a deleted post counts as deleted (`Digest.repeats`). A topic without a remaining
post is removed with its name. Counts stay: only a correction from the log counts again.
"""

from msgspec.structs import replace

from models.digest.cited import cited_posts, entries_in
from models.events import Brief, Digest, DigestTopic, Item, Sentence, TopicIdentity
from models.text.links import is_address_of
from models.wording.summary import headline

REMOVED = "[removed by its author]"


def redact(digest: Digest, gone: set[str]) -> Digest:
    """`digest` without the posts in `gone`. The same object when it cites none of them."""
    gone = gone | {post for post, original in digest.repeats.items() if original in gone}
    if not gone & cited_posts(digest):
        return digest
    kept = [topic for topic in digest.topics if not topic.post_ids or set(topic.post_ids) - gone]
    lines = dict(zip([topic.id for topic in digest.topics], digest.overview, strict=False))
    topics = [_topic(topic, gone) for topic in kept]
    briefs = [brief for brief in (_brief(brief, gone) for brief in digest.briefs) if brief is not None]
    return replace(
        digest,
        headline=_headline(digest, topics, gone),
        overview=[
            _renamed(_sentence(lines[before.id], gone), before.label, after.label)
            for before, after in zip(kept, topics, strict=True)
            if before.id in lines
        ],
        topics=topics,
        briefs=briefs,
        statistics=replace(digest.statistics, topics_published=entries_in(topics, briefs)),
        identities=_identities(digest.identities, gone),
        repeats={post: original for post, original in digest.repeats.items() if post not in gone},
        addresses={post: url for post, url in digest.addresses.items() if post not in gone},
    )


def _headline(digest: Digest, topics: list[DigestTopic], gone: set[str]) -> Sentence:
    """The headline without the names of removed topics."""
    same = [topic.label for topic in topics] == [topic.label for topic in digest.topics]
    return _sentence(digest.headline if same or not topics else headline(topics, digest.briefs, []), gone)


def _topic(topic: DigestTopic, gone: set[str]) -> DigestTopic:
    label_posts = [post for post in topic.label_posts if post not in gone]
    label = topic.label if label_posts or not topic.label_posts else ", ".join(topic.keywords[:3]) or REMOVED
    return replace(
        topic,
        label=label,
        label_posts=label_posts,
        summary=_summary(topic, label, gone),
        change=_sentence(topic.change, gone) if topic.change else None,
        items=[item for item in (_item(item, gone) for item in topic.items) if item is not None],
        post_ids=[post for post in topic.post_ids if post not in gone],
    )


def _renamed(line: Sentence, before: str, after: str) -> Sentence:
    """A line of the overview starts with its topic's label."""
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
    addresses = [url for url in item.post_urls if not any(is_address_of(url, post) for post in gone)]
    return replace(item, sentence=sentence, post_urls=addresses)


def _summary(topic: DigestTopic, label: str, gone: set[str]) -> Sentence:
    """A summary quotes the first post that it cites. Without that post, it only counts the people."""
    sentence = topic.summary
    if "“" not in sentence.text or not gone.intersection(sentence.posts[:1]):
        return _sentence(sentence, gone)
    people = topic.people_total or len(topic.people)
    counted = f"{people:,} {'person' if people == 1 else 'people'} on {label}."
    return _sentence(replace(sentence, text=counted), gone)


def _identities(identities: list[TopicIdentity], gone: set[str]) -> list[TopicIdentity]:
    left = [replace(one, post_ids=[post for post in one.post_ids if post not in gone]) for one in identities]
    return [after for before, after in zip(identities, left, strict=True) if after.post_ids or not before.post_ids]


def _sentence(sentence: Sentence, gone: set[str]) -> Sentence:
    kept = [post for post in sentence.posts if post not in gone]
    if sentence.posts and not kept:
        return Sentence(text=REMOVED, posts=[])
    return replace(sentence, posts=kept)
