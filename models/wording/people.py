"""The names of people in a digest: display name with handle, the most influential first.

Display names are untrusted: emoji, quotation marks and the text after a bar ("Ann Lee | Book out now!") are removed.
"""

import re
from collections.abc import Iterable, Mapping

from models.events import Person, Tweet
from models.text.plain import one_line
from models.wording.passages import retweeted_handle

_DECORATION = re.compile(r"[^\w\s.,'’()&/+-]|[_]{2,}")
_AFTER_NAME = re.compile(r"\s*(?:[|•·:]|\s[-–—]\s|,\s*(?:PhD|Ph\.D|MD|MBA|MSc)\b|\().*$", re.IGNORECASE)
_HANDLE = re.compile(r"[^\w.@:-]")


def display_name(post: Tweet) -> str:
    """The author's display name; the handle when there is none or nothing of it is left."""
    name = one_line(post.author_name or "", 80)
    name = " ".join(_DECORATION.sub(" ", _AFTER_NAME.sub("", name)).split()).strip(" .,-–'’&/+")
    return name if any(character.isalnum() for character in name) else clean_handle(post.author)


def clean_handle(handle: str) -> str:
    """A handle as printed after its @, with only the characters that platforms allow."""
    return _HANDLE.sub("", one_line(handle, 100).lstrip("@")) or "unknown"


def original_author(post: Tweet) -> str | None:
    """ "@handle" of the post that this one retweets, quotes or answers; None when it is unknown."""
    handle = post.related_author or retweeted_handle(post.text)
    return f"@{clean_handle(handle)}" if handle else None


def people_of(posts: Iterable[Tweet], influence: Mapping[str, float]) -> list[Person]:
    """The authors of `posts`, sorted by influence, then number of posts, then id."""
    counts: dict[str, int] = {}
    latest: dict[str, Tweet] = {}
    for post in posts:
        counts[post.author_id] = counts.get(post.author_id, 0) + 1
        known = latest.get(post.author_id)
        if known is None or (post.created_at, post.id) > (known.created_at, known.id):
            latest[post.author_id] = post
    people = [
        Person(
            author_id=author_id,
            handle=clean_handle(latest[author_id].author),
            name=display_name(latest[author_id]),
            posts=count,
            influence=round(float(influence.get(author_id, 0.0)), 6),
        )
        for author_id, count in counts.items()
    ]
    return sorted(people, key=lambda person: (-person.influence, -person.posts, person.author_id))


def mention(person: Person) -> str:
    """ "Ann Lee (@annlee)", or only "@annlee" when the name is the handle."""
    return f"@{person.handle}" if person.name == person.handle else f"{person.name} (@{person.handle})"


def listed(people: list[Person], named: int = 2) -> str:
    """ "A, B and 3 others": the first `named` by name. A single remaining person is named as well."""
    shown = people if len(people) <= named + 1 else people[:named]
    names = [mention(person) for person in shown]
    rest = len(people) - len(shown)
    if rest:
        return f"{', '.join(names)} and {rest} others"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def joined(words: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
