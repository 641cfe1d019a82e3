"""Runs several sources in one process and follows the influencer list: the implementation of `toptopics source`.

`SentPosts` is read back from the log once and shared, so a post that two sources deliver is sent once. When the list on
Kafka changes, the sources stop at a safe point and restart with the new list. Ids of resolved handles are added to the
list, so a restart finds a person after a change of handle.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog

from streams.clock import Clock
from streams.kafka.influencers import add_ids, read_influencers
from streams.kafka.send import kafka_send
from streams.ports import Send
from streams.settings import Settings
from streams.sources.cursors import Files, Saved
from streams.sources.people.wanted import Others, People
from streams.sources.port import RefusedError
from streams.sources.producer import Delivery, recall
from streams.sources.registry import SOURCES, SourceContext
from streams.sources.runner import Backoff, Runner
from streams.sources.sent_posts import SentPosts
from streams.system.metrics import Metrics

LIST_SECONDS = 30.0
HTTP_TIMEOUT = 30.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Service:
    """The sources to run, with their options."""

    settings: Settings
    names: list[str]  # sources of the registry
    environment: Mapping[str, str]  # variables of `streams.sources.variables`
    clock: Clock
    others: Others = "ignore"  # what to do with posts of unlisted authors
    every: float | None = None  # seconds between two polls; None: the default of each source
    lookback_days: float = 1.0  # how far back the first start reads
    backoff: Backoff = field(default_factory=Backoff)  # between attempts to connect
    list_seconds: float = LIST_SECONDS  # seconds between two reads of the influencer list
    metrics: Metrics = field(default_factory=Metrics)


async def run_sources(service: Service) -> None:
    """Run until cancelled.

    Raises:
        RefusedError: No source can work, a cursor file is damaged, or another process runs a source.
        aiokafka.errors.KafkaError: The broker failed.
    """
    folder = service.settings.data_dir / "sources"
    files = {name: Files(folder, name) for name in service.names}
    memory = SentPosts()
    async with AsyncExitStack() as stack:
        for held in files.values():
            stack.enter_context(held.held())
        saved = _loaded(files)
        found = await recall(service.settings, memory, saved)
        saved = {name: state if state.cursor else Saved(found.get(name)) for name, state in saved.items()}
        for name in service.names:  # also a source that never sends a post is silent since then
            started = service.metrics.gauge("source_last_post_seconds").labels(source=name)
            started.set(service.clock().timestamp())
        log.info("sources starting", sources=service.names, known_posts=len(memory))
        send = await stack.enter_async_context(kafka_send(service.settings))
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=HTTP_TIMEOUT))
        people = People(await read_influencers(service.settings), service.others)
        while True:
            # a changed list may give followers to a source that had none
            context = SourceContext(
                people, service.environment, client, service.clock, service.every, service.lookback_days, memory
            )
            runners = [
                _runner(service, name, context, send, files[name], memory, saved[name]) for name in service.names
            ]
            people = await _until_list_changes(service, runners, people)
            saved = {runner.source.name: runner.saved for runner in runners}


def _loaded(files: Mapping[str, Files]) -> dict[str, Saved]:
    try:
        return {name: each.load() for name, each in files.items()}
    except ValueError as error:  # a damaged file is not "no cursor": that would lose the position
        raise RefusedError(str(error)) from error


def _runner(
    service: Service, name: str, context: SourceContext, send: Send, files: Files, memory: SentPosts, saved: Saved
) -> Runner:
    return Runner(
        SOURCES[name](context), Delivery(send, name), files, memory, context.people, service.clock,
        backoff=service.backoff, saved=saved, metrics=service.metrics,
    )  # fmt: skip


async def _until_list_changes(service: Service, runners: list[Runner], people: People) -> People:
    """Run until the list changes; then all runners have flushed and stopped.

    A source that cannot work ends alone; the last one's error ends the service.
    """
    tasks = {asyncio.create_task(runner.run(), name=runner.source.name) for runner in runners}
    watcher = asyncio.create_task(_changed_list(service, people))
    running: set[asyncio.Task[Any]] = {*tasks, watcher}
    try:
        while not watcher.done():
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {watcher}:
                _raise_or_log(task, others_run=bool(running - {watcher}))
        log.info("influencer list changed, restarting the sources", people=len(watcher.result().listed))
        return watcher.result()
    finally:
        for task in running:
            task.cancel()
        ended = await asyncio.gather(*running, return_exceptions=True)
        failures = [error for error in ended if isinstance(error, Exception)]
        if failures:
            raise failures[0]


def _raise_or_log(task: asyncio.Task[Any], *, others_run: bool) -> None:
    try:
        task.result()
    except RefusedError as error:
        if not others_run:
            raise
        log.error("source refused, the other sources continue", source=task.get_name(), reason=str(error))


async def _changed_list(service: Service, people: People) -> People:
    while True:
        await asyncio.sleep(service.list_seconds)
        listed = await read_influencers(service.settings)
        now = People(listed, service.others)
        if now != people:
            return now
        if learned := people.still_to_write(listed):
            await add_ids(service.settings, learned, at=service.clock())
