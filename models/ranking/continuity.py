"""Which of last week's topics each topic of this week continues: one to one, optimal, never greedy (law 3).

Every pair is given a confidence from the centroids, the telling words and the posts that both hold (the same post
after a correction or a refit of the same week, or one that is retweeted, quoted or answered this week). The pairing
with the greatest total confidence is Jonker and Volgenant's (scipy). A topic taking over several of last week's (a
merge) keeps the id of the largest; a topic that continues none gets an id from a post of its own. Topics that were
quiet for some weeks, and are among the previous digest's identities, come back as themselves.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from models.encoding.encoder import space_of
from models.events import Digest, IdentityKind, Status, TopicIdentity, Tweet
from models.events.wire import unpack_vector
from models.refit.story import Story
from models.week.config import DigestConfig
from models.week.posts import WeekPosts

UNRELATED = 0.5  # cosine between the centroids of topics that have nothing to do with each other
MERGED = 0.8  # of the best pair's confidence, for a topic to have gone into the same one
SWALLOWED = 0.25  # of a topic's posts, at least, that one which took it over has
WORDS_COUNT = 0.5  # what full agreement of the words is worth, between 0 and 1
RISING, FADING = 1.5, 0.5  # posts against last week's

Confidence = npt.NDArray[np.float64]


def match(
    stories: Sequence[Story], week: WeekPosts, previous: Digest | None, config: DigestConfig, kind: IdentityKind
) -> list[Story]:
    """`stories` in their order with id, previous_id, confidence, previous_posts and status filled.

    Ids are distinct. Without `previous` all are new. With one in another encoder's space, words and shared posts alone
    tell which continues. kind: stories continue stories, themes continue themes.
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
            matched.append(replace(story, id=new, status="new", previous_id=None, confidence=0.0, previous_posts=0))
    return matched


def comparable(previous: Digest | None, week: WeekPosts) -> list[TopicIdentity]:
    """The identities of `previous`; without their centroids when these are of another encoder than the week's."""
    if previous is None:
        return []
    if _spaces(previous.manifest.encoder) == _spaces(week.encoder):
        return list(previous.identities)
    return [msgspec.structs.replace(identity, centroid="") for identity in previous.identities]


def _spaces(encoders: str) -> set[str]:
    """The vector spaces in a manifest's "a@1/fp32 + a@1/bf16"."""
    return {space_of(name) for name in encoders.split(" + ")}


def pair(
    confidence: Confidence, sizes: Sequence[int], least: float, own_sizes: Sequence[int] | None = None
) -> dict[int, tuple[int, float]]:
    """Row -> (column, confidence) of the best one-to-one pairing, no pair below `least`.

    A row whose column is smaller (`sizes`) than another unpaired one that it continues about as surely (`MERGED`)
    takes the largest of these: it is a merge, and the larger keeps its id. A row that is far smaller than the column
    (`own_sizes`, `SWALLOWED`) has not taken it over: a broad topic that is gone does not live on in a story about it.
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


def confidences(stories: Sequence[Story], week: WeekPosts, identities: Sequence[TopicIdentity]) -> Confidence:
    """How sure it is that a story continues an identity: (stories, identities), 0 to 1.

    Independent signs add up as 1 - (1 - centroid)(1 - words)(1 - shared posts).
    """
    if not stories or not identities:
        return np.zeros((len(stories), len(identities)))
    near = np.clip((_cosines(stories, identities) - UNRELATED) / (1 - UNRELATED), 0, 1)
    words = np.array([[word_overlap(story.words, known.words) for known in identities] for story in stories])
    ids = [_post_ids(story, week) for story in stories]
    shared = np.array([[_shared(own, known.post_ids) for known in identities] for own in ids])
    return np.asarray(1 - (1 - near) * (1 - WORDS_COUNT * words) * (1 - shared), dtype=np.float64)


def _cosines(stories: Sequence[Story], identities: Sequence[TopicIdentity]) -> Confidence:
    """(stories, identities); 0 where the identity has no centroid that can be compared."""
    dimensions = len(stories[0].centroid)
    known = np.zeros((len(identities), dimensions), dtype=np.float64)
    for index, identity in enumerate(identities):
        if len(identity.centroid) == 4 * ((2 * dimensions + 2) // 3):
            known[index] = unpack_vector(identity.centroid, dimensions)
    norms = np.linalg.norm(known, axis=1, keepdims=True)
    own = np.stack([story.centroid for story in stories]).astype(np.float64)
    return np.asarray(own @ (known / np.maximum(norms, 1e-9)).T, dtype=np.float64)


def word_overlap(telling: Sequence[tuple[str, float]], known: Sequence[str]) -> float:
    """Share of the telling words' weight that was telling last week too, against the better of the two lists."""
    own = telling[: max(len(known), 1)]
    total = sum(weight for _, weight in own)
    there = set(known)
    return sum(weight for word, weight in own if word in there) / total if total > 0 else 0.0


def _post_ids(story: Story, week: WeekPosts) -> set[str]:
    posts = [week.posts[i] for i in story.members]
    return {post.id for post in posts} | {post.related_id for post in posts if post.related_id is not None}


def _shared(own: set[str], known: Sequence[str]) -> float:
    """Share of the smaller side's posts that both hold."""
    common = sum(1 for post_id in known if post_id in own)
    return common / max(1, min(len(own), len(known)))


def _continued(story: Story, known: TopicIdentity, confidence: float) -> Story:
    posts = 0 if known.quiet_weeks else known.posts
    return replace(
        story,
        id=known.id,
        previous_id=known.id,
        confidence=confidence,
        previous_posts=posts,
        status=status_of(len(story.members), posts),
    )


def status_of(posts: int, previous: int) -> Status:
    """How something with so many posts stands beside last week's."""
    if posts >= RISING * previous:
        return "rising"
    return "fading" if posts <= FADING * previous else "continuing"


def _new_id(story: Story, week: WeekPosts, taken: set[str], kind: IdentityKind) -> str:
    """From the post that most members repeat, quote or are, of equals the earliest: it outlives the loss of a member.

    A post can have started what lives on elsewhere; then it is the next one.
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
    """The post itself, or the one that it repeats; and the one that it quotes."""
    if post.related_id is None or post.kind not in {"retweet", "quote"}:
        return [post.id]
    return [post.related_id] if post.kind == "retweet" else [post.id, post.related_id]


def digest_topic_id(post_id: str) -> str:
    """The id of a topic of digests that this post started. Live topics have ids with "t-" (`models.online.record`)."""
    return "d-" + hashlib.sha256(post_id.encode()).hexdigest()[:12]
