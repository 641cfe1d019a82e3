"""The packaged MiniLM gives the vectors of sentence-transformers, and loads neither it nor transformers."""

import subprocess
import sys

import numpy as np

from models.encoding.loading import load_encoder
from models.encoding.minilm import minilm_path
from tests.support.encoder_examples import TEXTS


def test_the_vectors_are_those_of_sentence_transformers() -> None:
    """Texts of all lengths and scripts, truncated ones, and the empty text."""
    from models.encoding.sentence_models import load_model

    texts = [*TEXTS, "[SEP] literal [CLS]"]
    reference = load_model(str(minilm_path()), "cpu", "fp32").encode(texts)
    own = load_encoder("minilm/fp32", device="cpu").encode(texts)
    assert np.abs(own - reference).max() < 1e-6
    half = load_encoder("minilm/bf16", device="cpu").encode(texts)
    assert (half * reference).sum(axis=1).min() > 0.999


def test_the_packaged_model_loads_no_large_library_beside_torch() -> None:
    """They would take 250 MiB of every embed process."""
    program = (
        "import sys; from models.encoding.loading import load_encoder; load_encoder('minilm', device='cpu'); "
        "print([name for name in ('transformers', 'sentence_transformers', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
