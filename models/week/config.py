"""The settings that a digest's bytes depend on; their hash is in its manifest."""

import hashlib

import msgspec
import orjson


class DigestConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Defaults are used for every data set; change them with `toptopics replay --set key=value`."""

    min_topic_posts: int = 4  # distinct posts that make a topic; real stories have 5–26 in a week of 2,500
    min_topic_people: int = 3  # by whom at least
    max_topics: int = 8  # sections in a digest; a poor week has fewer
    min_score: float = 0.40  # a topic below is not published
    max_items: int = 5  # paragraphs in a section
    max_words: int = 650  # of all sections together: three minutes with headline, overview and numbers
    max_per_author: float = 0.34  # share of a topic's score that one person may bring
    max_per_publisher: float = 0.34  # and one site
    outlier_share: float = 0.15  # of the distinct posts, at most
    rescue_similarity: float = 0.45  # an outlier joins a topic only when its cosine to the centroid reaches this
    near_duplicate_similarity: float = 0.92
    match_confidence: float = 0.5  # a topic continues last week's only from here on
    seed: int = 11

    def digest(self) -> str:
        """Hex sha256 of all values by name."""
        return hashlib.sha256(orjson.dumps(msgspec.to_builtins(self), option=orjson.OPT_SORT_KEYS)).hexdigest()
