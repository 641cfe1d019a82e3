"""Makes and restores the topic model that the settings name: ours, or one of river's behind the same port."""

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
    """An empty model for vectors of this width, made by this encoder; raises ValueError for an unknown kind."""
    if kind == "topics":
        return OnlineTopics(TopicSpace(dimensions, encoder))
    return RiverTopics(kind, dimensions, encoder)


def prepare() -> None:
    """Load and compile what our model runs on, which takes seconds: before the first post waits for it."""
    posts, model = 64, OnlineTopics(TopicSpace(8))
    names, nobody = [str(number) for number in range(posts)], [None] * posts
    vectors = np.eye(8, dtype=np.float32)[np.arange(posts) % 8]
    model.learn_many(PostBatch(names, vectors, [("word",)] * posts, names, np.zeros(posts), nobody, [False] * posts))


def restore_topic_model(data: bytes) -> TopicModel:
    """The model that `to_bytes` stored; raises StateError when this version cannot read it."""
    metadata = read_metadata(data)
    if metadata["kind"] == KIND:
        return OnlineTopics(load_state(data, metadata))
    if metadata["kind"] in {"dbstream", "textclust", "denstream"}:
        return load_river(data, metadata)
    raise StateError(f"the state is of a model {metadata['kind']!r} that this program does not know")
