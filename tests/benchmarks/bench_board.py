"""The live board on real streams, against lists of stories drawn up before looking.

    python -m tests.benchmarks.bench_board --data DIR

DIR holds `data/` (the streams), `gold/live.jsonl` (the stories) and `tools/score_live.py` (the score). Each stream is
replayed in event time through the live topics and the view. Every six hours, from the first story of its list to a day
after the last, the rows of the last 24 hours are written down as the API ranks them, and scored. Beside it: the same
live topics ranked by people, and by people above what is usual, and the clusters of nearest centroid by people.

The delay from the third person to the board is measured more finely: for six hours from the third person of each story,
or until it stands there, the board is also read every half hour.

`trending` events are held against the list at the moment in which they come: how many stories of three people or more
get one, how long after the third person, and how many a day are about none of them.
"""

import argparse
import asyncio
import gzip
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from models.encoding.loading import load_encoder
from models.events import EmbeddedTweet, TopicEvent, Tweet
from models.events.wire import pack_vector, unpack_vector
from models.live.trends import BUCKETS
from models.online.assigner import Assigner
from models.online.burst import surprise
from models.online.online_topics import OnlineTopics
from models.online.topic_space import TopicSpace
from models.text import clean
from streams.sources.files.json_lines import parse_object
from streams.views.board import Board
from streams.views.memory import MemoryViews
from tests.benchmarks.topic_baselines import NearestCentroid

STREAMS = {"ai_builders_2026_first": "ai_builders_2026", "influencers_2021_05": "influencers_2021_W19"}
EVERY, WINDOW = timedelta(hours=6), timedelta(hours=24)
NEAR = timedelta(minutes=30)
Story = dict[str, Any]
Row = dict[str, Any]


@dataclass
class Snapshots:
    """What each ranking shows at each moment."""

    rankings: dict[str, list[list[Row]]] = field(default_factory=lambda: defaultdict(list))
    moments: list[dict[str, Any]] = field(default_factory=list)
    first: dict[int, datetime] = field(default_factory=dict)  # story -> when the board was first seen to show it


def read_stream(data: Path, name: str, cache: Path, encoder: str) -> list[EmbeddedTweet]:
    """The posts of a stream by time, encoded; vectors are kept in `cache`."""
    with gzip.open(data / "data" / f"{name}.jsonl.gz") as lines:
        parsed = [parse_object(orjson.loads(line)) for line in lines]
    posts = sorted((post for post in parsed if isinstance(post, Tweet)), key=lambda post: (post.created_at, post.id))
    texts = [clean(post.text, kind=post.kind, links=post.links) for post in posts]
    vectors = _vectors(texts, cache / f"board.{name}.{encoder.replace('/', '-')}.npy", encoder)
    return [
        EmbeddedTweet(
            tweet=post,
            text=text,
            vector=pack_vector(vector),
            dimensions=len(vector),
            encoder=encoder,
            origin=f"0:{place}",
        )
        for place, (post, text, vector) in enumerate(zip(posts, texts, vectors, strict=True))
    ]


def _vectors(texts: list[str], kept: Path, encoder: str) -> npt.NDArray[np.float32]:
    if kept.exists():
        return np.asarray(np.load(kept), np.float32)
    print(f"embedding {len(texts):,} texts with {encoder} …", flush=True)
    vectors = load_encoder(encoder).encode(texts).astype(np.float16)
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.save(kept, vectors)
    return np.asarray(vectors, np.float32)


def moments_of(stories: list[Story]) -> Iterator[datetime]:
    """Every six hours, as long as the list has stories."""
    starts = [datetime.fromisoformat(story["start"]).astimezone(UTC) for story in stories]
    moment = min(starts).replace(hour=0, minute=0, second=0, microsecond=0)
    while moment < max(starts) + WINDOW:
        moment += EVERY
        yield moment


def third_of(story: Story) -> datetime | None:
    """When the third person wrote about it; None for a story of two."""
    return datetime.fromisoformat(story["third"]) if story["people"] >= 3 and story["third"] else None


def near_moments(stories: list[Story]) -> dict[datetime, set[int]]:
    """Half-hourly moments after the third person, with the stories that wait for the board then."""
    waiting: dict[datetime, set[int]] = defaultdict(set)
    for number, story in enumerate(stories):
        if (third := third_of(story)) is not None:
            for step in range(EVERY // NEAR):
                waiting[third + step * NEAR].add(number)
    return waiting


async def replay(posts: list[EmbeddedTweet], stories: list[Story]) -> tuple[Snapshots, list[TopicEvent]]:
    """The rows of every ranking at every moment, and all topic events."""
    assigner = Assigner(lambda dimensions, encoder: OnlineTopics(TopicSpace(dimensions, encoder)))
    plain = NearestCentroid(posts[0].dimensions)
    views, found, events, clusters = MemoryViews(), Snapshots(), [], dict[str, int]()
    board, done, ids = Board(views), 0, [set(story["posts"]) for story in stories]
    regular, near = set(moments_of(stories)), near_moments(stories)
    for moment in sorted(regular | near.keys()):
        if moment not in regular and near[moment] <= found.first.keys():
            continue
        batch = []
        while done < len(posts) and posts[done].tweet.created_at <= moment:
            batch.append(posts[done])
            done += 1
        outcome = assigner.apply(batch)
        for record in batch:
            clusters[record.tweet.id] = plain.join(unpack_vector(record.vector, record.dimensions))
        await views.apply_assignments(outcome.assignments)
        await views.apply_topic_events(outcome.events)
        events += outcome.events
        await board.refresh()
        active = {p.tweet.id: p.tweet.author_id for p in posts[:done] if p.tweet.created_at > moment - WINDOW}
        for row in _board_rows(board, active):
            for number, one in enumerate(ids):
                if _is_on(set(row["posts"]), one, active):
                    found.first.setdefault(number, moment)
        if moment not in regular:
            continue
        found.moments.append({"at": moment.isoformat(), "window_hours": 24, "active": list(active), "authors": active})
        for name, rows in (await _rankings(board, views, active, clusters)).items():
            found.rankings[name].append(rows[:10])
    return found, events


async def _rankings(
    board: Board, views: MemoryViews, active: dict[str, str], clusters: dict[str, int]
) -> dict[str, list[Row]]:
    people = len(set(active.values()))
    topics = []
    for one in board.ranked("24h", "people"):
        posts, _ = await views.posts(one.id, 500)
        topics.append(_row(one.id, one.label, [post.id for post in posts if post.id in active], active))
    by_cluster: dict[int, list[str]] = defaultdict(list)
    for post in active:
        by_cluster[clusters[post]].append(post)
    plain = [_row(str(number), "cluster", posts, active) for number, posts in by_cluster.items()]

    def above(row: Row) -> float:
        state = board.states[row["id"]]
        return surprise(row["people"], people, state.usual, state.spread)

    return {
        "the board": _board_rows(board, active),
        "live topics by people": sorted(topics, key=lambda row: (-row["people"], row["id"])),
        "live topics by people above usual": sorted(topics, key=lambda row: (-above(row), row["id"])),
        "nearest centroid by people": sorted(plain, key=lambda row: (-row["people"], row["id"])),
    }


def _board_rows(board: Board, active: dict[str, str]) -> list[Row]:
    shown = []
    for one in board.ranked("24h")[:10]:
        story = [post.id for post in board.states[one.id].story if post.bucket > board.last_bucket - BUCKETS["24h"]]
        shown.append(_row(one.id, one.label, [post for post in story if post in active], active))
    return shown


def _row(name: str, label: str, posts: list[str], active: dict[str, str]) -> Row:
    return {"id": name, "label": label, "posts": posts, "people": len({active[post] for post in posts})}


def delay_line(found: Snapshots, stories: list[Story]) -> str:
    """How long after the third person the board was first seen to show a story; 0 if it stood there before."""
    waits = [
        max(0.0, (found.first[number] - third).total_seconds() / 3600)
        for number, story in enumerate(stories)
        if (third := third_of(story)) is not None and number in found.first
    ]
    return f"hours from the third person to the board, read every half hour: median {median(waits):.1f} of {len(waits)}"


def trend_lines(events: list[TopicEvent], stories: list[Story], authors: dict[str, str]) -> Iterator[str]:
    """How `trending` events and the list agree."""
    told: dict[str, set[str]] = {}
    first: dict[int, datetime] = {}
    ids = [set(story["posts"]) for story in stories]
    begin, end = min(moments_of(stories)) - EVERY, max(moments_of(stories))
    false = 0
    for event in sorted(events, key=lambda event: event.at):
        if event.step == "story":
            told[event.topic_id] = set(event.story_ids)
        if event.kind != "trending":
            continue
        posts = told.get(event.topic_id, set())
        hits = [n for n, one in enumerate(ids) if _is_on(posts, one, authors)]
        for number in hits:
            first.setdefault(number, event.at)
        false += not hits and begin <= event.at <= end
    large = [n for n, story in enumerate(stories) if story["people"] >= 3]
    waits = [
        (first[n] - datetime.fromisoformat(stories[n]["third"])).total_seconds() / 3600 for n in large if n in first
    ]
    days = (end - begin) / timedelta(days=1)
    yield f"stories of three people or more that get a trending event: {len(waits)}/{len(large)}"
    yield f"hours from the third person to it: median {median(waits):.1f}" if waits else "none to tell a delay of"
    yield f"trending events about none of the list: {false / days:.2f} a day"


def _is_on(posts: set[str], story: set[str], authors: dict[str, str]) -> bool:
    common = posts & story
    return len(common) >= 2 and 2 * len(common) >= len(posts) and len({authors[post] for post in common}) >= 2


def main() -> None:
    """Print the scores of each stream."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with data/, gold/ and tools/")
    parser.add_argument("--cache", type=Path, default=Path(".cache/vectors"), help="where vectors are kept")
    parser.add_argument("--encoder", default="minilm/fp32")
    parser.add_argument("--stream", choices=STREAMS, action="append", help="only this one")
    options = parser.parse_args()
    lines = (options.data / "gold" / "live.jsonl").read_bytes().splitlines()
    everything = [orjson.loads(line) for line in lines if line.strip()]
    for name in options.stream or STREAMS:
        stories = [story for story in everything if story["stream"] == STREAMS[name]]
        posts = read_stream(options.data, name, options.cache, options.encoder)
        found, events = asyncio.run(replay(posts, stories))
        print(f"\n## {name}: {len(posts):,} posts, {len(stories)} stories", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            gold = Path(folder) / "stories.jsonl"
            gold.write_bytes(b"\n".join(map(orjson.dumps, stories)))
            for ranking, rows in found.rankings.items():
                file = Path(folder) / "snapshots.jsonl"
                shown = zip(found.moments, rows, strict=True)
                file.write_bytes(b"\n".join(orjson.dumps({**moment, "rows": row}) for moment, row in shown))
                score = [sys.executable, str(options.data / "tools" / "score_live.py"), str(gold), str(file)]
                print(f"\n### {ranking}\n", flush=True)
                subprocess.run(score, check=True)
        print(f"\n### delays and trending events\n\n{delay_line(found, stories) if found.first else 'none shown'}")
        authors = {post.tweet.id: post.tweet.author_id for post in posts}
        print("\n".join(trend_lines(events, stories, authors)), flush=True)


if __name__ == "__main__":
    main()
