"""Addresses of servers, and whether they accept a connection; any library's client would retry and log."""

import socket
from typing import Final

TIMEOUT: Final = 2.0  # seconds to connect


def split_address(address: str) -> tuple[str, int]:
    """Split 'host:port', '[::1]:port' or 'redis://…@host:port/0' into host and port (default: Kafka's 9092, Redis'
    6379).

    Raises:
        ValueError: The port is not a number.
    """
    fallback = 6379 if "://" in address else 9092
    authority = address.split("://", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1]
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        return authority.strip("[]"), fallback
    return host.strip("[]"), int(port)


def connects(address: str) -> bool:
    """Whether one of the comma-separated addresses accepts a connection."""
    for one in address.split(","):
        try:
            with socket.create_connection(split_address(one.strip()), timeout=TIMEOUT):
                return True
        except (OSError, ValueError):
            continue
    return False
