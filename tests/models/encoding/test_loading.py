"""Loading the encoder of a setting: offline, verified, cached safely, and without cost before it is used."""

import socket
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import pytest
from transformers import AutoTokenizer

from models.encoding import static_encoder
from models.encoding.encoder import EncoderError
from models.encoding.loading import load_encoder
from models.encoding.minilm import minilm_path, verify_weights
from models.encoding.sentence_encoder import SentenceEncoder
from models.encoding.static_encoder import DIMENSIONS, distil, load_static
from tests.support.encoder_examples import tiny_model

VOCABULARY = 30_522


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to connect fails the test."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def distillations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts distillations and replaces them by an invented table: a real one takes a minute."""
    done: list[int] = []

    def token_vectors() -> npt.NDArray[np.float32]:
        done.append(1)
        return (np.arange(VOCABULARY * DIMENSIONS, dtype=np.float32) % 251 - 125).reshape(VOCABULARY, DIMENSIONS)

    monkeypatch.setattr("models.encoding.sentence_models.token_vectors", token_vectors)
    monkeypatch.setattr(static_encoder, "distil", lambda tokens: tokens)
    return done


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path: Path) -> None:
    """One changed bit, or no file at all."""
    file = tmp_path / "model.safetensors"
    with pytest.raises(EncoderError, match="cannot read the weights"):
        verify_weights(file, "0" * 64)
    file.write_bytes(b"weights")
    with pytest.raises(EncoderError, match="differs from the published weights"):
        verify_weights(file, "0" * 64)


@pytest.mark.usefixtures("no_network")
def test_a_model_that_is_not_here_is_not_fetched() -> None:
    """No network access by default; the error says so."""
    with pytest.raises(EncoderError, match="downloading is off"):
        load_encoder("nobody/no-such-model", device="cpu")


@pytest.mark.usefixtures("no_network")
def test_any_model_by_path(tmp_path: Path) -> None:
    """Its own dimensions. The name has the folder's name and a hash that changes with the weights."""
    folder = tiny_model(tmp_path / "mine")
    first = load_encoder(str(folder), device="cpu")
    assert first.dimensions == 16
    assert first.name.startswith("mine@")
    assert load_encoder(f"{folder}/fp32", device="cpu").name.endswith("/fp32")
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert load_encoder(str(folder), device="cpu").name != first.name


def test_texts_become_the_tokens_that_the_model_was_trained_with() -> None:
    """The same ids as from transformers, for special tokens in a text, no text, and text above the model's limit."""
    texts = [
        "",
        "A post about GPT-3 🤖",
        "[SEP] literal [CLS]",
        "naïve café\u2009½",
        "long " * 600,
        "#AI@you https://t.co/x",
    ]
    encoder = load_encoder("minilm", device="cpu")
    assert isinstance(encoder, SentenceEncoder)
    slow = AutoTokenizer.from_pretrained(minilm_path(), local_files_only=True)
    assert encoder._tokenize(texts) == slow(texts, truncation=True, max_length=256)["input_ids"]


def test_static_is_distilled_once(tmp_path: Path, distillations: list[int]) -> None:
    """The second load reads the file, gives the same bytes, and leaves nothing else in the folder."""
    folder = tmp_path / "a" / "b"
    first, second = load_static(folder), load_static(folder)
    assert distillations == [1]
    assert first.name == second.name
    assert first.encode(["some words"]).tobytes() == second.encode(["some words"]).tobytes()
    assert [file.suffix for file in folder.iterdir()] == [".safetensors"]


def test_a_damaged_file_is_distilled_anew(tmp_path: Path, distillations: list[int]) -> None:
    """Truncated, of another method, or not safetensors at all."""
    load_static(tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for damaged in (whole[:1000], b"", b"not safetensors", whole.replace(b"/256/", b"/128/", 1)):
        file.write_bytes(damaged)
        before = len(distillations)
        load_static(tmp_path)
        assert len(distillations) == before + 1
        assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path, distillations: list[int]) -> None:
    """The error gives the reason. Distilling silently at every start would hide it."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(EncoderError, match="cannot be written"):
        load_static(tmp_path / "file" / "below")
    assert distillations == [1]


def test_static_texts_without_tokens_and_without_direction(tmp_path: Path, distillations: list[int]) -> None:
    """A unit vector, in any batch and across chunks."""
    encoder = load_static(tmp_path)
    vectors = encoder.encode(["", "words", "", *["a b"] * (static_encoder._CHUNK + 3)])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert (vectors[0] == vectors[2]).all()
    assert (vectors[3] == vectors[-1]).all()
    assert distillations


def test_distilling_weighs_frequent_tokens_less_and_fixes_signs() -> None:
    """The first rows of the vocabulary are the frequent ones. The result does not depend on a solver's signs."""
    tokens = np.random.default_rng(2).normal(size=(3000, 40)).astype(np.float32)
    table = distil(tokens, 16)
    assert table.shape == (3000, 16)
    norms = np.linalg.norm(table, axis=1)
    assert norms[:50].mean() < 0.5 * norms[-50:].mean()
    assert np.allclose(distil(tokens, 16), table)


def test_importing_the_ports_loads_no_torch() -> None:
    """Commands that encode nothing start at once."""
    modules = (
        "models.encoding.encoder, models.text, models.encoding.hash_encoder, models.encoding.static_encoder, "
        "streams.redis_store.embed_cache"
    )
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
