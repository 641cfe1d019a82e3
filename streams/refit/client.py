"""The refit of a week in a process of its own, so that the stream never stalls: the parent's side.

`python -m streams.refit.server` reads the log itself (nothing large crosses the pipe), takes one JSON request a line
and answers with JSON lines: progress, then the result. The child stays for a while, since loading and compiling
BERTopic's libraries takes some 25 s of processor time and a refit of a small week less than one; idle for two
minutes it ends and gives its memory back. Used by the week-close stage and by replay alike.
"""

import asyncio
import base64
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from models.week.week import Week
from streams.settings import Settings
from streams.system.logs import get_logger

Progress = Callable[[str, float], None]  # what is being done, and how much of it is done, 0–1
# what a digest's bytes can depend on besides our own code; "toptopics" stands for that
LIBRARIES = ("toptopics", "bertopic", "umap-learn", "hdbscan", "scikit-learn", "numpy", "scipy", "numba")
PIPE_LIMIT = 64 * 1024**2
log = get_logger(__name__)


class RefitError(RuntimeError):
    """The refit process failed; the message carries the end of what it said."""


@dataclass(frozen=True)
class MadeDigest:
    """A digest's value as bytes, and what it was made from."""

    value: bytes
    slice_start: int  # first offset that was read
    slice_end: int  # exclusive
    records: int  # that were read
    taught: bytes = b""  # the week's topics, for the live topics to learn from; b"": none
    log_start: int = 0  # first offset that the log still has
    held: int = 0  # distinct posts of the week in the slice, whatever became of them


def library_versions() -> dict[str, str]:
    """The versions that a manifest names."""
    return {name: version(name) for name in LIBRARIES}


class RefitProcess:
    """Refits weeks, one at a time, in a child that is started when needed; `aclose` ends it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._child: asyncio.subprocess.Process | None = None
        self._one_at_a_time = asyncio.Lock()
        self._answers = 0  # lines of the present exchange
        self._closed = False

    async def refit(
        self,
        week: Week,
        *,
        end: int | None = None,
        overrides: Mapping[str, str] | None = None,
        source: str = "tweets.embedded",
        previous: Path | None = None,
        progress: Progress | None = None,
    ) -> MadeDigest:
        """Build the digest of `week`; raises RefitError.

        source: "tweets.embedded", or "tweets" to embed the posts again. previous: a file with the digest of the week
        before (empty: there was none); None: the published one.
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
            raise RefitError(f"the refit of {week} failed: {reason}; its log lines above say more")
        value, taught = base64.b64decode(answer["value"]), base64.b64decode(answer["taught"])
        read = {name: answer[name] for name in ("slice_start", "slice_end", "records", "log_start", "held")}
        return MadeDigest(value, taught=taught, **read)

    async def aclose(self) -> None:
        """End the child at once, in the middle of a refit too: it is done again after the next start."""
        self._closed = True
        await self._kill()

    async def _ask(self, request: dict[str, Any], progress: Progress | None) -> dict[str, Any] | None:
        answer = await self._exchange(await self._running(), request, progress)
        if answer is None and self._answers == 0 and not self._closed:
            # it had just ended by itself, idle: a fresh one has heard nothing of this request yet
            await self._kill()
            answer = await self._exchange(await self._running(), request, progress)
        return answer

    async def _exchange(
        self, child: asyncio.subprocess.Process, request: dict[str, Any], progress: Progress | None
    ) -> dict[str, Any] | None:
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("the refit process has no pipes")
        self._answers = 0
        with suppress(BrokenPipeError, ConnectionResetError):  # then it answers nothing, which is told below
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
                env=os.environ | _environment(self._settings),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=PIPE_LIMIT,
                # a terminal's Ctrl-C must reach the parent alone, which then ends the child without a traceback of its
                start_new_session=True,
            )
        return self._child

    async def _kill(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()


async def run_refit(settings: Settings, week: Week, **request: Any) -> MadeDigest:
    """One refit in a process of its own; see `RefitProcess.refit`."""
    process = RefitProcess(settings)
    try:
        return await process.refit(week, **request)
    finally:
        await process.aclose()


def _environment(settings: Settings) -> dict[str, str]:
    """The addresses may come from services that this process started, and not from the environment."""
    named = {
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "REDIS_URL": settings.redis_url,
        "TOPTOPICS_DATA_DIR": str(settings.data_dir),
        "TOPTOPICS_ENCODER": settings.encoder,
        "TOPTOPICS_DEVICE": settings.device,
        "TOPTOPICS_PREFIX": settings.prefix,
        "TOPTOPICS_TIMEZONE": settings.timezone,
        # the sums of several threads come in any order, and a digest's bytes may not
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
    }
    return {name: value for name, value in named.items() if value is not None}
