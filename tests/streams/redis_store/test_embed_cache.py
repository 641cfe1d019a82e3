"""Encoding through the cache: each unknown text once, the same bytes fresh and cached, damaged values ignored."""

import asyncio
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from models.encoding.hash_encoder import HashEncoder
from models.events.wire import pack_vector, unpack_vector
from streams.redis_store.embed_cache import MemoryEmbedCache, cache_key, cached_encode

ENCODER = HashEncoder(32)


class Counting:
    """The hash encoder, which records its calls."""

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
    """Repetitions within a call and between calls cost nothing; rows follow the texts."""
    cache, encode = MemoryEmbedCache(), Counting()
    first = await through(cache, encode, ["a b", "c", "a b"])
    second = await through(cache, encode, ["d", "a b"])
    assert encode.asked == [["a b", "c"], ["d"]]
    assert (first[0] == first[2]).all()
    assert (second[1] == first[0]).all()
    assert np.allclose(first, ENCODER.encode(["a b", "c", "a b"]), atol=1e-3)


async def test_all_known_and_none_at_all_ask_nothing() -> None:
    """The encoder is not called without texts."""
    cache, encode = MemoryEmbedCache(), Counting()
    assert (await through(cache, encode, [])).shape == (0, 32)
    await through(cache, encode, ["x"])
    await through(cache, encode, ["x", "x"])
    assert encode.asked == [["x"]]


async def test_fresh_and_cached_vectors_have_the_same_bytes_on_the_wire() -> None:
    """Law 2: a replay finds the bytes that were sent."""
    cache, encode = MemoryEmbedCache(), Counting()
    fresh, cached = await through(cache, encode, ["x y z"]), await through(cache, encode, ["x y z"])
    assert pack_vector(fresh[0]) == pack_vector(cached[0]) == pack_vector(ENCODER.encode(["x y z"])[0])
    assert (unpack_vector(pack_vector(fresh[0]), 32) == fresh[0]).all()


async def test_another_encoder_never_hits() -> None:
    """The key includes the encoder's name; two pairs of name and text never have the same key."""
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
    """A lone surrogate, which no cleaned text has, must not crash."""
    assert (await through(MemoryEmbedCache(), Counting(), ["\ud800"])).shape == (1, 32)


class Gated(Counting):
    """Encodes when the test allows it, or fails."""

    def __init__(self) -> None:
        super().__init__()
        self.gates: list[asyncio.Future[None]] = []

    async def __call__(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.asked.append(list(texts))
        self.gates.append(asyncio.get_running_loop().create_future())
        await self.gates[-1]
        return ENCODER.encode(texts)


async def two_calls(encode: Gated) -> tuple[asyncio.Task[npt.NDArray[np.float32]], ...]:
    in_progress: dict[str, asyncio.Future[bytes]] = {}
    calls = []
    for texts in (["a", "b"], ["b", "c"]):
        calls.append(
            asyncio.ensure_future(
                cached_encode(
                    texts,
                    encoder=ENCODER.name,
                    dimensions=32,
                    encode=encode,
                    cache=MemoryEmbedCache(0),
                    in_progress=in_progress,
                )
            )
        )
        await asyncio.sleep(0.01)
    return tuple(calls)


async def test_what_another_call_is_encoding_is_waited_for_and_not_encoded_again() -> None:
    """Two batches with a post and its retweet at the same time: one forward pass, the same bytes."""
    encode = Gated()
    first, second = await two_calls(encode)
    assert encode.asked == [["a", "b"], ["c"]]
    encode.gates[1].set_result(None)
    await asyncio.sleep(0.01)
    assert not second.done()
    encode.gates[0].set_result(None)
    assert (await first)[1].tobytes() == (await second)[0].tobytes()


async def test_a_call_that_fails_fails_those_that_wait_for_it() -> None:
    """They get an error instead of a cancellation, which would end the stage silently. Later calls encode again."""
    encode = Gated()
    first, second = await two_calls(encode)
    encode.gates[1].set_result(None)
    encode.gates[0].set_exception(MemoryError("full"))
    with pytest.raises(MemoryError):
        await first
    with pytest.raises(RuntimeError, match="MemoryError: full"):
        await second
