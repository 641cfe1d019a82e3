"""What commands share: settings with local services behind them, and clear errors instead of tracebacks."""

import asyncio
import os
import sys
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError

from models.text.terminal import printable
from streams.kafka.admin import WrongTopicsError, ensure_topics
from streams.local.errors import LocalServiceError
from streams.local.services import running_services
from streams.settings import Settings, load_settings

T = TypeVar("T")


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what is wrong on standard error and end."""
    typer.echo(printable(f"toptopics: {message}"), err=True)
    raise typer.Exit(code)


def echo_or_end(line: str) -> None:
    """One line of endless output; ends quietly, with exit code 0, when its reader (`head`) has gone."""
    try:
        typer.echo(line)
    except BrokenPipeError:
        # Python flushes standard output once more when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def settings_or_exit(**overrides: object) -> Settings:
    """Settings, or a message that names the wrong variable and exit code 2."""
    try:
        return load_settings(**overrides)
    except ValidationError as error:
        fail(f"settings: {'; '.join(_wrong(dict(item), overrides) for item in error.errors())}", 2)


def _wrong(item: Mapping[str, Any], options: Mapping[str, object]) -> str:
    """One of pydantic's errors, named as the user wrote it: by its variable, or as an option of the command."""
    name = str(item["loc"][0])  # a field's name, or its alias where it has one
    written = name if name.isupper() or options.get(name) is not None else f"TOPTOPICS_{name.upper()}"
    return f"{written}: {item['msg'].removeprefix('Value error, ')}"


@contextmanager
def with_addresses(settings: Settings) -> Iterator[Settings]:
    """Settings with addresses: given ones, those of `toptopics up`, or services started for as long as this lasts.

    Raises LocalServiceError.
    """
    with running_services(
        settings.data_dir, bootstrap=settings.kafka_bootstrap_servers, redis_url=settings.redis_url
    ) as running:
        yield settings.model_copy(update={"kafka_bootstrap_servers": running.kafka, "redis_url": running.redis})


@contextmanager
def services(settings: Settings, *, topics: bool = True) -> Iterator[Settings]:
    """`with_addresses`, with the topics that the program needs; what is wrong ends the command with a clear error."""
    try:
        with with_addresses(settings) as connected:
            if topics:
                run(ensure_topics(connected), ", see `toptopics doctor`")
            yield connected
    except LocalServiceError as error:
        fail(str(error))
    except WrongTopicsError as error:
        fail(f"topics on the broker are not as needed: {error}")


def run(coroutine: Coroutine[Any, Any, T], hint: str = "") -> T:
    """Run to the end; Kafka's and the network's errors become one clear line, with `hint`, and exit code 1."""
    from aiokafka.errors import KafkaError

    try:
        return asyncio.run(coroutine)
    except (KafkaError, OSError, LookupError) as error:
        fail(f"{str(error).removeprefix(f'{type(error).__name__}: ') or type(error).__name__}{hint}")


def is_terminal() -> bool:
    """Whether a person reads standard error: progress bars are for people."""
    return sys.stderr.isatty()
