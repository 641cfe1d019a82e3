"""What commands share: settings, services for the duration of a command, and one-line errors instead of tracebacks."""

import asyncio
import os
import sys
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

from models.text.terminal import printable

if TYPE_CHECKING:
    from streams.settings import Settings

T = TypeVar("T")


def fail(message: str, code: int = 1) -> NoReturn:
    """Print an error on standard error and end the command.

    Raises:
        typer.Exit: always, with `code`.
    """
    typer.echo(printable(f"toptopics: {message}"), err=True)
    raise typer.Exit(code)


def echo_or_end(line: str) -> None:
    """Print one line of endless output.

    Raises:
        typer.Exit: with code 0, when the reader of the pipe (such as `head`) has closed it.
    """
    try:
        typer.echo(line)
    except BrokenPipeError:
        # Python flushes standard output once more when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def settings_or_exit(**overrides: object) -> "Settings":
    """The settings of the environment.

    Args:
        **overrides: values of command options; None leaves a setting as it is.

    Raises:
        typer.Exit: with code 2, when a value is invalid; the message names the variable or the option.
    """
    from pydantic import ValidationError

    from streams.settings import load_settings, of_community

    try:
        settings = load_settings(**overrides)
        return of_community(settings, settings.community) if settings.community else settings
    except ValidationError as error:
        fail(f"settings: {'; '.join(_wrong(dict(item), overrides) for item in error.errors())}", 2)


def _wrong(item: Mapping[str, Any], options: Mapping[str, object]) -> str:
    """One of pydantic's errors, with the name that the user wrote: a variable, or an option of the command."""
    name = str(item["loc"][0])  # the name of the field, or its alias where it has one
    written = name if name.isupper() or options.get(name) is not None else f"TOPTOPICS_{name.upper()}"
    return f"{written}: {item['msg'].removeprefix('Value error, ')}"


@contextmanager
def with_addresses(settings: "Settings") -> "Iterator[Settings]":
    """Settings with the addresses of Kafka and Redis.

    They are the given ones, or those of `toptopics up`, or those of services that run as long as the context.

    Raises:
        LocalServiceError: a local service does not start.
    """
    from streams.local.services import running_services
    from streams.settings import of_installation

    with running_services(
        of_installation(settings).data_dir, bootstrap=settings.kafka_bootstrap_servers, redis_url=settings.redis_url
    ) as running:
        yield settings.model_copy(update={"kafka_bootstrap_servers": running.kafka, "redis_url": running.redis})


@contextmanager
def services(settings: "Settings", *, topics: bool = True) -> "Iterator[Settings]":
    """`with_addresses` for a command.

    Args:
        settings: the settings of the environment.
        topics: create the Kafka topics that do not exist, and check the others.

    Raises:
        typer.Exit: with code 1, when a service or a topic is not usable.
    """
    from streams.kafka.admin import WrongTopicsError, ensure_topics
    from streams.local.errors import LocalServiceError

    try:
        with with_addresses(settings) as connected:
            if connected.community:
                connected = run(_of_listed(connected))
            if topics:
                run(ensure_topics(connected), ", see `toptopics doctor`")
            yield connected
    except LocalServiceError as error:
        fail(str(error))
    except WrongTopicsError as error:
        fail(f"the topics on the broker have wrong settings: {error}")


async def _of_listed(settings: "Settings") -> "Settings":
    """The settings of a community, with what the list says of it.

    Raises:
        LookupError: it is not on the list.
    """
    from streams.kafka.communities import read_communities, settings_of
    from streams.settings import of_installation

    listed = {one.name: one for one in await read_communities(settings)}
    if settings.community not in listed:
        raise LookupError(f"no community {settings.community!r}; known: {', '.join(listed) or 'none'}")
    return settings_of(of_installation(settings), listed[settings.community])


def run(coroutine: Coroutine[Any, Any, T], hint: str = "") -> T:
    """The result of a coroutine.

    Args:
        coroutine: it runs to its end in an event loop of its own.
        hint: the end of the error message: what to do next.

    Raises:
        typer.Exit: with code 1, for an error of Kafka or of the network.
    """
    from aiokafka.errors import KafkaError

    try:
        return asyncio.run(coroutine)
    except (KafkaError, OSError, LookupError) as error:
        fail(f"{str(error).removeprefix(f'{type(error).__name__}: ') or type(error).__name__}{hint}")


def is_terminal() -> bool:
    """Whether standard error is a terminal: progress bars are for people."""
    return sys.stderr.isatty()
