"""A real stage that can be told to fail at certain places: `python -m tests.integration.faults.stage_process embed`.

A fault is armed by a file `STAGE.PLACE` in the folder FAULTS, which contains the action. The process that removes the
file performs it.

Places: `before` and `after` a batch (after: produced, not acknowledged), `linger` (before it, and after a time in which
offsets are committed), `drain` (the same, but the place is reached first, so that other events wait), `produce` (sent,
not confirmed), `confirm` (one record that never leaves the buffer, and after a time in which all others do; `letter`
for a dead letter), `encode`, `snapshot` (written, not durable), `advance` (applied to the view, position not stored),
`refit` (a second into it), `digest` (published, nothing noted), `queue` (a record leaves Faust's queue).

Actions: `kill` (SIGKILL), `terminate` (SIGTERM), `freeze` (SIGSTOP), `raise`, `hang` (forever), `full` (as a full
disk), `flush` (all of Redis), `forget` (drops the record and those that wait, as a rebalance may).

The file `clock.skew`, if it exists, contains the seconds by which the stage's clock is off from now on.
"""

import asyncio
import errno
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mode.utils.queues import FlowControlQueue
from redis import Redis

from models.encoding.hash_encoder import HashEncoder
from streams.clock import system_clock
from streams.kafka.record import Record
from streams.kafka.topics import DEAD_LETTERS, DIGESTS
from streams.ports import Headers, Send
from streams.redis_store.view_positions import ViewPositions
from streams.refit.client import RefitProcess
from streams.runtime import pipeline as stages
from streams.runtime.faust_app import BuildStage
from streams.runtime.stage_process import end_process, run_stage
from streams.settings import Settings, load_settings
from streams.stages.stage import Handler, Stage
from streams.system.logs import set_up_logging
from streams.system.metrics import Metrics
from streams.system.parent_death import die_with_parent

FIRED = "fired.log"
DRAINED = "drained.log"
FOLLOWED = "followed.log"
SKEW = "clock.skew"
OWNER = ".owner"  # STAGE.owner: the process that wrote the stage's newest batch, and when
SIGNALS = {"kill": signal.SIGKILL, "terminate": signal.SIGTERM, "freeze": signal.SIGSTOP}
REFIT_SECONDS = 1.0  # from the start of a refit to its place
LINGER_SECONDS = 2.5  # offsets are committed every second: a premature acknowledgement is committed by then


class Places:
    """The places of one stage."""

    def __init__(self, folder: Path, stage: str) -> None:
        self._folder = folder
        self._stage = stage

    def armed(self, place: str) -> bool:
        """Whether the stage has to fail there."""
        return (self._folder / f"{self._stage}.{place}").exists()

    def postpone(self, place: str) -> str:
        """Disarm the place for other processes. Returns the name of the place armed instead, "" if it was not armed."""
        later = f"{place}-later"
        try:
            (self._folder / f"{self._stage}.{place}").rename(self._folder / f"{self._stage}.{later}")
        except FileNotFoundError:
            return ""
        return later

    def note_owner(self) -> None:
        """Note that this process has just written a batch."""
        (self._folder / f"{self._stage}{OWNER}").write_text(f"{os.getpid()} {time.monotonic()}")

    def note_drained(self) -> None:
        """Note that the batch in progress at the stop was handled by the same process."""
        with (self._folder / DRAINED).open("a") as log:
            log.write(f"{self._stage}\n")

    def note_followed(self) -> None:
        """Note that the process that was made to forget records has received a later one."""
        with (self._folder / FOLLOWED).open("a") as log:
            log.write(f"{self._stage} {os.getpid()}\n")

    def reached(self, place: str) -> None:
        """Fail here if requested."""
        armed = self._folder / f"{self._stage}.{place}"
        try:
            action = armed.read_text()
            armed.unlink()
        except FileNotFoundError:
            return
        with (self._folder / FIRED).open("a") as log:
            log.write(f"{time.monotonic()} {self._stage} {place} {action} {os.getpid()}\n")
        if action in SIGNALS:
            os.kill(os.getpid(), SIGNALS[action])
            return
        if action == "flush":
            with Redis.from_url(os.environ["REDIS_URL"]) as redis:
                redis.flushall()
            return
        if action == "forget":
            return
        if action == "hang":
            time.sleep(86_400)
        if action == "full":
            raise OSError(errno.ENOSPC, "No space left on device")
        raise RuntimeError(f"told to fail at {place}")


def _armed_handler(handler: Handler, places: Places) -> Handler:
    async def handle(records: Sequence[Record]) -> None:
        places.reached("before")
        if places.armed("linger"):
            await asyncio.sleep(LINGER_SECONDS)
            places.reached("linger")
        if draining := places.armed("drain"):
            places.reached("drain")
            await asyncio.sleep(LINGER_SECONDS)
        await handler(records)
        if draining:
            places.note_drained()
        places.note_owner()
        places.reached("after")

    return handle


def _armed_send(send: Send, places: Places) -> Send:
    async def confirmed(confirmation: Awaitable[object], topic: str) -> object:
        done = await confirmation
        if topic == DIGESTS.name:
            places.reached("digest")
        return done

    async def never_sent(place: str) -> None:
        await asyncio.sleep(LINGER_SECONDS)
        places.reached(place)

    async def send_and_fail(
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        timestamp: datetime | None = None,
        headers: Headers = (),
    ) -> Awaitable[object]:
        if later := places.postpone("letter" if topic == DEAD_LETTERS.name else "confirm"):
            return asyncio.ensure_future(never_sent(later))
        confirmation = await send(topic, key=key, value=value, timestamp=timestamp, headers=headers)
        places.reached("produce")
        return confirmed(confirmation, topic)

    return send_and_fail


def _armed(build: BuildStage, places: Places) -> BuildStage:
    def build_armed(settings: Settings, send: Send, metrics: Metrics) -> Stage:
        stage = build(settings, _armed_send(send, places), metrics)
        handlers = {topic: _armed_handler(handler, places) for topic, handler in stage.handlers.items()}
        return replace(stage, handlers=handlers)

    return build_armed


def patch(owner: object, name: str, replacement: Callable[..., Any]) -> None:
    """Replace what `owner` has under this name.

    Raises:
        AttributeError: It has no such name, so no code would ever reach the replacement.
    """
    getattr(owner, name)
    setattr(owner, name, replacement)


def arm_libraries(places: Places, folder: Path, patch: Callable[[object, str, Callable[..., Any]], None]) -> None:
    """Put the places that are no part of a stage's handlers into the code. `patch` refuses an unknown name."""
    fsync, encode, refit, advance = os.fsync, HashEncoder.encode, RefitProcess.refit, ViewPositions.advance
    get = FlowControlQueue.get
    skew = folder / SKEW

    def skewed_clock() -> datetime:
        try:
            return system_clock() + timedelta(seconds=float(skew.read_text()))
        except (FileNotFoundError, ValueError):  # being written
            return system_clock()

    def armed_fsync(descriptor: int) -> None:
        places.reached("snapshot")
        fsync(descriptor)

    def armed_encode(self: HashEncoder, texts: Sequence[str]) -> Any:
        places.reached("encode")
        return encode(self, texts)

    async def armed_refit(*given: Any, **named: Any) -> Any:
        asyncio.get_running_loop().call_later(REFIT_SECONDS, places.reached, "refit")
        return await refit(*given, **named)

    async def armed_advance(*given: Any, **named: Any) -> bool:
        places.reached("advance")
        return await advance(*given, **named)

    async def forgetful_get(self: FlowControlQueue[Any]) -> Any:
        taken = await get(self)
        if places.armed("queue"):
            places.reached("queue")
            self.clear()
            taken = await get(self)
            places.note_followed()
        return taken

    patch(FlowControlQueue, "get", forgetful_get)
    patch(stages, "system_clock", skewed_clock)
    patch(os, "fsync", armed_fsync)
    patch(HashEncoder, "encode", armed_encode)
    patch(RefitProcess, "refit", armed_refit)
    patch(ViewPositions, "advance", armed_advance)


def main() -> None:
    """Entry point: as `streams.runtime.stage_process`, armed."""
    name, parent = sys.argv[1], int(sys.argv[2])
    die_with_parent(parent)
    settings = load_settings()
    set_up_logging(settings, stage=name)
    folder = Path(os.environ["FAULTS"])
    (folder / f"{name}-{os.getpid()}.pid").touch()
    places = Places(folder, name)
    arm_libraries(places, folder, patch)
    end_process(run_stage(settings, name, _armed(stages.STAGES[name], places)))


if __name__ == "__main__":
    main()
