"""Loads the encoder that a setting names."""

from pathlib import Path

from models.encoding.encoder import Encoder

PRECISIONS = ("fp32", "bf16", "fp16")


def load_encoder(
    spec: str, *, device: str = "auto", cache_dir: Path | None = None, allow_download: bool = False
) -> Encoder:
    """Load an encoder.

    Args:
        spec: "minilm", "multilingual", "static", "hash", or the name or path of a sentence-transformers model. A number
            format may follow, as in "minilm/fp32" (or bf16, fp16). Without it the device's fastest format that keeps
            the quality is used, so two different machines may have encoders of two names.
        device: "auto" (CUDA, then MPS, then CPU), "cpu", "cuda", "cuda:N" or "mps".
        cache_dir: Folder of the distilled `static` encoder; None distils it every time.
        allow_download: Whether a missing model may be fetched from the model hub. Otherwise no network is used.

    Raises:
        EncoderError: The encoder cannot be loaded.
    """
    if spec == "hash":
        from models.encoding.hash_encoder import HashEncoder

        return HashEncoder()
    if spec == "static":
        from models.encoding.static_encoder import load_static

        return load_static(cache_dir)
    model, slash, precision = spec.rpartition("/")
    if not slash or precision not in PRECISIONS:
        model, precision = spec, "auto"
    if model == "minilm":
        from models.encoding.minilm_forward import load_minilm

        return load_minilm(device, precision)
    if model == "multilingual":
        from models.encoding.multilingual import load_multilingual

        return load_multilingual(device, precision)
    from models.encoding.sentence_models import load_model

    return load_model(model, device, precision, allow_download=allow_download)
