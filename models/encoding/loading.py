"""How a setting becomes an encoder."""

from pathlib import Path

from models.encoding.encoder import Encoder

PRECISIONS = ("fp32", "bf16", "fp16")


def load_encoder(
    spec: str, *, device: str = "auto", cache_dir: Path | None = None, allow_download: bool = False
) -> Encoder:
    """The encoder that `spec` names: "minilm", "static", "hash", or a sentence-transformers model's name or path.

    A number format may follow: "minilm/fp32", "minilm/bf16", "minilm/fp16"; without it the device's fastest that
    keeps the quality is taken, and two unlike machines may then have vectors of two names.
    device: "auto" (CUDA, then MPS, then CPU), "cpu", "cuda", "cuda:N" or "mps". cache_dir: where the distilled
    `static` encoder is kept; None distils anew. allow_download: ask the model hub for a model that is not here;
    otherwise nothing leaves the machine. Raises EncoderError.
    """
    if spec == "hash":
        from models.encoding.hash_encoder import HashEncoder

        return HashEncoder()
    if spec == "static":
        from models.encoding.static_encoder import load_static

        return load_static(cache_dir)
    from models.encoding.sentence_models import load_minilm, load_model

    model, slash, precision = spec.rpartition("/")
    if not slash or precision not in PRECISIONS:
        model, precision = spec, "auto"
    if model == "minilm":
        return load_minilm(device, precision)
    return load_model(model, device, precision, allow_download=allow_download)
