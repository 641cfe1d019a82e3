"""Checks a digest: every sentence cites existing posts, and every quotation is verbatim and attributed to its authors.

Used by `toptopics digest --check` and by tests. It is independent of `models.digest.compose`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from models.digest.cited import entries_in
from models.digest.verify_attribution import (
    HANDLE,
    INLINE_QUOTATION,
    people_named,
    stands_in,
    without_link,
    without_words,
)
from models.digest.verify_quotation import is_whole
from models.events import Brief, Digest, DigestTopic, Item, Sentence, Tweet
from models.ranking.identities import POST_IDS as MAX_POST_IDS
from models.text.links import safe_url, shown_url
from models.text.plain import alphanumeric, one_line, plain
from models.wording.change import NEW_IN_IT, mentions
from models.wording.headings import POSTS_BY
from models.wording.passages import verbatim
from models.wording.summary import BRIEF_OPENING, OPENING, SENSITIVE_OPENING, nothing

ProblemKind = Literal[
    "no evidence", "unknown post", "not verbatim", "cut", "unknown link", "unknown person", "unsafe link", "no item",
    "wrong number", "headline", "sensitive", "wrong person", "wrong frame",
]  # fmt: skip
_PEOPLE = re.compile(r"\b([\d,]+) (?:people|person)\b")
_POSTS = re.compile(r"\b([\d,]+) posts?\b")
_ON = re.compile(r"[\d,]+ (?:people|person) on ")
_BEFORE = re.compile(r" after ([\d,]+) last week")
_ENTRIES = re.compile(r" shared ([\d,]+) ")


@dataclass(frozen=True)
class Problem:
    """`where` is a path such as "topics[0].items[2].quotation"; `detail` says what is wrong, in words."""

    where: str
    kind: ProblemKind
    detail: str

    @property
    def what(self) -> str:
        """Kind and detail."""
        return f"{self.kind}: {self.detail}"

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def check_digest(digest: Digest, posts: Mapping[str, Tweet]) -> list[Problem]:
    """Return the problems in reading order; empty if there are none. `posts`: the posts of the digest's week by id."""
    problems = list(_headline(digest, posts))
    for index, line in enumerate(digest.overview):
        label = digest.topics[index].label if index < len(digest.topics) else ""
        problems += _sentence(line, f"overview[{index}]", posts, after=label)
    if len(digest.overview) != len(digest.topics):
        problems.append(
            Problem("overview", "wrong number", f"{len(digest.overview)} lines, {len(digest.topics)} topics")
        )
    for index, topic in enumerate(digest.topics):
        problems += _topic(topic, f"topics[{index}]", posts)
        problems += _numbers(topic, digest.overview[index : index + 1], f"topics[{index}]", posts)
        problems += _change(topic, f"topics[{index}].change", posts)
        problems += _frame(topic, f"topics[{index}]")
        for place, item in enumerate(topic.items):
            problems += _link(item, f"topics[{index}].items[{place}].link", posts, digest)
    for index, brief in enumerate(digest.briefs):
        problems += _brief(brief, f"briefs[{index}]", posts)
        problems += _link(brief, f"briefs[{index}].link", posts, digest)
    return problems + list(_faded(digest, posts)) + list(_statistics(digest, posts))


def _headline(digest: Digest, posts: Mapping[str, Tweet]) -> Iterator[Problem]:
    labels = [topic.label for topic in digest.topics] + [brief.label for brief in digest.briefs]
    if digest.topics or digest.briefs or digest.statistics.posts:
        yield from _sentence(digest.headline, "headline", posts, after=digest.headline.text)
    text = digest.headline.text
    if not any(labels):
        if text != nothing(len(posts)):
            yield Problem("headline", "headline", "names something in a week without entries")
        return
    left = text
    for opening in (OPENING, SENSITIVE_OPENING, BRIEF_OPENING):
        left = left.replace(opening, "")
    for label in sorted(filter(None, labels), key=len, reverse=True):
        left = left.replace(label, "")
    if re.sub(r"\band\b|[;,.\s]", "", left):
        yield Problem("headline", "headline", f"{left.strip()!r} is no entry's title")


def _topic(topic: DigestTopic, where: str, posts: Mapping[str, Tweet]) -> Iterator[Problem]:
    on = _ON.match(topic.summary.text)
    yield from _sentence(topic.summary, f"{where}.summary", posts, after=f"{on[0]}{topic.label}" if on else "")
    if topic.change is not None:
        yield from _sentence(topic.change, f"{where}.change", posts)
    yield from _summary(topic, f"{where}.summary", posts)
    if not topic.items and "“" not in topic.summary.text:
        yield Problem(where, "no item", "neither an item nor a quotation in the summary")
    unknown = [post_id for post_id in topic.post_ids if post_id not in posts]
    if unknown or not topic.post_ids:
        yield Problem(f"{where}.post_ids", "unknown post" if unknown else "no evidence", ", ".join(unknown[:5]))
    cited = [posts[post_id] for post_id in topic.post_ids if post_id in posts]
    if topic.kind == "story":
        yield from _label(topic, where, cited)
    authors = {post.author_id for post in posts.values()}
    for person in topic.people:
        if person.author_id not in authors:
            yield Problem(f"{where}.people", "unknown person", person.handle)
    yield from _items(topic, where, posts)
    if topic.sensitive:
        own = [topic.summary, *[item.sentence for item in topic.items]]
        if any("!" in INLINE_QUOTATION.sub("", sentence.text) for sentence in own):
            yield Problem(where, "sensitive", "an exclamation mark in a sensitive topic")


def _items(topic: DigestTopic, where: str, posts: Mapping[str, Tweet]) -> Iterator[Problem]:
    for index, item in enumerate(topic.items):
        if topic.kind == "story":
            yield from _item(item, f"{where}.items[{index}]", posts)
        else:
            yield from _line(item, f"{where}.items[{index}]", posts, len(item.people))


def _summary(topic: DigestTopic, where: str, posts: Mapping[str, Tweet]) -> Iterator[Problem]:
    """Check a summary: every quoted person said the words, and all its people are named or counted."""
    text = topic.summary.text
    if topic.kind != "story":
        if any(int(number.replace(",", "")) != len(topic.items) for number in _ENTRIES.findall(text)):
            yield Problem(where, "wrong number", f"{len(topic.items)} entries, and {text[:80]!r}")
        return
    if (counted := _ON.match(text)) and text.startswith(topic.label, counted.end()):
        return  # a label may contain quotation marks
    cited = [posts[post_id] for post_id in topic.summary.posts if post_id in posts]
    yield from _said(text, where, cited)
    named = people_named(text, cited)
    if named is not None and named != topic.people_total:
        yield Problem(where, "wrong number", f"{named} people named or counted, of {topic.people_total}")


def _said(text: str, where: str, cited: Sequence[Tweet]) -> Iterator[Problem]:
    for quotation in INLINE_QUOTATION.findall(text):
        for detail in without_words(text, quotation, cited):
            yield Problem(where, "wrong person", detail)


def _brief(brief: Brief, where: str, posts: Mapping[str, Tweet]) -> Iterator[Problem]:
    yield from _line(brief, where, posts, brief.people_total)
    cited = [posts[post_id] for post_id in brief.label_posts if post_id in posts]
    if brief.label:
        yield from _words(brief.label, f"{where}.label", cited)


def _line(item: Item, where: str, posts: Mapping[str, Tweet], people: int) -> Iterator[Problem]:
    """Check a line of a list: its named people said the quotation, and its number equals the number of its people."""
    yield from _item(item, where, posts)
    cited = [posts[post_id] for post_id in item.sentence.posts if post_id in posts]
    yield from _said(item.sentence.text, where, cited)
    told = INLINE_QUOTATION.sub("", item.sentence.text)
    if any(number.replace(",", "") != str(people) for number in _PEOPLE.findall(told)):
        yield Problem(where, "wrong number", f"{people} people, and {told[:80]!r}")


def _frame(topic: DigestTopic, where: str) -> Iterator[Problem]:
    """Check the status: a new topic has no previous week; a rising or fading one has more or fewer posts than then."""
    wrong = {
        "new": topic.previous_id is not None,
        "rising": topic.previous_id is None or topic.posts <= topic.previous_posts,
        "continuing": topic.previous_id is None,
        "fading": topic.previous_id is None or topic.posts >= topic.previous_posts,
    }
    if topic.kind == "story" and wrong[topic.status]:
        yield Problem(f"{where}.status", "wrong frame", f"{topic.status}: {topic.posts} after {topic.previous_posts}")


def _faded(digest: Digest, posts: Mapping[str, Tweet]) -> Iterator[Problem]:
    """Count again the posts about a topic that is reported as quiet."""
    named = [faded for faded in digest.faded if faded.name]
    counts = mentions({faded.name for faded in named}, posts.values())
    for index, faded in enumerate(named):
        if counts[faded.name] != faded.posts:
            yield Problem(f"faded[{index}]", "wrong number", f"{faded.posts} instead of {counts[faded.name]}")
        elif faded.posts >= faded.previous_posts:
            yield Problem(f"faded[{index}]", "wrong frame", f"{faded.posts} after {faded.previous_posts}")


def _numbers(
    topic: DigestTopic, lines: Sequence[Sentence], where: str, posts: Mapping[str, Tweet]
) -> Iterator[Problem]:
    """Check the numbers against the posts (all are listed up to `MAX_POST_IDS`), and against the sentences."""
    if topic.posts <= MAX_POST_IDS:
        authors = {posts[post_id].author_id for post_id in topic.post_ids if post_id in posts}
        for name, said, counted in (
            ("posts", topic.posts, len(set(topic.post_ids))), ("people_total", topic.people_total, len(authors)),
        ):  # fmt: skip
            if said != counted:
                yield Problem(f"{where}.{name}", "wrong number", f"{said} instead of {counted}")
    if sum(topic.series) != topic.posts:
        yield Problem(f"{where}.series", "wrong number", f"{sum(topic.series)} instead of {topic.posts}")
    for place, item in enumerate(topic.items):
        if item.support > topic.posts:
            yield Problem(f"{where}.items[{place}].support", "wrong number", f"{item.support} of {topic.posts}")
    yield from _repeated(topic, lines, where)


def _repeated(topic: DigestTopic, lines: Sequence[Sentence], where: str) -> Iterator[Problem]:
    """Check that the sentences' numbers equal the topic's."""
    for line in lines:
        if not line.text.startswith(f"{topic.label}: "):
            yield Problem(where, "headline", f"the overview calls it {line.text[:80]!r}")
    for sentence in (*lines, topic.summary, *([topic.change] if topic.change else [])):
        text = INLINE_QUOTATION.sub("", sentence.text).replace(topic.label, "")
        for said, number in ((_PEOPLE, topic.people_total), (_POSTS, topic.posts)):
            if any(found.replace(",", "") != str(number) for found in said.findall(text)):
                yield Problem(where, "wrong number", sentence.text[:80])


def _change(topic: DigestTopic, where: str, posts: Mapping[str, Tweet]) -> Iterator[Problem]:
    """Check a change: its old count equals the topic's, and new words occur in the posts that it cites."""
    if topic.change is None:
        return
    text = topic.change.text
    if any(number.replace(",", "") != str(topic.previous_posts) for number in _BEFORE.findall(text)):
        yield Problem(where, "wrong number", text[:80])
    cited = _letters(posts[post_id] for post_id in topic.change.posts if post_id in posts)
    words = re.split(r", | and | ", text.rpartition(NEW_IN_IT)[2].rstrip(".")) if NEW_IN_IT in text else []
    missing = [word for word in words if alphanumeric(word) not in cited]
    if missing:
        yield Problem(where, "not verbatim", " ".join(missing))


def _statistics(digest: Digest, posts: Mapping[str, Tweet]) -> Iterator[Problem]:
    """Count the week's numbers again. Distinct posts cannot be counted here, but their sums must agree."""
    said = digest.statistics
    for name, number, counted in (
        ("topics_published", said.topics_published, entries_in(digest.topics, digest.briefs)),
        ("posts", said.posts, len(posts)),
        ("people", said.people, len({post.author_id for post in posts.values()})),
        ("retweets", said.retweets, sum(post.kind == "retweet" for post in posts.values())),
    ):
        if number != counted:
            yield Problem(f"statistics.{name}", "wrong number", f"{number} instead of {counted}")
    repeats = said.posts - said.originals
    if not said.near_duplicates <= repeats <= said.near_duplicates + said.retweets:
        yield Problem("statistics.originals", "wrong number", f"{said.originals} of {said.posts}")


def _label(topic: DigestTopic, where: str, cited: Sequence[Tweet]) -> Iterator[Problem]:
    """Check that every word of a label occurs in the topic's posts or link titles, or names an author."""
    if topic.label in {f"{POSTS_BY}{post.author}" for post in cited}:
        return
    yield from _words(topic.label, f"{where}.label", cited)


def _words(label: str, where: str, cited: Sequence[Tweet]) -> Iterator[Problem]:
    known = _letters(cited)
    words = [alphanumeric(word) for word in verbatim(label).split()]
    missing = [word for word in words if word not in known and word not in {"and", "by"}]
    if missing or not any(words):
        yield Problem(where, "not verbatim", " ".join(missing) or "empty")


def _letters(posts: Iterable[Tweet]) -> str:
    """Return the text of the posts, of their quoted posts, and of their link titles."""
    return "".join(
        alphanumeric(
            " ".join((plain(post.text), plain(post.quoted_text or ""), *(link.title or "" for link in post.links)))
        )
        for post in posts
    )


def _item(item: Item, where: str, posts: Mapping[str, Tweet]) -> Iterator[Problem]:
    yield from _sentence(item.sentence, f"{where}.sentence", posts, item)
    cited = [posts[post_id] for post_id in item.sentence.posts if post_id in posts]
    authors = {post.author_id for post in cited}
    if not any(person.author_id in authors for person in item.people):
        yield Problem(f"{where}.people", "unknown person", "nobody named wrote a cited post")
    if item.quotation is not None:
        source = posts.get(item.quotation_post or "")
        if source is None or item.quotation_post not in item.sentence.posts:
            yield Problem(f"{where}.quotation", "unknown post", f"{item.quotation_post}")
        elif not stands_in(item.quotation, [source]) and item.quotation not in _description(item):
            yield Problem(f"{where}.quotation", "not verbatim", item.quotation)
        elif not is_whole(item.quotation, source) and item.quotation not in _description(item):
            yield Problem(f"{where}.quotation", "cut", item.quotation)
        for detail in without_words(item.sentence.text, item.quotation, cited):
            yield Problem(f"{where}.quotation", "wrong person", detail)


def _link(item: Item, where: str, posts: Mapping[str, Tweet], digest: Digest) -> Iterator[Problem]:
    """Check that a link and its title occur in a cited post, unless the digest lists external resources as an input."""
    if item.link is None:
        return
    if safe_url(item.link.url) is None:
        yield Problem(where, "unsafe link", item.link.url)
    if digest.manifest.resources_hash is not None:
        return
    cited = [posts[post_id] for post_id in item.sentence.posts if post_id in posts]
    own = [link for post in cited for link in post.links]
    if item.link.url not in {url for link in own for url in (link.url, shown_url(link.url))}:
        yield Problem(where, "unknown link", item.link.url)
    if item.link.title is not None and item.link.title not in {one_line(link.title, 200) for link in own if link.title}:
        yield Problem(where, "not verbatim", item.link.title)
    if item.link.title is not None and f"“{item.link.title}”" in item.sentence.text:
        for detail in without_link(item.sentence.text, item.link.url, cited):
            yield Problem(where, "wrong person", detail)


def _sentence(
    sentence: Sentence,
    where: str,
    posts: Mapping[str, Tweet],
    item: Item | None = None,
    after: str = "",
) -> Iterator[Problem]:
    """Check a sentence. after: the titles at its start, which may contain quotation marks and names."""
    if not sentence.posts:
        yield Problem(where, "no evidence", sentence.text[:80])
    for post_id in sentence.posts:
        if post_id not in posts:
            yield Problem(where, "unknown post", post_id)
    cited = [posts[post_id] for post_id in sentence.posts if post_id in posts]
    title = item.link.title if item is not None and item.link is not None else None
    text = sentence.text.removeprefix(after)
    for quotation in INLINE_QUOTATION.findall(text):
        if quotation == title:
            continue
        if not stands_in(quotation, cited):
            yield Problem(where, "not verbatim", quotation)
        elif not any(is_whole(quotation, post) for post in cited):
            yield Problem(where, "cut", quotation)
    named = {name.casefold() for name in HANDLE.findall(INLINE_QUOTATION.sub("", text))}
    known = {handle for post in cited for handle in _handles(post)}
    for name in sorted(named - known):
        yield Problem(where, "unknown person", f"@{name}")


def _handles(post: Tweet) -> Iterator[str]:
    for handle in (post.author, post.related_author or "", *HANDLE.findall(plain(post.text))):
        yield handle.lstrip("@").casefold()


def _description(item: Item) -> str:
    return (item.link.description or "") if item.link is not None else ""
