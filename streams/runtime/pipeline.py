"""The flow: what each stage is built from, in the order in which a post passes the stages.

    tweets -> embed -> tweets.embedded -> assign -> assignments, topic-events -> view
                                       -> week-close -> digests -> view
                                                     -> tweets.embedded (WeekTopics of a refit) -> assign
                                                     -> edit (with a language model) -> digests.edited

A stage's heavy libraries are imported when it is built, so that each process loads only its own.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.online.assigner import Assigner
from models.week.clock import WeekClock
from models.week.week import Week
from streams.clock import system_clock
from streams.delivery.subscribe import follow
from streams.kafka.digests import read_digests
from streams.kafka.editions import read_editions
from streams.kafka.lag import committed_offsets, lagging_partitions
from streams.kafka.log import Bounds, bounds_of, consumer, group_name, read
from streams.kafka.record import Record
from streams.kafka.topics import ASSIGNMENTS, EMBEDDED, TOPIC_EVENTS, TWEETS
from streams.ports import Send
from streams.redis_store.embed_cache import cached_encode
from streams.refit.client import MadeDigest, RefitProcess
from streams.refit.digest_posts import digest_posts
from streams.runtime.faust_app import BuildStage
from streams.settings import Settings, encoders_folder
from streams.stages.assign import AssignStage
from streams.stages.dead_letters import DeadLetterBudget
from streams.stages.edit import EditStage
from streams.stages.embed import embed
from streams.stages.ordered_release import OrderedRelease
from streams.stages.snapshots import SnapshotStore
from streams.stages.stage import Handler, Stage
from streams.stages.view import delays_of
from streams.stages.week_close import OUTCOMES, WeekCloseStage, WeekReport
from streams.system.logs import get_logger
from streams.system.metrics import Metrics
from streams.web.language_model import endpoint_of

log = get_logger(__name__)
EMBED_AHEAD = 2  # batches at the same time: one on the device, one being decoded or sent

SWITCH_SECONDS = 0.0005
# torch on a CPU caches the kernels of the last shapes of a batch: by default 1,024 a thread, some 2 MiB a shape, and
# posts have all lengths. With 32 the processor time is the same and the memory stops growing (measured).
KERNELS_KEPT = "32"


class EncoderHangsError(RuntimeError):
    """The encoder did not return a batch in time: the device or its driver hangs."""


def build_embed(settings: Settings, send: Send, metrics: Metrics) -> Stage:
    """Build the embed stage of all communities.

    As many processes may run as `tweets` has partitions, each with its own device.
    """
    from models.encoding.loading import load_encoder
    from streams.redis_store.redis_embed_cache import create_embed_cache

    os.environ.setdefault("LRU_CACHE_CAPACITY", KERNELS_KEPT)  # before torch is loaded
    encoder = load_encoder(settings.encoder, device=settings.device, cache_dir=encoders_folder(settings))
    log.info("encoder loaded", encoder=encoder.name, dimensions=encoder.dimensions)
    cache = create_embed_cache(str(settings.redis_url), prefix=settings.prefix)
    # a thread for each batch: the event loop runs while the device works, and the device gets its next batch without a
    # pause
    executor = ThreadPoolExecutor(max_workers=EMBED_AHEAD, thread_name_prefix="encoder")
    in_progress: dict[str, asyncio.Future[bytes]] = {}

    async def encode(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        encoded = asyncio.get_running_loop().run_in_executor(executor, encoder.encode, texts)
        try:
            with metrics.histogram("encode_seconds").time():
                return await asyncio.wait_for(encoded, settings.encoder_seconds)
        except TimeoutError as error:
            # the thread cannot be stopped: it ends with the process
            raise EncoderHangsError(
                f"the encoder did not return a batch within {settings.encoder_seconds:.0f} s; restarting the stage"
            ) from error

    async def encode_texts(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return await cached_encode(
            texts,
            encoder=encoder.name,
            dimensions=encoder.dimensions,
            encode=encode,
            cache=cache,
            in_progress=in_progress,
        )

    async def start() -> None:
        # the encoder's threads need the interpreter between operations: with the default of 5 ms each of them would
        # wait for the decoding of the next batch
        sys.setswitchinterval(SWITCH_SECONDS)

    def handler(space: str) -> Handler:
        return partial(
            embed,
            send=_sending_to(send, space),
            encode_texts=encode_texts,
            encoder=encoder.name,
            clock=system_clock,
            future_skew=timedelta(minutes=settings.future_skew_minutes),
            budget=DeadLetterBudget(settings.dead_letter_budget),
            release=OrderedRelease(),
        )

    handlers = {TWEETS: handler("")}
    for name in filter(None, settings.communities.split(",")):
        # the same encoder and cache: a text that two communities have is encoded once
        handlers[replace(TWEETS, name=f"{name}.{TWEETS.name}")] = handler(f"{name}.")
    return Stage("embed", handlers, batch=settings.embed_batch, ahead=EMBED_AHEAD, start=start)


def _sending_to(send: Send, space: str) -> Send:
    """A `Send` to the topics of one community."""

    async def sending(topic: str, **record: Any) -> Awaitable[object]:
        return await send(space + topic, **record)

    return sending


def build_assign(settings: Settings, send: Send, metrics: Metrics) -> Stage:
    """Build the assign stage, the single writer of the topic space. Further processes stand by."""
    from models.online.factory import create_topic_model, prepare, restore_topic_model

    if settings.topic_model == "topics":
        prepare()
    create_model = partial(create_topic_model, settings.topic_model)
    stage = AssignStage(
        create=lambda: Assigner(create_model),
        restore=lambda data: Assigner.from_bytes(data, create_model, restore_topic_model),
        read_log=partial(_read_embedded, settings),
        send=send,
        clock=system_clock,
        snapshots=SnapshotStore(settings.data_dir / "snapshots", f"{settings.prefix}assign-{settings.topic_model}"),
        snapshot_seconds=settings.snapshot_seconds,
        budget=DeadLetterBudget(settings.dead_letter_budget),
    )
    stage.load_snapshot()

    async def stop() -> None:
        stage.save_snapshot()

    async def assign(records: Sequence[Record]) -> None:
        with metrics.histogram("assign_seconds").time():
            await stage.assign(records)
        model = stage.assigner.model
        if settings.metrics_port:  # nobody reads it otherwise, and it copies all centroids
            metrics.gauge("live_topics").set(0 if model is None else len(model.centroids()[0]))

    return Stage("assign", {EMBEDDED: assign}, stop=stop)


def build_view(settings: Settings, send: Send, metrics: Metrics) -> Stage:
    """Build the view stage, which writes the live view."""
    from streams.redis_store.client import create_views
    from streams.runtime.view_rebuild import view_followers, view_positions

    store = create_views(str(settings.redis_url), prefix=settings.prefix)
    positions = view_positions(settings, store)
    followers = view_followers(settings, store, positions, send)

    async def start() -> None:
        await positions.check()
        for topic, follower in followers.items():
            await follower.begin(await committed_offsets(settings, topic, group=group_name(settings, "view")))

    async def tick(_: bool) -> None:
        for follower in followers.values():
            await follower.check()

    async def show_posts(records: Sequence[Record]) -> None:
        await followers[ASSIGNMENTS].handle(records)
        if settings.metrics_port:  # nobody reads them otherwise, and each record is decoded a second time
            for delay in delays_of(records, system_clock(), timedelta(hours=settings.lateness_hours)):
                metrics.histogram("post_to_view_seconds").observe(delay)

    handlers = {topic: follower.handle for topic, follower in followers.items()} | {ASSIGNMENTS: show_posts}
    return Stage("view", handlers, owns=TOPIC_EVENTS, tick=tick, start=start)


def build_week_close(settings: Settings, send: Send, metrics: Metrics) -> Stage:
    """Build the week-close stage, and the editor beside it. Further processes stand by."""
    process = RefitProcess(settings)
    for outcome in OUTCOMES:  # from 0 on, so that the first one is an increase
        metrics.counter("digests").labels(outcome=outcome)

    async def refit(week: Week, chosen: Mapping[str, str]) -> MadeDigest:
        with metrics.histogram("refit_seconds").time():
            made = await process.refit(week, overrides=chosen, progress=_log_progress(str(week)))
        metrics.gauge("refit_memory_bytes").set(made.peak_memory)
        return made

    stage = WeekCloseStage(
        clock=system_clock,
        create_week_clock=lambda: WeekClock(
            timezone=settings.timezone,
            lateness=timedelta(hours=settings.lateness_hours),
            idle=timedelta(seconds=settings.week_idle_seconds),
        ),
        timezone=settings.timezone,
        refit=refit,
        read_digests=partial(read_digests, settings),
        read_log=partial(_read_embedded_since, settings),
        lagging=partial(_embed_lag, settings),
        send=send,
        count=lambda outcome: metrics.counter("digests").labels(outcome=outcome).inc(),
        report=partial(_export_weeks, metrics),
    )
    editor = build_editor(settings, send, metrics)

    async def tick(active: bool) -> None:
        await stage.tick(active=active)
        if editor is not None:
            await editor.tick(active=active)

    async def stop() -> None:
        if editor is not None:
            await editor.stop()
        await process.aclose()

    return Stage("week-close", {EMBEDDED: stage.follow}, owns=EMBEDDED, tick=tick, stop=stop)


def build_editor(settings: Settings, send: Send, metrics: Metrics) -> EditStage | None:
    """Build the editor; None without a language model."""
    endpoint = endpoint_of(settings)
    if endpoint is None:
        return None
    return EditStage(
        model=endpoint.model,
        ask=endpoint.ask,
        follow=partial(follow, settings),
        read_edited=partial(read_editions, settings),
        read_posts=partial(digest_posts, settings),
        send=send,
        count=lambda outcome, number: metrics.counter("edited_claims").labels(outcome=outcome).inc(number),
    )


STAGES: Final[dict[str, BuildStage]] = {
    "embed": build_embed,
    "assign": build_assign,
    "view": build_view,
    "week-close": build_week_close,
}


def _export_weeks(metrics: Metrics, report: WeekReport) -> None:
    metrics.gauge("weeks_due").set(report.due)
    for name, time in (("watermark_seconds", report.watermark), ("digest_made_seconds", report.newest_made)):
        if time is not None:
            metrics.gauge(name).set(time.timestamp())


async def _read_embedded(settings: Settings, start: int, end: int) -> AsyncIterator[list[Record]]:
    async with consumer(settings, EMBEDDED) as client:
        ((partition, kept),) = (await bounds_of(client)).items()
        async for records in read(client, {partition: Bounds(max(start, kept.start), end)}):
            yield records


async def _read_embedded_since(
    settings: Settings, since: datetime | None, offset: int | None
) -> AsyncIterator[list[Record]]:
    async with consumer(settings, EMBEDDED) as client:
        ((partition, bound),) = (await bounds_of(client, since=since)).items()
        start = bound.start
        if offset is not None:
            start = min(start, offset) if since is not None else max(start, offset)
        async for records in read(client, {partition: Bounds(start, bound.end)}):
            yield records


async def _embed_lag(settings: Settings) -> Collection[int]:
    return await lagging_partitions(settings, TWEETS, group=group_name(settings, "embed"))


def _log_progress(week: str) -> Callable[[str, float], None]:
    last = ""

    def progress(step: str, share: float) -> None:
        nonlocal last
        if step != last:
            log.info("refit", week=week, step=step, share=round(share, 2))
            last = step

    return progress
