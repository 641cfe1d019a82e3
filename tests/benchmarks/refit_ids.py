"""Measures whether topics keep their ids: in a week refitted after shuffling, and from one week of an archive to the
next.

A subject continues when two weeks have topics that are each other's nearest by centroid, at a cosine of `SAME` or more.
The benchmark counts how many of these have one id. The weeks are a chain of digests, as the live stages make them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.digest.compose import build_week
from models.events import Digest, EmbeddedTweet, TopicIdentity, Tweet
from models.events.wire import encode, pack_vector, unpack_vector
from models.text import clean
from models.week.config import DigestConfig
from models.week.posts import WeekPosts, week_posts
from models.week.week import Week
from tests.benchmarks.refit_posts import SEED

SAME = 0.8
ENOUGH = 500  # posts of a week: the part of a week at an archive's end is not measured
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class WeekIds:
    """One week. topics: found. survived: their ids that the shuffled week has too; same_bytes: its digest is the same.

    continuing: subjects of the week before that go on. kept: those with the same id.
    """

    week: str
    posts: int
    topics: int
    survived: int
    same_bytes: bool
    continuing: int
    kept: int


def measure_ids(posts: Sequence[Tweet], vectors: Vectors) -> Iterator[WeekIds]:
    """Measure every week of `posts` with at least `ENOUGH`, in order. `vectors` is float32 (n, d), unit length."""
    previous: Digest | None = None
    for week, records in weeks_of(posts, vectors):
        if len(records) < ENOUGH:
            continue
        digest = _digest(week_posts(records, week), previous)
        shuffled = np.random.default_rng(SEED).permutation(len(records)).tolist()
        again = _digest(week_posts([records[place] for place in shuffled], week), previous)
        found = _found(digest)
        pairs = _continuing(found, previous.identities if previous is not None else [], vectors.shape[1])
        yield WeekIds(
            week=str(week),
            posts=len(records),
            topics=len(found),
            survived=len({one.id for one in found} & {one.id for one in _found(again)}),
            same_bytes=encode(digest) == encode(again),
            continuing=len(pairs),
            kept=sum(one.id == other.id for one, other in pairs),
        )
        previous = digest


def tell(measured: Iterator[WeekIds], say: Callable[[str], Any]) -> None:
    """Print a line for each week, and the sums."""
    weeks = []
    for one in measured:
        weeks.append(one)
        value = "the same bytes" if one.same_bytes else "OTHER BYTES"
        say(
            f"{one.week}: {one.posts:,} posts; {one.survived} of {one.topics} topics keep their id shuffled, {value}; "
            f"{one.kept} of {one.continuing} continuing subjects keep theirs from the week before"
        )
    if not weeks:
        say(f"ids: no week has {ENOUGH} posts")
        return
    survived, topics = sum(one.survived for one in weeks), sum(one.topics for one in weeks)
    kept, continuing = sum(one.kept for one in weeks), sum(one.continuing for one in weeks)
    say(f"ids after shuffling: {survived} of {topics} ({survived / max(1, topics):.1%})")
    if len(weeks) > 1:
        say(f"ids of continuing subjects: {kept} of {continuing} ({kept / max(1, continuing):.1%})")


def weeks_of(posts: Sequence[Tweet], vectors: Vectors) -> Iterator[tuple[Week, list[EmbeddedTweet]]]:
    """The posts by week, as records of `tweets.embedded`; the weeks in order."""
    by_week: dict[Week, list[EmbeddedTweet]] = {}
    for post, vector in zip(posts, vectors, strict=True):
        record = EmbeddedTweet(
            tweet=post,
            text=clean(post.text, kind=post.kind, links=post.links),
            vector=pack_vector(vector),
            dimensions=len(vector),
            encoder="bench",
            origin="",
        )
        by_week.setdefault(Week.of(post.created_at), []).append(record)
    for week in sorted(by_week, key=str):
        yield week, by_week[week]


def _digest(week: WeekPosts, previous: Digest | None) -> Digest:
    return build_week(week, previous=previous, influencers=[], config=DigestConfig(), versions={})[0]


def _found(digest: Digest) -> list[TopicIdentity]:
    return [one for one in digest.identities if not one.quiet_weeks]


def _continuing(
    now: Sequence[TopicIdentity], before: Sequence[TopicIdentity], dimensions: int
) -> list[tuple[TopicIdentity, TopicIdentity]]:
    if not now or not before:
        return []
    cosine = _centroids(now, dimensions) @ _centroids(before, dimensions).T
    nearest, back = cosine.argmax(axis=1).tolist(), cosine.argmax(axis=0).tolist()
    return [
        (now[row], before[column])
        for row, column in enumerate(nearest)
        if cosine[row, column] >= SAME and back[column] == row
    ]


def _centroids(topics: Sequence[TopicIdentity], dimensions: int) -> npt.NDArray[np.float64]:
    rows = np.stack([unpack_vector(topic.centroid, dimensions) for topic in topics]).astype(np.float64)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float64)
