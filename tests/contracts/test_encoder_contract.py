"""The contract of every encoder: shapes, unit length, order, stability between batches, identity.

Tested on the real MiniLM (fp32 and bf16), the multilingual model, the distilled static encoder, hashed words, and a
model loaded from a folder like a user's.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from models.encoding.encoder import Encoder
from models.encoding.loading import load_encoder
from tests.support.encoder_examples import TEXTS, tiny_model

SPECS = ["hash", "minilm/fp32", "minilm/bf16", "multilingual/fp32", "static", "folder"]
LEAST_COSINE = {"fp32": 0.99999, "bf16": 0.999, "fp16": 0.999}  # compared with the same text encoded alone


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for this module, for the distilled encoder and a tiny model."""
    return tmp_path_factory.mktemp("encoders")


@pytest.fixture(scope="module")
def load(folder: Path) -> Iterator[Callable[[str], Encoder]]:
    """Encoders by spec, each loaded once."""
    loaded: dict[str, Encoder] = {}

    def get(spec: str) -> Encoder:
        if spec not in loaded:
            name = str(tiny_model(folder / "tiny")) + "/fp32" if spec == "folder" else spec
            loaded[spec] = load_encoder(name, device="cpu", cache_dir=folder)
        return loaded[spec]

    yield get
    loaded.clear()


@pytest.fixture(params=SPECS)
def encoder(request: pytest.FixtureRequest, load: Callable[[str], Encoder]) -> Encoder:
    """Each encoder in turn."""
    return load(request.param)


def test_rows_are_unit_vectors_in_the_order_of_the_texts(encoder: Encoder) -> None:
    """float32 (n, dimensions), finite, length 1; any order of the texts gives the rows in that order."""
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    order = np.random.default_rng(3).permutation(len(TEXTS))
    shuffled = encoder.encode([TEXTS[i] for i in order])
    assert (vectors[order] * shuffled).sum(axis=1).min() > 0.998


def test_no_texts(encoder: Encoder) -> None:
    """(0, dimensions), not an error."""
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_a_vector_does_not_depend_on_its_batch(encoder: Encoder) -> None:
    """Alone, among others, beside very long and empty texts: equal within the stated tolerance."""
    together = encoder.encode(TEXTS)
    least = LEAST_COSINE[encoder.name.rpartition("/")[2]]
    for text, vector in zip(TEXTS, together, strict=True):
        assert float(encoder.encode([text])[0] @ vector) >= least, text[:60]


def test_the_same_call_gives_the_same_bytes(encoder: Encoder) -> None:
    """Determinism for equal batches."""
    assert encoder.encode(TEXTS).tobytes() == encoder.encode(TEXTS).tobytes()


def test_the_name_is_the_identity(encoder: Encoder) -> None:
    """model @ weights' hash / number format."""
    model, _, rest = encoder.name.rpartition("@")
    weights, _, precision = rest.partition("/")
    assert model
    assert weights
    assert precision in ("fp32", "bf16", "fp16")


@pytest.mark.parametrize("spec", ["minilm/fp32", "minilm/bf16", "static"])
def test_meaning_is_near(spec: str, load: Callable[[str], Encoder]) -> None:
    """Two sentences on one subject are closer than two on different subjects."""
    a, b, c = load(spec).encode(
        [
            "Researchers train a speech recogniser without any transcripts",
            "A speech recognition model learned from unlabelled audio",
            "The city opens a new swimming pool next to the park",
        ]
    )
    assert a @ b > 0.4 > a @ c


def test_a_story_is_near_in_every_language(load: Callable[[str], Encoder]) -> None:
    """Each sentence is nearest to one of its own story in another language, not to one of its own language."""
    stories = [
        ["The bakery on the corner closes after sixty years", "Bäckerei an der Ecke schließt nach sechzig Jahren",
         "La panadería de la esquina cierra tras sesenta años", "角のパン屋が六十年の歴史に幕"],
        ["A ferry hit the pier, nobody was hurt", "Fähre rammt den Anleger, niemand verletzt",
         "Un ferry choca con el muelle sin causar heridos", "フェリーが桟橋に衝突、けが人なし"],
        ["Bees are back on the roof of the town hall", "Auf dem Rathausdach leben wieder Bienen",
         "Vuelven las abejas al tejado del ayuntamiento", "市役所の屋上にミツバチが戻ってきた"],
    ]  # fmt: skip
    vectors = load("multilingual/fp32").encode([text for story in stories for text in story])
    likeness = vectors @ vectors.T - 2 * np.eye(len(vectors))
    assert (likeness.argmax(axis=1) // 4).tolist() == [number // 4 for number in range(12)]


def test_two_formats_are_one_space_but_two_names(load: Callable[[str], Encoder]) -> None:
    """bf16 equals fp32 within rounding, but has its own name."""
    full, half = load("minilm/fp32"), load("minilm/bf16")
    assert full.name != half.name
    assert (full.encode(TEXTS) * half.encode(TEXTS)).sum(axis=1).min() > 0.998
