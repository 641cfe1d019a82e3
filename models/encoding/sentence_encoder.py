"""The encoder that runs a transformer: tokenising, forward pass and post-processing overlap, and full memory is
handled.

A chunk of texts is tokenised, sorted by length and cut into batches by token budget.

* On a GPU the tokeniser, which releases the interpreter, works one chunk ahead in a thread. The caller's thread starts
  forward passes, which the device queues, and fetches vectors some batches later. The passes have no thread of their
  own: each of a pass's hundred kernels starts from Python and would wait for the interpreter during the padding of a
  batch.
* On a CPU every core takes batches of its own. torch's threads, which share one batch, often wait for each other.
* A single post or batch is computed directly: a queue would only delay it.

A batch that does not fit into memory is halved, and so is the budget of later ones. A single text that does not fit
raises. The other texts of a batch change a vector by rounding only: the cosine to the vector of the text alone is at
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

_TOKENISED_AHEAD = 1  # chunks that wait while another is tokenised
_COMPUTED_AHEAD = (
    2  # batches begun before the oldest is asked for: the device has the next one when it is done with one
)

_BATCHES_PER_WORKER = 32  # handed out at once on a CPU: limits the number of waiting batches

# rows among all texts, and a function that waits for their vectors
Part = tuple[npt.NDArray[np.int64], Callable[[], torch.Tensor]]
Chunk = tuple[int, Sequence[Sequence[int]]]  # position of the first text among all, and the token ids of the texts
Tokenize = Callable[[Sequence[str]], Sequence[Sequence[int]]]
Forward = Callable[[TokenBatch], torch.Tensor]


class SentenceEncoder:
    """Makes batches for a `forward` that maps token ids to vectors, float (n, dimensions), on the plan's device.

    Two threads may encode at the same time.

    Args:
        tokenize: Texts to ids, truncated, with special tokens; every text must have at least one.
        forward: A batch of ids to vectors.
        name: Identity of the vector space.
        dimensions: Length of a vector.
        where: Device and batch sizes.
        pad_id: Id of the padding token.
    """

    def __init__(
        self, tokenize: Tokenize, forward: Forward, *, name: str, dimensions: int, where: DevicePlan, pad_id: int = 0
    ) -> None:
        self.name = name
        self.dimensions = dimensions
        self.where = where
        self.budget = where.budget  # tokens in the next batches; reduced when memory runs out
        self._tokenize = tokenize
        self._forward = forward
        self._pad_id = pad_id
        self._pool = (
            ThreadPoolExecutor(where.workers, "forward", initializer=torch.set_num_threads, initargs=(1,))
            if where.workers > 1
            else None
        )

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """See `models.encoding.encoder.Encoder`.

        Raises:
            RuntimeError: One text alone does not fit into the memory of the device.
        """
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for rows, result in self._compute(texts):
            vectors[rows] = _unit(result())
        return vectors

    def warm_up(self) -> None:
        """Run the first forward passes now: kernels are loaded and memory is reserved."""
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
        """Run the forward passes of `batch`: one, or more when memory is full."""
        try:
            return [(batch.rows, to_host(self._forward(batch)))]
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error) or len(batch) == 1:
                raise
            halves = batch.halves()
        # outside the handler: the error's traceback references the tensors that must be freed
        release(self.where.device)
        self.budget = min(self.budget, max(1, batch.ids.size // 2))
        return [part for half in halves for part in self._fit(half)]


def _unit(result: torch.Tensor) -> npt.NDArray[np.float32]:
    """Rows scaled to length 1, in float32."""
    vectors: npt.NDArray[np.float32] = result.to("cpu", torch.float32).numpy()
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, np.finfo(np.float32).tiny), dtype=np.float32)
