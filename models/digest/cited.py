"""The posts that a digest cites, and those that its forms link to."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from models.events import Brief, Digest, DigestTopic, Item, Sentence, Tweet
from models.text.links import post_url

MOST_LINKED = 3  # posts of one sentence that a form links to separately


def shown_posts(digest: Digest) -> set[str]:
    """Ids of the cited posts and of the originals of cited retweets: a deletion of one of them changes the digest."""
    return cited_posts(digest) | set(digest.repeats.values())


def cited_posts(digest: Digest) -> set[str]:
    """Ids of all posts in a digest: a deletion or an edit of one of them makes it false."""
    posts = {post for sentence in [digest.headline, *digest.overview] for post in sentence.posts}
    for topic in digest.topics:
        posts.update(topic.post_ids, topic.summary.posts, topic.change.posts if topic.change else (), topic.label_posts)
    for item in _items(digest):
        posts.update(item.sentence.posts, [item.quotation_post] if item.quotation_post else ())
    for brief in digest.briefs:
        posts.update(brief.label_posts)
    return posts


def section_posts(digest: Digest, section: str) -> list[str] | None:
    """Posts behind a section, or behind a line of a list or of "In brief".

    Args:
        digest: The digest.
        section: Id of the section or line.

    Returns:
        Ids, those that its sentences cite first; None when the digest has no such section.
    """
    for topic in digest.topics:
        if topic.id == section:
            sentences = [topic.summary, *(item.sentence for item in topic.items)]
            return list(dict.fromkeys([*(post for one in sentences for post in one.posts), *topic.post_ids]))
    for item in _items(digest):
        if item.id == section:
            labelled = item.label_posts if isinstance(item, Brief) else []
            return list(dict.fromkeys([*item.sentence.posts, *labelled]))
    return None


def told_in(digest: Digest) -> Iterator[tuple[str, str, Sentence]]:
    """Every story of a digest: its id, its label, and the summary of its section or its line."""
    for topic in digest.topics:
        yield topic.id, topic.label, topic.summary
    for item in _items(digest):
        if item.id:
            yield item.id, item.label if isinstance(item, Brief) else "", item.sentence


def addresses(digest: Digest, posts: Iterable[Tweet]) -> dict[str, str]:
    """Addresses of the posts that forms link to, if their platform is known, sorted by id.

    Args:
        digest: The digest.
        posts: The posts of its week.

    Returns:
        Post id -> address on its platform.
    """
    linked = _linked_posts(digest)
    found = {post.id: url for post in posts if post.id in linked and (url := post_url(post)) is not None}
    return dict(sorted(found.items()))


def _linked_posts(digest: Digest) -> set[str]:
    sentences: list[Sentence] = [digest.headline]
    for topic in digest.topics:
        sentences += [topic.summary, *([topic.change] if topic.change else [])]
    items = _items(digest)
    sentences += [item.sentence for item in items]
    quoted = {item.quotation_post for item in items if item.quotation_post}
    return quoted.union(*(sentence.posts[:MOST_LINKED] for sentence in sentences))


def _items(digest: Digest) -> list[Item]:
    return [*(item for topic in digest.topics for item in topic.items), *digest.briefs]


def for_readers(digest: Digest) -> Digest:
    """The digest without what only the digest of the week after needs: identities, and the words of the past."""
    return msgspec.structs.replace(digest, identities=[], past_words={}, known_names={})


def entries_in(topics: Sequence[DigestTopic], briefs: Sequence[Brief]) -> int:
    """Return the number of stories that a reader sees: sections, entries of themed lists, and lines in brief."""
    return sum(1 if topic.kind == "story" else len(topic.items) for topic in topics) + len(briefs)
