"""The refit of record beside plain BERTopic: the same posts, the same vectors, each fit in a process of its own.

    python -m tests.benchmarks.bench_refit [--data FILE] [--vectors FILE] [--quick] [--sizes 2885,11002,50000]

Posts: an archive given with --data, else the demo's. A size above their number is drawn with replacement, and every
drawn post is changed a little (words left out, vector shaken, a word of its own), so that nothing folds away that
would not fold in a real week. ARI compares the topics of the posts in their order and shuffled; NPMI and diversity
are taken over the ten first words of each topic; coherence is the mean cosine of a topic's posts to its centroid.
Processor time is that of all cores: what can be compared where the machine is shared.
--quick: one size (1,000 posts), for everyday use.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from models.digest.config import DigestConfig
from models.events import Tweet
from models.refit.week_posts import WeekPosts
from models.text import clean, words
from models.week import Week

SEED = 11
TOP = 10
METHODS = ("ours", "plain BERTopic")
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """What a method made of the posts: a topic for each, -1 for none, and every topic's first words."""

    labels: Labels
    topics: list[list[str]]
    seconds: float
    processor: float
    rescued: int = 0
    rescued_similarity: float = 0.0


def read_posts(data: Path | None) -> list[Tweet]:
    """Posts of an archive of any shape that `toptopics ingest` reads, or the demo's, by id."""
    from streams.demo.posts import demo_lines
    from streams.sources.archive import read_archive

    with tempfile.TemporaryDirectory() as folder:
        if data is None:
            data = Path(folder) / "demo.jsonl"
            data.write_bytes(b"\n".join(line.rstrip() for line in demo_lines()))
        elif data.is_dir():
            data = sorted(data.glob("influencers*.jsonl*"))[0]
        outcomes = [line.outcome for line in read_archive(data)]
    return sorted({post.id: post for post in outcomes if isinstance(post, Tweet)}.values(), key=lambda post: post.id)


def embed(posts: Sequence[Tweet], stored: Path | None) -> npt.NDArray[np.float32]:
    """Unit vectors of the posts, float32 (n, d): those in `stored` (ids, vectors), else encoded now."""
    if stored is not None and stored.exists():
        archive = np.load(stored)
        by_id = dict(zip(archive["ids"].tolist(), archive["vectors"].astype(np.float32), strict=True))
        vectors = np.stack([by_id[post.id] for post in posts])
    else:
        from models.encoder import load_encoder

        texts = [clean(post.text, kind=post.kind, links=post.links) for post in posts]
        vectors = load_encoder("minilm").encode(texts)
        if stored is not None:
            np.savez(stored, ids=np.array([post.id for post in posts]), vectors=vectors.astype("<f2"))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def resample(posts: Sequence[Tweet], vectors: npt.NDArray[np.float32], size: int) -> WeekPosts:
    """`size` of the posts as one week; with fewer posts than that, changed copies (see the module)."""
    random = np.random.default_rng(SEED)
    week = Week.of(posts[0].created_at)
    copies = size > len(posts)
    drawn = np.sort(random.choice(len(posts), size, replace=copies))
    shaken = vectors[drawn].copy()
    made = []
    for place, index in enumerate(drawn.tolist()):
        post = posts[index]
        text, kind = post.text, post.kind
        if copies:
            tokens = text.split()
            kept = [token for token in tokens if random.random() > 0.25] or tokens
            text, kind = " ".join([*kept, f"x{place}q"]), "original" if post.kind == "retweet" else post.kind
            aside = random.normal(size=vectors.shape[1]) * 0.5 / np.sqrt(vectors.shape[1])
            shaken[place] += aside.astype(np.float32)
        at = week.start + timedelta(days=7) * (place / size)
        made.append(
            msgspec.structs.replace(post, id=f"{place:08d}" if copies else post.id, text=text, kind=kind, created_at=at)
        )
    shaken /= np.linalg.norm(shaken, axis=1, keepdims=True)
    texts = [clean(post.text, kind=post.kind, links=post.links) for post in made]
    return WeekPosts(week, made, texts, shaken, "bench", "", 0)


def ours(week: WeekPosts) -> Found:
    """`models.refit.bertopic_refit.refit` on the canonical week."""
    from models.refit.bertopic_refit import refit

    order = sorted(range(len(week)), key=lambda i: week.posts[i].id)  # as models.refit.week_posts does
    week = take(week, np.array(order, dtype=np.int64))
    start, before = time.perf_counter(), time.process_time()
    found = refit(week, DigestConfig())
    seconds, processor = time.perf_counter() - start, time.process_time() - before
    labels = np.empty(len(week), dtype=np.int64)
    labels[order] = found.topic_of
    topics = [[word for word, _ in story.words if " " not in word][:TOP] for story in found.stories]
    return Found(labels, topics, seconds, processor, found.rescued, found.rescued_similarity)


def plain(week: WeekPosts) -> Found:
    """BERTopic with its own defaults, the same vectors, a seed, and the smallest topic as ours."""
    from bertopic import BERTopic
    from umap import UMAP

    start, before = time.perf_counter(), time.process_time()
    reducer = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=SEED, n_jobs=1)
    model = BERTopic(umap_model=reducer, min_topic_size=DigestConfig().min_topic_posts)
    labels, _ = model.fit_transform(week.texts, week.vectors)
    seconds, processor = time.perf_counter() - start, time.process_time() - before
    topics = [[word for word, _ in pairs[:TOP]] for topic, pairs in model.get_topics().items() if topic >= 0]
    return Found(np.asarray(labels, dtype=np.int64), topics, seconds, processor)


def take(week: WeekPosts, order: Labels) -> WeekPosts:
    """The same posts in another order."""
    posts, texts = [week.posts[i] for i in order], [week.texts[i] for i in order]
    return WeekPosts(week.week, posts, texts, week.vectors[order], week.encoder, "", 0)


def npmi(topics: Sequence[Sequence[str]], week: WeekPosts) -> float:
    """Mean normalised pointwise mutual information of the words of a topic, over the posts (Bouma 2009)."""
    wanted = {word for topic in topics for word in topic}
    bags = [
        wanted & {*words(post.text, (), ()), *text.casefold().split()}
        for post, text in zip(week.posts, week.texts, strict=True)
    ]
    pairs: Counter[tuple[str, str]] = Counter()
    single: Counter[str] = Counter()
    needed = {tuple(sorted((a, b))) for topic in topics for a in topic for b in topic if a < b}
    for bag in bags:
        single.update(bag)
        ordered = sorted(bag)
        pairs.update((a, b) for i, a in enumerate(ordered) for b in ordered[i + 1 :] if (a, b) in needed)
    values = []
    for topic in topics:
        own = []
        for i, a in enumerate(topic):
            for b in topic[i + 1 :]:
                both = pairs[min(a, b), max(a, b)] / len(bags)
                if both == 0:
                    own.append(-1.0)
                elif both == 1:
                    own.append(1.0)
                else:
                    apart = single[a] * single[b] / len(bags) ** 2
                    own.append(float(np.log(both / apart) / -np.log(both)))
        if own:
            values.append(float(np.mean(own)))
    return float(np.mean(values)) if values else 0.0


def measure(method: str, week: WeekPosts) -> dict[str, Any]:
    """One row of the table."""
    from sklearn.metrics import adjusted_rand_score

    fit = ours if method == "ours" else plain
    first = fit(week)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    order = np.random.default_rng(SEED).permutation(len(week)).astype(np.int64)
    again = fit(take(week, order)).labels
    inside = first.labels >= 0
    closeness = [
        float((rows @ rows.mean(axis=0) / np.linalg.norm(rows.mean(axis=0))).mean())
        for topic in range(int(first.labels.max(initial=-1)) + 1)
        for rows in [week.vectors[first.labels == topic].astype(np.float64)]
        if len(rows)
    ]
    return {
        "posts": len(week),
        "method": method,
        "seconds": first.seconds,
        "processor_seconds": first.processor,
        "peak_gib": memory,
        "topics": len(first.topics),
        "outliers": float(1 - inside.mean()),
        "ari_shuffled": float(adjusted_rand_score(first.labels[order], again)),
        "npmi": npmi(first.topics, week),
        "diversity": len({w for topic in first.topics for w in topic}) / max(1, sum(map(len, first.topics))),
        "coherence": float(np.mean(closeness)) if closeness else 0.0,
        "rescued": first.rescued,
        "rescued_similarity": first.rescued_similarity,
    }


def show(rows: Sequence[dict[str, Any]]) -> str:
    """The table as Markdown."""
    head = [
        "posts",
        "method",
        "seconds",
        "of processor time",
        "peak GiB",
        "topics",
        "outliers",
        "ARI shuffled",
        "NPMI",
        "diversity",
        "coherence",
        "rescued",
    ]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for row in rows:
        rescued = f"{row['rescued']} at {row['rescued_similarity']:.2f}" if row["rescued"] else "–"
        lines.append(
            f"| {row['posts']:,} | {row['method']} | {row['seconds']:.1f} | "
            f"{row['processor_seconds']:.1f} | {row['peak_gib']:.2f} | {row['topics']} | "
            f"{row['outliers']:.1%} | {row['ari_shuffled']:.3f} | {row['npmi']:.3f} | {row['diversity']:.3f} | "
            f"{row['coherence']:.3f} | {rescued} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Measures every size and method in a process of its own, so that peaks are theirs and imports warm nothing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="archive of posts, or the folder that it is in")
    parser.add_argument("--vectors", type=Path, help="where vectors are kept between runs (.npz)")
    parser.add_argument("--sizes", default="2885,11002,50000")
    parser.add_argument("--quick", action="store_true", help="1,000 posts only")
    parser.add_argument("--one", nargs=2, metavar=("SIZE", "METHOD"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        posts = read_posts(given.data)
        print(json.dumps(measure(given.one[1], resample(posts, embed(posts, given.vectors), int(given.one[0])))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        stored = given.vectors or Path(folder) / "vectors.npz"
        embed(read_posts(given.data), stored)
        rows = []
        for size in ["1000"] if given.quick else given.sizes.split(","):
            for method in METHODS:
                command = [sys.executable, "-m", "tests.benchmarks.bench_refit", "--vectors", str(stored)]
                command += [*(["--data", str(given.data)] if given.data else []), "--one", size, method]
                done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
                rows.append(json.loads(done.stdout.splitlines()[-1]))
                print(show(rows[-1:]).splitlines()[-1], flush=True)
    print("\n" + show(rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
