"""Batches by token budget from length-sorted texts, so that little padding is computed.

A batch costs rows times its longest row, padding included; this product stays within the budget. The longest texts come
first, so that a batch too large for memory fails at once and not after an hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TokenBatch:
    """One batch of token ids."""

    rows: npt.NDArray[np.int64]  # positions of the texts among all, int64 (n,)
    ids: Ids  # int64 (n, longest), padded at the end
    mask: Ids  # int64 (n, longest), 1 for a token and 0 for padding
    padded: bool  # False when all rows have the same length: attention then needs no mask

    def __len__(self) -> int:
        return len(self.rows)

    def halves(self) -> tuple["TokenBatch", "TokenBatch"]:
        """Split the batch in two. It must have at least two rows."""
        middle = len(self) // 2
        return self._part(slice(0, middle)), self._part(slice(middle, None))

    def _part(self, part: slice) -> "TokenBatch":
        longest = int(self.mask[part].sum(axis=1).max())
        mask = self.mask[part, :longest]
        return TokenBatch(self.rows[part], self.ids[part, :longest], mask, bool((mask == 0).any()))


def plan(lengths: Sequence[int], budget: int, most_rows: int) -> list[npt.NDArray[np.int64]]:
    """Group the texts into batches. Equal lengths keep their order, so the same texts always make the same batches.

    Args:
        lengths: Number of tokens of each text.
        budget: Largest product of rows and longest row in a batch; a single text may exceed it.
        most_rows: Largest number of texts in a batch.

    Returns:
        Positions of the texts, batch by batch, longest first.
    """
    order = np.argsort(-np.asarray(lengths, np.int64), kind="stable")
    batches: list[npt.NDArray[np.int64]] = []
    start = 0
    while start < len(order):
        rows = max(1, min(most_rows, budget // max(1, lengths[order[start]])))
        batches.append(order[start : start + rows])
        start += rows
    return batches


def pad(ids: Sequence[Sequence[int]], rows: npt.NDArray[np.int64], pad_id: int) -> TokenBatch:
    """Make a batch of the chosen rows.

    Args:
        ids: Token ids of all texts.
        rows: Positions of the texts in the batch.
        pad_id: Id of the padding token.
    """
    chosen = [ids[row] for row in rows.tolist()]
    lengths = np.fromiter(map(len, chosen), np.int64, len(chosen))
    longest = int(lengths.max(initial=1))
    filled = np.arange(longest)[None, :] < lengths[:, None]
    table = np.full((len(rows), longest), pad_id, np.int64)
    table[filled] = np.fromiter(chain.from_iterable(chosen), np.int64, int(lengths.sum()))
    return TokenBatch(rows, table, filled.astype(np.int64), not bool(filled.all()))
