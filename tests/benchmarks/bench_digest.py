"""The digests of weeks whose stories are listed, beside plain BERTopic and posts ranked by people and engagement.

    python -m tests.benchmarks.bench_digest [--data FOLDER] [--vectors FOLDER] [--quick]

FOLDER has archives of posts (`data/*.jsonl*`), lists of stories (`gold/gold_2021-W19.jsonl`: title, posts, tier) and
ids of posts that another newsletter chose (`gold/chosen*.json`). The weeks of an archive with a listed week are built
in a chain, as the live stages build them. Printed for every listed week: must stories carried (in brackets: with two of
their posts in one entry), must and good, entries on a listed story, the same of the first ten, pairs of entries on one
story, sections, words, seconds. Then how many ids and entries survive when a tenth of the posts is left out, five
times, and how many of the chosen posts are cited. Without --data the demo's weeks are built; they have no lists.

--quick: no stability, no baselines.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

from models.digest.cited import cited_posts
from models.digest.compose import build_week
from models.events import Digest, EmbeddedTweet, Tweet
from models.ranking.influence import engagement
from models.refit.near_duplicates import fold
from models.text import spoken_words
from models.week.config import DigestConfig
from models.week.posts import WeekPosts, week_posts
from models.week.week import Week
from tests.benchmarks.digest_score import Entry, Listed, Score, entries_of, score, survives
from tests.benchmarks.refit_ids import weeks_of
from tests.benchmarks.refit_posts import SEED, embed, read_posts

LEFT_OUT, TIMES = 0.1, 5
CONFIG = DigestConfig()


@dataclass(frozen=True)
class Built:
    """A week with its digest and what it was built from."""

    week: Week
    records: list[EmbeddedTweet]
    previous: Digest | None
    digest: Digest
    seconds: float


def lists_in(folder: Path) -> dict[str, list[Listed]]:
    """Week -> its listed stories."""
    found = {}
    for path in sorted(folder.glob("gold_*.jsonl")):
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        found[path.stem.removeprefix("gold_")] = [
            Listed(line["title"], frozenset(line["posts"]), line["tier"], bool(line.get("theme"))) for line in lines
        ]
    return found


def build(posts: Sequence[Tweet], vectors: Path | None, last: str) -> Iterator[Built]:
    """The digests of an archive in a chain, up to the week `last`."""
    previous: Digest | None = None
    for week, records in weeks_of(posts, embed(posts, vectors)):
        if str(week) > last:
            return
        start = time.perf_counter()
        digest = _digest(week_posts(records, week), previous)
        yield Built(week, records, previous, digest, time.perf_counter() - start)
        previous = digest


def stability(built: Built) -> tuple[float, float]:
    """Shares of the published ids and of the entries that survive the loss of a tenth of the posts."""
    entries = list(entries_of(built.digest))
    random = np.random.default_rng(SEED)
    ids = told = 0
    for _ in range(TIMES):
        kept = random.random(len(built.records)) >= LEFT_OUT
        records = [record for record, stays in zip(built.records, kept.tolist(), strict=True) if stays]
        again = list(entries_of(_digest(week_posts(records, built.week), built.previous)))
        left = frozenset(record.tweet.id for record in records)
        ids += len({entry.id for entry in entries} & {entry.id for entry in again})
        told += sum(survives(entry, again, left) for entry in entries)
    return ids / max(1, TIMES * len(entries)), told / max(1, TIMES * len(entries))


def largest_topics(week: WeekPosts, count: int) -> list[Entry]:
    """Plain BERTopic's largest topics, as sections."""
    from bertopic import BERTopic
    from umap import UMAP

    reducer = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=SEED, n_jobs=1)
    model = BERTopic(umap_model=reducer, min_topic_size=CONFIG.min_topic_posts)
    topics = Counter(
        zip(model.fit_transform(week.texts, week.vectors)[0], (post.id for post in week.posts), strict=True)
    )
    posts: dict[int, set[str]] = {}
    for topic, post in topics:
        posts.setdefault(int(topic), set()).add(post)
    largest = sorted((topic for topic in posts if topic >= 0), key=lambda topic: (-len(posts[topic]), topic))
    return [Entry("section", frozenset(posts[topic])) for topic in largest[:count]]


def best_posts(week: WeekPosts, count: int) -> list[Entry]:
    """Distinct posts with all who pass them on, ranked by people and engagement, as briefs."""
    repeats = fold(week, [spoken_words(post.text) for post in week.posts], CONFIG.near_duplicate_similarity)
    distinct = np.flatnonzero(repeats == np.arange(len(week)))
    members = [np.flatnonzero(repeats == post) for post in distinct]
    people = [len({week.posts[int(index)].author_id for index in carried}) for carried in members]
    reached = [max(engagement(week.posts[int(index)].metrics) for index in carried) for carried in members]
    order = np.argsort(-(rankdata(people) + rankdata(reached)), kind="stable")[:count]
    return [Entry("brief", frozenset(week.posts[int(index)].id for index in members[place])) for place in order]


def row(name: str, found: Score, more: str = "") -> str:
    """A line of the table."""
    return (
        f"| {name} | {found.must} of {found.must_listed} ({found.together}) | {found.good} of {found.good_listed} "
        f"| {found.on_list} of {found.entries} ({found.on_list / max(1, found.entries):.2f}) "
        f"| {found.first_on_list} of {found.first} | {found.repeated} | {found.sections} | {more} |"
    )


HEAD = (
    "| | must (together) | must and good | entries on a story | first ten | repeated pairs | sections "
    "| words, seconds |\n"
    "|---|---|---|---|---|---|---|---|"
)


def words_of(digest: Digest) -> int:
    """Words of the headline, the titles and the entries."""
    items = [item for topic in digest.topics for item in topic.items]
    texts = [digest.headline.text, *(topic.label for topic in digest.topics)]
    texts += [topic.summary.text for topic in digest.topics]
    texts += [part for item in (*items, *digest.briefs) for part in (item.sentence.text, item.quotation or "")]
    return sum(len(text.split()) for text in texts)


def listed_weeks(data: Path, vectors: Path | None) -> Iterator[tuple[Built, list[Listed] | None]]:
    """Every week of the archives that have a listed one."""
    lists = lists_in(data / "gold")
    wanted = {post for stories in lists.values() for story in stories for post in story.posts}
    for archive in sorted((data / "data").glob("*.jsonl*")):
        posts = read_posts(archive)
        weeks = {str(Week.of(post.created_at)) for post in posts if post.id in wanted} & lists.keys()
        if weeks:
            stored = None if vectors is None else vectors / f"{archive.name}.npz"
            for built in build(posts, stored, max(weeks)):
                yield built, lists.get(str(built.week))


def _digest(week: WeekPosts, previous: Digest | None) -> Digest:
    return build_week(week, previous=previous, influencers=[], config=CONFIG, versions={})[0]


def _beside(built: Built, listed: Sequence[Listed]) -> Iterator[str]:
    week = week_posts(built.records, built.week)
    entries = list(entries_of(built.digest))
    yield row("posts by people and engagement", score(best_posts(week, len(entries)), listed))
    yield row("plain BERTopic's largest topics", score(largest_topics(week, len(entries)), listed))
    ids, told = stability(built)
    yield f"{built.week}: a tenth of the posts left out: {ids:.0%} of the ids and {told:.0%} of the entries survive"


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with data/ and gold/")
    parser.add_argument("--vectors", type=Path, help="folder where vectors are kept between runs")
    parser.add_argument("--quick", action="store_true", help="no stability and no baselines")
    return parser.parse_args()


def main() -> int:
    """The table of the listed weeks, a week at a time."""
    given = _given()
    if given.data is None:
        for built in build(read_posts(None), None, "9999-W53"):
            ids, told = stability(built)
            print(
                f"{built.week}: {len(list(entries_of(built.digest)))} entries, {words_of(built.digest)} words, "
                f"{built.seconds:.1f} s; a tenth left out: {ids:.0%} of the ids, {told:.0%} of the entries survive"
            )
        return 0
    print(HEAD)
    after: list[str] = []
    digests: list[Digest] = []
    for built, listed in listed_weeks(given.data, given.vectors):
        digests.append(built.digest)
        if listed is None:
            continue
        own = score(list(entries_of(built.digest)), listed)
        print(row(f"**{built.week}**", own, f"{words_of(built.digest):,}, {built.seconds:.1f}"), flush=True)
        for line in [] if given.quick else _beside(built, listed):
            if line.startswith("|"):
                print(line, flush=True)
            else:
                after.append(line)
    print("\n" + "\n".join(after))
    for path in sorted((given.data / "gold").glob("chosen*.json")):
        chosen = set(json.loads(path.read_text(encoding="utf-8")))
        cited = set().union(*(cited_posts(digest) for digest in digests))
        print(f"{len(chosen & cited)} of {len(chosen)} posts of {path.name} are cited")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
