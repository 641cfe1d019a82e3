"""BERTopic and UMAP without what a refit never uses: most of the seconds that a small week took.

The only module that imports bertopic, umap, hdbscan.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from models.refit.exact_neighbours import neighbours
from models.refit.features import Matrix

# they write labels, save a model and draw it; BERTopic does without what it does not find
UNUSED = ("transformers", "torch", "plotly")


def bertopic_class() -> Any:
    """BERTopic less the examples that nobody reads, and with c-TF-IDF read row by row, not cell by cell: far faster."""
    with _light_import():
        from bertopic import BERTopic

    class LightBertopic(BERTopic):  # type: ignore[misc]
        def _save_representative_docs(self, documents: Any) -> None:
            self.representative_docs_: dict[int, list[str]] = {}

        @staticmethod
        def _top_n_values_sparse(matrix: Any, indices: Any) -> Any:
            rows = []
            for first, end, columns in zip(matrix.indptr, matrix.indptr[1:], indices, strict=False):
                cells = dict(zip(matrix.indices[first:end].tolist(), matrix.data[first:end].tolist(), strict=True))
                rows.append([cells.get(column, 0.0) for column in columns])
            return np.array(rows, dtype=np.float64)

    return LightBertopic


def ctfidf() -> Any:
    """Class-based TF-IDF, unfitted."""
    with _light_import():
        from bertopic.vectorizers import ClassTfidfTransformer

    return ClassTfidfTransformer(bm25_weighting=True, reduce_frequent_words=True)


def no_reduction() -> Any:
    """BERTopic's way to say that vectors are clustered as they are."""
    with _light_import():
        from bertopic.dimensionality import BaseDimensionalityReduction

    return BaseDimensionalityReduction()


def umap_class() -> Any:
    """UMAP, its loops compiled by a machine's first refit and kept where numba may write."""
    with known_warnings():
        import umap

    for module in (umap.umap_, umap.layouts):
        for function in vars(module).values():
            if hasattr(function, "enable_caching"):
                with suppress(RuntimeError):  # no folder that may be written: compiled again by every process
                    function.enable_caching()
    return umap.UMAP


def hdbscan_class() -> Any:
    """HDBSCAN."""
    with known_warnings():
        from hdbscan import HDBSCAN

    return HDBSCAN


@contextmanager
def known_warnings() -> Iterator[None]:
    """Hides what these libraries say about themselves and no user can act on; anything else stays a warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"precomputed_knn\[2\]", UserWarning)  # we never transform new posts
        warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
        warnings.filterwarnings("ignore", "'force_all_finite' was renamed", FutureWarning)  # hdbscan with scikit-learn
        yield


@contextmanager
def _light_import() -> Iterator[None]:
    """Imports inside find none of `UNUSED` that this process has not loaded already."""
    umap_class()  # first what is used: SciPy stumbles over a hidden torch while it is loaded itself
    hdbscan_class()
    hidden = [name for name in UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: an import of it fails
    try:
        with known_warnings():
            yield
    finally:
        for name in hidden:
            del sys.modules[name]


NEIGHBOURS = 10

COMPONENTS = 5

EPOCHS = 200

LARGE = 15_000  # posts from which half of the epochs do


class SeededUmap:
    """UMAP over exact neighbours, from a start and with a generator that are always the same."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit_transform(self, matrix: Matrix, y: Any = None) -> Matrix:
        """float32 (n, COMPONENTS) from `n` posts' features; `y`, which BERTopic gives, says nothing."""
        count = min(NEIGHBOURS, len(matrix) - 1)
        indices, distances = neighbours(matrix, count)
        model = umap_class()(
            n_neighbors=count,
            n_components=COMPONENTS,
            n_epochs=EPOCHS if len(matrix) < LARGE else EPOCHS // 2,
            min_dist=0.0,
            metric="cosine",
            init="pca",
            random_state=self.seed,
            n_jobs=1,
            precomputed_knn=(indices, distances, None),
        )
        with known_warnings():
            return np.asarray(model.fit_transform(matrix), dtype=np.float32)
