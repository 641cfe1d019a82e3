"""Keeps a library that opens its own connections away from forbidden addresses.

The address of a host is certain only when the connection is made: a name may answer differently the second time, and a
redirect leads elsewhere. The interpreter reports every connection with its resolved address before making it (PEP 578,
event `socket.connect`). A forbidden one is refused there. Only code inside `only_to`, and threads that carry its
context, are checked.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any

_EVENTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_current: "ContextVar[Guard | None]" = ContextVar("guard", default=None)


class ForbiddenAddressError(ConnectionError):
    """The connection was refused before it was made."""


@dataclass(frozen=True)
class Guard:
    """The check of one context."""

    allowed: Callable[[str], bool]  # receives an IP address as text, "" for a local socket
    refused: list[str] = field(default_factory=list)  # refused addresses


@contextmanager
def only_to(allowed: Callable[[str], bool]) -> Iterator[Guard]:
    """Make connections to addresses that are not `allowed` raise ForbiddenAddressError within the block."""
    _watch_connections()
    guard = Guard(allowed)
    token = _current.set(guard)
    try:
        yield guard
    finally:
        _current.reset(token)


@cache  # an audit hook stays until the process ends
def _watch_connections() -> None:
    sys.addaudithook(_on_event)


def _on_event(
    event: str,
    arguments: tuple[Any, ...],
    # kept as defaults: events arrive while the interpreter shuts down, when this module's names are already None
    events: frozenset[str] = _EVENTS,
    current: "ContextVar[Guard | None]" = _current,
) -> None:
    if event not in events:
        return
    guard = current.get()
    address = arguments[1]
    if guard is None or address is None:  # None: sent over a connection that was checked when it was made
        return
    host = address[0] if isinstance(address, tuple) else ""
    if not guard.allowed(str(host)):
        guard.refused.append(str(host))
        raise ForbiddenAddressError(f"{host or 'a local socket'} is a forbidden address")
