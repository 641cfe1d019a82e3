"""Texts for `bench_encoder`: posts for the rates, labelled streams for the quality."""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from models.events import Kind
from models.text import clean

KINDS: dict[str, Kind] = {"RETWEET": "retweet", "QUOTE": "quote", "REPLY": "reply"}


@dataclass
class Labelled:
    """A labelled stream."""

    name: str
    texts: list[str]
    labels: list[str]
    at: list[float]


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Objects of a JSON Lines file, compressed or not."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        for line in lines:
            yield json.loads(line)


def read_posts(data: Path | None, most: int) -> list[str]:
    """Posts as the embed stage encodes them, drawn evenly from the file."""
    if data is None:
        from streams.demo.posts import demo_posts

        texts = [clean(str(post["text"]), kind="original", links=[]) for post in demo_posts()]
    else:
        file = next(iter(sorted(data.glob("influencers*.jsonl*"))))
        texts = [
            clean(post["text"], kind=KINDS.get((post.get("extra") or {}).get("type", ""), "original"), links=[])
            for post in read(file)
        ]
    order = np.random.default_rng(11).permutation(len(texts))[:most]
    return [texts[i] for i in order]


def read_labelled(data: Path | None, most: int) -> list[Labelled]:
    """The first `most` texts of each labelled set."""
    if data is None:
        from streams.demo.posts import demo_posts, story_of

        posts = [post for post in demo_posts() if story_of(str(post["id"]))][:most]
        return [_labelled("demo", posts, [story_of(str(post["id"])) or "" for post in posts])]
    sets = []
    for file in sorted(data.glob("labelled_*.jsonl*")):
        posts = [post for post, _ in zip(read(file), range(most), strict=False)]
        name = file.name.split(".")[0].removeprefix("labelled_")
        sets.append(_labelled(name, posts, [post["label"] for post in posts]))
    return sets


def _labelled(name: str, posts: Sequence[dict[str, Any]], labels: list[str]) -> Labelled:
    at = [datetime.fromisoformat(post["created_at"]).timestamp() for post in posts]
    return Labelled(name, [clean(post["text"], kind="original", links=[]) for post in posts], labels, at)
