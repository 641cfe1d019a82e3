"""The packaged multilingual-e5-small as an encoder, for posts in a hundred languages.

Its layers are MiniLM's, twice as many (`models.encoding.minilm_forward`); its vocabulary has 250,000 pieces of words in
all scripts. The four bits of the package are expanded once, when it is loaded.

The model's vectors tell the language as well as the subject: of two posts on one story, in two languages, each is often
nearer to posts of its own language. So what differs between languages is taken out. The function words of 33 languages
say nothing but their language; the mean of their vectors, and the 32 axes on which the languages differ, are removed
from every vector (as in "LIR", Yang et al. 2021, with function words instead of a corpus).
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from stop_words import LANGUAGE_MAPPING, get_stop_words
from tokenizers import Regex, Tokenizer
from tokenizers.models import Unigram
from tokenizers.normalizers import Replace
from tokenizers.pre_tokenizers import Metaspace
from tokenizers.processors import TemplateProcessing

from models.encoding.device import DevicePlan, choose
from models.encoding.e5_pack import E5_NAME, E5_SHA256, E5Pack, e5_path, read_pack
from models.encoding.minilm_forward import DIMENSIONS, forward_of
from models.encoding.sentence_encoder import Forward, SentenceEncoder, Tokenize
from models.encoding.token_batches import TokenBatch

LAYERS: Final = 12
LONGEST: Final = 256  # tokens of a text, as for MiniLM
_PROMPT: Final = "query: "  # the model's own prefix for texts that are compared with each other
_TEXTS: Final = 5  # texts of each language,
_WORDS: Final = 10  # of so many function words
_WHOLE: Final = {  # the file's names and those of the published weights
    "emb.word": "embeddings.word_embeddings",
    "emb.pos": "embeddings.position_embeddings",
    "emb.type": "embeddings.token_type_embeddings",
    "emb.ln": "embeddings.LayerNorm",
}
_PARTS: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
Floats = npt.NDArray[np.float32]


def load_multilingual(device: str = "auto", precision: str = "auto") -> SentenceEncoder:
    """multilingual-e5-small from the installed package, without the languages' axes, warmed up.

    Raises:
        EncoderError: The model cannot be loaded.
    """
    where = choose(device, precision)
    pack = read_pack(e5_path())
    # always in float32 on the CPU, so that all machines share one space
    plain = plain_encoder(pack, choose("cpu", "fp32"))
    languages = {code: _of_language(code) for code in sorted(LANGUAGE_MAPPING)}
    removed = language_axes([plain.encode(texts).mean(axis=0) for texts in languages.values()])
    inputs = "\n".join([E5_SHA256, *(text for texts in languages.values() for text in texts)])
    digest = hashlib.sha256(inputs.encode()).hexdigest()[:8]
    encoder = plain_encoder(pack, where, f"{E5_NAME}@{digest}", removed)
    encoder.warm_up()
    return encoder


def language_axes(means: Sequence[Floats]) -> tuple[Floats, Floats]:
    """The mean of the languages' vectors, (d,), and orthonormal axes of their differences, (languages - 1, d)."""
    stacked = np.stack(means)
    mean = stacked.mean(axis=0)
    return mean, np.linalg.svd(stacked - mean, full_matrices=False)[2][:-1]


def _of_language(code: str) -> list[str]:
    """Texts of the language's function words, spread evenly over the list."""
    words = get_stop_words(code)
    chosen = words[:: max(1, len(words) // (_TEXTS * _WORDS))][: _TEXTS * _WORDS]
    return [" ".join(chosen[start : start + _WORDS]) for start in range(0, len(chosen), _WORDS)]


def plain_encoder(
    pack: E5Pack, where: DevicePlan, name: str = E5_NAME, removed: tuple[Floats, Floats] | None = None
) -> SentenceEncoder:
    """The model of `pack`.

    Args:
        pack: Its weights and vocabulary.
        where: Device and number format.
        name: Identity of the vector space, without the format.
        removed: A mean and axes that are taken out of the vectors; None leaves them as the model makes them.
    """
    weights = {name: torch.from_numpy(part).to(where.device, where.dtype) for name, part in _named(pack.tensors)}
    forward = forward_of(weights, where, LAYERS)
    if removed:
        forward = without(forward, *(torch.from_numpy(part).to(where.device) for part in removed))
    return SentenceEncoder(
        _tokenize(pack),
        forward,
        name=f"{name}/{where.precision}",
        dimensions=DIMENSIONS,
        where=where,
        pad_id=pack.padding,
    )


def without(forward: Forward, mean: torch.Tensor, axes: torch.Tensor) -> Forward:
    """`forward` without `mean` and what lies along `axes`, in float32: the mean is most of a vector."""

    def removed(batch: TokenBatch) -> torch.Tensor:
        with torch.inference_mode():
            vectors = forward(batch).float() - mean
            return vectors - vectors @ axes.T @ axes

    return removed


def _tokenize(pack: E5Pack) -> Tokenize:
    tokenizer = Tokenizer(Unigram(pack.pieces, pack.unknown, byte_fallback=False))
    tokenizer.normalizer = Replace(Regex(" {2,}"), " ")
    tokenizer.pre_tokenizer = Metaspace()
    ends = [(name, tokenizer.token_to_id(name)) for name in ("<s>", "</s>")]
    tokenizer.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST)
    characters = pack.characters  # the rest of the pack is not kept

    def tokenize(texts: Sequence[str]) -> list[list[int]]:
        plain = [_PROMPT + text.translate(characters) for text in texts]
        return [encoded.ids for encoded in tokenizer.encode_batch_fast(plain)]

    return tokenize


def _named(tensors: Mapping[str, Floats]) -> Iterator[tuple[str, Floats]]:
    """The tensors by the names of the published weights, in their shapes."""
    for name, tensor in tensors.items():
        head, _, end = name.rpartition(".")
        if name in _WHOLE:
            yield f"{_WHOLE[name]}.weight", tensor.reshape(-1, DIMENSIONS)
            continue
        layer, _, part = head.partition(".")
        target = _WHOLE.get(head) or f"encoder.layer.{layer[1:]}.{_PARTS[part]}"
        matrix = end == "w" and not target.endswith("LayerNorm")
        columns = 4 * DIMENSIONS if part == "fo" else DIMENSIONS
        yield f"{target}.{'weight' if end == 'w' else 'bias'}", tensor.reshape(-1, columns) if matrix else tensor
