"""Devices and number formats for the sentence encoder: the choice, the size of batches, and running out of memory."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from models.encoding.encoder import EncoderError

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class DevicePlan:
    """Where and how to compute."""

    device: torch.device
    dtype: torch.dtype  # the number format
    budget: int  # tokens in a batch, padding included
    most_rows: int  # largest number of texts in a batch
    chunk: int  # texts tokenised at once
    workers: int = 1  # forward passes at the same time, each on one thread; 1 leaves the threads to the device

    @property
    def precision(self) -> str:
        """The number format as in an encoder's name."""
        return next(name for name, dtype in _DTYPES.items() if dtype == self.dtype)


def choose(device: str = "auto", precision: str = "auto") -> DevicePlan:
    """Choose device, number format and batch sizes.

    Args:
        device: "auto" (CUDA, then MPS, then CPU), or the name of a device.
        precision: "fp32", "bf16", "fp16" or "auto". "auto" takes bf16 where the hardware multiplies it (GPUs since
            Ampere, CPUs with AVX512-BF16 or AMX), else fp16 on older CUDA GPUs and fp32 elsewhere. The format is part
            of the vector space's name, so name one when different machines share the work.

    Raises:
        EncoderError: The device is missing, or the precision is unknown.
    """
    target = _device(device)
    if precision == "auto":
        dtype = _native(target)
    elif precision in _DTYPES:
        dtype = _DTYPES[precision]
    else:
        raise EncoderError(f"precision {precision!r} is unknown; use auto, {', '.join(_DTYPES)}")
    if target.type == "cuda":
        return DevicePlan(target, dtype, budget=131_072, most_rows=4096, chunk=8192)
    if target.type == "mps":
        return DevicePlan(target, dtype, budget=16_384, most_rows=512, chunk=4096)
    # a core's cache sets the size of a batch: with four times as many tokens each takes a fifth longer, with sixteen
    # times twice as long; threads with a batch of their own do not wait for one another
    return DevicePlan(target, dtype, budget=512, most_rows=64, chunk=4096, workers=torch.get_num_threads())


def out_of_memory(error: BaseException) -> bool:
    """Whether `error` means that a device is out of memory: CUDA's own type, and the messages of MPS and CPU."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def release(device: torch.device) -> None:
    """Free cached blocks, so that a smaller batch fits."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def to_device(table: npt.NDArray[np.int64], device: torch.device) -> torch.Tensor:
    """Copy `table` to the device; on CUDA through pinned memory, without waiting."""
    pinned = device.type == "cuda"
    tensor = torch.from_numpy(np.ascontiguousarray(table))
    return (tensor.pin_memory() if pinned else tensor).to(device, non_blocking=pinned)


def to_host(result: torch.Tensor) -> Callable[[], torch.Tensor]:
    """Start copying `result` to the host. The returned function waits for the copy and for nothing that started later.

    On CUDA the copy is queued directly after its own forward pass. If it were queued only when needed, it would wait
    for all batches started since, and the device would run idle before their results are taken.
    """
    if result.device.type != "cuda":
        return lambda: result
    host = result.to("cpu", non_blocking=True)  # into pinned memory
    copied = torch.cuda.Event()
    copied.record(torch.cuda.current_stream(result.device))

    def wait() -> torch.Tensor:
        copied.synchronize()
        return host

    return wait


def _native(device: torch.device) -> torch.dtype:
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float16
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return torch.bfloat16 if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else torch.float32
    return torch.float32


def _device(device: str) -> torch.device:
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        target = torch.device(device)
    except RuntimeError as error:
        raise EncoderError(f"device {device!r} is unknown; use auto, cpu, cuda, cuda:N, mps") from error
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not available.get(target.type, False):
        raise EncoderError(f"device {device!r} is not available on this machine")
    if target.type == "cuda" and (target.index or 0) >= torch.cuda.device_count():
        raise EncoderError(f"device {device!r}: this machine has {torch.cuda.device_count()} GPUs")
    return target
