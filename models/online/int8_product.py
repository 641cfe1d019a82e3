"""Exact products of int8 matrices: the same integers on every machine.

PyTorch's integer product is several times as fast as float32 BLAS where the processor has dot products of bytes (VNNI).
Elsewhere BLAS computes it in float32, which represents every integer below 2^24. Both give the same integers.

PyTorch takes two seconds to load, and as long as the process lives some 500 MiB (measured, CUDA build). So it is
loaded when BLAS has done as many multiplications as take it some two seconds (`PAYS`). A busy stream has it within
minutes. A circle of some hundred people does without: BLAS takes a tenth of a second for all products of its month.
"""

from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.int8]
LONGEST = 4000.0  # largest norm of a row: by Cauchy–Schwarz every partial sum of a product stays below 2^24
WIDE = 128  # number of columns from which the integer product is faster
PAYS: Final = 10**11  # multiplications of BLAS after which PyTorch is loaded
TALL = 32  # rows are padded to a multiple: a new shape needs a new kernel, which takes milliseconds


def product(rows: Bytes, columns: Bytes) -> npt.NDArray[np.int32] | npt.NDArray[np.float32]:
    """The product of (n, dimensions) and (m, dimensions) as integers (n, m). No row may be longer than `LONGEST`."""
    if len(columns) < WIDE or not _work.pays(rows, columns) or (torch := suited_torch()) is None:
        return by_blas(rows, columns)
    return by_torch(torch, rows, columns)


def by_torch(torch: Any, rows: Bytes, columns: Bytes) -> npt.NDArray[np.int32]:
    """The same integers, computed by `suited_torch`."""
    height = -len(rows) % TALL
    padded = np.concatenate([rows, np.zeros((height, rows.shape[1]), np.int8)]) if height else rows
    made: npt.NDArray[np.int32] = torch._int_mm(torch.from_numpy(padded), torch.from_numpy(columns).T).numpy()
    return made[: len(rows)]


def by_blas(rows: Bytes, columns: Bytes) -> npt.NDArray[np.float32]:
    """The same integers, computed in float32."""
    return rows.astype(np.float32) @ columns.astype(np.float32).T


class Work:
    """The products of a process."""

    def __init__(self) -> None:
        self._done = 0  # multiplications

    def pays(self, rows: Bytes, columns: Bytes) -> bool:
        """Count one more product, and say whether there were enough of them to load PyTorch."""
        if self._done < PAYS:
            self._done += len(rows) * columns.size
        return self._done >= PAYS


_work = Work()


@cache
def suited_torch() -> Any:
    """torch where its integer product is fast and correct, else None."""
    import torch

    supported = getattr(torch.cpu, "_is_vnni_supported", None)
    if supported is None or not hasattr(torch, "_int_mm") or not supported():
        return None
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-127, 128, (n, 33), dtype=np.int8) for n in (5, 40))
    made = torch._int_mm(torch.from_numpy(a), torch.from_numpy(b).T).numpy()
    return torch if np.array_equal(made, a.astype(np.int64) @ b.astype(np.int64).T) else None
