"""Quality, speed and laws of the online topics, compared with other methods in one run on the same vectors.

    python -m tests.benchmarks.bench_topics --data DIR      labelled_tweets_t and labelled_news_t of DIR
    python -m tests.benchmarks.bench_topics                 speed only, on a generated stream

Single pass, no look-ahead, one default configuration, every method in its own process on one core. A slow method is
stopped after `--limit` seconds; the table says after how many posts, and its scores are for those.
"""

import argparse
import gc
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn import metrics
from threadpoolctl import threadpool_limits

from models.online.factory import prepare
from models.online.topic_model import PostBatch
from tests.benchmarks.bounded import peak_mib
from tests.benchmarks.topic_baselines import ABLATIONS, METHODS
from tests.benchmarks.topic_streams import LABELLED, Stream, labelled, made_up, raw

HEAD = (
    "| method | NMI arrival | NMI end | AMI end | B³ F1 | ARI | homog. | compl. | ≥5 / true | posts/s first tenth "
    "| last tenth | p99 batch ms | peak MB | posts |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def batches(posts: PostBatch, size: int) -> Iterator[PostBatch]:
    """The stream divided into batches."""
    for start in range(0, len(posts), size):
        piece = slice(start, start + size)
        yield PostBatch(
            posts.ids[piece],
            posts.vectors[piece],
            posts.words[piece],
            posts.authors[piece],
            posts.at[piece],
            posts.related[piece],
            posts.retweet[piece],
            posts.pairs[piece],
            posts.slight[piece],
            posts.walls[piece],
            posts.spelled[piece],
        )


def measure(make: Callable[[int], Any], stream: Stream, size: int, limit: float) -> dict[str, Any]:
    """Measure one method: labels, CPU seconds of each batch and peak memory in MB. Stops after `limit` seconds."""
    before = peak_mib()
    method = make(stream.posts.vectors.shape[1])
    gc.collect()
    gc.freeze()  # a live stream is not in memory, so the garbage collector must not visit it
    labels: list[Any] = []
    seconds: list[float] = []
    for batch in batches(stream.posts, size):
        start = time.process_time()
        labels += method.learn(batch)
        seconds.append(time.process_time() - start)
        if sum(seconds) > limit:
            break
    grown = peak_mib() - before
    return {
        "arrival": np.unique(labels, return_inverse=True)[1],
        "end": np.unique(method.final(labels), return_inverse=True)[1],
        "seconds": np.array(seconds),
        "megabytes": grown,
    }


def alone(make: Callable[[int], Any], stream: Stream, size: int = 256, limit: float = 60.0) -> dict[str, Any]:
    """Run `measure` in a forked process with one thread, so that neither memory nor caches carry over."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)

    def work(pipe: Connection) -> None:
        torch.set_num_threads(1)
        prepare()
        with threadpool_limits(1):
            pipe.send(measure(make, stream, size, limit))

    process = context.Process(target=work, args=(theirs,))
    process.start()
    theirs.close()
    try:
        outcome: dict[str, Any] = ours.recv()
    except EOFError:
        raise RuntimeError("the method's process died: see above") from None
    process.join()
    return outcome


def row(name: str, outcome: dict[str, Any], stream: Stream, size: int = 256) -> str:
    """One line of the table."""
    end, arrival, seconds = outcome["end"], outcome["arrival"], outcome["seconds"]
    truth = stream.truth[: len(end)]
    first, last = speeds(seconds, len(end), size)
    homogeneity, completeness, _ = metrics.homogeneity_completeness_v_measure(truth, end)
    large = (np.bincount(end) >= 5).sum() / len(np.unique(truth))
    cut = "" if len(end) == len(stream.truth) else " (cut short)"
    numbers = [
        f"{metrics.normalized_mutual_info_score(truth, arrival):.4f}",
        f"{metrics.normalized_mutual_info_score(truth, end):.4f}",
        f"{metrics.adjusted_mutual_info_score(truth, end):.4f}",
        f"{b_cubed(truth, end):.4f}",
        f"{metrics.adjusted_rand_score(truth, end):.3f}",
        f"{homogeneity:.3f}",
        f"{completeness:.3f}",
        f"{large:.2f}",
        f"{first:,.0f}",
        f"{last:,.0f}",
        f"{1000 * np.quantile(seconds, 0.99):.1f}",
        f"{outcome['megabytes']:.0f}",
        f"{len(end):,}{cut}",
    ]
    return f"| {name} | " + " | ".join(numbers) + " |"


def b_cubed(truth: npt.NDArray[np.int64], found: npt.NDArray[np.int64]) -> float:
    """B-cubed F1 (Bagga and Baldwin 1998): precision and recall of each post's cluster, averaged over the posts."""
    table = metrics.cluster.contingency_matrix(truth, found).astype(np.float64)
    precision = (table**2 / table.sum(axis=0)).sum() / len(truth)
    recall = (table**2 / table.sum(axis=1, keepdims=True)).sum() / len(truth)
    return float(2 * precision * recall / (precision + recall))


def speeds(seconds: Any, posts: int, size: int) -> tuple[float, float]:
    """Posts a CPU second in the first and in the last tenth of the batches."""
    tenth = max(1, len(seconds) // 10)
    last = posts - size * (len(seconds) - tenth)
    return size * tenth / max(seconds[:tenth].sum(), 1e-9), last / max(seconds[-tenth:].sum(), 1e-9)


def shuffled(stream: Stream, window: int = 500) -> Stream:
    """Posts shuffled inside windows; the times stay in place."""
    rng = np.random.default_rng(0)
    starts = range(0, len(stream.truth), window)
    order = np.concatenate([start + rng.permutation(min(window, len(stream.truth) - start)) for start in starts])
    return stream.take(order, times=slice(None))


def quality(stream: Stream, limit: float) -> None:
    """The table of one labelled stream, with ablations and laws."""
    print(f"\n## {stream.name}: {len(stream.truth):,} posts, {len(np.unique(stream.truth))} true topics\n\n{HEAD}")
    kept = None
    for name, make in {**METHODS, **{f"ours, {name}": make for name, make in ABLATIONS.items()}}.items():
        outcome = alone(make, stream, limit=limit)
        kept = outcome if name == "ours" else kept
        print(row(name, outcome, stream), flush=True)
    moved = shuffled(stream)
    print(row("ours, shuffled inside windows of 500", alone(METHODS["ours"], moved), moved), flush=True)
    if kept is None:
        raise RuntimeError("the methods hold no 'ours'")
    for size in (1, 7):
        again = alone(METHODS["ours"], stream, size, limit=600)
        same = all(np.array_equal(again[key], kept[key]) for key in ("arrival", "end"))
        print(f"\nin batches of {size}: labels {'identical' if same else 'DIFFERENT'}", flush=True)


def speed(limit: float) -> None:
    """Speed with 2,000 live topics, compared with river's on the same stream."""
    stream = made_up(40_000, 2_000)
    print(f"\n## Speed: {stream.name}, batches of 256, one core (CPU time)\n")
    rates: dict[str, float] = {}
    found: dict[str, float] = {}
    for name in ("ours", "river TextClust", "river DBSTREAM", "river DenStream"):
        outcome = alone(METHODS[name], stream, limit=limit)
        seconds, posts = outcome["seconds"], len(outcome["end"])
        first, last = speeds(seconds, posts, 256)
        rates[name] = posts / seconds.sum()
        found[name] = metrics.normalized_mutual_info_score(stream.truth[:posts], outcome["end"])
        median, high = 1000 * np.median(seconds), 1000 * np.quantile(seconds, 0.99)
        print(
            f"{name}: {rates[name]:,.0f} posts/s over {posts:,} posts, first tenth {first:,.0f}, last {last:,.0f}; "
            f"batch p50 {median:.1f} ms, p99 {high:.1f} ms, peak {outcome['megabytes']:.0f} MB; NMI {found[name]:.2f}",
            flush=True,
        )
    print()
    for name in sorted(set(rates) - {"ours"}, key=lambda name: -rates[name]):
        useless = "" if found[name] > 0.5 * found["ours"] else f", which finds next to nothing (NMI {found[name]:.2f})"
        print(f"ours is {rates['ours'] / rates[name]:,.0f} times {name}{useless}")


def main() -> None:
    """Print the tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="folder with labelled_*.jsonl.gz")
    parser.add_argument("--cache", type=Path, default=Path(".cache/vectors"), help="where vectors are kept")
    parser.add_argument("--encoder", default="minilm/fp32")
    parser.add_argument("--limit", type=float, default=30.0, help="CPU seconds after which a method is cut short")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    quality(raw(arguments.cache, arguments.encoder), arguments.limit)
    for name in LABELLED if arguments.data else ():
        quality(labelled(arguments.data, name, arguments.cache, arguments.encoder), arguments.limit)
    speed(arguments.limit)


if __name__ == "__main__":
    main()
