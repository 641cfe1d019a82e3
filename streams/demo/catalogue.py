"""The demo's content: accounts, stories and noise, read from the TOML files in ``data/``.

Every line of a ``posts`` block is one post. Marks may stand before the text, each closed by ``|``:

* ``q|`` a quote, ``r|`` a reply (to an earlier post, which the generator chooses);
* a language of two letters, ``fr|`` (default: English);
* an ISO week of 2021, ``11|``: only in that week (default: any demo week);
* an account, ``@opengrads|``: only by that account (default: any of the right groups).

``{a}``, ``{b}`` … stand for the story's link of that letter, ``{x}`` for a generated link.
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
    """An invented author."""

    handle: str
    name: str
    groups: frozenset[str]  # decide which stories the account posts about
    followers: int
    utc_offset: int  # hours
    rate: float  # how often it posts, relative to others
    habit: str  # style of its openers and closers (`wording`)
    languages: frozenset[str]


@dataclass(frozen=True)
class Link:
    """A link with the preview that readers see."""

    url: str
    title: str
    description: str
    site: str
    kind: str


@dataclass(frozen=True)
class Line:
    """One hand-written post."""

    text: str  # still contains ``{a}`` marks
    lang: str = "en"
    kind: Kind = "original"
    week: str | None = None  # None for any week
    author: str | None = None  # None for any account


@dataclass(frozen=True)
class Story:
    """One story of the demo's weeks."""

    key: str
    title: str
    who: frozenset[str]  # groups that post about it
    weeks: tuple[str, ...]
    since: datetime  # when it becomes known
    half_life_days: float  # its posts become half as frequent in this time
    reference: str | None  # its topic in the reference article; None for the smaller stories
    links: Mapping[str, Link]
    headlines: tuple[str, ...]  # headlines that are copied around
    headline_week: str  # the week in which they are copied
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Noise:
    """Lines that belong to no story."""

    key: str
    who: frozenset[str]  # groups that post it
    repeat: bool  # whether a line is posted many times
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Evergreen:
    """Titles of link lists that never age, their sites, and their hashtag walls."""

    titles: tuple[str, ...]
    sites: tuple[str, ...]
    walls: tuple[str, ...]


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("data", name).read_text(encoding="utf-8"))


def parse_line(raw: str, week: str | None = None) -> Line:
    """Parse the marks before a post's text."""
    lang, kind, author = "en", "original", None
    while mark := _MARK.match(raw):
        lang = mark["lang"] or lang
        kind = {"q": "quote", "r": "reply"}.get(mark["kind"] or "", kind)
        week = f"2021-W{mark['week']}" if mark["week"] else week
        author = mark["author"] or author
        raw = raw[mark.end() :]
    return Line(raw, lang, kind, week, author)  # type: ignore[arg-type] # one of the three kinds above


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
    """All kinds of noise except the evergreen links."""
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
