"""The posts of the demo's weeks before they have ids: stories, noise, answers and retweets as drafts.

They are made in order of cause: first what people post by themselves, then quotes and replies to earlier posts, then
retweets, drawn by audience and by the story's attraction.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from streams.demo import rhythm, wording
from streams.demo.catalogue import (
    DEMO_WEEKS,
    Account,
    Kind,
    Link,
    Noise,
    Story,
    accounts,
    evergreen,
    noises,
    stories,
)

_RETWEETS = 690
# largest number of posts of a story in a week, retweets included
_STORY_WEEK_LIMITS = (24, 40)
_GREETINGS = 4
_EVERGREEN_POSTS = 350
# attraction of a story for retweets; noise is mostly ignored
_PULL_STORY, _PULL_REFERENCE, _PULL_NOISE = 1.0, 1.4, 0.25


@dataclass(eq=False)
class Draft:
    """A post without an id."""

    author: Account
    at: datetime
    text: str
    links: list[Link]
    story: str | None  # None for noise
    week: str
    lang: str = "en"
    kind: Kind = "original"
    parent: "Draft | None" = None  # the post that it quotes, answers or retweets
    retweets: int = 0
    topics: frozenset[str] = field(default_factory=frozenset)  # groups that may retweet it


class Cast:
    """Chooses authors by group, language and rate, and rarely the same account twice for one story."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._spoken: Counter[tuple[str, str]] = Counter()

    def pick(self, groups: frozenset[str], key: str, lang: str = "en", named: str | None = None) -> Account:
        """An account for one post: the named one, else one that writes the language, else one of the groups.

        Args:
            groups: Groups that post about the story.
            key: The story or noise.
            lang: Language of the post.
            named: Handle of the only possible account.
        """
        if named:
            self._spoken[key, named] += 1
            return next(a for a in accounts() if a.handle == named)
        able = [a for a in accounts() if lang in a.languages] if lang != "en" else []
        pool = able or [a for a in accounts() if a.groups & groups]
        weights = [a.rate / (1 + 3 * self._spoken[key, a.handle]) for a in pool]
        chosen = self._rng.choices(pool, weights)[0]
        self._spoken[key, chosen.handle] += 1
        return chosen

    def peers(self, author: Account) -> list[Account]:
        """Two other accounts to mention in a post."""
        return self._rng.sample([a for a in accounts() if a is not author], 2)


def _any_week(rng: random.Random) -> str:
    # the middle week has the fewest stories, so it gets more noise
    return rng.choices(DEMO_WEEKS, (1.0, 1.4, 1.0))[0]


def _story_drafts(rng: random.Random, cast: Cast, story: Story) -> Iterator[Draft]:
    sober = story.key == "atlanta"
    for line in story.lines:
        author = cast.pick(story.who, story.key, line.lang, line.author)
        week = line.week or story.weeks[0]
        at = rhythm.post_time(rng, week, author.utc_offset, story.since, story.half_life_days)
        text, links = wording.place_links(rng, wording.dress(rng, line, author, sober=sober), story.links, author)
        yield Draft(author, at, text, links, story.key, week, line.lang, line.kind, topics=story.who)
    for headline in story.headlines:
        for _ in range(rng.randint(3, 5)):
            author = cast.pick(story.who, story.key)
            copied = wording.copy_headline(rng, headline, author, cast.peers(author)[0])
            text, links = wording.place_links(rng, copied, story.links, author)
            at = rhythm.post_time(rng, story.headline_week, author.utc_offset, story.since, story.half_life_days)
            yield Draft(author, at, text, links, story.key, story.headline_week, topics=story.who)


def _noise_drafts(rng: random.Random, cast: Cast, noise: Noise) -> Iterator[Draft]:
    for line in noise.lines:
        for _ in range(_GREETINGS if noise.repeat and line.week is None else 1):
            author = cast.pick(noise.who, noise.key, line.lang, line.author)
            week = line.week or _any_week(rng)
            at = rhythm.post_time(rng, week, author.utc_offset, text=line.text)
            text, links = wording.place_links(rng, wording.dress(rng, line, author), {}, author)
            yield Draft(author, at, text, links, None, week, line.lang, line.kind, topics=noise.who)


def _evergreen_drafts(rng: random.Random, cast: Cast) -> Iterator[Draft]:
    bank = evergreen()
    publishers = frozenset({"publish"})
    for _ in range(_EVERGREEN_POSTS):
        author, week = cast.pick(publishers, "evergreen"), _any_week(rng)
        text, link = wording.evergreen_post(rng, bank, rng.choice(bank.titles), cast.peers(author))
        at = rhythm.post_time(rng, week, author.utc_offset)
        yield Draft(author, at, text, [link], None, week, topics=publishers)


def _answer(rng: random.Random, drafts: Sequence[Draft]) -> None:
    """Give each quote and reply an earlier post of its story. Without one it becomes an original post."""
    for draft in drafts:
        if draft.kind not in ("quote", "reply"):
            continue
        earlier = [
            d
            for d in drafts
            if d.kind == "original" and d.story == draft.story and d.at < draft.at and d.author is not draft.author
        ]
        if not earlier:
            draft.kind = "original"
            continue
        draft.parent = rng.choice(earlier[-40:])
        if draft.kind == "reply":
            draft.text = f"@{draft.parent.author.handle} {draft.text}"


def _pull(draft: Draft) -> float:
    if draft.kind == "reply":
        return 0.0
    moved = _PULL_NOISE
    if draft.story:
        moved = _PULL_REFERENCE if stories()[draft.story].reference else _PULL_STORY
    return float(moved * draft.author.followers**0.35)


def _retweets(rng: random.Random, drafts: Sequence[Draft]) -> Iterator[Draft]:
    """Retweets of ``drafts``. An account retweets a post once, and no story's week is flooded."""
    crowd = Counter((d.story, d.week) for d in drafts)
    limits = {story_week: rng.randint(*_STORY_WEEK_LIMITS) for story_week in crowd}
    seen: set[tuple[int, str]] = set()
    weights = [_pull(d) for d in drafts]
    made = 0
    while made < _RETWEETS:
        index = rng.choices(range(len(drafts)), weights)[0]
        parent = drafts[index]
        at = rhythm.reaction_time(rng, parent.at)
        pool = [a for a in accounts() if a.groups & parent.topics and (a is not parent.author or rng.random() < 0.1)]
        author = rng.choices(pool, [a.rate for a in pool])[0]
        story_week = parent.story, parent.week
        if parent.story and crowd[story_week] >= limits[story_week]:
            weights[index] = 0.0
            continue
        if at is None or (index, author.handle) in seen:
            continue
        seen.add((index, author.handle))
        crowd[story_week] += 1
        parent.retweets += 1
        made += 1
        text = wording.retweet_text(parent.text, parent.author.handle, at)
        kept = [link for link in parent.links if link.url in text]
        yield Draft(author, at, text, kept, parent.story, parent.week, parent.lang, "retweet", parent)


def write_drafts(rng: random.Random) -> list[Draft]:
    """All posts of the demo's weeks, oldest first."""
    cast = Cast(rng)
    drafts = [draft for story in stories().values() for draft in _story_drafts(rng, cast, story)]
    drafts += [draft for noise in noises() for draft in _noise_drafts(rng, cast, noise)]
    drafts += _evergreen_drafts(rng, cast)
    drafts.sort(key=lambda draft: draft.at)
    _answer(rng, drafts)
    drafts += _retweets(rng, list(drafts))
    drafts.sort(key=lambda draft: draft.at)
    return drafts
