"""Streams for `bench_topics`: labelled sets from a folder, with their vectors stored beside them, and a generated
stream.
"""

import gzip
import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson

from models.encoding.loading import load_encoder
from models.online.topic_model import PostBatch
from models.text import clean, hashtag_wall, spoken_words, words
from models.text.names import spellings
from models.text.pairs import word_pairs
from models.text.slight import has_few_words
from tests.benchmarks.raw_stories import raw_stories

LABELLED = ("labelled_tweets_t", "labelled_news_t")


@dataclass(frozen=True)
class Stream:
    """`n` posts in stream order and the true topic of each, int64 (n,)."""

    name: str
    posts: PostBatch
    truth: npt.NDArray[np.int64]

    def take(self, rows: npt.NDArray[np.int64] | slice, times: slice | None = None) -> "Stream":
        """Some of the posts, in this order. `times` takes the times of these positions instead of the posts' own."""
        picked = np.arange(len(self.posts))[rows]
        posts = self.posts
        batch = PostBatch(
            ids=[posts.ids[i] for i in picked],
            vectors=posts.vectors[picked],
            words=[posts.words[i] for i in picked],
            authors=[posts.authors[i] for i in picked],
            at=posts.at[picked if times is None else times],
            related=[posts.related[i] for i in picked],
            retweet=[posts.retweet[i] for i in picked],
            pairs=[posts.pairs[i] for i in picked] if posts.pairs else (),
            slight=[posts.slight[i] for i in picked] if posts.slight else (),
            walls=[posts.walls[i] for i in picked] if posts.walls else (),
            spelled=[posts.spelled[i] for i in picked] if posts.spelled else (),
        )
        return Stream(self.name, batch, self.truth[picked])


def labelled(data: Path, name: str, cache: Path, encoder: str) -> Stream:
    """One labelled set of `data`. Vectors, rounded to float16 as on the wire, are stored in `cache`."""
    with gzip.open(data / f"{name}.jsonl.gz") as lines:
        rows = [orjson.loads(line) for line in lines]
    kept = cache / f"{name}.{encoder.replace('/', '-')}.npz"
    if kept.exists():
        vectors = np.load(kept)["vectors"]
    else:
        print(f"embedding {len(rows):,} texts of {name} with {encoder} …", flush=True)
        vectors = load_encoder(encoder).encode([row["text"] for row in rows]).astype(np.float16)
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(kept, ids=np.array([row["id"] for row in rows]), vectors=vectors)
    posts = PostBatch(
        ids=[row["id"] for row in rows],
        vectors=vectors.astype(np.float32),
        words=[words(row["text"], [], []) for row in rows],
        authors=[row["author"] or row["id"] for row in rows],
        at=np.array([datetime.fromisoformat(row["created_at"]).timestamp() for row in rows], np.float64),
        related=[None] * len(rows),
        retweet=[False] * len(rows),
    )
    return Stream(name, posts, np.unique([row["label"] for row in rows], return_inverse=True)[1].astype(np.int64))


def raw(cache: Path, encoder: str) -> Stream:
    """The development set of look-alike stories as the product would see it: raw text, cleaned as it is encoded."""
    posts = raw_stories()
    texts = [clean(post.text, kind="original", links=[]) for post in posts]
    kept = cache / f"raw.{encoder.replace('/', '-')}.{hashlib.sha256(repr(texts).encode()).hexdigest()[:12]}.npy"
    if kept.exists():
        vectors = np.load(kept)
    else:
        vectors = load_encoder(encoder).encode(texts).astype(np.float16)
        cache.mkdir(parents=True, exist_ok=True)
        np.save(kept, vectors)
    batch = PostBatch(
        ids=[post.id for post in posts],
        vectors=vectors.astype(np.float32),
        words=[words(text, [], []) for text in texts],
        authors=[post.author for post in posts],
        at=np.array([post.at for post in posts], np.float64),
        related=[None] * len(posts),
        retweet=[False] * len(posts),
        pairs=[word_pairs(text) for text in texts],
        slight=[has_few_words(text, spoken_words(text)) for text in texts],
        walls=[hashtag_wall(post.text) for post in posts],
        spelled=[spellings(text) for text in texts],
    )
    return Stream("raw look-alikes", batch, np.array([post.story for post in posts], np.int64))


def made_up(posts: int, topics: int, dimensions: int = 384, seed: int = 1) -> Stream:
    """A stream in which `topics` are always alive: for speed, not for quality."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(topics, dimensions)).astype(np.float32)
    truth = np.concatenate([np.arange(topics), rng.integers(0, topics, posts - topics)])
    vectors = centres[truth] + rng.normal(size=(posts, dimensions)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    own, common = rng.integers(0, 12, (posts, 5)), rng.integers(0, 30_000, (posts, 3))
    batch = PostBatch(
        ids=[f"p{i}" for i in range(posts)],
        vectors=vectors.astype(np.float16).astype(np.float32),
        words=[(*(f"t{truth[i]}w{k}" for k in own[i]), *(f"w{k}" for k in common[i])) for i in range(posts)],
        authors=[f"a{k}" for k in rng.integers(0, 5_000, posts)],
        at=1.6e9 + np.arange(posts, dtype=np.float64),
        related=[None] * posts,
        retweet=[False] * posts,
    )
    return Stream(f"made up, {topics:,} topics alive", batch, truth.astype(np.int64))
