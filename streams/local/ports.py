"""Ports of local services: chosen once, stored in a file, and reused as long as they are free."""

import json
import secrets
import socket
from collections.abc import Sequence
from pathlib import Path

LOOPBACK = "127.0.0.1"
# below the ephemeral ranges, so that no outgoing connection takes a port during a restart
_LOWEST, _HIGHEST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: TIME_WAIT does not count
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _stored(path: Path) -> dict[str, int]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # a file damaged by a crash only costs new ports
        return {}
    return {str(name): int(port) for name, port in content.items()} if isinstance(content, dict) else {}


def reserve_ports(path: Path, names: Sequence[str]) -> dict[str, int]:
    """Choose a free port for each name and store the choice.

    Args:
        path: The file. Its ports are reused where they are free; it is rewritten.
        names: What the ports are for.
    """
    before = _stored(path)
    ports: dict[str, int] = {}
    for name in names:
        port = before.get(name, 0)
        while port in ports.values() or not _LOWEST <= port < _HIGHEST or not is_free(port):
            port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        ports[name] = port
    path.write_text(json.dumps(ports), encoding="utf-8")
    return ports
