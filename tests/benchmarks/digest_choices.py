"""What each number of the selection that was set after looking does on the set of people that it was not set on.

    python -m tests.benchmarks.digest_choices --data FOLDER [--vectors FOLDER]

FOLDER as for `bench_digest`; an archive is a set. One number is changed at a time, and each set has its own columns:
must (together), must and good, entries on a story, and pairs of entries on one story. A number that was set on one set
is judged by the columns of the others. Only the selection runs, without the texts. The last row has the defaults
without the weeks before.
"""

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from models.ranking import coherence, joining, ranking
from models.ranking.forms import forms
from models.ranking.influence import InfluenceScore, influence
from models.ranking.publishers import publishers
from models.ranking.selection import ranked
from models.ranking.vocabulary import NO_PAST, Vocabulary, vocabulary, with_week
from models.refit import units
from models.refit.near_duplicates import fold
from models.refit.story import Continuity, Story
from models.refit.units import Units, find_units
from models.text import spoken_words
from models.week.config import DigestConfig
from models.week.posts import WeekPosts, week_posts
from models.week.week import Week
from models.wording.statements import tellable
from models.wording.usage import Usage
from tests.benchmarks.bench_digest import lists_in
from tests.benchmarks.digest_score import SECTION, Entry, Listed, Score, score
from tests.benchmarks.refit_ids import weeks_of
from tests.benchmarks.refit_posts import embed, read_posts

CONFIG = DigestConfig()
CHOICES: Mapping[str, tuple[ModuleType, str, tuple[float, ...]]] = {
    "units' cut": (units, "CUT", (0.5, 0.6)),
    "second pass' cut": (joining, "CUT", (0.5, 0.7)),
    "weight of a burst": (joining, "TERM", (0.0, 0.3)),
    "likeness of one story": (joining, "SAME", (0.2, 0.4)),
    "chance of one thing": (coherence, "CHANCE", (0.1, 0.15, 0.3)),
    "chance of the floor": (ranking, "CHANCE", (0.05, 0.2)),
}


@dataclass(frozen=True)
class Chosen:
    """What the selection of a listed week starts from."""

    week: WeekPosts
    repeats: "units.Indices"
    found: Units
    words: Vocabulary
    first: Vocabulary  # without the weeks before
    influence: Mapping[str, InfluenceScore]
    listed: list[Listed]
    usage: Usage


def weeks_in(data: Path, vectors: Path | None) -> Iterator[tuple[str, list[Chosen]]]:
    """The listed weeks of each archive."""
    lists = lists_in(data / "gold")
    wanted = {post for stories in lists.values() for story in stories for post in story.posts}
    for archive in sorted((data / "data").glob("*.jsonl*")):
        posts = read_posts(archive)
        last = max((str(Week.of(post.created_at)) for post in posts if post.id in wanted), default="")
        past, chosen = NO_PAST, []
        stored = None if vectors is None else vectors / f"{archive.name}.npz"
        for name, records in weeks_of(posts, embed(posts, stored)) if last else []:
            if str(name) > last:
                break
            week = week_posts(records, name)
            voices = publishers(week.posts)
            words = vocabulary(week, voices, past)
            past = with_week(past, words)
            if str(name) in lists:
                repeats = fold(week, [spoken_words(post.text) for post in week.posts], CONFIG.near_duplicate_similarity)
                first = vocabulary(week, voices, NO_PAST)
                found = find_units(week, repeats)
                chosen.append(
                    Chosen(week, repeats, found, words, first, influence(week, []), lists[str(name)], Usage(week.posts))
                )
        if chosen:
            yield archive.name, chosen


def scored(one: Chosen, words: Vocabulary, found: Units) -> Score:
    """The score of the selection."""
    best = ranked(one.week, found, words, one.influence, CONFIG, lambda post: tellable([post], one.usage))
    stories = [
        Story(**vars(story), **vars(Continuity(id=str(place))), theme=None)
        for place, story in enumerate(best.stories[: best.told])
    ]
    told = forms(one.week, stories)
    entries = [Entry(SECTION, _ids(one.week, story)) for story in told.sections]
    rest = [*(story for _, stories in told.lists for story in stories), *told.briefs]
    return score([*entries, *(Entry("brief", _ids(one.week, story)) for story in rest)], one.listed)


def _ids(week: WeekPosts, story: Story) -> frozenset[str]:
    return frozenset(week.posts[index].id for index in story.members.tolist())


def cells(weeks: list[Chosen], *, again: bool = False, first: bool = False) -> str:
    """The columns of a set. again: whether its units are to be found anew."""
    found = [
        scored(one, one.first if first else one.words, find_units(one.week, one.repeats) if again else one.found)
        for one in weeks
    ]
    must, together, good = (sum(getattr(one, name) for one in found) for name in ("must", "together", "good"))
    on_list, entries, twice = (sum(getattr(one, name) for one in found) for name in ("on_list", "entries", "repeated"))
    return f"{must} ({together}), {good} | {on_list} of {entries} | {twice}"


@contextmanager
def changed(module: ModuleType, name: str, value: float) -> Iterator[None]:
    """Give a constant another value for a while."""
    usual = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, usual)


def main() -> int:
    """The table, a row at a time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with data/ and gold/")
    parser.add_argument("--vectors", type=Path, help="folder where vectors are kept between runs")
    given = parser.parse_args()
    sets = list(weeks_in(given.data, given.vectors))
    heads = " | ".join(f"{name}: must (together), good | on a story | pairs" for name, _ in sets)
    print(f"| choice | {heads} |\n|---|{'---|---|---|' * len(sets)}")
    print(f"| **the defaults** | {' | '.join(cells(weeks) for _, weeks in sets)} |", flush=True)
    for choice, (module, name, values) in CHOICES.items():
        for value in values:
            with changed(module, name, value):
                found = [cells(weeks, again=module is units) for _, weeks in sets]
            print(f"| {choice} {value} | {' | '.join(found)} |", flush=True)
    print(f"| as a first week | {' | '.join(cells(weeks, first=True) for _, weeks in sets)} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
