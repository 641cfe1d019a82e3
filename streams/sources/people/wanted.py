"""Whose posts are wanted: the influencer list against the authors of posts.

A person matches by id or by any handle, without case; a post's author by id or handle. An empty list wants everybody.
`others` decides about the rest: "ignore" drops them, "context" keeps those that answer, quote, retweet or mention a
listed person (they show what the talk is about; ranking gives an unlisted author no weight), "all" keeps everything.
"""

from collections.abc import Iterable
from typing import Literal

from models.events import Deletion, Influencer, Tweet

Others = Literal["ignore", "context", "all"]
PLATFORMS = ("x", "bluesky", "mastodon", "rss")


class People:
    """The listed people, as a predicate on posts."""

    def __init__(self, influencers: Iterable[Influencer], others: Others = "ignore") -> None:
        self.listed = sorted(influencers, key=lambda person: person.id)
        self.others = others
        self._keys = {key for person in self.listed for key in keys_of(person)}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, People) and (self.listed, self.others) == (other.listed, other.others)

    __hash__ = None  # type: ignore[assignment] # equal lists, different objects: not for sets

    def handles(self, platform: str) -> list[str]:
        """The listed handles (or addresses) on one platform, in a stable order, each once."""
        found = (person.handles.get(platform, "").strip().removeprefix("@") for person in self.listed)
        return list(dict.fromkeys(handle for handle in found if handle))

    def wants(self, post: Tweet | Deletion) -> bool:
        """Whether `post` belongs on `tweets`."""
        if not self._keys or self.others == "all" or post.author_id.lower() in self._keys:
            return True
        if isinstance(post, Deletion):
            return False
        if normal(post.author) in self._keys:
            return True
        named = [post.related_author or "", *post.mentions]
        return self.others == "context" and any(normal(name) in self._keys for name in named)


def keys_of(person: Influencer) -> set[str]:
    """Everything by which a person's posts are recognised."""
    return {normal(value) for value in (person.id, *person.handles.values()) if value}


def normal(handle: str) -> str:
    """A handle as it is compared."""
    return handle.strip().removeprefix("@").lower()
