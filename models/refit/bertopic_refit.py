"""The refit of record: BERTopic on a closed week. The same posts give the same themes in any input order (law 2).

WeekPosts (sorted by id) -> duplicates folded -> stored vectors with words appended -> UMAP -> HDBSCAN -> mixed
clusters split, similar themes joined, outliers reassigned -> class-based TF-IDF -> Refit. Nothing is embedded again.

Themes are coarse; the digest tells the stories (`refit.units`), which are found separately. A post without a theme
stays an outlier.

Plain BERTopic gives other topics for a shuffled input, even with a seed. Here the order is canonical, neighbours are
exact, every generator is seeded and sums run in one thread. Only distinct posts are clustered: a retweet or
near-duplicate follows its original. Posts without words are left out. Weeks too small for UMAP and HDBSCAN are
clustered by average linkage, inside BERTopic.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from models.refit.features import Matrix, features
from models.refit.light_bertopic import SeededUmap, bertopic_class, ctfidf, hdbscan_class, known_warnings, no_reduction
from models.refit.near_duplicates import fold
from models.refit.story import FoundStory, Refit
from models.refit.topic_shapes import Labels, members_of, shape
from models.text import spoken_words, with_people_and_sites
from models.week.config import DigestConfig
from models.week.posts import WeekPosts
from models.week.progress import StepProgress

MIN_SAMPLES = 3
SMALL = 60  # number of distinct posts below which density estimates are useless
SMALL_WEEK_DISTANCE = 0.6
TOP_WORDS = 20
CANDIDATES = 100  # by c-TF-IDF; only words of several posts are kept
PHRASE = "\u2060"  # joins the words of a phrase inside BERTopic's vectorizer; never part of a word


def refit(week: WeekPosts, config: DigestConfig, *, progress: StepProgress | None = None) -> Refit:
    """Return the themes of `week`, largest first.

    An empty week, or one with fewer than `config.min_topic_posts` distinct posts, has no themes.

    Args:
        week: posts of a closed week in canonical order.
        config: settings of the digest.
        progress: called from the same thread as `progress(step, share done)`.
    """
    report = progress or (lambda step, share: None)
    with threadpool_limits(limits=1):
        report("folding duplicates", 0.0)
        said = [spoken_words(post.text) for post in week.posts]
        tokens = [
            with_people_and_sites(spoken, post.links, post.mentions)
            for spoken, post in zip(said, week.posts, strict=True)
        ]
        duplicate_of = fold(week, said, config.near_duplicate_similarity)
        distinct = np.array([i for i in range(len(week)) if duplicate_of[i] == i and tokens[i]], dtype=np.int64)
        if len(distinct) < config.min_topic_posts:
            return Refit([], np.full(len(week), -1, dtype=np.int64), duplicate_of)
        report("clustering", 0.1)
        matrix = features(week.vectors[distinct], [tokens[i] for i in distinct])
        documents = [_document(said[i]) for i in distinct]
        model = _bertopic(matrix, config)
        with known_warnings():
            found, _ = model.fit_transform(documents, matrix)
        report("shaping themes", 0.7)
        shaped = shape(np.asarray(found, dtype=np.int64), matrix, week.vectors[distinct], config)
        report("describing themes", 0.9)
        telling = _telling_words(model, documents, shaped.labels)
        result = _themes(week, distinct, duplicate_of, shaped.labels, telling)
        report("done", 1.0)
    return Refit(*result, duplicate_of, shaped.rescued, shaped.rescued_similarity)


def _themes(
    week: WeekPosts,
    distinct: npt.NDArray[np.int64],
    duplicate_of: npt.NDArray[np.int64],
    labels: Labels,
    telling: dict[int, list[tuple[str, float]]],
) -> tuple[list[FoundStory], npt.NDArray[np.int64]]:
    topic_of = np.full(len(week), -1, dtype=np.int64)
    topic_of[distinct] = labels
    topic_of = topic_of[duplicate_of]
    themes = []
    for topic, (own, members) in enumerate(zip(members_of(labels), members_of(topic_of), strict=True)):
        evidence = distinct[own]
        centroid = week.vectors[evidence].astype(np.float64).mean(axis=0)
        themes.append(
            FoundStory(
                members=members,
                distinct=evidence,
                words=telling.get(topic, []),
                centroid=(centroid / max(float(np.linalg.norm(centroid)), 1e-9)).astype(np.float32),
                repeated=duplicate_of[members],
            )
        )
    return themes, topic_of


def _document(post: Sequence[str]) -> str:
    """Return the words and two-word phrases of a post, as the vectorizer splits them again."""
    phrases = [f"{one}{PHRASE}{other}" for one, other in pairwise(post) if one != other]
    return " ".join([*post, *phrases])


def _split(document: str) -> list[str]:
    return document.split(" ")


def _bertopic(matrix: Matrix, config: DigestConfig) -> Any:
    """Return an unfitted BERTopic with our own seeded steps."""
    from sklearn.cluster import AgglomerativeClustering

    if len(matrix) < SMALL:
        reducer: Any = no_reduction()
        clusterer: Any = AgglomerativeClustering(
            n_clusters=None, metric="cosine", linkage="average", distance_threshold=SMALL_WEEK_DISTANCE
        )
    else:
        reducer = SeededUmap(config.seed)
        clusterer = hdbscan_class()(
            min_cluster_size=max(2, config.min_topic_posts),
            min_samples=MIN_SAMPLES,
            cluster_selection_method="eom",
            core_dist_n_jobs=1,
            approx_min_span_tree=False,
        )
    return bertopic_class()(
        language="multilingual",  # the other setting removes everything but ASCII letters from words
        embedding_model=None,
        umap_model=reducer,
        hdbscan_model=clusterer,
        vectorizer_model=_vectorizer(),
        ctfidf_model=ctfidf(),
        top_n_words=TOP_WORDS,
    )


def _vectorizer() -> Any:
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(analyzer=_split)


def _telling_words(model: Any, documents: list[str], labels: Labels) -> dict[int, list[tuple[str, float]]]:
    """Return BERTopic's c-TF-IDF of the current topics: words and phrases with their weights."""
    if labels.max(initial=-1) < 0:
        return {}
    steps = {"vectorizer_model": _vectorizer(), "ctfidf_model": ctfidf(), "top_n_words": CANDIDATES}
    with _quiet():
        model.update_topics(documents, topics=labels.tolist(), **steps)
    repeated = _repeated(documents, labels)
    telling = {}
    for topic, pairs in model.get_topics().items():
        known = [(word, float(weight)) for word, weight in pairs if word and weight > 0]
        shared = [pair for pair in known if pair[0] in repeated.get(topic, ())] or known
        telling[topic] = [(word.replace(PHRASE, " "), weight) for word, weight in shared[:TOP_WORDS]]
    return telling


def _repeated(documents: list[str], labels: Labels) -> dict[int, set[str]]:
    """Return the words of at least two posts of each topic: c-TF-IDF overrates words that occur once."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for document, topic in zip(documents, labels.tolist(), strict=True):
        counts[topic].update(set(_split(document)))
    return {topic: {word for word, count in found.items() if count > 1} for topic, found in counts.items()}


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide BERTopic's advice not to reduce topics after setting them; nothing is reduced here."""
    log = logging.getLogger("BERTopic")
    log.addFilter(_not_advice)
    try:
        with known_warnings():
            yield
    finally:
        log.removeFilter(_not_advice)


def _not_advice(record: logging.LogRecord) -> bool:
    return "custom list of topic assignments" not in record.getMessage()
