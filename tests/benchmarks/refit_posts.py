"""The posts for measuring the refit, with their vectors: an archive's or the demo's, whole or resampled."""

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from models.events import Tweet
from models.text import clean
from models.week.posts import WeekPosts
from models.week.week import Week

SEED = 11


def read_posts(data: Path | None) -> list[Tweet]:
    """Posts of an archive in any format that `toptopics ingest` reads, or the demo's, by id."""
    from streams.demo.posts import demo_lines
    from streams.sources.files.archive import read_archive

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
        from models.encoding.loading import load_encoder

        texts = [clean(post.text, kind=post.kind, links=post.links) for post in posts]
        vectors = load_encoder("minilm").encode(texts)
        if stored is not None:
            np.savez(stored, ids=np.array([post.id for post in posts]), vectors=vectors.astype("<f2"))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def resample(posts: Sequence[Tweet], vectors: npt.NDArray[np.float32], size: int) -> WeekPosts:
    """`size` of the posts as one week. With fewer posts, changed copies are added (see the module)."""
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


def take(week: WeekPosts, order: npt.NDArray[np.int64]) -> WeekPosts:
    """The same posts in another order."""
    posts, texts = [week.posts[i] for i in order], [week.texts[i] for i in order]
    return WeekPosts(week.week, posts, texts, week.vectors[order], week.encoder, "", 0)
