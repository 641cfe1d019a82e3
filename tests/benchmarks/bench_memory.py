"""The memory of every process of a worker after a month of posts, on its own broker and Redis.

    python -m tests.benchmarks.bench_memory --data DIRECTORY

Proportional set size (Linux): pages that processes share are divided among them, so the sum is what the machine needs.
The posts of the month go through the stages with the default encoder until their weeks are closed. The refit is
measured while it runs, at its largest; the others at the end. Without --data the demo's posts are taken.
"""

import argparse
import asyncio
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import orjson
import psutil

from streams.clock import system_clock
from streams.demo import demo_posts
from streams.kafka.digests import read_digests
from streams.kafka.lag import lag_of
from streams.kafka.log import group_name
from streams.local.services import running_services
from streams.settings import Settings
from streams.sources.files.ingest import Pace, ingest_files
from streams.stages.table import STAGE_INPUTS
from tests.integration.pipeline import WorkerProcess, pipeline_settings

MONTH = "influencers_2021_05.jsonl.gz"
MB = 1e6
QUIET_SECONDS = 30.0  # without a new digest and without lag


def name_of(process: psutil.Process) -> str:
    """What the process is."""
    command = process.cmdline()
    if "streams.runtime.stage_process" in command:
        return command[command.index("streams.runtime.stage_process") + 1]
    for word, name in (("streams.refit.server", "refit"), ("worker", "worker"), ("kafka.Kafka", "broker")):
        if word in command:
            return name
    return "Redis" if any("redis-server" in word for word in command) else "other"


def shares() -> dict[str, float]:
    """Name of a process -> MB of its proportional set size."""
    found: dict[str, float] = defaultdict(float)
    for process in psutil.Process().children(recursive=True):
        try:
            found[name_of(process)] += process.memory_full_info().pss / MB
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


async def measured(settings: Settings, worker: WorkerProcess) -> tuple[dict[str, float], float, int]:
    """The processes at the end, the refit at its largest, and the number of digests."""
    refit, digests, changed = 0.0, 0, time.monotonic()
    while True:
        now = shares()
        refit = max(refit, now.pop("refit", 0.0))
        known = len(await read_digests(settings))
        lag = [
            await lag_of(settings, topic, group=group_name(settings, stage)) for stage, topic in STAGE_INPUTS.items()
        ]
        if known != digests or any(sum(one.values()) for one in lag):
            digests, changed = known, time.monotonic()
        if digests and time.monotonic() - changed > QUIET_SECONDS:
            return now, refit, digests
        if worker.process is None or worker.process.poll() is not None:
            raise RuntimeError(worker.log_lines()[-2000:])
        await asyncio.sleep(1.0)


async def run(kafka: str, redis: str, folder: Path, file: Path) -> None:
    """Play the file and print the table."""
    async with pipeline_settings(kafka, redis, "", folder) as made:
        settings = made.model_copy(update={"encoder": "minilm", "week_idle_seconds": 20.0})
        worker = WorkerProcess(settings, folder / "worker.log")
        worker.start()
        try:
            await ingest_files(
                settings, [str(file)], form="auto", columns={}, clock=system_clock, pace=Pace(),
                report=lambda *_: None, advance=lambda *_: None,
            )  # fmt: skip
            found, refit, digests = await measured(settings, worker)
        finally:
            worker.stop()
    print(f"| process, after {digests} digests | PSS, MB |\n|---|---|")
    for name, size in sorted({**found, "refit, while it runs": refit}.items(), key=lambda item: -item[1]):
        print(f"| {name} | {size:,.0f} |")
    print(f"| all | {sum(found.values()) + refit:,.0f} |")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "posts.jsonl"
        if options.data is None:
            file.write_bytes(b"\n".join(orjson.dumps(post) for post in demo_posts()))
        else:
            file = options.data / "data" / MONTH
        with running_services(folder) as found:
            asyncio.run(run(found.kafka, found.redis, folder, file))


if __name__ == "__main__":
    main()
