"""The only module that uses Faust: a stage becomes an app with one agent for each topic that it consumes.

An agent takes a batch with `noack_take`, calls the stage's function and then acknowledges every event of the batch.
This pattern loses nothing; the usual `async for` does (measured). A stage with `ahead` uses adaptive batches instead
(`streams.runtime.batching`), also acknowledged in order. An exception crashes the process: the worker restarts it, and
Kafka delivers the unacknowledged records again.
"""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable
from functools import partial
from typing import Any

import faust
from aiokafka.errors import KafkaError
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer
from faust.types import TP
from prometheus_client import Counter

from streams.kafka.lag import lag_of, lagging_partitions, next_offset
from streams.kafka.log import (
    ISOLATION,
    MAX_MESSAGE_BYTES,
    MAX_REQUEST_BYTES,
    any_record,
    backoff_metadata,
    end_offsets,
    group_name,
    ssl_context,
    topic_name,
)
from streams.kafka.record import Record
from streams.kafka.send import sender
from streams.kafka.topics import DEAD_LETTERS, Topic
from streams.ports import Send
from streams.runtime.batching import handle_batches
from streams.runtime.byte_limit import ByteLimiter
from streams.runtime.gap_detection import GapDetector, OffsetChecker
from streams.settings import Settings
from streams.stages.stage import Handler, Stage
from streams.system.logs import get_logger
from streams.system.metrics import Metrics, metered, note_progress

BuildStage = Callable[[Settings, Send, Metrics], Stage]
WatchStop = Callable[[Callable[[], bool]], object]
log = get_logger(__name__)
LAG_SECONDS = 15.0
CHECK_SECONDS = 5.0
TICK_SECONDS = 1.0


class StageEvent(faust.Event):
    """An event that only its stage acknowledges.

    Faust skips events during a rebalance and acknowledges the skipped ones, which loses them. `ack` does nothing here,
    and a Python subclass keeps Faust from its compiled version.
    """

    def ack(self) -> bool:
        """Called by Faust; ignored."""
        return False

    def acknowledge(self) -> bool:
        """Acknowledge an event that was handled durably."""
        return bool(super().ack())


class _CommittedThread(AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = ISOLATION  # Faust asks for it only together with transactions of its own
        return consumer


class _CommittedConsumer(Consumer):
    def _new_consumer_thread(self) -> _CommittedThread:
        return _CommittedThread(self, loop=self.loop, beacon=self.beacon)


class _App(faust.App):
    """Is handed what was committed: a record of an aborted transaction was never written."""

    def _new_transport(self) -> Any:
        transport: Any = super()._new_transport()
        transport.Consumer = _CommittedConsumer
        return transport


def create_app(settings: Settings, name: str, build: BuildStage, metrics: Metrics) -> faust.App:
    """Create the Faust app of one stage. It connects when a worker starts it.

    Each stage has its own consumer group, so that a slow stage does not hold back the offsets of another.

    Args:
        settings: Brokers, prefix and data folder.
        name: The stage's name; part of its consumer group.
        build: Builds the stage from the settings, a producer and the metrics.
        metrics: Registry for the stage's metrics.

    Returns:
        The app, not yet connected.
    """
    app = _App(
        group_name(settings, name),
        broker=[f"aiokafka://{address}" for address in str(settings.kafka_bootstrap_servers).split(",")],
        broker_credentials=_credentials(settings),
        **_OPTIONS,
        datadir=str(settings.data_dir / "faust" / name),
    )
    stage = build(settings, _sender(app, settings, metrics.counter("dead_letters").labels(stage=name)), metrics)
    for topic, handler in stage.handlers.items():
        _add_agent(app, settings, stage, topic, metered(metrics, name, handler))
    _add_life_cycle(app, settings, stage)
    _add_lag(app, settings, stage, metrics)
    return app


def run_app(app: faust.App, loop: asyncio.AbstractEventLoop, watch_stop: WatchStop) -> int:
    """Run the app until a signal or a crash.

    Args:
        app: Its `crash_reason` names the error after a crash.
        loop: The event loop to run it on.
        watch_stop: Called once before the start. Its argument is a function that returns True as soon as the app has to
            stop or has crashed.

    Returns:
        The exit code of the Faust worker.
    """
    worker = faust.Worker(app, loop=loop, override_logging=False, redirect_stdouts=False, quiet=True)
    worker.spinner = None  # it would write cursor sequences into the log
    watch_stop(lambda: bool(worker.should_stop))
    try:
        worker.execute_from_commandline()
    except SystemExit as end:
        return int(end.code or 0)


_OPTIONS: dict[str, Any] = {
    "Event": StageEvent,
    "agent_supervisor": "mode.supervisors:CrashingSupervisor",
    "stream_wait_empty": True,
    "stream_buffer_maxsize": 64,  # records waiting for their batch, of up to 8 MiB each
    "key_serializer": "raw",
    "value_serializer": "raw",
    "broker_session_timeout": 15,
    "broker_heartbeat_interval": 3,
    "broker_request_timeout": 60,
    "broker_rebalance_timeout": 60,
    # a refit or a slow encoder must not end the membership, and a standby does not poll
    "broker_max_poll_interval": 86_400,
    "broker_max_poll_records": 500,
    "broker_commit_interval": 1,
    "consumer_auto_offset_reset": "earliest",
    "consumer_max_fetch_size": MAX_MESSAGE_BYTES,
    "producer_acks": -1,
    "producer_linger": 0.02,
    "producer_compression_type": "lz4",
    "producer_max_batch_size": 256 * 1024,
    "producer_request_timeout": 60,
    "producer_max_request_size": MAX_REQUEST_BYTES,
    "topic_allow_declare": False,
    "topic_disable_leader": True,
    "table_standby_replicas": 0,
    "web_enabled": False,
    "web_tables_enabled": False,
    "web_router_enabled": False,
    "worker_redirect_stdouts": False,
}


def _add_agent(app: faust.App, settings: Settings, stage: Stage, topic: Topic, handler: Handler) -> None:
    source = app.topic(topic_name(settings, topic), value_serializer="raw", key_serializer="raw", allow_empty=True)
    checker = OffsetChecker(
        partial(next_offset, settings, topic, group=app.conf.id), partial(any_record, settings, topic)
    )
    detector = GapDetector(checker, partial(end_offsets, settings, topic))
    handler = detector.tracked(handler)

    async def working_ahead(stream: Any) -> None:
        limiter, unacknowledged = ByteLimiter(), stream.noack()
        unacknowledged.add_processor(limiter.acquire)

        def acknowledge(event: StageEvent) -> None:
            event.acknowledge()
            limiter.release([event.value])

        await handle_batches(
            detector.checked(unacknowledged.events()),
            lambda events: handler([_record(event) for event in events]),
            acknowledge,
            most=stage.batch,
            ahead=stage.ahead,
        )

    async def taking_turns(stream: Any) -> None:
        limiter = ByteLimiter()
        stream.add_processor(limiter.acquire)  # before the processor of `noack_take`: at the limit a batch ends
        batches: AsyncIterable[Any] = stream.noack_take(stage.batch, within=stage.wait)
        async for events in batches:
            for event in events:
                await detector.check(event)
            await handler([_record(event) for event in events])
            for event in events:
                event.acknowledge()
            limiter.release(event.value for event in events)

    agent = working_ahead if stage.ahead else taking_turns
    # Faust derives the agent's name from the function's
    agent.__name__ = f"{stage.name}_{topic.name}".replace("-", "_").replace(".", "_")
    app.agent(source, concurrency=1)(agent)
    _add_gap_check(app, topic_name(settings, topic), detector)


def _add_gap_check(app: faust.App, topic: str, detector: GapDetector) -> None:
    async def checking(*_: Any) -> None:
        while not app.should_stop:
            await asyncio.sleep(CHECK_SECONDS)
            if app.rebalancing or not app.flow_control.is_active():
                detector.touch()
                continue
            owned = {known.partition for known in app.consumer.assignment() if known.topic == topic}
            await _or_crash(app, check(owned))

    async def check(owned: set[int]) -> None:
        try:
            await detector.check_quiet(owned, app.consumer_generation_id)
        except (KafkaError, OSError) as error:
            log.warning("the log's end is unknown; asking again", error=str(error))

    app.task(checking)


async def _or_crash(app: faust.App, action: Awaitable[None]) -> None:
    # Faust logs the exception of a task and continues; here a bug ends the process
    try:
        await action
    except Exception as error:  # noqa: BLE001 (passed on: the worker ends with it)
        await app.crash(error)


def _add_life_cycle(app: faust.App, settings: Settings, stage: Stage) -> None:
    async def start(*_: Any, **__: Any) -> None:
        producer: Any = app.producer
        backoff_metadata(producer._producer.client)
        if stage.start is not None:
            await _or_crash(app, stage.start())

    async def stop(*_: Any, **__: Any) -> None:
        if stage.stop is not None:
            await stage.stop()

    app.on_before_shutdown.connect(stop)
    app.task(start)
    if stage.tick is not None and stage.owns is not None:
        owned = TP(topic_name(settings, stage.owns), 0)
        tick = stage.tick

        # a task instead of a Faust timer: a tick that closes a week takes longer than the interval
        async def ticking(*_: Any) -> None:
            while not app.should_stop:
                await _or_crash(app, tick(owned in app.consumer.assignment()))
                await asyncio.sleep(TICK_SECONDS)

        app.task(ticking)


def _add_lag(app: faust.App, settings: Settings, stage: Stage, metrics: Metrics) -> None:
    """Export the consumer group's lag in records, for alerts, and that a process without waiting records works."""
    note_progress(metrics, stage.name)

    async def watch_lag(*_: Any) -> None:
        while not app.should_stop:
            # of this process: a standby has none
            owned = {(one.topic, one.partition) for one in app.consumer.assignment()}
            waiting = False
            for topic in stage.handlers:
                lag = await lag_of(settings, topic, group=app.conf.id)
                metrics.gauge("lag_records").labels(stage=stage.name, topic=topic.name).set(sum(lag.values()))
                if any(lag.values()):
                    behind = await lagging_partitions(settings, topic, group=app.conf.id)
                    waiting |= any((topic_name(settings, topic), partition) in owned for partition in behind)
            if not waiting:
                note_progress(metrics, stage.name)
            await asyncio.sleep(LAG_SECONDS)

    if settings.metrics_port:  # nobody reads it otherwise
        app.task(watch_lag)


def _record(event: Any) -> Record:
    message = event.message
    return Record(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key=message.key,
        value=message.value,
        timestamp=int(message.timestamp * 1000),
        headers=[(name, value) for name, value in _headers(message.headers) if value is not None],
    )


def _headers(headers: Any) -> Any:
    return headers.items() if isinstance(headers, dict) else headers or ()


def _sender(app: faust.App, settings: Settings, dead_letters: Counter) -> Send:
    """Send through the app's producer directly: keys and values are bytes already, and this costs half of a Faust
    topic.
    """

    async def started() -> Any:
        producer: Any = await app.maybe_start_producer()
        return producer._producer

    send = sender(settings.prefix, started)

    async def counted(topic: str, **record: Any) -> Awaitable[object]:
        if topic.endswith(DEAD_LETTERS.name):  # of a community too
            dead_letters.inc()
        return await send(topic, **record)

    return counted


def _credentials(settings: Settings) -> Any:
    protocol = settings.kafka_security_protocol
    if protocol == "PLAINTEXT":
        return None
    context = ssl_context(settings) if "SSL" in protocol else None
    if protocol == "SSL":
        return faust.SSLCredentials(context)
    password = settings.kafka_sasl_password
    return faust.SASLCredentials(
        username=settings.kafka_sasl_username,
        password=password.get_secret_value() if password else None,
        mechanism=settings.kafka_sasl_mechanism,
        ssl_context=context,
    )
