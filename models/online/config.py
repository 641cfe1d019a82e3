"""The settings of the online topics: one default for every stream."""

from dataclasses import dataclass

DAY = 86_400.0


@dataclass(frozen=True)
class OnlineConfig:
    """Similarities are of the fused evidence, 0–1. Times are seconds of event time."""

    lexical_weight: float = 0.40  # weight of the words in the fused similarity
    background: float = 1.0  # share of the stream's mean that is removed from the sentence vectors
    join: float = 0.25  # a post joins its most similar topic from this similarity on, else it starts a candidate
    merge: float = 0.45  # two large topics are merged from this similarity on
    merge_single: float = 0.30  # a topic and a single post are merged from this similarity on
    split: float = 0.6  # a topic of the refit is split from its live topic if its similarity to the rest is below this
    merge_growth: float = 0.5  # a topic is compared with the others each time it has grown by this share
    words_growth: float = 0.5  # a topic's words are updated each time it has grown by this share
    block_posts: int = 32  # centroids are updated after this many posts,
    block_share: float = 0.0625  # or after this share of the number of live topics, whichever is more,
    block_seconds: float = 3600.0  # or after this much event time
    refresh_posts: int = 1024  # the stream's mean and the words' weights are updated after this many posts
    buckets: int = 8192  # number of buckets of hashed words
    memory_posts: float = 400.0  # effective posts in a centroid: older ones lose weight, so that it follows its subject
    half_life: float = 14 * DAY  # half-life of a post's weight in its centroid
    born_posts: int = 3  # distinct posts that make a candidate a topic
    born_people: int = 2  # smallest number of their authors
    silence_step: float = 3600.0  # event time between two searches for silent topics
    dormant_after: float = 3 * DAY  # silence after which a topic is dormant
    forget_candidate_after: float = 10 * DAY  # silence after which a candidate is deleted
    forget_after: float = 60 * DAY  # silence after which a topic is deleted
    max_topics: int = 4096  # live topics, candidates included; the least useful are deleted first
    max_remembered_posts: int = 50_000  # post id -> topic, so that a retweet finds its original
    max_aliases: int = 20_000  # id of a merged topic -> present id
