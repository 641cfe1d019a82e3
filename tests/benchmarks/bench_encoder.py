"""Compares all ways to encode posts in speed and quality with `SentenceTransformer.encode` in the same run.

    python -m tests.benchmarks.bench_encoder [--data DIR] [--posts 1500] [--labelled 2000] [--rounds 3] [--json]

* Posts: influencers*.jsonl[.gz] in the folder of --data (default ../shared/data if it exists), else the demo's.
* Topics: the first --labelled texts of every labelled_*.jsonl[.gz] there, in stream order, through the online topics;
  without any, the demo's posts by their story.
* Posts/s is the best of --rounds. The paths take turns, so that other programs affect all of them. Posts per CPU second
  do not depend on other programs. The cosine is to the first path, in fp32.
* On a GPU also: the share of the measured bf16 matrix peak, and of the posts that tokenisation on all cores can feed.
* Then the embed stage on a backlog, compared with the bare encoder (`embed_backlog`), on a GPU with its share of busy
  time. `--stage N` uses N embed processes (default: one, and on a GPU as many as `tweets` has partitions; several
  numbers give several runs; 0: no stage). `--stage-encoder` names another model for it, such as one large enough for a
  GPU.
* Other engines (`encoder_engines`) are measured where they are installed.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.encoding.loading import PRECISIONS, load_encoder
from models.encoding.minilm import minilm_path
from models.encoding.sentence_encoder import SentenceEncoder
from models.online.topic_model import PostBatch
from models.text import words
from streams.kafka.topics import TWEETS
from tests.benchmarks.embed_backlog import TURN_SECONDS, TURNS, embed_backlog
from tests.benchmarks.encoder_engines import other_engines
from tests.benchmarks.encoder_posts import Labelled, read_labelled, read_posts

Vectors = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
MANY = 20_000  # posts for the stage: all of them
BATCH_SIZES = (8, 16, 64, 128)  # in addition to 32, the default of `encode`
# MiniLM's matrices; the share of attention itself is below 3 %
FLOP_PER_TOKEN = 2 * 6 * (4 * 384 * 384 + 2 * 384 * 1536)


@dataclass
class Row:
    """One path of the table."""

    name: str
    encode: Encode
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    cosines: Vectors | None = None
    quality: dict[str, tuple[float, float]] = field(default_factory=dict)


def rows_on(device: str, cache: Path) -> list[Row]:
    """The paths on one device; the first one is `encode` with its defaults."""
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(minilm_path()), device=device, local_files_only=True)

    def plain(size: int) -> Encode:
        return lambda texts: np.asarray(model.encode(list(texts), batch_size=size, show_progress_bar=False))

    rows = [Row("SentenceTransformer.encode, defaults", plain(32))]
    rows += [Row(f"SentenceTransformer.encode, batch {size}", plain(size)) for size in BATCH_SIZES]
    for precision in PRECISIONS:
        if precision == "fp16" and device == "cpu":  # no CPU multiplies it faster than bf16
            continue
        encoder = load_encoder(f"minilm/{precision}", device=device)
        rows.append(Row(f"minilm/{precision}", encoder.encode))
        if device == "cpu" and isinstance(encoder, SentenceEncoder) and encoder.where.workers > 1:
            rows.append(Row(f"minilm/{precision}, all threads on one batch", _one_at_a_time(encoder)))
    if device == "cpu":
        rows += [Row(name, engine) for name, engine in other_engines(model)]
        rows.append(Row("static", load_encoder("static", cache_dir=cache).encode))
    print(f"# {device}: torch {torch.__version__}, {torch.get_num_threads()} threads", file=sys.stderr)
    return rows


def _one_at_a_time(encoder: SentenceEncoder) -> Encode:
    """The same encoder with torch's own threads, which share batches four times as large."""
    where = replace(encoder.where, workers=1, budget=4 * encoder.where.budget)
    return SentenceEncoder(
        encoder._tokenize, encoder._forward, name=encoder.name, dimensions=encoder.dimensions, where=where
    ).encode


def measure(rows: Sequence[Row], texts: Sequence[str], rounds: int) -> None:
    """Speed, in turns, and cosine to the first row."""
    reference: Vectors | None = None
    for row in rows:
        row.encode(texts[:64])  # the first pass loads the kernels
    for _ in range(rounds):
        for row in rows:
            wall, cpu = time.perf_counter(), time.process_time()
            vectors = row.encode(texts)
            row.seconds.append(time.perf_counter() - wall)
            row.cpu.append(time.process_time() - cpu)
            if reference is None:
                reference = vectors
            if vectors.shape == reference.shape:
                row.cosines = (vectors * reference).sum(axis=1)


def only_best_batch_size(rows: list[Row]) -> list[Row]:
    """Keep the defaults and the fastest of the other batch sizes."""
    others = [row for row in rows[1:] if row.name.startswith("SentenceTransformer")]
    best = min(others, key=lambda row: min(row.seconds))
    return [row for row in rows if row not in others or row is best]


def topics(encode: Encode, data: Labelled) -> tuple[float, float]:
    """NMI and AMI of the online topics with these vectors."""
    from sklearn.metrics import adjusted_mutual_info_score, normalized_mutual_info_score

    from models.online.factory import create_topic_model

    vectors = encode(data.texts)
    model = create_topic_model("topics", vectors.shape[1], "benchmark")
    count = len(data.texts)
    placements, _ = model.learn_many(
        PostBatch(
            ids=[f"{i:08d}" for i in range(count)],
            vectors=vectors,
            words=[words(text, [], []) for text in data.texts],
            authors=[f"a{i % 500}" for i in range(count)],
            at=np.asarray(data.at),
            related=[None] * count,
            retweet=[False] * count,
        )
    )
    found = [model.current_id(placement.topic_id) for placement in placements]
    return normalized_mutual_info_score(data.labels, found), adjusted_mutual_info_score(data.labels, found)


def report(device: str, rows: Sequence[Row], posts: int, tokens: int, feed: float) -> list[dict[str, Any]]:
    """The table as data, with rates per second. `feed` is the rate of tokenisation alone, in posts/s."""
    base = min(rows[0].seconds)
    peak = matrix_peak() if device.startswith("cuda") else None
    table = []
    for row in rows:
        best = min(row.seconds)
        line: dict[str, Any] = {
            "path": row.name,
            "device": device,
            "posts/s": round(posts / best),
            "tokens/s": round(tokens / best),
            "x defaults": round(base / best, 2),
            "posts/CPU s": round(posts / min(row.cpu)),
            "share of tokeniser": round(posts / best / feed, 3),
            "cos min": None if row.cosines is None else round(float(row.cosines.min()), 5),
            "cos mean": None if row.cosines is None else round(float(row.cosines.mean()), 6),
        }
        if peak:
            line["share of bf16 peak"] = round(tokens / best * FLOP_PER_TOKEN / peak, 3)
        for name, (nmi, ami) in row.quality.items():
            line[f"NMI {name}"], line[f"AMI {name}"] = round(nmi, 3), round(ami, 3)
        table.append(line)
    return table


def matrix_peak() -> float:
    """FLOP/s of a large bf16 product on the GPU."""
    import torch

    size, repeats = 8192, 30
    a = torch.randn(size, size, device="cuda", dtype=torch.bfloat16)
    for count in (3, repeats):
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(count):
            a @ a
        torch.cuda.synchronize()
    return 2 * size**3 * repeats / (time.perf_counter() - start)


def tokenise(texts: Sequence[str]) -> tuple[int, float]:
    """Tokens of the texts, and posts/s of tokenisation alone on all cores."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(minilm_path() / "tokenizer.json"))
    tokenizer.no_padding()
    start = time.perf_counter()
    encoded = tokenizer.encode_batch_fast(list(texts))
    return sum(len(item.ids) for item in encoded), len(texts) / (time.perf_counter() - start)


def stages(args: argparse.Namespace, device: str) -> list[dict[str, Any]]:
    """Run the embed stage on a backlog, once for each requested number of processes."""
    texts = read_posts(args.data, MANY)
    table = []
    for workers in args.stage or [TWEETS.partitions if device.startswith("cuda") else 1]:
        if workers:
            found = embed_backlog(
                texts, args.stage_encoder, device, workers, turns=args.turns, seconds=args.turn_seconds
            )
            table.append({"encoder": args.stage_encoder, "device": device, "processes": workers, **found.table()})
    return table


def show(table: Sequence[dict[str, Any]]) -> None:
    """Markdown, as in tests/benchmarks/README.md."""
    columns = list(dict.fromkeys(key for line in table for key in line))
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for line in table:
        print("| " + " | ".join("" if line.get(key) is None else str(line[key]) for key in columns) + " |")


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=SHARED if SHARED.is_dir() else None, help="folder of JSON Lines")
    parser.add_argument("--posts", type=int, default=1500, help="posts to encode for the rates")
    parser.add_argument("--labelled", type=int, default=2000, help="texts of each labelled set; 0: no quality columns")
    parser.add_argument("--rounds", type=int, default=3, help="times that every path is measured")
    parser.add_argument("--device", action="append", help="cpu, cuda (default: all that are here)")
    processes = "embed processes on a backlog (default: 1, on a GPU 4); 0: no stage"
    parser.add_argument("--stage", type=int, nargs="+", help=processes)
    parser.add_argument("--stage-encoder", default="minilm", help="encoder of that stage")
    parser.add_argument("--turns", type=int, default=TURNS, help="of the stage, with the bare encoder between them")
    parser.add_argument("--turn-seconds", type=float, default=TURN_SECONDS, help="of each")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    args = parser.parse_args()
    import torch

    texts = read_posts(args.data, args.posts)
    labelled = read_labelled(args.data, args.labelled) if args.labelled else []
    tokens, feed = tokenise(texts)
    table: list[dict[str, Any]] = []
    here = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    with tempfile.TemporaryDirectory() as cache:
        for device in args.device or here:
            rows = rows_on(device, Path(cache))
            measure(rows, texts, args.rounds)
            rows = only_best_batch_size(rows)
            for row in rows:
                if row.name.startswith("SentenceTransformer") and row is not rows[0]:
                    continue  # the same vectors as the defaults
                row.quality = {data.name: topics(row.encode, data) for data in labelled}
            table += report(device, rows, len(texts), tokens, feed)
    if not args.json:
        show(table)
    backlog = stages(args, (args.device or here)[-1])
    if args.json:
        print(json.dumps({"encoders": table, "stage": backlog}, indent=2))
    elif backlog:
        print()
        show(backlog)


if __name__ == "__main__":
    main()
