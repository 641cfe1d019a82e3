"""A cache of vectors by content: a retweet, a copy or a replay costs no forward pass and gets the same bytes.

Key: sha256 of the encoder's name and the cleaned text. Value: the vector as little-endian float16, the same bytes as in
`EmbeddedTweet.vector`, so cached and fresh vectors are equal on the wire. The cache is optional: vectors that are
missing or lost are computed.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt


class EmbedCache(Protocol):
    """A bounded store of small values. An unreachable store behaves like an empty one; no method raises."""

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The value of each key, or None. The result is as long as `keys`."""

    async def put_many(self, items: Sequence[tuple[str, bytes]]) -> None:
        """Store the values as long as there is room."""


class _CopyError(RuntimeError):
    """The call that was encoding the same text failed; the message gives its error."""


class MemoryEmbedCache:
    """The `capacity` most recently used values, in this process. For tests and for runs without Redis."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._values: OrderedDict[str, bytes] = OrderedDict()

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """See `EmbedCache`."""
        for key in keys:
            if key in self._values:
                self._values.move_to_end(key)
        return [self._values.get(key) for key in keys]

    async def put_many(self, items: Sequence[tuple[str, bytes]]) -> None:
        """See `EmbedCache`."""
        for key, value in items:
            self._values[key] = value
            self._values.move_to_end(key)
        while len(self._values) > self._capacity:
            self._values.popitem(last=False)


def cache_key(encoder: str, text: str) -> str:
    """Hex sha256 of the encoder's name and the cleaned text."""
    name = encoder.encode()
    return hashlib.sha256(b"%d:%b%b" % (len(name), name, text.encode("utf-8", "surrogatepass"))).hexdigest()


async def cached_encode(
    texts: Sequence[str],
    *,
    encoder: str,
    dimensions: int,
    encode: Callable[[Sequence[str]], Awaitable[npt.NDArray[np.float32]]],
    cache: EmbedCache,
    in_progress: dict[str, asyncio.Future[bytes]] | None = None,
) -> npt.NDArray[np.float32]:
    """Encode `texts` through the cache.

    Args:
        texts: Cleaned texts, n of them.
        encoder: Name of the encoder.
        dimensions: Length of its vectors.
        encode: texts -> vectors. It gets each unknown text once.
        cache: The cache.
        in_progress: Shared by calls that run at the same time, so that they encode a text once.

    Returns:
        float32 (n, dimensions), rounded to float16.

    Raises:
        Exception: What `encode` raises, also in another call that encodes the same text.
    """
    in_progress = {} if in_progress is None else in_progress
    keys = [cache_key(encoder, text) for text in texts]
    text_of = dict(zip(keys, texts, strict=True))
    others = {key: in_progress[key] for key in text_of if key in in_progress}
    mine = [key for key in text_of if key not in others]
    promises: dict[str, asyncio.Future[bytes]] = {key: asyncio.get_running_loop().create_future() for key in mine}
    in_progress.update(promises)
    try:
        known = await _known(mine, text_of, dimensions, encode, cache)
    except BaseException as error:
        for promise in promises.values():
            promise.set_exception(_CopyError(f"{type(error).__name__}: {error}"))
            promise.exception()  # marks the error as retrieved when no other call waits
        raise
    finally:
        for key in promises:
            del in_progress[key]
    for key, promise in promises.items():
        promise.set_result(known[key])
    known |= {key: await other for key, other in others.items()}
    rows = b"".join(known[key] for key in keys)
    return np.frombuffer(rows, "<f2").reshape(len(texts), dimensions).astype(np.float32)


async def _known(
    keys: Sequence[str],
    text_of: Mapping[str, str],
    dimensions: int,
    encode: Callable[[Sequence[str]], Awaitable[npt.NDArray[np.float32]]],
    cache: EmbedCache,
) -> dict[str, bytes]:
    found = dict(zip(keys, await cache.get_many(keys), strict=True))
    known = {key: value for key, value in found.items() if value is not None and _is_vector(value, dimensions)}
    missing = [key for key in keys if key not in known]
    if missing:
        vectors = await encode([text_of[key] for key in missing])
        rows = np.ascontiguousarray(vectors, "<f2").reshape(len(missing), -1)
        fresh = {key: row.tobytes() for key, row in zip(missing, rows, strict=True)}
        await cache.put_many(list(fresh.items()))
        known |= fresh
    return known


def _is_vector(value: bytes, dimensions: int) -> bool:
    return len(value) == 2 * dimensions and bool(np.isfinite(np.frombuffer(value, "<f2")).all())
