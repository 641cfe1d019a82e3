"""What the demo can say: accounts, stories and noise, read from the TOML files in ``data/``.

Every line of a ``posts`` block is one post. Marks before the text, each closed by ``|``:

* ``q|`` a quote, ``r|`` a reply (of an earlier post, which the generator picks);
* a language of two letters, ``fr|`` (English without one);
* an ISO week of 2021, ``11|``: only then (any demo week without one);
* an account, ``@opengrads|``: only that one can say it (anyone of the right groups without one).

``{a}``, ``{b}`` … stand for the story's link of that letter, ``{x}`` for a link made up on the spot.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Kind = Literal["original", "retweet", "quote", "reply"]

DEMO_WEEKS = ("2021-W09", "2021-W10", "2021-W11")

_STORY_FILES = (
    "stories_w09_papers.toml",
    "stories_w09_society.toml",
    "stories_w10_papers.toml",
    "stories_w10_society.toml",
    "stories_w11_papers.toml",
    "stories_w11_people.toml",
    "stories_w11_trends.toml",
)
_NOISE_FILES = ("noise_chatter.toml", "noise_world.toml")
_MARK = re.compile(r"(?:(?P<lang>[a-z]{2})|(?P<kind>[qr])|(?P<week>\d\d)|@(?P<author>\w+))\| ?")


@dataclass(frozen=True)
class Account:
    """An invented author; ``groups`` decide which stories it takes up, ``rate`` how often it posts."""

    handle: str
    name: str
    groups: frozenset[str]
    followers: int
    utc_offset: int
    rate: float
    habit: str
    languages: frozenset[str]


@dataclass(frozen=True)
class Link:
    """A link as a reader would find it unfurled."""

    url: str
    title: str
    description: str
    site: str
    kind: str


@dataclass(frozen=True)
class Line:
    """One hand-written post: its text still holds ``{a}`` marks; ``week`` and ``author`` are None when any will do."""

    text: str
    lang: str = "en"
    kind: Kind = "original"
    week: str | None = None
    author: str | None = None


@dataclass(frozen=True)
class Story:
    """One story of the demo's weeks, which breaks at ``since``; its headlines pass around in ``headline_week``.

    ``reference`` names its topic in the article that the demo ends with, None for the lesser stories.
    """

    key: str
    title: str
    who: frozenset[str]
    weeks: tuple[str, ...]
    since: datetime
    half_life_days: float
    reference: str | None
    links: Mapping[str, Link]
    headlines: tuple[str, ...]
    headline_week: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Noise:
    """Lines that belong to no story; those with ``repeat`` are said again and again."""

    key: str
    who: frozenset[str]
    repeat: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Evergreen:
    """Titles of link lists that never age, the sites they are on, the hashtag walls they come with."""

    titles: tuple[str, ...]
    sites: tuple[str, ...]
    walls: tuple[str, ...]


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("data", name).read_text(encoding="utf-8"))


def parse_line(raw: str, week: str | None = None) -> Line:
    """Read the marks before a post's text."""
    lang, kind, author = "en", "original", None
    while mark := _MARK.match(raw):
        lang = mark["lang"] or lang
        kind = {"q": "quote", "r": "reply"}.get(mark["kind"] or "", kind)
        week = f"2021-W{mark['week']}" if mark["week"] else week
        author = mark["author"] or author
        raw = raw[mark.end() :]
    return Line(raw, lang, kind, week, author)  # type: ignore[arg-type]  # the three kinds above


def _lines(block: str, week: str | None = None) -> Iterator[Line]:
    return (parse_line(raw, week) for raw in block.strip().splitlines())


def _story(key: str, table: dict[str, Any]) -> Story:
    posts: dict[str, str] = table["posts"]
    return Story(
        key=key,
        title=table["title"],
        who=frozenset(table["who"]),
        weeks=tuple(posts),
        since=datetime.fromisoformat(table["since"]),
        half_life_days=table.get("half_life_days", 1.8),
        reference=table.get("reference"),
        links={letter: Link(*fields) for letter, fields in table["links"].items()},
        headlines=tuple(table.get("headlines", ())),
        headline_week=table.get("headline_week", min(posts)),
        lines=tuple(line for week, block in posts.items() for line in _lines(block, week)),
    )


@cache
def stories() -> Mapping[str, Story]:
    """All stories by their key, in a fixed order."""
    return {key: _story(key, table) for name in _STORY_FILES for key, table in _load(name).items()}


@cache
def noises() -> tuple[Noise, ...]:
    """All kinds of noise but the evergreen links."""
    return tuple(
        Noise(key, frozenset(table["who"]), table.get("repeat", False), tuple(_lines(table["posts"])))
        for name in _NOISE_FILES
        for key, table in _load(name).items()
    )


@cache
def evergreen() -> Evergreen:
    """The evergreen link lists."""
    table = _load("noise_evergreen.toml")["evergreen"]
    return Evergreen(tuple(table["titles"].strip().splitlines()), tuple(table["sites"]), tuple(table["walls"]))


@cache
def accounts() -> tuple[Account, ...]:
    """All authors, in a fixed order."""
    return tuple(
        Account(handle, name, frozenset(groups), followers, offset, rate, habit, frozenset(languages))
        for handle, name, groups, followers, offset, rate, habit, languages in _load("accounts.toml")["accounts"]
    )
