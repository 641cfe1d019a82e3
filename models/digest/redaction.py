"""A digest without deleted posts: what the view shows at once, and what is published when the week cannot be remade.

In: a digest and the ids of deleted posts. Out: the digest without what rests on these posts alone, and without their
words and addresses. A retweet of a deleted post counts as deleted (`Digest.repeats`). A topic that has no post left is
dropped with its name. Counts stay as they were: only a correction from the log counts again.
"""

from msgspec.structs import replace

from models.digest.cited import cited_posts
from models.events import Digest, DigestTopic, Item, Sentence, TopicIdentity
from models.wording.summary import headline

REMOVED = "[removed by its author]"


def redact(digest: Digest, gone: set[str]) -> Digest:
    """`digest` without the posts in `gone`; the same object when it cites none of them."""
    gone = gone | {post for post, original in digest.repeats.items() if original in gone}
    if not gone & cited_posts(digest):
        return digest
    kept = [topic for topic in digest.topics if not topic.post_ids or set(topic.post_ids) - gone]
    lines = [line for topic, line in zip(digest.topics, digest.overview, strict=False) if topic in kept]
    topics = [_topic(topic, gone) for topic in kept]
    return replace(
        digest,
        headline=_headline(digest, topics, gone),
        overview=[_sentence(line, gone) for line in lines],
        topics=topics,
        statistics=replace(digest.statistics, topics_published=len(topics)),
        identities=_identities(digest.identities, gone),
        repeats={post: original for post, original in digest.repeats.items() if post not in gone},
    )


def _headline(digest: Digest, topics: list[DigestTopic], gone: set[str]) -> Sentence:
    """Without the names of topics that are gone."""
    same = len(topics) == len(digest.topics)
    return _sentence(digest.headline if same or not topics else headline(topics, []), gone)


def _topic(topic: DigestTopic, gone: set[str]) -> DigestTopic:
    return replace(
        topic,
        summary=_summary(topic, gone),
        change=_sentence(topic.change, gone) if topic.change else None,
        items=[item for item in (_item(item, gone) for item in topic.items) if item is not None],
        post_ids=[post for post in topic.post_ids if post not in gone],
    )


def _item(item: Item, gone: set[str]) -> Item | None:
    sentence = _sentence(item.sentence, gone)
    if item.sentence.posts and not sentence.posts:
        return None
    if item.quotation_post in gone:
        item = replace(item, quotation=None, quotation_post=None)
    addresses = [url for url in item.post_urls if not any(_is_address(url, post) for post in gone)]
    return replace(item, sentence=sentence, post_urls=addresses)


def _is_address(url: str, post: str) -> bool:
    """Platforms' addresses end as the id does ("…/status/1", "…/post/3k" of "at://…/3k"), or are the id."""
    return url.rstrip("/").rpartition("/")[2] == post.rstrip("/").rpartition("/")[2]


def _summary(topic: DigestTopic, gone: set[str]) -> Sentence:
    """A summary quotes the first post that it cites. Without that post, it only counts the people."""
    sentence = topic.summary
    if "“" not in sentence.text or not gone.intersection(sentence.posts[:1]):
        return _sentence(sentence, gone)
    people = topic.people_total or len(topic.people)
    counted = f"{people:,} {'person' if people == 1 else 'people'} on {topic.label}."
    return _sentence(replace(sentence, text=counted), gone)


def _identities(identities: list[TopicIdentity], gone: set[str]) -> list[TopicIdentity]:
    left = [replace(one, post_ids=[post for post in one.post_ids if post not in gone]) for one in identities]
    return [after for before, after in zip(identities, left, strict=True) if after.post_ids or not before.post_ids]


def _sentence(sentence: Sentence, gone: set[str]) -> Sentence:
    kept = [post for post in sentence.posts if post not in gone]
    if sentence.posts and not kept:
        return Sentence(text=REMOVED, posts=[])
    return replace(sentence, posts=kept)
