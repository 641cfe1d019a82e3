"""Compares the refit with plain BERTopic: the same posts and vectors, each fit in its own process.

    python -m tests.benchmarks.bench_refit [--data FILE] [--vectors FILE] [--quick] [--ids] [--sizes 2885,11002,50000]

Posts: an archive given with --data, else the demo's. For a size above their number posts are drawn with replacement,
and every drawn post is changed a little (words removed, vector moved, a word added), so that it is no duplicate. ARI
compares the topics of the posts in order and shuffled. NPMI and diversity are computed on the first ten words of each
topic. Coherence is the mean cosine of a topic's posts to its centroid. Processor time is that of all cores, which can
be compared on a shared machine. A process that exceeds --minutes or --gib is ended; its row says so and has the results
so far.

Then it counts how many topics of the data's own weeks keep their ids (`tests.benchmarks.refit_ids`); --ids does only
this. --quick: one size (1,000 posts) and no ids.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.week.config import DigestConfig
from models.week.posts import WeekPosts
from tests.benchmarks.bounded import Limits, peak_mib, run_bounded
from tests.benchmarks.refit_ids import measure_ids, tell
from tests.benchmarks.refit_posts import SEED, embed, read_posts, resample, take
from tests.benchmarks.topic_words import diversity, npmi

TOP = 10
METHODS = ("ours", "plain BERTopic")
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """The result of a method: a topic for each post, -1 for none, and every topic's first words."""

    labels: Labels
    topics: list[list[str]]
    seconds: float
    processor: float
    rescued: int = 0
    rescued_similarity: float = 0.0


def ours(week: WeekPosts) -> Found:
    """`models.refit.bertopic_refit.refit` on the canonical week."""
    from models.refit.bertopic_refit import refit

    order = sorted(range(len(week)), key=lambda i: week.posts[i].id)  # as in models.week.posts
    week = take(week, np.array(order, dtype=np.int64))
    start, before = time.perf_counter(), time.process_time()
    found = refit(week, DigestConfig())
    seconds, processor = time.perf_counter() - start, time.process_time() - before
    labels = np.empty(len(week), dtype=np.int64)
    labels[order] = found.topic_of
    topics = [[word for word, _ in story.words if " " not in word][:TOP] for story in found.themes]
    return Found(labels, topics, seconds, processor, found.rescued, found.rescued_similarity)


def plain(week: WeekPosts) -> Found:
    """BERTopic with its own defaults, the same vectors, a seed, and our smallest topic size."""
    start, before = time.perf_counter(), time.process_time()
    from bertopic import BERTopic  # ours loads it too when a week is refitted
    from umap import UMAP

    reducer = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=SEED, n_jobs=1)
    model = BERTopic(umap_model=reducer, min_topic_size=DigestConfig().min_topic_posts)
    labels, _ = model.fit_transform(week.texts, week.vectors)
    seconds, processor = time.perf_counter() - start, time.process_time() - before
    topics = [[word for word, _ in pairs[:TOP]] for topic, pairs in model.get_topics().items() if topic >= 0]
    return Found(np.asarray(labels, dtype=np.int64), topics, seconds, processor)


def measure(method: str, week: WeekPosts) -> Iterator[dict[str, Any]]:
    """One row of the table: the result of one fit, then again with that of a second fit of the shuffled posts."""
    from sklearn.metrics import adjusted_rand_score

    fit = ours if method == "ours" else plain
    first = fit(week)
    memory = peak_mib() / 1024
    row = {
        "posts": len(week),
        "method": method,
        "seconds": first.seconds,
        "processor_seconds": first.processor,
        "peak_gib": memory,
        "topics": len(first.topics),
        "outliers": float((first.labels < 0).mean()),
        "npmi": npmi(first.topics, week),
        "diversity": diversity(first.topics),
        "coherence": _coherence(first.labels, week),
        "rescued": first.rescued,
        "rescued_similarity": first.rescued_similarity,
    }
    yield row
    order = np.random.default_rng(SEED).permutation(len(week)).astype(np.int64)
    again = fit(take(week, order)).labels
    yield row | {"ari_shuffled": float(adjusted_rand_score(first.labels[order], again))}


def _coherence(labels: Labels, week: WeekPosts) -> float:
    closeness = [
        float((rows @ rows.mean(axis=0) / np.linalg.norm(rows.mean(axis=0))).mean())
        for topic in range(int(labels.max(initial=-1)) + 1)
        for rows in [week.vectors[labels == topic].astype(np.float64)]
        if len(rows)
    ]
    return float(np.mean(closeness)) if closeness else 0.0


COLUMNS = {
    "posts": ("posts", ","),
    "method": ("method", ""),
    "seconds": ("seconds", ".1f"),
    "processor_seconds": ("of processor time", ".1f"),
    "peak_gib": ("peak GiB", ".2f"),
    "topics": ("topics", ""),
    "outliers": ("outliers", ".1%"),
    "ari_shuffled": ("ARI shuffled", ".3f"),
    "npmi": ("NPMI", ".3f"),
    "diversity": ("diversity", ".3f"),
    "coherence": ("coherence", ".3f"),
    "rescued": ("rescued", ""),
    "stopped": ("", ""),
}


def show(rows: Sequence[dict[str, Any]]) -> str:
    """The table as Markdown; "–" for missing values."""
    lines = ["| " + " | ".join(title for title, _ in COLUMNS.values()) + " |", "|---" * len(COLUMNS) + "|"]
    for row in rows:
        told = dict(row)
        if row.get("rescued"):
            told["rescued"] = f"{row['rescued']} at {row['rescued_similarity']:.2f}"
        cells = [format(told[key], form) if told.get(key) else "–" for key, (_, form) in COLUMNS.items()]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _row(size: str, method: str, stored: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Measure in a process of its own, so that the peak is its own and no import is warm."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_refit", "--vectors", str(stored)]
    command += [*(["--data", str(given.data)] if given.data else []), "--one", size, method]
    done = run_bounded(command, Limits(given.minutes, given.gib))
    row: dict[str, Any] = {"posts": int(size), "method": method}
    rows = [json.loads(line) for line in done.lines if line.startswith("{")]
    return row | (rows[-1] if rows else {}) | {"stopped": done.stopped}


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="archive of posts, or the folder that it is in")
    parser.add_argument("--vectors", type=Path, help="where vectors are kept between runs (.npz)")
    parser.add_argument("--sizes", default="2885,11002,50000")
    parser.add_argument("--minutes", type=float, default=30.0, help="longest for one row (default: %(default)s)")
    parser.add_argument("--gib", type=float, default=13.0, help="most memory of one row (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="1,000 posts only")
    parser.add_argument("--ids", action="store_true", help="only how many topics keep their ids")
    parser.add_argument("--one", nargs=2, metavar=("SIZE", "METHOD"), help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Measure every size and method, then the ids."""
    given = _given()
    if given.one:
        posts = read_posts(given.data)
        for row in measure(given.one[1], resample(posts, embed(posts, given.vectors), int(given.one[0]))):
            print(json.dumps(row), flush=True)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        stored = given.vectors or Path(folder) / "vectors.npz"
        posts = read_posts(given.data)
        vectors = embed(posts, stored)
        rows = []
        for size in [] if given.ids else ["1000"] if given.quick else given.sizes.split(","):
            for method in METHODS:
                rows.append(_row(size, method, stored, given))
                print(show(rows[-1:]).splitlines()[-1], flush=True)
    if rows:
        print("\n" + show(rows) + "\n")
    if not given.quick:
        tell(measure_ids(posts, vectors), lambda line: print(line, flush=True))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
