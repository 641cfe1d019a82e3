"""Structured logs on standard error: one line an event, JSON unless standard error is a terminal."""

import logging
import re
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog

from streams.settings import Settings

# C0 and C1 controls, line and paragraph separators, bidirectional overrides
_DANGEROUS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

# these log every poll, every metadata refresh, and an unreachable broker some hundred times a second
LIBRARIES = ("aiokafka", "faust", "mode", "kafka", "httpx", "httpcore")
OURS = ("streams", "models", "__main__")
AGAIN_SECONDS = 10.0
# a broker that has just started, or has a new topic or group, answers so for some seconds; clients log it as an error
NOT_READY = re.compile(
    "GroupCoordinatorNotAvailable|CoordinatorLoadInProgress|NotLeaderForPartition|LeaderNotAvailable"
    "|Marking the coordinator dead"
)
NOT_READY_SECONDS = 15.0


def get_logger(name: str) -> Any:
    """A structlog logger. Before one of the functions below has run, it prints with structlog's defaults."""
    return structlog.get_logger(name)


def set_up_logging(settings: Settings, **context: str) -> None:
    """Route structlog and the standard library's loggers to one renderer. Every line carries `context`."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    level = getattr(logging, settings.log_level.upper())

    def with_context(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for name, value in context.items():  # threads such as Faust's consumer would not see a context variable
            event.setdefault(name, value)
        return event

    shared: list[Any] = [
        with_context,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.UnicodeDecoder(),
        structlog.processors.format_exc_info,
    ]
    rendering: list[Any] = (
        [structlog.processors.JSONRenderer()]
        if as_json
        else [_harmless, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Sparing())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.INFO))  # debug lines of libraries contain requests, with the tokens in them
    for ours in OURS:
        logging.getLogger(ours).setLevel(level)
    for noisy in LIBRARIES:
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))


def set_up_command_logging() -> None:
    """Logging for a command that answers and ends: warnings, readable. Standard output is for the answer."""
    set_up_logging(Settings.model_construct(log_format="console", log_level="warning"))
    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # users need not know about retries
    # the command itself reports an unreachable broker; only the client knows why a broker refuses us
    logging.getLogger().handlers[0].addFilter(lambda record: "Connect call failed" not in record.getMessage())


class _Sparing(logging.Filter):
    """Logs a repeated message of a library once in AGAIN_SECONDS, with the number of repetitions.

    Messages count as repeated when logger, level and template are the same. A broker that is not ready is logged as an
    error only after NOT_READY_SECONDS.
    """

    def __init__(self) -> None:
        super().__init__()
        # when it was last logged, how often it was dropped since
        self._said: dict[tuple[str, int, str], list[float]] = {}
        self._not_ready: tuple[float, float] | None = None  # times of the first and the latest such answer

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.split(".", 1)[0] not in LIBRARIES:
            return True
        now, template = time.monotonic(), str(record.msg)
        answer = NOT_READY.search(record.getMessage())
        if answer is not None and (passing := self._told_as_passing(record, answer[0], now)) is not None:
            return passing
        # templates are few, but a library that formats messages by itself must not fill the memory
        if len(self._said) > 1_000:
            self._said.clear()
        said = self._said.setdefault((record.name, record.levelno, template), [-AGAIN_SECONDS, 0])
        if now - said[0] < AGAIN_SECONDS:
            said[1] += 1
            return False
        if said[1]:
            record.msg = f"{template} [and {said[1]:.0f} times since the last such line]"
        said[:] = [now, 0]
        return True

    def _told_as_passing(self, record: logging.LogRecord, answer: str, now: float) -> bool | None:
        """Whether to log the answer, as information; None when it has lasted so long that it is an error."""
        first, last = self._not_ready or (now, now)
        begins = self._not_ready is None or now - last > NOT_READY_SECONDS
        self._not_ready = (now if begins else first, now)
        if not begins:
            return False if now - first < NOT_READY_SECONDS else None
        record.levelno, record.levelname = logging.INFO, "INFO"
        record.msg, record.args, record.exc_info = (
            f"broker is not ready yet; asking again: {answer}",
            None,
            None,
        )
        return logging.getLogger().isEnabledFor(logging.INFO)


def _harmless(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape control characters: a value may contain post text, which must not control a terminal or fake a log line.

    JSON escapes them anyway. A traceback keeps its lines, indented.
    """
    for key, value in event.items():
        if isinstance(value, str):
            lines = value.split("\n") if key == "exception" else [value]
            event[key] = "\n  ".join(_DANGEROUS.sub(_escaped, line) for line in lines)
    return event


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
