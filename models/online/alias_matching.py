"""Which live topics are which of a digest's: one-to-one and optimal, never greedy."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from models.events import TopicEvent, TopicIdentity
from models.events.week_topics import WeekTopics
from models.events.wire import PoisonError, unpack_vector
from models.online.labels import describe, keywords_of
from models.online.lexicon import Floats, Lexicon
from models.online.record import TopicRecord

CENTROID, WORDS, POSTS = 0.4, 0.2, 0.4
CONFIDENCE = 0.35
NAMED = 0.6  # likeness from which the digest's name is the topic's too


def match_identities(
    records: Sequence[TopicRecord],
    centroids: Floats,
    topic_of: Callable[[str], str | None],
    lexicon: Lexicon,
    week: WeekTopics,
) -> list[TopicEvent]:
    """An alias event for every pair whose likeness (0–1) reaches CONFIDENCE, labelled as the digest does from NAMED on.

    Live topics keep their own ids.

    centroids: float32 (records, dimensions), of any length. topic_of: the live topic that a post went to, if known.
    """
    identities = week.topics
    if not records or not identities:
        return []
    likeness = _likeness(records, centroids, topic_of, lexicon, identities)
    events = []
    for i, j in zip(*linear_sum_assignment(likeness, maximize=True), strict=True):
        if likeness[i, j] >= CONFIDENCE:
            reason = f"the digest of {week.week} calls it {identities[j].label} (likeness {likeness[i, j]:.2f})"
            event = describe(records[i], lexicon, "alias", week.at, reason, [identities[j].id], week.week)
            named = likeness[i, j] >= NAMED
            events.append(msgspec.structs.replace(event, label=identities[j].label) if named else event)
    return events


def check_width(week: WeekTopics, dimensions: int) -> None:
    """Raise PoisonError unless every centroid has so many numbers: half a week must not be learned."""
    if week.dimensions != dimensions:
        raise PoisonError(f"the topics of {week.week} have {week.dimensions} dimensions instead of {dimensions}")
    for topic in week.topics:
        unpack_vector(topic.centroid, dimensions)


def _likeness(
    records: Sequence[TopicRecord],
    centroids: Floats,
    topic_of: Callable[[str], str | None],
    lexicon: Lexicon,
    identities: Sequence[TopicIdentity],
) -> npt.NDArray[np.float64]:
    """Centroids' cosine, shared words and shared posts, weighted; float64 (records, identities)."""
    theirs = np.stack([unpack_vector(identity.centroid, centroids.shape[1]) for identity in identities])
    ours = centroids / np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-9)
    theirs = theirs / np.maximum(np.linalg.norm(theirs, axis=1, keepdims=True), 1e-9)
    cosine = np.clip(ours @ theirs.T, 0.0, 1.0).astype(np.float64)
    place = {record.id: i for i, record in enumerate(records)}
    posts = np.zeros_like(cosine)
    words = np.zeros_like(cosine)
    own = [set(keywords_of(record, lexicon)) for record in records]
    for j, identity in enumerate(identities):
        for post in identity.post_ids:
            i = place.get(topic_of(post) or "")
            if i is not None:
                posts[i, j] += 1.0 / len(identity.post_ids)
        said = set(identity.words)
        words[:, j] = [len(said & mine) / max(1, min(len(said), len(mine))) for mine in own]
    return np.asarray(CENTROID * cosine + WORDS * words + POSTS * posts, dtype=np.float64)
