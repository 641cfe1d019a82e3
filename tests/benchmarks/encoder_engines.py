"""Other engines for the same weights, for `bench_encoder`. Each is used only where it is installed; none is a
dependency.

They are `encode` of sentence-transformers with its ONNX and OpenVINO back ends, and the engines themselves with our
batches, because those back ends cannot be installed with every version of transformers.
"""

import importlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from models.encoding.device import choose
from models.encoding.minilm import minilm_path
from models.encoding.sentence_encoder import Forward, SentenceEncoder
from models.encoding.token_batches import TokenBatch

Encode = Callable[[Sequence[str]], npt.NDArray[np.float32]]


class Pooled(torch.nn.Module):  # type: ignore[misc]
    """Token ids and mask to mean-pooled vectors: the form that the engines take."""

    def __init__(self, transformer: torch.nn.Module) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """(n, longest) twice to (n, dimensions)."""
        hidden = self.transformer(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        pooled: torch.Tensor = (hidden * weights).sum(1) / weights.sum(1)
        return pooled


def other_engines(model: Any) -> Iterator[tuple[str, Encode]]:
    """Name and encoder of each installed engine. `model` is MiniLM in float32 from sentence-transformers."""
    for name, make in (
        ("sentence-transformers, ONNX", lambda: _back_end("onnx")),
        ("sentence-transformers, OpenVINO", lambda: _back_end("openvino")),
        ("torch.compile, bf16, our batches", lambda: _compiled(model)),
        ("OpenVINO, f32, our batches", lambda: _openvino(model, "f32")),
        ("OpenVINO, bf16, our batches", lambda: _openvino(model, "bf16")),
        ("ONNX Runtime, f32, our batches", lambda: _onnx(model)),
    ):
        try:
            yield name, make()  # type: ignore[no-untyped-call]
        except (ImportError, OSError, RuntimeError) as error:
            print(f"# {name}: not here ({str(error).splitlines()[0][:100]})", flush=True)


def _back_end(backend: str) -> Encode:
    from sentence_transformers import SentenceTransformer

    need = {"onnx": "optimum.onnxruntime", "openvino": "optimum.intel"}[backend]
    if find_spec("optimum") is None or find_spec(need) is None:
        raise ImportError(f"{need} is not installed")
    model = SentenceTransformer(str(minilm_path()), backend=backend, device="cpu", local_files_only=True)
    return lambda texts: np.asarray(model.encode(list(texts), show_progress_bar=False))


def _compiled(model: Any) -> Encode:
    if shutil.which("g++") is None:
        raise ImportError("torch.compile needs a C++ compiler")
    from copy import deepcopy

    compiled = torch.compile(Pooled(deepcopy(_transformer(model)).to(torch.bfloat16)).eval(), dynamic=True)

    def forward(batch: TokenBatch) -> torch.Tensor:
        with torch.inference_mode():
            vectors: torch.Tensor = compiled(torch.from_numpy(batch.ids), torch.from_numpy(batch.mask))
        return vectors

    return _with_our_batches(model, forward)


def _openvino(model: Any, precision: str) -> Encode:
    openvino = importlib.import_module("openvino")
    example = torch.ones(2, 8, dtype=torch.long)
    converted = openvino.convert_model(Pooled(_transformer(model)).eval(), example_input=(example, example))
    options = {
        "INFERENCE_PRECISION_HINT": precision,
        "NUM_STREAMS": torch.get_num_threads(),
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
    compiled = openvino.Core().compile_model(converted, "CPU", options)
    own = threading.local()

    def forward(batch: TokenBatch) -> torch.Tensor:
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        (result,) = own.request.infer([batch.ids, batch.mask]).values()
        return torch.from_numpy(np.array(result))

    return _with_our_batches(model, forward)


def _onnx(model: Any) -> Encode:
    runtime = importlib.import_module("onnxruntime")
    example = torch.ones(2, 8, dtype=torch.long)
    free = {0: torch.export.Dim("n"), 1: torch.export.Dim("longest")}
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        file = os.fspath(Path(folder) / "model.onnx")
        program = torch.onnx.export(
            Pooled(_transformer(model)).eval(), (example, example), dynamic_shapes=(free, free), dynamo=True
        )
        if program is None:
            raise RuntimeError("the export gave nothing")
        program.save(file)
        session = runtime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    names = [entry.name for entry in session.get_inputs()]

    def forward(batch: TokenBatch) -> torch.Tensor:
        (result,) = session.run(None, dict(zip(names, (batch.ids, batch.mask), strict=True)))
        return torch.from_numpy(result)

    return _with_our_batches(model, forward)


def _transformer(model: Any) -> torch.nn.Module:
    first = model[0]
    transformer: torch.nn.Module = getattr(first, "auto_model", None) or first.model
    return transformer


def _with_our_batches(model: Any, forward: Forward) -> Encode:
    def tokenize(texts: Sequence[str]) -> list[list[int]]:
        ids: list[list[int]] = model.tokenizer(list(texts), truncation=True, max_length=256)["input_ids"]
        return ids

    where = replace(choose("cpu", "fp32"), workers=torch.get_num_threads())
    return SentenceEncoder(tokenize, forward, name="engine@0/fp32", dimensions=384, where=where).encode
