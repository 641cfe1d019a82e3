"""Streams of posts for the online topics: subjects with their own direction and words."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.online.topic_model import PostBatch

START = 1_700_000_000.0
DIMENSIONS = 32


def made_stream(
    posts: int = 300,
    subjects: int = 8,
    people: int = 20,
    seed: int = 1,
    gap: float = 300.0,
    noise: float = 0.6,
    retweets: float = 0.2,
    empty: float = 0.05,
) -> PostBatch:
    """A mixture of subjects, retweets of earlier and unknown posts, and posts without words. Vectors in float16."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(subjects, DIMENSIONS)) / np.sqrt(DIMENSIONS)
    subject = rng.integers(0, subjects, posts)
    vectors = directions[subject] + noise * rng.normal(size=(posts, DIMENSIONS)) / np.sqrt(DIMENSIONS)
    words: list[tuple[str, ...]] = []
    related: list[str | None] = []
    for i in range(posts):
        chosen = [f"s{subject[i]}w{k}" for k in rng.integers(0, 12, 4)] + [f"any{rng.integers(200)}"]
        words.append(() if rng.random() < empty else tuple(dict.fromkeys(chosen)))
        target = f"p{rng.integers(i)}" if i and rng.random() < 0.8 else f"elsewhere{rng.integers(9)}"
        related.append(target if rng.random() < retweets else None)
    return PostBatch(
        ids=[f"p{i}" for i in range(posts)],
        vectors=unit(vectors),
        words=words,
        authors=[f"a{k}" for k in rng.integers(0, people, posts)],
        at=np.asarray(START + gap * np.arange(posts) + rng.integers(-900, 900, posts), dtype=np.float64),
        related=related,
        retweet=[target is not None for target in related],
    )


def unit(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Rows of unit length, rounded as on the wire."""
    rows = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(rows.astype(np.float16), dtype=np.float32)


def part(batch: PostBatch, start: int, stop: int) -> PostBatch:
    """The posts `start` … `stop`."""
    piece = slice(start, stop)
    return PostBatch(
        ids=batch.ids[piece],
        vectors=batch.vectors[piece],
        words=batch.words[piece],
        authors=batch.authors[piece],
        at=batch.at[piece],
        related=batch.related[piece],
        retweet=batch.retweet[piece],
        pairs=batch.pairs[piece],
        slight=batch.slight[piece],
        walls=batch.walls[piece],
        spelled=batch.spelled[piece],
    )


def cut(batch: PostBatch, sizes: Sequence[int]) -> list[PostBatch]:
    """The stream in batches of these sizes, repeated."""
    pieces, start, k = [], 0, 0
    while start < len(batch):
        pieces.append(part(batch, start, start + sizes[k % len(sizes)]))
        start += sizes[k % len(sizes)]
        k += 1
    return pieces


def story(
    name: str,
    count: int,
    at: float,
    gap: float = 60.0,
    people: int = 5,
    direction: int = 0,
    words: Sequence[str] = ("gpt-neo", "eleutherai", "weights"),
) -> PostBatch:
    """`count` equal posts `name0` … about one subject, by `people` people."""
    vector = np.zeros((1, DIMENSIONS))
    vector[0, direction] = 1.0
    return PostBatch(
        ids=[f"{name}{i}" for i in range(count)],
        vectors=np.repeat(unit(vector), count, axis=0),
        words=[tuple(words)] * count,
        authors=[f"a{i % people}" for i in range(count)],
        at=np.asarray(at + gap * np.arange(count), dtype=np.float64),
        related=[None] * count,
        retweet=[False] * count,
    )


def join(*batches: PostBatch) -> PostBatch:
    """One stream after another."""
    return PostBatch(
        ids=[x for batch in batches for x in batch.ids],
        vectors=np.concatenate([batch.vectors for batch in batches]),
        words=[x for batch in batches for x in batch.words],
        authors=[x for batch in batches for x in batch.authors],
        at=np.concatenate([batch.at for batch in batches]),
        related=[x for batch in batches for x in batch.related],
        retweet=[x for batch in batches for x in batch.retweet],
        pairs=[x for batch in batches for x in batch.pairs or [()] * len(batch)],
        slight=[x for batch in batches for x in batch.slight or [False] * len(batch)],
        walls=[x for batch in batches for x in batch.walls or [0.0] * len(batch)],
        spelled=[x for batch in batches for x in batch.spelled or [((), ())] * len(batch)],
    )
