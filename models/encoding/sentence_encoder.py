"""The encoder that runs a transformer: tokenise, forward pass and post-processing overlap, memory is never the end.

Texts in, unit vectors out (`models.encoding.encoder.Encoder`). A chunk of texts is tokenised, sorted by length and cut
into batches by token budget. On a GPU the tokeniser, which is no Python, works a chunk ahead in a thread; the caller's
thread begins forward passes, which the device queues, and brings vectors back some batches later. The passes have no
thread of their own: each of a pass's hundred kernels is begun from Python, and waited for the interpreter behind the
padding of the next batch. On a CPU every core takes batches of its own (torch's threads, which share one batch, spend
much of their time waiting for each other). A single post, or a single batch, goes straight through: a queue would only
cost it time.

A batch that does not fit into memory is halved, and so is the budget of all later ones. One text that does not fit
alone raises. Which batch a text travels in changes its vector by rounding only: cosine to the same text alone is at
least 0.99999 in fp32 and 0.999 in bf16 and fp16. The same texts in one call give the same bytes, unless memory ran out.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch

from models.encoding.device import DevicePlan, out_of_memory, release, to_host
from models.encoding.prefetch import ahead
from models.encoding.token_batches import TokenBatch, pad, plan

_TOKENISED_AHEAD = 1  # chunks that wait while another is being tokenised
_COMPUTED_AHEAD = (
    2  # batches begun before the oldest is asked for: the device has the next one when it is done with one
)

_BATCHES_PER_WORKER = 32  # handed out at once on a CPU: bounds what waits

Part = tuple[npt.NDArray[np.int64], Callable[[], torch.Tensor]]  # rows among all texts, and their vectors when asked
Chunk = tuple[int, Sequence[Sequence[int]]]  # position of its first text among all, and the token ids of its texts
Tokenize = Callable[[Sequence[str]], Sequence[Sequence[int]]]
Forward = Callable[[TokenBatch], torch.Tensor]


class SentenceEncoder:
    """Batches in front of a `forward` that maps token ids to vectors, float (n, dimensions), on the plan's device.

    tokenize: texts to ids, truncated, special tokens included; no text may have none. Two threads may encode at once.
    """

    def __init__(
        self, tokenize: Tokenize, forward: Forward, *, name: str, dimensions: int, where: DevicePlan, pad_id: int = 0
    ) -> None:
        self.name = name
        self.dimensions = dimensions
        self.where = where
        self.budget = where.budget  # tokens in a batch from now on; falls when memory runs out
        self._tokenize = tokenize
        self._forward = forward
        self._pad_id = pad_id
        self._pool = (
            ThreadPoolExecutor(where.workers, "forward", initializer=torch.set_num_threads, initargs=(1,))
            if where.workers > 1
            else None
        )

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """See `models.encoding.encoder.Encoder`. Raises what the device raises when one text alone does not fit."""
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for rows, result in self._compute(texts):
            vectors[rows] = _unit(result())
        return vectors

    def warm_up(self) -> None:
        """Pay for the first forward passes now: kernels are loaded and memory is reserved."""
        self.encode(["A sentence of a usual length, to have every kernel loaded before the first post arrives."] * 64)

    def _tokenised(self, texts: Sequence[str]) -> Iterator[Chunk]:
        for start in range(0, len(texts), self.where.chunk):
            yield start, self._tokenize(texts[start : start + self.where.chunk])

    def _batches(self, chunks: Iterable[Chunk]) -> Iterator[TokenBatch]:
        for start, ids in chunks:
            for rows in plan([len(row) for row in ids], self.budget, self.where.most_rows):
                batch = pad(ids, rows, self._pad_id)
                yield TokenBatch(batch.rows + start, batch.ids, batch.mask, batch.padded)

    def _compute(self, texts: Sequence[str]) -> Iterator[Part]:
        alone = len(texts) == 1
        if self._pool is not None and not alone:
            batches = self._batches(self._tokenised(texts))
            while some := list(islice(batches, self.where.workers * _BATCHES_PER_WORKER)):
                for fitted in self._pool.map(self._fit, some):
                    yield from fitted
        elif self.where.device.type == "cpu" or alone:
            for batch in self._batches(self._tokenised(texts)):
                yield from self._fit(batch)
        else:
            with closing(ahead(self._tokenised(texts), _TOKENISED_AHEAD)) as chunks:
                yield from self._begun_ahead(self._batches(chunks))

    def _begun_ahead(self, batches: Iterable[TokenBatch]) -> Iterator[Part]:
        begun: deque[Part] = deque()
        for batch in batches:
            begun += self._fit(batch)
            while len(begun) > _COMPUTED_AHEAD:
                yield begun.popleft()
        yield from begun

    def _fit(self, batch: TokenBatch) -> list[Part]:
        """Forward passes over `batch`: one, or as many as memory asks for."""
        try:
            return [(batch.rows, to_host(self._forward(batch)))]
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error) or len(batch) == 1:
                raise
            halves = batch.halves()
        # outside the handler: the error's traceback holds the very tensors that have to go
        release(self.where.device)
        self.budget = min(self.budget, max(1, batch.ids.size // 2))
        return [part for half in halves for part in self._fit(half)]


def _unit(result: torch.Tensor) -> npt.NDArray[np.float32]:
    """Rows of length 1 in float32."""
    vectors: npt.NDArray[np.float32] = result.to("cpu", torch.float32).numpy()
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, np.finfo(np.float32).tiny), dtype=np.float32)
