"""Whether a sentence puts words only into the mouths of those who said them.

Names before `OWN_WORDS` stand behind the quotation, those after it only did the same. A post says a quotation when it
holds it, when the title or description of its link does, or when it retweets a post that says it.
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
    """Whom a post names as its author or as that of the post that it repeats or answers, lower case."""
    named = (post.author, post.related_author or "", retweeted_handle(post.text) or "")
    return {found.casefold() for name in named for found in HANDLE.findall("@" + plain(name).lstrip("@"))}


def stands_in(quotation: str, cited: Sequence[Tweet]) -> bool:
    """Whether a post's text, or the title or description of its link, holds the quotation, less its mark of a cut."""
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
    """Who is named as saying `quotation` in a sentence on the posts `cited` without having said it, in words."""
    before = INLINE_QUOTATION.sub("", text).split(OWN_WORDS)[0].split(ALSO)[0]
    saying = _saying(quotation, cited)
    if QUOTED_BY not in text:  # words of a quoted post are not those of whoever quotes it
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
    """How many people of the week a sentence names or counts; None when it names nobody.

    Who is retweeted and did not post in the week is not one of them.
    """
    told = INLINE_QUOTATION.sub("", text)
    authors = {name for post in cited for name in _own(post)}
    named = {name.casefold() for name in HANDLE.findall(told)}
    others = sum(int(count.replace(",", "")) for count in _OTHERS.findall(told))
    return len(named & authors) + others if named else None


def without_link(text: str, url: str, cited: Sequence[Tweet]) -> Iterator[str]:
    """Who is named as sharing the page at `url` without having shared it, in words."""
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
    """The post itself and what it retweets: whoever retweets one of them says the same."""
    return [post.id, *([post.related_id] if post.kind == "retweet" and post.related_id else [])]


def _holds(post: Tweet, url: str) -> bool:
    return any(canonical_url(url) == canonical_url(link.url) for link in post.links)


def _own(post: Tweet) -> set[str]:
    return {found.casefold() for found in HANDLE.findall("@" + plain(post.author).lstrip("@"))}
