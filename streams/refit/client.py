"""The parent's side of the refit process. A refit runs in a process of its own, so that the stream does not stall.

`python -m streams.refit.server` reads the log itself, so nothing large crosses the pipe. It takes one JSON request a
line and answers with JSON lines: progress, then the result. Loading and compiling BERTopic's libraries takes some 25 s
of processor time, and a refit of a small week less than one, so the child stays for further requests. After two idle
minutes it ends and frees its memory. The week-close stage and replay both use it.
"""

import asyncio
import base64
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from models.week.progress import StepProgress
from models.week.week import Week
from streams.settings import Settings
from streams.system.logs import get_logger

# everything besides the inputs that a digest's bytes depend on; "toptopics" is our own code
LIBRARIES = ("toptopics", "bertopic", "umap-learn", "hdbscan", "scikit-learn", "numpy", "scipy", "numba")
PIPE_LIMIT = 64 * 1024**2
log = get_logger(__name__)


class RefitError(RuntimeError):
    """The refit failed; the message gives the child's last words."""


@dataclass(frozen=True)
class MadeDigest:
    """A digest as bytes, with facts about its inputs."""

    value: bytes  # the digest's canonical JSON
    slice_start: int  # first offset of `tweets.embedded` that was read
    slice_end: int  # offset at which the read ended (exclusive)
    records: int  # number of records read
    taught: bytes = b""  # the week's topics (`WeekTopics`) for the live topics, as bytes; empty when there are none
    log_start: int = 0  # first offset that the log still has
    held: int = 0  # distinct posts of the week in the slice, deleted ones included
    peak_memory: int = 0  # largest resident memory of the refit process so far, bytes


def library_versions() -> dict[str, str]:
    """Library versions for a digest's manifest."""
    return {name: version(name) for name in LIBRARIES}


class RefitProcess:
    """Refits weeks one at a time in a child process. It starts when needed; `aclose` ends it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._child: asyncio.subprocess.Process | None = None
        self._one_at_a_time = asyncio.Lock()
        self._answers = 0  # lines received in the present exchange
        self._closed = False

    async def refit(
        self,
        week: Week,
        *,
        end: int | None = None,
        overrides: Mapping[str, str] | None = None,
        source: str = "tweets.embedded",
        previous: Path | None = None,
        progress: StepProgress | None = None,
    ) -> MadeDigest:
        """Build the digest of `week`.

        Args:
            week: The week.
            end: Offset at which to stop reading (exclusive); None for the log's end.
            overrides: Digest settings that differ from the defaults, by name.
            source: "tweets.embedded", or "tweets" to embed the posts again.
            previous: File with the digest of the week before, empty for none. None takes the published digest.
            progress: Called with each step.

        Raises:
            RefitError: The child failed.
        """
        request = {
            "week": str(week),
            "end": end,
            "overrides": dict(overrides or {}),
            "source": source,
            "previous": None if previous is None else str(previous),
        }
        async with self._one_at_a_time:
            try:
                answer = await self._ask(request, progress)
            except BaseException:
                await self._kill()
                raise
        if self._closed:
            raise asyncio.CancelledError
        if answer is None or "error" in answer:
            reason = "the process ended" if answer is None else answer["error"]
            raise RefitError(f"the refit of {week} failed: {reason}; see its log lines above")
        value, taught = base64.b64decode(answer["value"]), base64.b64decode(answer["taught"])
        read = {
            name: answer[name] for name in ("slice_start", "slice_end", "records", "log_start", "held", "peak_memory")
        }
        return MadeDigest(value, taught=taught, **read)

    async def aclose(self) -> None:
        """End the child at once, even during a refit. The refit is repeated after the next start."""
        self._closed = True
        await self._kill()

    async def _ask(self, request: dict[str, Any], progress: StepProgress | None) -> dict[str, Any] | None:
        answer = await self._exchange(await self._running(), request, progress)
        if answer is None and self._answers == 0 and not self._closed:
            # the idle child had just ended by itself; the new one has not received this request
            await self._kill()
            answer = await self._exchange(await self._running(), request, progress)
        return answer

    async def _exchange(
        self, child: asyncio.subprocess.Process, request: dict[str, Any], progress: StepProgress | None
    ) -> dict[str, Any] | None:
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("the refit process has no pipes")
        self._answers = 0
        with suppress(BrokenPipeError, ConnectionResetError):  # a child without an answer is handled below
            child.stdin.write(orjson.dumps(request) + b"\n")
            await child.stdin.drain()
        async for line in child.stdout:
            self._answers += 1
            message: dict[str, Any] = orjson.loads(line)
            if "step" not in message:
                return message
            if progress is not None:
                progress(message["step"], message["share"])
        return None

    async def _running(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "streams.refit.server",
                str(os.getpid()),
                env=os.environ | _environment(self._settings),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=PIPE_LIMIT,
                # a terminal's Ctrl-C must reach only the parent, which then ends the child without a second traceback
                start_new_session=True,
            )
        return self._child

    async def _kill(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()


def _environment(settings: Settings) -> dict[str, str]:
    """Variables for the child: the addresses may belong to services that this process started."""
    named = {
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "REDIS_URL": settings.redis_url,
        "TOPTOPICS_DATA_DIR": str(settings.data_dir),
        "TOPTOPICS_ENCODER": settings.encoder,
        "TOPTOPICS_DEVICE": settings.device,
        "TOPTOPICS_PREFIX": settings.prefix,
        "TOPTOPICS_COMMUNITY": settings.community,
        "TOPTOPICS_TIMEZONE": settings.timezone,
        # several threads add floats in varying order, which would change a digest's bytes
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
    }
    return {name: value for name, value in named.items() if value is not None}
