"""Checks whether Kafka or Redis is up, with one real request on a plain socket: no client library, event loop or log
lines.
"""

import socket
import struct

from streams.local.ports import LOOPBACK

_TIMEOUT = 2.0
_METADATA, _METADATA_VERSION = 3, 4  # a version that every broker from 0.11 to 4.x supports


def _exactly(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        part = connection.recv(count - len(received))
        if not part:
            raise ConnectionError("the other side closed the connection")
        received += part
    return received


def kafka_answers(port: int, host: str = LOOPBACK) -> bool:
    """Whether a plaintext listener answers a metadata request (KIP-4's, version 4) with at least one broker."""
    client = b"toptopics"
    body = struct.pack(">hhih", _METADATA, _METADATA_VERSION, 1, len(client)) + client + struct.pack(">i?", 0, False)
    try:
        with socket.create_connection((host, port), timeout=_TIMEOUT) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            (size,) = struct.unpack(">i", _exactly(connection, 4))
            if not 12 <= size <= 1 << 20:
                return False
            _correlation, _throttle, brokers = struct.unpack(">iii", _exactly(connection, size)[:12])
    except OSError:
        return False
    return bool(brokers >= 1)


def redis_answers(port: int, host: str = LOOPBACK) -> bool:
    """Whether the server answers PING. A server that is still loading its data does not."""
    return _ping(port, host) == b"+PONG"


def redis_loads(port: int, host: str = LOOPBACK) -> bool:
    """Whether the server says that it is still loading its data."""
    return _ping(port, host) == b"-LOAD"


def _ping(port: int, host: str) -> bytes:
    """The first bytes of the answer; empty without one."""
    try:
        with socket.create_connection((host, port), timeout=_TIMEOUT) as connection:
            connection.sendall(b"PING\r\n")
            return _exactly(connection, 5)
    except OSError:
        return b""
