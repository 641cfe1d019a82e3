"""Matches this week's topics with last week's: one to one and globally optimal, not greedy (law 3).

* Confidence of a pair: from the centroids, the specific words, and shared posts (the same post after a correction or a
  refit of the same week, or an old one that is retweeted, quoted or answered this week).

* Pairing: the one with the greatest total confidence, by the algorithm of Jonker and Volgenant (scipy).

* Merges: a topic that continues several of last week's keeps the id of the largest. A topic that continues none gets an
  id from one of its posts.

* Pauses: topics that were quiet for some weeks, and are in the previous digest's identities, get their old id back.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from models.encoding.encoder import space_of
from models.events import Digest, IdentityKind, Status, TopicIdentity, Tweet
from models.events.wire import unpack_vector
from models.refit.story import Continuity, FoundStory
from models.week.config import DigestConfig
from models.week.posts import WeekPosts

UNRELATED = 0.5  # cosine between the centroids of unrelated topics
MERGED = 0.8  # of the best pair's confidence: minimum for merging into the same topic
SWALLOWED = 0.25  # minimum size of a topic, as a share of the topic that it continues
WORDS_COUNT = 0.5  # weight of full agreement of the words, 0 to 1
RISING, FADING = 1.5, 0.5  # posts compared with last week's

Confidence = npt.NDArray[np.float64]


def match(
    stories: Sequence[FoundStory], week: WeekPosts, previous: Digest | None, config: DigestConfig, kind: IdentityKind
) -> list[Continuity]:
    """Return what each of `stories` continues, in their order.

    Ids are distinct. Without `previous` all stories are new. If its vectors are of another encoder, only words and
    shared posts decide.

    Args:
        stories: stories or themes of this week.
        week: the posts of this week.
        previous: digest of the previous week, if there is one.
        config: settings of the digest.
        kind: stories continue stories, themes continue themes.
    """
    everything = comparable(previous, week)
    known = [identity for identity in everything if identity.kind == kind]
    known_sizes, own_sizes = [identity.posts for identity in known], [len(story.members) for story in stories]
    pairs = pair(confidences(stories, week, known), known_sizes, config.match_confidence, own_sizes)
    taken = {identity.id for identity in everything}
    matched = []
    for index, story in enumerate(stories):
        if index in pairs:
            matched.append(_continued(story, known[pairs[index][0]], pairs[index][1]))
        else:
            new = _new_id(story, week, taken, kind)
            taken.add(new)
            matched.append(Continuity(id=new))
    return matched


def comparable(previous: Digest | None, week: WeekPosts) -> list[TopicIdentity]:
    """Return the identities of `previous`; without centroids if these are of another encoder than the week's."""
    if previous is None:
        return []
    if _spaces(previous.manifest.encoder) == _spaces(week.encoder):
        return list(previous.identities)
    return [msgspec.structs.replace(identity, centroid="") for identity in previous.identities]


def _spaces(encoders: str) -> set[str]:
    """Return the vector spaces in a manifest's "a@1/fp32 + a@1/bf16"."""
    return {space_of(name) for name in encoders.split(" + ")}


def pair(
    confidence: Confidence, sizes: Sequence[int], least: float, own_sizes: Sequence[int] | None = None
) -> dict[int, tuple[int, float]]:
    """Return row -> (column, confidence) of the best one-to-one pairing, without pairs below `least`.

    Merges: if a row continues another, larger unpaired column about as surely (`MERGED`), it gets the largest of these
    columns, so the larger topic keeps its id. A column that is far larger than the row (`own_sizes`, `SWALLOWED`) is
    excluded: a broad topic that ended does not continue as a story about it.

    Args:
        confidence: float64 (rows, columns), 0 to 1.
        sizes: posts of each column.
        least: minimum confidence of a pair.
        own_sizes: posts of each row.
    """
    if confidence.size == 0:
        return {}
    allowed = np.where(confidence >= least, confidence, 0.0)
    rows, columns = linear_sum_assignment(allowed, maximize=True)
    pairs = {int(r): int(c) for r, c in zip(rows, columns, strict=True) if allowed[r, c] > 0}
    free = set(range(confidence.shape[1])) - set(pairs.values())
    for row in sorted(pairs):
        enough = MERGED * allowed[row, pairs[row]]
        most = own_sizes[row] / SWALLOWED if own_sizes is not None else np.inf
        merged = [c for c in sorted(free) if allowed[row, c] >= enough and sizes[c] <= most] + [pairs[row]]
        largest = max(merged, key=lambda column: (sizes[column], allowed[row, column], -column))
        free = (free | {pairs[row]}) - {largest}
        pairs[row] = largest
    return {row: (column, float(allowed[row, column])) for row, column in pairs.items()}


def confidences(stories: Sequence[FoundStory], week: WeekPosts, identities: Sequence[TopicIdentity]) -> Confidence:
    """Return the confidence that a story continues an identity: (stories, identities), 0 to 1.

    Independent signs add up as 1 - (1 - centroid)(1 - words)(1 - shared posts).
    """
    if not stories or not identities:
        return np.zeros((len(stories), len(identities)))
    near = np.clip((_cosines(stories, identities) - UNRELATED) / (1 - UNRELATED), 0, 1)
    words = np.array([[word_overlap(story.words, known.words) for known in identities] for story in stories])
    ids = [_post_ids(story, week) for story in stories]
    shared = np.array([[_shared(own, known.post_ids) for known in identities] for own in ids])
    return np.asarray(1 - (1 - near) * (1 - WORDS_COUNT * words) * (1 - shared), dtype=np.float64)


def _cosines(stories: Sequence[FoundStory], identities: Sequence[TopicIdentity]) -> Confidence:
    """Return the cosines (stories, identities); 0 for an identity without a comparable centroid."""
    dimensions = len(stories[0].centroid)
    known = np.zeros((len(identities), dimensions), dtype=np.float64)
    for index, identity in enumerate(identities):
        if len(identity.centroid) == 4 * ((2 * dimensions + 2) // 3):
            known[index] = unpack_vector(identity.centroid, dimensions)
    norms = np.linalg.norm(known, axis=1, keepdims=True)
    own = np.stack([story.centroid for story in stories]).astype(np.float64)
    return np.asarray(own @ (known / np.maximum(norms, 1e-9)).T, dtype=np.float64)


def word_overlap(telling: Sequence[tuple[str, float]], known: Sequence[str]) -> float:
    """Return the share of the specific words' weight that last week's words have too, relative to the better list."""
    own = telling[: max(len(known), 1)]
    total = sum(weight for _, weight in own)
    there = set(known)
    return sum(weight for word, weight in own if word in there) / total if total > 0 else 0.0


def _post_ids(story: FoundStory, week: WeekPosts) -> set[str]:
    posts = [week.posts[i] for i in story.members]
    return {post.id for post in posts} | {post.related_id for post in posts if post.related_id is not None}


def _shared(own: set[str], known: Sequence[str]) -> float:
    """Return the share of the smaller side's posts that both sides have."""
    common = sum(1 for post_id in known if post_id in own)
    return common / max(1, min(len(own), len(known)))


def _continued(story: FoundStory, known: TopicIdentity, confidence: float) -> Continuity:
    posts = 0 if known.quiet_weeks else known.posts
    return Continuity(
        id=known.id,
        previous_id=known.id,
        confidence=confidence,
        previous_posts=posts,
        status=status_of(len(story.members), posts),
    )


def status_of(posts: int, previous: int) -> Status:
    """Return the status of a topic from its number of posts and last week's."""
    if posts >= RISING * previous:
        return "rising"
    return "fading" if posts <= FADING * previous else "continuing"


def _new_id(story: FoundStory, week: WeekPosts, taken: set[str], kind: IdentityKind) -> str:
    """Return an id from the post that most members repeat, quote or are; ties go to the earliest.

    Such a post is stable when members are deleted. If its id is taken, because its topic continues elsewhere, the next
    post is used.
    """
    posts = [week.posts[index] for index in story.members.tolist()]
    sources = Counter(source for post in posts for source in _sources(post))
    earliest: dict[str, tuple[datetime, str]] = {}
    for post in posts:
        for source in _sources(post):
            earliest[source] = min(earliest.get(source, (post.created_at, post.id)), (post.created_at, post.id))
    prefix = "theme " if kind == "theme" else ""
    ordered = sorted(sources, key=lambda source: (-sources[source], earliest[source], source))
    for source in ordered:
        new = digest_topic_id(prefix + source)
        if new not in taken:
            return new
    return digest_topic_id(prefix + "\n".join(ordered))


def _sources(post: Tweet) -> list[str]:
    """Return the post itself or the one that it repeats, and the one that it quotes."""
    if post.related_id is None or post.kind not in {"retweet", "quote"}:
        return [post.id]
    return [post.related_id] if post.kind == "retweet" else [post.id, post.related_id]


def digest_topic_id(post_id: str) -> str:
    """Return the id of a digest's topic that starts with this post. Live topics have ids with "t-"
    (`models.online.record`).
    """
    return "d-" + hashlib.sha256(post_id.encode()).hexdigest()[:12]
