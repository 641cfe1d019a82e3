"""Keeps a library that opens connections of its own away from addresses that it must not reach.

What a host's address is, is known for sure only when the connection is made: a name may answer differently the second
time, and a redirect leads elsewhere. The interpreter announces every connection with the resolved address before it is
made (PEP 578, event `socket.connect`), and there a forbidden one is refused. Only what runs inside `only_to`, and the
threads that carry its context, are watched.
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
    """A connection that was not made."""


@dataclass(frozen=True)
class Guard:
    """allowed: of an IP address as text; a local socket has none. refused: what was asked for and not reached."""

    allowed: Callable[[str], bool]
    refused: list[str] = field(default_factory=list)


@contextmanager
def only_to(allowed: Callable[[str], bool]) -> Iterator[Guard]:
    """Inside, a connection to an address that is not `allowed` raises ForbiddenAddressError."""
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
    # held here as well: events come until the interpreter has ended, and by then this module's names are None
    events: frozenset[str] = _EVENTS,
    current: "ContextVar[Guard | None]" = _current,
) -> None:
    if event not in events:
        return
    guard = current.get()
    address = arguments[1]
    if guard is None or address is None:  # None: sent over a connection that was looked at when it was made
        return
    host = address[0] if isinstance(address, tuple) else ""
    if not guard.allowed(str(host)):
        guard.refused.append(str(host))
        raise ForbiddenAddressError(f"{host or 'a local socket'} may not be connected to")
