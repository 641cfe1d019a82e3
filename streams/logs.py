"""Structured logs on standard error: one line per event, JSON unless a person is looking at a terminal."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from streams.settings import Settings

# C0 and C1 controls, line and paragraph separators, bidirectional overrides
_DANGEROUS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def get_logger(name: str) -> Any:
    """A structlog logger; until `set_up_logging` ran it prints with structlog's defaults."""
    return structlog.get_logger(name)


def set_up_logging(settings: Settings, **context: str) -> None:
    """Route structlog and the standard library's loggers to one renderer; `context` is on every line."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    level = getattr(logging, settings.log_level.upper())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
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
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # these tell every poll and every metadata refresh
    for noisy in ("aiokafka", "faust", "mode", "kafka", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**context)


def _harmless(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Post text may stand in any value: nothing in it may drive a terminal or begin a line of its own.

    JSON needs none of this: it escapes what is not ASCII. A traceback keeps its lines, indented.
    """
    for key, value in event.items():
        if isinstance(value, str):
            lines = value.split("\n") if key == "exception" else [value]
            event[key] = "\n  ".join(_DANGEROUS.sub(_escaped, line) for line in lines)
    return event


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
