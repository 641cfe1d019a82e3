"""Converts the online topics to bytes and back: safetensors with JSON metadata, versioned.

The stored data determine all later placements exactly: the centroids as integers, the sums behind them, and the posts
of the present block. Free slots are zero and left out.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import orjson
from safetensors import SafetensorError
from safetensors.numpy import load, save
from scipy.sparse import csr_matrix

from models.online.block import Block
from models.online.config import OnlineConfig
from models.online.floors import Noise
from models.online.lexicon import Floats, WordRows
from models.online.metadata import StateError, check_version
from models.online.record import TopicRecord
from models.online.table import ROWS
from models.online.topic_space import TopicSpace
from models.online.window import ToldPost, WindowPost

# 2: centroids are deviations from the mean, as bytes; 3: handles are marked; 4: the window of stories; 5: its noise
VERSION = 5
KIND = "topics"


def dump(space: TopicSpace) -> bytes:
    """Store the state; see the module's docstring."""
    alive = np.array(sorted(space.records), dtype=np.int64)
    table, block = space.table, space.block
    waiting = np.concatenate([np.zeros((0, space.dimensions), np.float32), *block.rows])
    shown = _sorted(table.words.of(alive.tolist()))
    tensors: dict[str, Any] = {
        "alive": alive,
        **{name: getattr(table, name)[alive] for name in ROWS},
        "background": space.background.total,
        "mean": space.background.mean,
        "document_counts": space.lexicon.counts,
        "document_weights": space.lexicon.weights,
        "posts": _lines(space.topic_of.keys()),
        "posts_topics": _lines(space.topic_of.values()),
        "shown_data": shown.weights,
        "shown_indices": shown.buckets,
        "shown_indptr": shown.begins,
        "waiting_slots": np.array(block.slots, dtype=np.int64),
        "waiting_at": np.array(block.at, dtype=np.float64),
        "waiting_rows": waiting.astype(np.int16),
        "window_rows": _rows(space.window.rows, space.dimensions),
        "earlier_rows": _rows(space.window.earlier_rows, space.dimensions),
        "usage": space.window.usage,
    }
    metadata = {
        "kind": KIND,
        "version": VERSION,
        "encoder": space.encoder,
        "dimensions": space.dimensions,
        "config": dataclasses.asdict(space.config),
        "capacity": table.capacity,
        "background": space.background.posts,
        "seen": space.lexicon.posts,
        "times": [space.now, space.started, space.faded] if space.lexicon.posts else None,
        "day": space.day,
        "recent_authors": list(space.recent_authors.items()),
        "refreshed": space.refreshed,
        "block": [block.posts, block.limit, block.start],
        "aliases": list(space.aliases.items()),
        "window": [msgspec.to_builtins(post) for post in space.window.posts],
        "earlier": [msgspec.to_builtins(post) for post in space.window.earlier],
        "announced": list(space.announced.items()),
        "looked": space.looked,
        "noise": msgspec.to_builtins(space.noise),
        "stories": [[name, msgspec.to_builtins(posts)] for name, posts in space.stories.items()],
        "left": space.window.left,
        "next_look": space.window.next_look if space.lexicon.posts else None,
        "records": [msgspec.to_builtins(space.records[slot]) for slot in space.records],
    }
    return save(tensors, metadata={"online": orjson.dumps(metadata).decode()})


def load_state(data: bytes, metadata: dict[str, Any]) -> TopicSpace:
    """The inverse of `dump`.

    Raises:
        StateError: The state has another version or is damaged.
    """
    check_version(metadata, VERSION)
    try:
        return _restored(metadata, load(data))
    except (SafetensorError, KeyError, TypeError, ValueError, IndexError) as error:
        raise StateError(f"the state is damaged: {error}") from error


def _restored(metadata: dict[str, Any], tensors: dict[str, Any]) -> TopicSpace:
    config = OnlineConfig(**metadata["config"])
    space = TopicSpace(metadata["dimensions"], metadata["encoder"], config)
    while space.table.capacity < metadata["capacity"]:
        space.table.grow()
    alive = tensors["alive"]
    for name in ROWS:
        getattr(space.table, name)[alive] = tensors[name]
    space.table.words.put(alive.tolist(), _words(tensors, len(alive), config.buckets))
    space.background.total, space.background.mean = tensors["background"], tensors["mean"]
    space.background.posts = metadata["background"]
    space.table.restored(alive)
    space.lexicon.counts, space.lexicon.weights = tensors["document_counts"], tensors["document_weights"]
    space.lexicon.posts = metadata["seen"]
    for record in msgspec.convert(metadata["records"], list[TopicRecord]):
        space.records[record.slot] = record
        space.by_id[record.id] = record.slot
    space.aliases.update(metadata["aliases"])
    space.topic_of.update(zip(_unlines(tensors["posts"]), _unlines(tensors["posts_topics"]), strict=True))
    if metadata["times"] is not None:
        space.now, space.started, space.faded = metadata["times"]
    space.day = metadata["day"]
    space.recent_authors.update(metadata["recent_authors"])
    space.refreshed = metadata["refreshed"]
    window = space.window
    window.posts.extend(msgspec.convert(metadata["window"], list[WindowPost]))
    window.rows.extend(tensors["window_rows"].astype(np.float32))
    window.earlier.extend(msgspec.convert(metadata["earlier"], list[WindowPost]))
    window.earlier_rows.extend(tensors["earlier_rows"].astype(np.float32))
    space.announced.update(metadata["announced"])
    space.looked = metadata["looked"]
    space.noise = msgspec.convert(metadata["noise"], Noise)
    window.usage, window.left = tensors["usage"], metadata["left"]
    if metadata["next_look"] is not None:
        window.next_look = metadata["next_look"]
    space.stories = {name: msgspec.convert(posts, list[ToldPost]) for name, posts in metadata["stories"]}
    space.block = _block(metadata["block"], tensors)
    return space


def _rows(rows: Iterable[Floats], dimensions: int) -> npt.NDArray[np.int16]:
    return np.stack([np.zeros(dimensions, np.float32), *rows])[1:].astype(np.int16)


def _words(tensors: dict[str, Any], rows: int, buckets: int) -> WordRows:
    """The words of the live topics.

    Raises:
        ValueError: They do not fit.
    """
    shown = csr_matrix(tuple(tensors[f"shown_{name}"] for name in ("data", "indices", "indptr")), shape=(rows, buckets))
    shown.check_format(full_check=True)
    return WordRows(shown.indptr, shown.indices, shown.data)


def _block(bounds: list[Any], tensors: dict[str, Any]) -> Block:
    rows = tensors["waiting_rows"].astype(np.float32)
    block = Block(bounds[0], bounds[1], bounds[2])
    block.slots, block.at = tensors["waiting_slots"].tolist(), tensors["waiting_at"].tolist()
    block.rows = [rows] if len(rows) else []
    return block


def _sorted(words: WordRows) -> WordRows:
    """Sort by bucket and drop zero weights, because the order depends on when the state was last restored."""
    row = np.repeat(np.arange(len(words.begins) - 1), np.diff(words.begins))
    order = np.lexsort((words.buckets, row))
    order = order[words.weights[order] != 0]
    begins = np.searchsorted(row[order], np.arange(len(words.begins))).astype(np.int32)
    return WordRows(begins, words.buckets[order], words.weights[order])


def _lines(texts: Any) -> Any:
    return np.frombuffer("\n".join(texts).encode("utf-8", "surrogatepass"), np.uint8)


def _unlines(lines: Any) -> list[str]:
    return lines.tobytes().decode("utf-8", "surrogatepass").split("\n") if len(lines) else []
