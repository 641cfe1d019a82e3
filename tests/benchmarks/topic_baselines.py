"""The methods that the online topics are compared with. Each takes a batch and returns a label for each post."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from models.online.config import OnlineConfig
from models.online.online_topics import OnlineTopics
from models.online.river.topics import RiverKind, RiverTopics
from models.online.topic_model import PostBatch, TopicModel
from models.online.topic_space import TopicSpace

Labels = Sequence[Any]


class Method:
    """Labels of a topic model: at arrival, and after all merges of the stream."""

    def __init__(self, model: TopicModel) -> None:
        self.model = model

    def learn(self, batch: PostBatch) -> Labels:
        """Labels at arrival."""
        return [placement.topic_id for placement in self.model.learn_many(batch)[0]]

    def final(self, labels: Labels) -> Labels:
        """The same labels after merging."""
        return [self.model.current_id(label) for label in labels]


class Plain:
    """A baseline whose labels never change."""

    def final(self, labels: Labels) -> Labels:
        """The labels, unchanged."""
        return labels


class NearestCentroid(Plain):
    """Joins the nearest centroid from cosine 0.40 on, else starts a new one; one post at a time."""

    def __init__(self, dimensions: int, threshold: float = 0.40) -> None:
        self.threshold = threshold
        self.sums = np.zeros((256, dimensions), np.float32)
        self.units = np.zeros((256, dimensions), np.float32)
        self.count = 0

    def learn(self, batch: PostBatch) -> Labels:
        """Numbers of the clusters."""
        return [self.join(vector) for vector in batch.vectors]

    def join(self, vector: npt.NDArray[np.float32]) -> int:
        """The number of the cluster of one post."""
        similar = self.units[: self.count] @ vector
        best = int(similar.argmax()) if self.count else -1
        if best < 0 or similar[best] < self.threshold:
            if self.count == len(self.sums):
                self.sums, self.units = (
                    np.concatenate([rows, np.zeros_like(rows)]) for rows in (self.sums, self.units)
                )
            best, self.count = self.count, self.count + 1
        self.sums[best] += vector
        self.units[best] = self.sums[best] / max(float(np.linalg.norm(self.sums[best])), 1e-9)
        return best


class FirstStory(Plain):
    """First-story detection (Petrović et al. 2010), exact: joins the nearest of the last posts, else starts a new
    story.
    """

    def __init__(self, dimensions: int, threshold: float = 0.50, window: int = 4_000) -> None:
        self.threshold = threshold
        self.ring = np.zeros((window, dimensions), np.float32)
        self.story = np.zeros(window, np.int64)
        self.seen = self.stories = 0

    def learn(self, batch: PostBatch) -> Labels:
        """Numbers of the stories."""
        return [self._learn(vector) for vector in batch.vectors]

    def _learn(self, vector: npt.NDArray[np.float32]) -> int:
        similar = self.ring[: min(self.seen, len(self.ring))] @ vector
        best = int(similar.argmax()) if len(similar) else -1
        if best >= 0 and similar[best] >= self.threshold:
            label = int(self.story[best])
        else:
            label, self.stories = self.stories, self.stories + 1
        place = self.seen % len(self.ring)
        self.ring[place], self.story[place] = vector, label
        self.seen += 1
        return label


class OnlineBertopic(Plain):
    """BERTopic's `partial_fit` as in its documentation: incremental PCA and mini-batch k-means, 50 clusters."""

    def __init__(self, dimensions: int) -> None:
        from bertopic import BERTopic
        from bertopic.vectorizers import OnlineCountVectorizer
        from sklearn.cluster import MiniBatchKMeans
        from sklearn.decomposition import IncrementalPCA

        self.topics = BERTopic(
            umap_model=IncrementalPCA(n_components=5),
            hdbscan_model=MiniBatchKMeans(n_clusters=50, random_state=0),
            vectorizer_model=OnlineCountVectorizer(stop_words="english", decay=0.01),
        )

    def learn(self, batch: PostBatch) -> Labels:
        """Numbers of the clusters. A last batch that is too small for k-means is only predicted."""
        texts = [" ".join(post) or "-" for post in batch.words]
        if len(batch) < 64:
            return [-1] * len(batch)
        self.topics.partial_fit(texts, embeddings=batch.vectors.astype(np.float64))
        return list(self.topics.topics_)


def ours(**settings: float) -> Callable[[int], Method]:
    """The online topics, with their defaults or without a component."""
    return lambda dimensions: Method(OnlineTopics(TopicSpace(dimensions, "bench", OnlineConfig(**settings))))  # type: ignore[arg-type]


def rivers(kind: RiverKind) -> Callable[[int], Method]:
    """One of river's clusterers."""
    return lambda dimensions: Method(RiverTopics(kind, dimensions, "bench"))


METHODS: dict[str, Callable[[int], Any]] = {
    "ours": ours(),
    "nearest centroid": NearestCentroid,
    "first story": FirstStory,
    "BERTopic online": OnlineBertopic,
    "river TextClust": rivers("textclust"),
    "river DBSTREAM": rivers("dbstream"),
    "river DenStream": rivers("denstream"),
}
ABLATIONS: dict[str, Callable[[int], Any]] = {
    "without words": ours(lexical_weight=0.0, join=0.37, merge=0.55, merge_single=0.45),
    "without merging": ours(merge=9.0, merge_single=9.0),
    "without the background": ours(background=0.0, join=0.30, merge_single=0.36),
    "without forgetting": ours(forget_candidate_after=1e12, forget_after=1e12, half_life=1e12, memory_posts=1e9),
    "candidates kept 1 day": ours(forget_candidate_after=86_400.0),
    "without candidates": ours(forget_candidate_after=0.0, silence_step=0.0),
}
