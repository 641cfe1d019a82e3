"""Creates and restores the topic model of the settings: ours, or one of river's behind the same port."""

from typing import Literal

import numpy as np

from models.online.metadata import StateError, read_metadata
from models.online.online_topics import OnlineTopics
from models.online.river.topics import RiverTopics, load_river
from models.online.snapshot import KIND, load_state
from models.online.topic_model import PostBatch, TopicModel
from models.online.topic_space import TopicSpace

__all__ = ["ModelKind", "StateError", "create_topic_model", "prepare", "restore_topic_model"]

ModelKind = Literal["topics", "dbstream", "textclust", "denstream"]


def create_topic_model(kind: ModelKind, dimensions: int, encoder: str) -> TopicModel:
    """Create an empty model.

    Args:
        kind: Name of the model.
        dimensions: Length of the vectors.
        encoder: Name of their vector space.

    Raises:
        ValueError: The kind is unknown.
    """
    if kind == "topics":
        return OnlineTopics(TopicSpace(dimensions, encoder))
    return RiverTopics(kind, dimensions, encoder)


def prepare() -> None:
    """Load and compile our model's libraries, which takes seconds, before the first post."""
    posts, model = 64, OnlineTopics(TopicSpace(8))
    names, nobody = [str(number) for number in range(posts)], [None] * posts
    vectors = np.eye(8, dtype=np.float32)[np.arange(posts) % 8]
    model.learn_many(PostBatch(names, vectors, [("word",)] * posts, names, np.zeros(posts), nobody, [False] * posts))


def restore_topic_model(data: bytes) -> TopicModel:
    """Restore the model from `to_bytes`.

    Raises:
        StateError: This version cannot read it.
    """
    metadata = read_metadata(data)
    if metadata["kind"] == KIND:
        return OnlineTopics(load_state(data, metadata))
    if metadata["kind"] in {"dbstream", "textclust", "denstream"}:
        return load_river(data, metadata)
    raise StateError(f"the state is of an unknown model {metadata['kind']!r}")
