"""Everything around the forward pass: order, batches, threads, full memory. No real model."""

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
import torch

from models.encoding.device import DevicePlan, choose, out_of_memory
from models.encoding.encoder import EncoderError
from models.encoding.loading import load_encoder
from models.encoding.sentence_encoder import Forward, SentenceEncoder
from models.encoding.token_batches import TokenBatch

META = torch.device("meta")  # any device that is not the CPU: the overlapped path, on tensors that stay here


def tokenize(texts: Sequence[str]) -> list[list[int]]:
    """A character is a token, between 1 and 2."""
    return [[1, *map(ord, text), 2] for text in texts]


def forward(batch: TokenBatch) -> torch.Tensor:
    """Vectors that identify a text by its tokens: sums over the mask."""
    ids, mask = torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)
    ids = ids * mask
    return torch.stack([ids.sum(1), (ids**2).sum(1), mask.sum(1), (ids % 7).sum(1)], dim=1).to(torch.float64)


def encoder(
    pass_: Forward = forward, *, device: torch.device | None = None, workers: int = 1, budget: int = 64
) -> SentenceEncoder:
    where = DevicePlan(device or torch.device("cpu"), torch.float32, budget, most_rows=8, chunk=50, workers=workers)
    return SentenceEncoder(tokenize, pass_, name="test@0/fp32", dimensions=4, where=where)


def texts(count: int) -> list[str]:
    rng = np.random.default_rng(count)
    return ["x" * int(n) + chr(97 + i % 26) for i, n in enumerate(rng.integers(0, 60, count))]


def expected(posts: Sequence[str]) -> npt.NDArray[np.float64]:
    rows = [
        forward(TokenBatch(np.arange(1), np.array([ids]), np.ones((1, len(ids)), np.int64), False))
        for ids in tokenize(posts)
    ]
    table: npt.NDArray[np.float64] = torch.cat(rows).numpy()
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    return table


@pytest.mark.parametrize(("device", "workers"), [(None, 1), (None, 3), (META, 1)])
@pytest.mark.parametrize("count", [1, 2, 49, 50, 173])
def test_rows_come_back_in_the_order_of_the_texts(device: torch.device | None, workers: int, count: int) -> None:
    """However the texts are sorted, divided and distributed over threads."""
    posts = texts(count)
    assert np.allclose(encoder(device=device, workers=workers).encode(posts), expected(posts), atol=1e-6)


def test_no_batch_exceeds_its_budget() -> None:
    """Rows x longest row, padding included. A text longer than the budget has a batch of its own."""
    seen: list[tuple[int, int]] = []

    def watched(batch: TokenBatch) -> torch.Tensor:
        seen.append(batch.ids.shape)
        return forward(batch)

    encoder(watched).encode([*texts(100), "y" * 500])
    assert all(rows * length <= 64 or rows == 1 for rows, length in seen)
    assert all(rows <= 8 for rows, _ in seen)


@pytest.mark.parametrize(("device", "workers"), [(None, 1), (None, 3), (META, 1)])
def test_out_of_memory_halves_and_goes_on(device: torch.device | None, workers: int) -> None:
    """Batches that do not fit are halved until they do. Every vector is right, and later batches are smaller."""
    failures: list[int] = []

    def small(batch: TokenBatch) -> torch.Tensor:
        if batch.ids.size > 70:
            failures.append(batch.ids.size)
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return forward(batch)

    posts = texts(200)
    tested = encoder(small, device=device, workers=workers, budget=400)
    assert np.allclose(tested.encode(posts), expected(posts), atol=1e-6)
    assert failures
    assert tested.budget <= 200
    failures.clear()
    tested.encode(posts)
    tested.encode(posts)
    seen = len(failures)
    tested.encode(posts)
    assert len(failures) == seen or tested.budget <= 70


def test_one_text_that_does_not_fit_raises() -> None:
    """Nothing is left to halve."""

    def never(batch: TokenBatch) -> torch.Tensor:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")

    with pytest.raises(RuntimeError, match="allocate"):
        encoder(never).encode(["a", "b"])


@pytest.mark.parametrize(("device", "workers"), [(None, 1), (None, 3), (META, 1)])
def test_other_errors_pass_and_leave_no_thread(device: torch.device | None, workers: int) -> None:
    """A bug in the forward pass reaches the caller from any thread, and the helper threads end."""
    calls: list[int] = []

    def broken(batch: TokenBatch) -> torch.Tensor:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("shape mismatch")
        return forward(batch)

    with pytest.raises(RuntimeError, match="shape mismatch"):
        encoder(broken, device=device, workers=workers).encode(texts(300))
    assert not [thread for thread in threading.enumerate() if thread.name == "ahead"]


def test_the_tokeniser_fails_in_its_thread() -> None:
    """Its error reaches the caller."""

    def broken(posts: Sequence[str]) -> list[list[int]]:
        raise ValueError("no such character")

    where = DevicePlan(META, torch.float32, 64, most_rows=8, chunk=50)
    tested = SentenceEncoder(broken, forward, name="test@0/fp32", dimensions=4, where=where)
    with pytest.raises(ValueError, match="no such character"):
        tested.encode(["a", "b"])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_vectors_of_a_cpu() -> None:
    """Over many overlapping batches, copied behind their forward passes: each text has its own vector."""
    posts = [f"Post number {n} about {'very ' * (n % 30)}large models" for n in range(20_000)]
    device, cpu = load_encoder("minilm/bf16", device="cuda"), load_encoder("minilm/fp32", device="cpu")
    vectors = device.encode(posts)
    assert (vectors[::200] * cpu.encode(posts[::200])).sum(axis=1).min() > 0.998
    assert device.encode(posts).tobytes() == vectors.tobytes()


def test_two_threads_may_encode_at_once() -> None:
    """Each gets its own rows."""
    tested, posts = encoder(workers=2), [texts(120), texts(121)]
    results: dict[int, npt.NDArray[np.float32]] = {}

    def work(index: int) -> None:
        results[index] = tested.encode(posts[index])

    threads = [threading.Thread(target=work, args=(index,)) for index in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.allclose(results[index], expected(posts[index]), atol=1e-6) for index in (0, 1))


def test_what_counts_as_out_of_memory() -> None:
    """CUDA's type, the messages of MPS and of the CPU's allocator, and nothing else."""
    assert out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"))
    assert out_of_memory(MemoryError())
    assert not out_of_memory(RuntimeError("shape mismatch"))
    assert not out_of_memory(ValueError("out of memory"))


@pytest.mark.parametrize(("device", "precision"), [("gpu", "auto"), ("cuda:99", "auto"), ("cpu", "fp8")])
def test_devices_and_formats_that_are_not_there(device: str, precision: str) -> None:
    """Our error with the reason, before any model is loaded."""
    with pytest.raises(EncoderError):
        choose(device, precision)


def test_the_plan_names_its_format() -> None:
    """As in the encoder's name."""
    assert choose("cpu", "fp32").precision == "fp32"
    assert choose("cpu", "bf16").precision == "bf16"
    assert choose("cpu", "auto").precision in ("fp32", "bf16")
