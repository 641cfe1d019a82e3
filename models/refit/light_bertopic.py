"""BERTopic and UMAP without parts that a refit does not use, which took most of the time of a small week.

The only module that imports bertopic, umap and hdbscan.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from models.refit.exact_neighbours import neighbours
from models.refit.features import Matrix

# they write labels, save a model and draw it; BERTopic works without them
UNUSED = ("transformers", "torch", "plotly")


def bertopic_class() -> Any:
    """BERTopic without example documents, and with c-TF-IDF read by row instead of by cell, which is far faster."""
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
    """The reduction that leaves vectors as they are."""
    with _light_import():
        from bertopic.dimensionality import BaseDimensionalityReduction

    return BaseDimensionalityReduction()


def umap_class() -> Any:
    """UMAP. Its loops are compiled by a machine's first refit and stored where numba may write."""
    with known_warnings():
        import umap

    for module in (umap.umap_, umap.layouts):
        for function in vars(module).values():
            if hasattr(function, "enable_caching"):
                with suppress(RuntimeError):  # no writable folder: every process compiles again
                    function.enable_caching()
    return umap.UMAP


def hdbscan_class() -> Any:
    """HDBSCAN."""
    with known_warnings():
        from hdbscan import HDBSCAN

    return HDBSCAN


@contextmanager
def known_warnings() -> Iterator[None]:
    """Hide warnings of these libraries that no user can act on. Other warnings stay."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"precomputed_knn\[2\]", UserWarning)  # new posts are never transformed
        warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
        warnings.filterwarnings("ignore", "'force_all_finite' was renamed", FutureWarning)  # hdbscan with scikit-learn
        yield


@contextmanager
def _light_import() -> Iterator[None]:
    """Within the block, imports of `UNUSED` fail unless this process has loaded them already."""
    umap_class()  # loaded first: SciPy fails with a hidden torch while it is being loaded
    hdbscan_class()
    hidden = [name for name in UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # None: an import of it fails
    try:
        with known_warnings():
            yield
    finally:
        for name in hidden:
            del sys.modules[name]


NEIGHBOURS = 10

COMPONENTS = 5

EPOCHS = 200

LARGE = 15_000  # number of posts from which half of the epochs are enough


class SeededUmap:
    """UMAP on exact neighbours, with a fixed start and a fixed generator."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit_transform(self, matrix: Matrix, y: Any = None) -> Matrix:
        """float32 (n, COMPONENTS) from the features of `n` posts. BERTopic passes `y`, which is ignored."""
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
