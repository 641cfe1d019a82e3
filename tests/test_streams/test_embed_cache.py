"""Encoding through the cache: each unknown text once, the same bytes fresh and cached, damage ignored."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.hash_encoder import HashEncoder
from models.wire import pack_vector, unpack_vector
from streams.embed_cache import MemoryEmbedCache, cache_key, cached_encode

ENCODER = HashEncoder(32)


class Counting:
    """The hash encoder, remembering what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    async def __call__(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.asked.append(list(texts))
        return ENCODER.encode(texts)


async def through(
    cache: MemoryEmbedCache, encode: Counting, texts: Sequence[str], name: str = ENCODER.name
) -> npt.NDArray[np.float32]:
    return await cached_encode(texts, encoder=name, dimensions=32, encode=encode, cache=cache)


async def test_each_unknown_text_is_encoded_once() -> None:
    """Repeats within a call and between calls cost nothing; rows follow the texts."""
    cache, encode = MemoryEmbedCache(), Counting()
    first = await through(cache, encode, ["a b", "c", "a b"])
    second = await through(cache, encode, ["d", "a b"])
    assert encode.asked == [["a b", "c"], ["d"]]
    assert (first[0] == first[2]).all()
    assert (second[1] == first[0]).all()
    assert np.allclose(first, ENCODER.encode(["a b", "c", "a b"]), atol=1e-3)


async def test_all_known_and_none_at_all_ask_nothing() -> None:
    """The encoder is not called for nothing."""
    cache, encode = MemoryEmbedCache(), Counting()
    assert (await through(cache, encode, [])).shape == (0, 32)
    await through(cache, encode, ["x"])
    await through(cache, encode, ["x", "x"])
    assert encode.asked == [["x"]]


async def test_fresh_and_cached_vectors_have_the_same_bytes_on_the_wire() -> None:
    """Law 2: what a replay finds in the cache is what was sent."""
    cache, encode = MemoryEmbedCache(), Counting()
    fresh, cached = await through(cache, encode, ["x y z"]), await through(cache, encode, ["x y z"])
    assert pack_vector(fresh[0]) == pack_vector(cached[0]) == pack_vector(ENCODER.encode(["x y z"])[0])
    assert (unpack_vector(pack_vector(fresh[0]), 32) == fresh[0]).all()


async def test_another_encoder_never_hits() -> None:
    """The key holds the encoder's name, and no two pairs of name and text have one key."""
    cache, encode = MemoryEmbedCache(), Counting()
    await through(cache, encode, ["x"])
    await through(cache, encode, ["x"], name="other@1/fp32")
    assert len(encode.asked) == 2
    assert cache_key("a", "b\x00c") != cache_key("a\x00b", "c")


async def test_a_value_of_the_wrong_size_or_not_finite_is_computed_again() -> None:
    """A damaged or foreign value is no vector."""
    for damaged in (b"short", np.full(32, np.nan, "<f2").tobytes()):
        cache, encode = MemoryEmbedCache(), Counting()
        await cache.put_many([(cache_key(ENCODER.name, "x"), damaged)])
        await through(cache, encode, ["x"])
        assert encode.asked == [["x"]]


async def test_text_that_is_no_unicode() -> None:
    """A lone surrogate, which no cleaned text has, is not worth a crash."""
    assert (await through(MemoryEmbedCache(), Counting(), ["\ud800"])).shape == (1, 32)
