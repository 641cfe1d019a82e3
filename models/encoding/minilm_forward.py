"""The packaged MiniLM as an encoder, without transformers and sentence-transformers.

These two libraries take 250 MiB and several seconds of every process that loads them, to run six layers. The layers
here are the same calls of PyTorch, in the same order and number format; a test compares the vectors with theirs.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch.nn import functional as F  # noqa: N812 (the name that PyTorch's own code has for it)

from models.encoding.device import DevicePlan, choose, to_device
from models.encoding.minilm import MINILM_NAME, MINILM_SHA256, minilm_path
from models.encoding.sentence_encoder import Forward, SentenceEncoder
from models.encoding.token_batches import TokenBatch

# as config.json of the package says; its weights are checked by their hash
LAYERS: Final = 6
HEADS: Final = 12
DIMENSIONS: Final = 384
EPSILON: Final = 1e-12
LONGEST: Final = 256  # tokens of a text
PAD: Final = 0

Weights = Mapping[str, torch.Tensor]


def load_minilm(device: str = "auto", precision: str = "auto") -> SentenceEncoder:
    """all-MiniLM-L6-v2 from the installed package, warmed up.

    Raises:
        EncoderError: The model cannot be loaded.
    """
    folder, where = minilm_path(), choose(device, precision)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST)
    # one after another, so that the weights are never in memory twice
    weights = {
        name: tensor.to(where.device, where.dtype)
        for name, tensor in load_file(folder / "model.safetensors").items()
        if tensor.is_floating_point()
    }

    def tokenize(texts: Sequence[str]) -> list[list[int]]:
        return [encoded.ids for encoded in tokenizer.encode_batch_fast(list(texts))]

    encoder = SentenceEncoder(
        tokenize,
        forward_of(weights, where),
        name=f"{MINILM_NAME}@{MINILM_SHA256[:8]}/{where.precision}",
        dimensions=DIMENSIONS,
        where=where,
        pad_id=PAD,
    )
    encoder.warm_up()
    return encoder


def forward_of(weights: Weights, where: DevicePlan, count: int = LAYERS) -> Forward:
    """The forward pass through `count` layers: token ids to the mean vector of the tokens, of length 1."""
    layers = [_layer(weights, f"encoder.layer.{number}") for number in range(count)]

    def forward(batch: TokenBatch) -> torch.Tensor:
        with torch.inference_mode():
            mask = to_device(batch.mask, where.device)
            attended = mask[:, None, None, :].bool() if batch.padded else None
            states = _embedded(weights, to_device(batch.ids, where.device))
            for layer in layers:
                states = layer(states, attended)
            kept = mask[:, :, None].to(states.dtype)
            return F.normalize((states * kept).sum(1) / kept.sum(1).clamp(min=1e-9))

    return forward


def _embedded(weights: Weights, ids: torch.Tensor) -> torch.Tensor:
    words = F.embedding(ids, weights["embeddings.word_embeddings.weight"])
    kinds = weights["embeddings.token_type_embeddings.weight"][0]
    places = weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
    return _norm(weights, "embeddings", words + kinds + places)


def _layer(weights: Weights, name: str) -> Callable[[torch.Tensor, torch.Tensor | None], torch.Tensor]:
    def linear(part: str, states: torch.Tensor) -> torch.Tensor:
        return F.linear(states, weights[f"{name}.{part}.weight"], weights[f"{name}.{part}.bias"])

    def heads(part: str, states: torch.Tensor) -> torch.Tensor:
        return linear(f"attention.self.{part}", states).view(*states.shape[:2], HEADS, -1).transpose(1, 2)

    def layer(states: torch.Tensor, attended: torch.Tensor | None) -> torch.Tensor:
        query, key, value = (heads(part, states) for part in ("query", "key", "value"))
        seen = F.scaled_dot_product_attention(query, key, value, attn_mask=attended)
        seen = seen.transpose(1, 2).flatten(-2)
        states = _norm(weights, f"{name}.attention.output", linear("attention.output.dense", seen) + states)
        wide = F.gelu(linear("intermediate.dense", states))
        return _norm(weights, f"{name}.output", linear("output.dense", wide) + states)

    return layer


def _norm(weights: Weights, name: str, states: torch.Tensor) -> torch.Tensor:
    scale, shift = weights[f"{name}.LayerNorm.weight"], weights[f"{name}.LayerNorm.bias"]
    return F.layer_norm(states, (DIMENSIONS,), scale, shift, EPSILON)
