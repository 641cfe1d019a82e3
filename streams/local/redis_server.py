"""Redis for one data folder: loopback only, append-only file synced every second, never evicts.

Data lie in a folder per major version, because an older server does not read a newer one's files; what is in Redis is
a view that is rebuilt from Kafka, so a new folder costs time and nothing else.
"""

from collections.abc import Mapping
from pathlib import Path

from streams.local.ports import LOOPBACK
from streams.local.progress import Progress, silent
from streams.local.readiness import redis_answers
from streams.local.service import LocalService
from streams.local.toolchain import Toolchain, find_redis_server, redis_version

MAX_MEMORY = "1gb"
"""Far above what the views need (law 4); full, it refuses writes and evicts nothing."""


class RedisServer(LocalService):
    """`RedisServer(data_dir).start()`, then `.address` is 'redis://127.0.0.1:PORT/0'."""

    name = "redis"
    title = "Redis"
    port_names = ("redis",)
    grace_seconds = 10.0
    ready_seconds = 30.0

    def __init__(self, data_dir: Path, *, toolchain: Toolchain | None = None, progress: Progress = silent) -> None:
        super().__init__(data_dir, toolchain=toolchain, progress=progress)
        self._server: Path | None = None
        self._version = ""

    def prepare(self) -> None:
        """Find the program. Raises LocalServiceError."""
        self._server = find_redis_server(self.toolchain)
        self._version = redis_version(self._server)

    def version(self) -> str:
        """Such as '7.0.15'; empty before `prepare`."""
        return self._version

    def address_of(self, ports: Mapping[str, int]) -> str:
        """URL of database 0."""
        return f"redis://{LOOPBACK}:{ports['redis']}/0"

    def answers(self, ports: Mapping[str, int]) -> bool:
        """Whether it answers PING."""
        return redis_answers(ports["redis"])

    def command(self, ports: Mapping[str, int]) -> list[str | Path]:
        """All settings on the command line: there is no configuration file to go stale."""
        data = self.folder / f"data-{self._version.split('.')[0]}"
        data.mkdir(exist_ok=True, mode=0o700)
        settings = {
            "bind": LOOPBACK,
            "port": str(ports["redis"]),
            "dir": str(data),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory": MAX_MEMORY,
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return [self._server or "redis-server", *options]
