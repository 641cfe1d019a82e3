"""The online topics as a clusterer of river, for use in its pipelines.

A sample is a dict of numbers. Features called 0 … dimensions - 1 are the vector itself. Any other feature is hashed
into it with a sign (feature hashing, Weinberger et al. 2009). Event time is the number of samples, one a second.
"""

import hashlib
from typing import Any

import numpy as np
from river import base

from models.online.config import OnlineConfig
from models.online.online_topics import OnlineTopics
from models.online.topic_model import PostBatch
from models.online.topic_space import TopicSpace


class OnlineClusterer(base.Clusterer):
    """Parameters: the length of vectors, and the similarities at which samples join and clusters merge."""

    def __init__(self, dimensions: int = 64, join: float = 0.5, merge: float = 0.8) -> None:
        self.dimensions = dimensions
        self.join = join
        self.merge = merge
        config = OnlineConfig(lexical_weight=0.0, background=0.0, join=join, merge=merge, merge_single=merge)
        self.topics = OnlineTopics(TopicSpace(dimensions, "river", config))
        self.samples = 0
        self._next = 0
        self._number_of: dict[str, int] = {}

    def learn_one(self, x: dict[base.typing.FeatureName, Any]) -> None:
        """Place one sample."""
        batch = PostBatch(
            ids=[f"sample-{self.samples}"],
            vectors=self._vector(x)[None],
            words=[()],
            authors=[f"sample-{self.samples}"],
            at=np.array([float(self.samples)]),
            related=[None],
            retweet=[False],
        )
        self.samples += 1
        placements, _ = self.topics.learn_many(batch)
        name = placements[0].topic_id
        if name not in self._number_of:
            self._number_of[name] = self._next
            self._next += 1
        if len(self._number_of) > 2 * self.topics.space.config.max_topics:
            alive = self.topics.space.by_id
            self._number_of = {known: number for known, number in self._number_of.items() if known in alive}

    def predict_one(self, x: dict[base.typing.FeatureName, Any]) -> int:
        """The number of the cluster, in order of founding; -1 if the sample would found a new one."""
        (name,) = self.topics.predict_many(self._vector(x)[None], [()])
        return -1 if name is None else self._number_of[name]

    def _vector(self, x: dict[base.typing.FeatureName, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
        vector = np.zeros(self.dimensions, np.float32)
        for feature, value in x.items():
            if isinstance(feature, int) and 0 <= feature < self.dimensions:
                vector[feature] += float(value)
            elif isinstance(value, (int, float)):
                digest = hashlib.blake2b(repr(feature).encode(), digest_size=8).digest()
                number = int.from_bytes(digest, "little")
                vector[(number >> 1) % self.dimensions] += float(value) * (1.0 if number & 1 else -1.0)
        return vector
