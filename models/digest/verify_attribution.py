"""Checks that a sentence attributes words only to people who said them.

Names before `OWN_WORDS` are authors of the quotation; names after it only did the same. A post contains a quotation if
its text does, if the title or description of its link does, or if it retweets a post that does.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from models.events import Tweet
from models.text.links import canonical_url
from models.text.plain import one_line, plain
from models.wording.attribution import OWN_WORDS
from models.wording.items import MAX_EVIDENCE
from models.wording.passages import retweeted_handle, verbatim
from models.wording.summary import ALSO, QUOTED_BY

INLINE_QUOTATION = re.compile(r"“([^“”]*)”")
HANDLE = re.compile(r"(?<![\w.])@([\w.-]*\w)")
_OTHERS = re.compile(r" and ([\d,]+) others(?! \(@)")


def handles(post: Tweet) -> set[str]:
    """Return the authors of a post, and of the post that it repeats or answers, in lower case."""
    named = (post.author, post.related_author or "", retweeted_handle(post.text) or "")
    return {found.casefold() for name in named for found in HANDLE.findall("@" + plain(name).lstrip("@"))}


def stands_in(quotation: str, cited: Sequence[Tweet]) -> bool:
    """Whether a post's text, or the title or description of its link, contains the quotation without a cut mark."""
    quotation = verbatim(quotation)
    return any(
        quotation in plain(post.text)
        or quotation in post.text
        or quotation in plain(post.quoted_text or "")
        or any(
            quotation in one_line(text, 30_000)
            for link in post.links
            for text in (link.title, link.description)
            if text
        )
        for post in cited
    )


def without_words(text: str, quotation: str, cited: Sequence[Tweet]) -> Iterator[str]:
    """Return the people whom a sentence on the posts `cited` wrongly names as authors of `quotation`, in words."""
    before = INLINE_QUOTATION.sub("", text).split(OWN_WORDS)[0].split(ALSO)[0]
    saying = _saying(quotation, cited)
    if QUOTED_BY not in text:  # the words of a quoted post do not belong to the author who quotes it
        saying = [post for post in saying if stands_in(quotation, [replace(post, quoted_text=None)]) or _repeats(post)]
    speakers = {post.author_id for post in saying}
    allowed = {name for post in saying for name in handles(post)}
    allowed |= {name for post in cited if post.author_id in speakers for name in _own(post)}
    named = {name.casefold() for name in HANDLE.findall(before)}
    for name in sorted(named - allowed):
        yield f"@{name} did not say “{quotation}”"
    people = {post.author_id for post in saying if _own(post) & named}
    others = sum(int(count.replace(",", "")) for count in _OTHERS.findall(before))
    if others and len(speakers) < min(len(people) + others, MAX_EVIDENCE - 1):
        yield f"{others} others, but {len(speakers)} in all said “{quotation}”"


def people_named(text: str, cited: Sequence[Tweet]) -> int | None:
    """Return how many people of the week a sentence names or counts; None if it names no person.

    A retweeted author without a post of their own in the week is not counted.
    """
    told = INLINE_QUOTATION.sub("", text)
    authors = {name for post in cited for name in _own(post)}
    named = {name.casefold() for name in HANDLE.findall(told)}
    others = sum(int(count.replace(",", "")) for count in _OTHERS.findall(told))
    return len(named & authors) + others if named else None


def without_link(text: str, url: str, cited: Sequence[Tweet]) -> Iterator[str]:
    """Return the people who are named as sharing the page at `url` but did not share it, in words."""
    sharing = {name for post in cited if _holds(post, url) for name in _own(post)}
    for name in sorted({name.casefold() for name in HANDLE.findall(INLINE_QUOTATION.sub("", text))} - sharing):
        yield f"@{name} did not share {url}"


def _repeats(post: Tweet) -> bool:
    return post.kind == "retweet"


def _saying(quotation: str, cited: Sequence[Tweet]) -> list[Tweet]:
    own = [post for post in cited if stands_in(quotation, [post])]
    said = {post_id for post in own for post_id in _originals(post)}
    return [post for post in cited if post in own or (post.kind == "retweet" and post.related_id in said)]


def _originals(post: Tweet) -> list[str]:
    """Return the post and the post that it retweets: a retweet of one of them has the same words."""
    return [post.id, *([post.related_id] if post.kind == "retweet" and post.related_id else [])]


def _holds(post: Tweet, url: str) -> bool:
    return any(canonical_url(url) == canonical_url(link.url) for link in post.links)


def _own(post: Tweet) -> set[str]:
    return {found.casefold() for found in HANDLE.findall("@" + plain(post.author).lstrip("@"))}
