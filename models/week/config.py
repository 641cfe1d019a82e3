"""The settings that a digest's bytes depend on; their hash is in its manifest."""

import hashlib

import msgspec
import orjson


class DigestConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Defaults are used for every data set; change them with `toptopics replay --set key=value`."""

    min_topic_posts: int = 4  # distinct posts that make a theme
    max_entries: int = 30  # sections, entries of themed lists and briefs of a digest, together
    max_items: int = 5  # paragraphs in a section
    max_words: int = 1_400  # of a digest
    rescue_similarity: float = 0.45  # an outlier joins a theme only when its cosine to the centroid reaches this
    near_duplicate_similarity: float = 0.92
    match_confidence: float = 0.5  # a story or theme continues last week's only from here on
    seed: int = 11

    def digest(self) -> str:
        """Hex sha256 of all values by name."""
        return hashlib.sha256(orjson.dumps(msgspec.to_builtins(self), option=orjson.OPT_SORT_KEYS)).hexdigest()
