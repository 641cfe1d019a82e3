"""The settings of the online topics: one default for every stream."""

from dataclasses import dataclass

DAY = 86_400.0


@dataclass(frozen=True)
class OnlineConfig:
    """Similarities are of the fused evidence, 0–1; times are seconds of event time."""

    lexical_weight: float = 0.40  # share of the words in the fused similarity
    background: float = 1.0  # share of the stream's mean that is taken out of the sentence vectors
    join: float = 0.25  # a post joins its most similar topic from here on, else it starts a candidate
    merge: float = 0.45  # two large topics are one from here on,
    merge_single: float = 0.30  # and a topic and a single post from here on
    split: float = 0.6  # a topic of the week's refit leaves the live one that holds it if the rest is less similar
    merge_growth: float = 0.5  # a topic is compared with the others each time it has grown by this share
    words_growth: float = 0.5  # a topic's words move each time it has grown by this share
    block_posts: int = 32  # centroids move after so many posts,
    block_share: float = 0.0625  # or a sixteenth of the topics alive, whichever is more,
    block_seconds: float = 3600.0  # or after so much event time
    refresh_posts: int = 1024  # what all posts share, and how rare words are, is looked at again after so many
    buckets: int = 8192  # of hashed words
    memory_posts: float = 400.0  # effective posts in a centroid: older ones weigh less, so that it follows its subject
    half_life: float = 14 * DAY  # of a post's weight in its centroid
    born_posts: int = 3  # distinct posts that make a candidate a topic,
    born_people: int = 2  # by whom at least
    silence_step: float = 3600.0  # of event time between looks at who is silent
    dormant_after: float = 3 * DAY
    forget_candidate_after: float = 10 * DAY
    forget_after: float = 60 * DAY
    max_topics: int = 4096  # alive at a time, candidates included; the least useful go first
    max_remembered_posts: int = 50_000  # post id -> topic, so that a retweet finds its original
    max_aliases: int = 20_000  # merged id -> the one that lives on
