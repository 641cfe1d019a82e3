"""sentence-transformers models by name or path, as encoders. Offline by default.

A model's identity is its name, the first eight hexadecimal digits of the sha256 of its prompt and its parameters in
order of name, and the number format. The packaged MiniLM has a file of its own, and the published hash of its weights.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from transformers.utils import logging as transformers_logging

from models.encoding.device import DevicePlan, choose, to_device
from models.encoding.encoder import Encoder, EncoderError
from models.encoding.minilm import minilm_path
from models.encoding.sentence_encoder import Forward, SentenceEncoder
from models.encoding.token_batches import TokenBatch

_TOKENS_AT_ONCE = 2048
_MAX_DEFAULT_LENGTH = 512  # for a model without a stated limit: posts are short, and attention is quadratic


def load_model(spec: str, device: str = "auto", precision: str = "auto", *, allow_download: bool = False) -> Encoder:
    """Load any sentence-transformers model.

    Args:
        spec: Name or path.
        device: As in `choose`.
        precision: As in `choose`.
        allow_download: Whether a missing model may be downloaded.

    Raises:
        EncoderError: The model is not on this machine, and cannot or may not be downloaded.
    """
    model, where = _load(spec, device, precision, allow_download=allow_download)
    name = f"{Path(spec).name}@{_weights_hash(model)[:8]}/{where.precision}"
    if _batchable(model):
        return _token_encoder(model, where, name)
    return _WholeModel(model, name)


def token_vectors() -> npt.NDArray[np.float32]:
    """MiniLM's vector of each token of its vocabulary, alone between the special tokens: float32 (vocabulary, 384)."""
    model, where = _load(str(minilm_path()), "cpu", "fp32", allow_download=False)
    forward = _forward(model, where)
    tokenizer = model.tokenizer
    every = np.arange(len(tokenizer), dtype=np.int64)
    parts = []
    for start in range(0, len(every), _TOKENS_AT_ONCE):
        rows = every[start : start + _TOKENS_AT_ONCE]
        ids = np.stack(
            [np.full_like(rows, tokenizer.cls_token_id), rows, np.full_like(rows, tokenizer.sep_token_id)], 1
        )
        parts.append(forward(TokenBatch(rows, ids, np.ones_like(ids), False)).float().numpy())
    return np.concatenate(parts)


class _WholeModel:
    """A model that takes no token ids (bags of words, images, pooling without the prompt): uses its own `encode`."""

    def __init__(self, model: SentenceTransformer, name: str) -> None:
        self.name = name
        self.dimensions = _dimensions(model)
        self._model = model

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """See `models.encoding.encoder.Encoder`."""
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        vectors = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)


def _load(spec: str, device: str, precision: str, *, allow_download: bool) -> tuple[SentenceTransformer, DevicePlan]:
    where = choose(device, precision)
    try:
        with _no_progress_bar():
            model = SentenceTransformer(
                spec, device=str(where.device), local_files_only=not allow_download, model_kwargs={"dtype": where.dtype}
            )
    except (OSError, ValueError) as error:
        hint = "" if allow_download else " (downloading is off)"
        raise EncoderError(f"no sentence-transformers model {spec!r} on this machine{hint}: {error}") from error
    return model.eval().requires_grad_(False), where


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """Hide transformers' progress bar, which would appear in the worker's log on standard error."""
    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()


def _token_encoder(model: SentenceTransformer, where: DevicePlan, name: str) -> SentenceEncoder:
    tokenizer = model.tokenizer
    prompt = _prompt(model)
    longest = min(model.max_seq_length or _MAX_DEFAULT_LENGTH, tokenizer.model_max_length)

    # a copy: transformers changes its own tokenizer at each call
    fast = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    fast.no_padding()
    fast.enable_truncation(longest, direction=tokenizer.truncation_side)

    def tokenize(texts: Sequence[str]) -> list[list[int]]:
        with_prompt = [prompt + text for text in texts] if prompt else list(texts)
        return [encoded.ids for encoded in fast.encode_batch_fast(with_prompt)]

    encoder = SentenceEncoder(
        tokenize,
        _forward(model, where),
        name=name,
        dimensions=_dimensions(model),
        where=where,
        pad_id=tokenizer.pad_token_id,
    )
    encoder.warm_up()
    return encoder


def _forward(model: SentenceTransformer, where: DevicePlan) -> Forward:
    def forward(batch: TokenBatch) -> torch.Tensor:
        with torch.inference_mode():
            ids, mask = to_device(batch.ids, where.device), to_device(batch.mask, where.device)
            result: torch.Tensor = model({"input_ids": ids, "attention_mask": mask})["sentence_embedding"]
        return result

    return forward


def _batchable(model: SentenceTransformer) -> bool:
    """Whether the model needs only token ids and a mask, and its tokeniser pads at the end as we do."""
    tokenizer = model.tokenizer
    plain = getattr(tokenizer, "is_fast", False) and getattr(tokenizer, "pad_token_id", None) is not None
    prompted = bool(model.default_prompt_name)
    pools_all = all(getattr(module, "include_prompt", True) for module in model)
    return plain and tokenizer.padding_side == "right" and (pools_all or not prompted)


def _prompt(model: SentenceTransformer) -> str:
    """The text that the model needs before every text; usually empty."""
    return model.prompts.get(model.default_prompt_name or "") or ""


def _dimensions(model: SentenceTransformer) -> int:
    dimensions = model.get_embedding_dimension()
    if dimensions is None:
        raise EncoderError("the model does not report the dimensions of its vectors")
    return int(dimensions)


def _weights_hash(model: SentenceTransformer) -> str:
    digest = hashlib.sha256(_prompt(model).encode())
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(f"{key}{tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().to("cpu", torch.float32).contiguous().numpy().tobytes())
    return digest.hexdigest()
