"""The `static` encoder: one vector for each token, distilled once from MiniLM, and averaged. No transformer at run
time.

Distillation follows model2vec (MinishLab, 2024). Every token of the vocabulary goes through the transformer alone. The
vectors lose their mean and weakest directions (PCA) and are weighted by smooth inverse frequency (Arora et al., 2017),
with the frequency estimated from the rank in the vocabulary (Zipf). A text's vector is the sum of its tokens' vectors
at unit
length: tens of thousands of posts a second on a CPU, without regard to word order and context.

The table is stored as safetensors in the cache folder, named by all its inputs. Encoding needs no torch.
"""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from models.encoding.encoder import EncoderError
from models.encoding.minilm import MINILM_NAME, MINILM_SHA256, minilm_path

DIMENSIONS = 256
SIF = 1e-4  # the coefficient a in a / (a + p): a smaller one gives frequent tokens less weight
VERSION = 1  # of the method below: a change makes another vector space
_MAX_TOKENS = 512
_CHUNK = 4096  # texts summed at once: limits the memory


class StaticEncoder:
    """Averages rows of `table`, float32 (vocabulary, dimensions), which are weighted already."""

    def __init__(self, tokenizer: Tokenizer, table: npt.NDArray[np.float32], name: str) -> None:
        self.name = name
        self.dimensions = int(table.shape[1])
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._table = table
        self._nothing = table.mean(axis=0)  # the direction for a text without tokens

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """See `models.encoding.encoder.Encoder`."""
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for start in range(0, len(texts), _CHUNK):
            self._sum(texts[start : start + _CHUNK], vectors[start : start + _CHUNK])
        norms = np.linalg.norm(vectors, axis=1)
        vectors[norms < 1e-6] = self._nothing
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def _sum(self, texts: Sequence[str], into: npt.NDArray[np.float32]) -> None:
        encoded = [item.ids for item in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
        lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
        ids = np.fromiter((i for row in encoded for i in row), np.int64, int(lengths.sum()))
        into[:] = 0.0
        full = np.flatnonzero(lengths)
        if full.size:
            starts = np.concatenate([[0], np.cumsum(lengths[full])[:-1]])
            into[full] = np.add.reduceat(self._table[ids], starts, axis=0)


def load_static(cache_dir: Path | None = None) -> StaticEncoder:
    """Load the encoder from `cache_dir`, or distil it first (about a minute on two cores).

    A damaged or foreign file is replaced.

    Raises:
        EncoderError: MiniLM's weights are missing or wrong.
    """
    path = minilm_path()
    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    source = f"{MINILM_SHA256}/{VERSION}/{DIMENSIONS}/{SIF}"
    digest = hashlib.sha256(source.encode()).hexdigest()[:8]
    file = cache_dir / f"static-{digest}.safetensors" if cache_dir else None
    table = _read(file, source, tokenizer.get_vocab_size()) if file else None
    if table is None:
        from models.encoding.sentence_models import token_vectors

        table = distil(token_vectors())
        if file:
            _write(file, table, source)
    return StaticEncoder(tokenizer, table, f"static-{MINILM_NAME}@{digest}/fp32")


def distil(tokens: npt.NDArray[np.float32], dimensions: int = DIMENSIONS) -> npt.NDArray[np.float32]:
    """Distil the table.

    Args:
        tokens: The tokens' vectors, (n, d), in order of falling frequency.
        dimensions: Dimensions to keep.

    Returns:
        Weighted rows, float32 (n, dimensions).
    """
    centred = tokens.astype(np.float64) - tokens.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    kept = axes[:, ::-1][:, :dimensions]
    # eigenvectors have an arbitrary sign
    kept = kept * np.sign(kept[np.abs(kept).argmax(axis=0), range(kept.shape[1])])
    share = 1.0 / np.arange(2, len(tokens) + 2)
    weights = SIF / (SIF + share / share.sum())
    return np.ascontiguousarray((centred @ kept) * weights[:, None], dtype=np.float32)


def _read(file: Path, source: str, vocabulary: int) -> npt.NDArray[np.float32] | None:
    if not file.is_file():
        return None
    try:
        with safe_open(file, framework="numpy") as stored:
            if (stored.metadata() or {}).get("source") != source:
                return None
            table: npt.NDArray[np.float32] = stored.get_tensor("table")
    except (SafetensorError, OSError):
        return None
    usable = table.shape == (vocabulary, DIMENSIONS) and table.dtype == np.float32 and bool(np.isfinite(table).all())
    return table if usable else None


def _write(file: Path, table: npt.NDArray[np.float32], source: str) -> None:
    """Write atomically: a reader, or another worker that distils at the same time, sees the whole file or none."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.stem, suffix=".tmp")
        os.close(handle)
        try:
            save_file({"table": table}, name, {"source": source})
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise EncoderError(f"the static encoder cannot be written to {file.parent}: {error}") from error
