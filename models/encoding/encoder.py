"""The port of the encoders.

An encoder turns texts into unit vectors. Its `name` identifies the vector space: model, hash of the weights and
precision, as in "all-MiniLM-L6-v2@53aa5117/fp32". Vectors of two models cannot be compared (`space_of`) and are never
mixed, so every vector carries the name. Every implementation passes `tests/contracts/test_encoder_contract.py`.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt


class Encoder(Protocol):
    """Texts to vectors."""

    @property
    def name(self) -> str:
        """The identity of the vector space, with the precision."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Encode texts.

        "" is a text like any other. Batching changes a vector by rounding only (cosine ≥ 0.9999 in float32, ≥ 0.999 in
        half precision). The same texts in the same call give the same bytes.

        Args:
            texts: n texts.

        Returns:
            float32 (n, dimensions), rows of length 1, in the order of `texts`; (0, dimensions) for no texts.
        """


def space_of(name: str) -> str:
    """The vector space of an encoder's name: model and weights, without the precision.

    The precisions of one model differ by rounding (cosine ≥ 0.999), so workers with a GPU and with a CPU may share a
    topic space. Two models may not.
    """
    return name.rpartition("/")[0] or name


class EncoderError(RuntimeError):
    """The encoder cannot be loaded: unknown model, wrong weights, or no such device."""
