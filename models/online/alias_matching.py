"""Matches live topics with a digest's topics: one-to-one and optimal, never greedy."""

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
NAMED = 0.6  # from this similarity on, a live topic takes over the digest's name


def match_identities(
    records: Sequence[TopicRecord],
    centroids: Floats,
    topic_of: Callable[[str], str | None],
    lexicon: Lexicon,
    week: WeekTopics,
) -> list[TopicEvent]:
    """Create an alias event for every matched pair with a similarity (0–1) of at least CONFIDENCE.

    Live topics keep their own ids. From NAMED on, the event's label is the digest's.

    Args:
        records: The live topics.
        centroids: float32 (records, dimensions), of any length.
        topic_of: The live topic of a post, if known.
        lexicon: Weights of words.
        week: The digest's topics.
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
    """Raise PoisonError unless every centroid has `dimensions` numbers. Checked first, so that no half of a week is
    applied.
    """
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
    """Weighted sum of the centroids' cosine, shared words and shared posts; float64 (records, identities)."""
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
