"""The text of a row of the board: a title, and the most representative line with its author and link. Pure.

Both are computed from the posts of the story and the word usage of the day, by the code that names the sections of a
digest (`models.wording.titles`). The same posts give the same text, unless a title is kept.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from models.events import Link, Metrics, Tweet
from models.live.state import ShownPost
from models.wording.statements import representative
from models.wording.titles import title
from models.wording.usage import Usage


class StoryLine(Struct, frozen=True, kw_only=True):
    """A quotation of one post of a story."""

    post_id: str
    author: str  # handle
    author_name: str
    text: str
    url: str = ""  # the first link of the post, or its own address


class StoryText(Struct, frozen=True, kw_only=True):
    """Title and line of a story."""

    title: str
    line: StoryLine | None = None


def story_texts(
    stories: Mapping[str, Sequence[ShownPost]], day: Sequence[ShownPost], kept: Mapping[str, str] = MappingProxyType({})
) -> dict[str, StoryText]:
    """Topic id -> the text of its story; no two have the same title.

    Args:
        stories: Topic id -> the posts of its story; topics without posts are left out.
        day: The newest posts of all topics: what is usual in them names no story.
        kept: Topic id -> the title that its story keeps.
    """
    told = {post.id for posts in stories.values() for post in posts}
    everything = [post for posts in stories.values() for post in posts]
    everything += [post for post in day if post.id not in told]
    usage = Usage(map(_tweet, everything))
    texts: dict[str, StoryText] = {}
    taken = {text.casefold() for text in kept.values()}
    for name in sorted(stories, key=lambda name: (-len({post.author_id for post in stories[name]}), name)):
        shown = sorted(stories[name], key=lambda post: (post.created_at, post.id))
        if not shown:
            continue
        posts = list(map(_tweet, shown))
        text = kept.get(name) or title(posts, usage, taken=taken).text
        taken.add(text.casefold())
        found = representative(posts, usage)
        texts[name] = StoryText(title=text, line=_line(shown[found[0]], found[1]) if found else None)
    return texts


def _line(post: ShownPost, text: str) -> StoryLine:
    url = next((link["url"] for link in post.links if link["url"]), "") or post.url
    return StoryLine(post_id=post.id, author=post.author, author_name=post.author_name, text=text, url=url)


def _tweet(post: ShownPost) -> Tweet:
    return Tweet(
        id=post.id,
        author_id=post.author_id,
        author=post.author,
        author_name=post.author_name,
        created_at=post.created_at,
        text=post.text,
        lang=post.lang,
        kind=post.kind,  # type: ignore[arg-type]  # shown as it was decoded
        links=[Link(url=link["url"] or "", title=link["title"] or None, site=link["site"]) for link in post.links],
        metrics=Metrics(likes=post.likes, retweets=post.retweets),
    )
