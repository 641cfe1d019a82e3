"""The port of the encoders, and how a setting becomes one.

An encoder turns texts into unit vectors. Its `name` is its identity: model, weights' hash and precision, as in
"all-MiniLM-L6-v2@53aa5117/fp32". Vectors of two models have no common space (`space_of`): they are never mixed, and
the name travels with every vector. Every implementation passes `tests/contracts/test_encoder_contract.py`.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt


class Encoder(Protocol):
    """Texts to vectors."""

    @property
    def name(self) -> str:
        """The identity of the vector space."""

    @property
    def dimensions(self) -> int:
        """Numbers in a vector."""

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """float32 (n, dimensions), rows of length 1, in the order of `texts`; (0, dimensions) for no texts.

        "" is a text like any other. A text's vector does not depend on its neighbours beyond rounding
        (cosine ≥ 0.9999 in float32, ≥ 0.999 in half precision); the same texts in the same call give the same bytes.
        """


def space_of(name: str) -> str:
    """The vector space of an encoder's name: model and weights, without the precision.

    The precisions of one model differ by rounding (cosine ≥ 0.999), so a GPU's and a CPU's worker may feed one
    topic space; two models never may.
    """
    return name.rpartition("/")[0] or name


class EncoderError(RuntimeError):
    """The encoder cannot be had: unknown model, weights that are not the published ones, no such device."""
