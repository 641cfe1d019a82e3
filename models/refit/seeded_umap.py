"""The features in few dimensions, the same for the same posts: what HDBSCAN can tell dense from thin in."""

from typing import Any

import numpy as np

from models.refit.exact_neighbours import neighbours
from models.refit.features import Matrix
from models.refit.light_bertopic import known_warnings, umap_class

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
