"""Redis for one data folder: loopback only, append-only file synced every second, no eviction.

Each major version has its own data folder, because an older server cannot read a newer one's files. Redis contains only
a view that is rebuilt from Kafka, so a new folder costs time and no data.
"""

from collections.abc import Mapping
from pathlib import Path

from streams.local.ports import LOOPBACK
from streams.local.progress import ReportStep, silent
from streams.local.readiness import redis_answers, redis_loads
from streams.local.service import LocalService
from streams.local.toolchain import Toolchain, find_redis_server, redis_version

MAX_MEMORY = "1gb"  # far above the views' need (law 4); when full, Redis refuses writes and evicts nothing


class RedisServer(LocalService):
    """After `RedisServer(data_dir).start()`, `.address` is 'redis://127.0.0.1:PORT/0'."""

    name = "redis"
    title = "Redis"
    port_names = ("redis",)
    grace_seconds = 10.0
    ready_seconds = 30.0

    def __init__(self, data_dir: Path, *, toolchain: Toolchain | None = None, progress: ReportStep = silent) -> None:
        super().__init__(data_dir, toolchain=toolchain, progress=progress)
        self._server: Path | None = None
        self._version = ""

    def prepare(self) -> None:
        """Find the program.

        Raises:
            LocalServiceError: It cannot be done; the message names the ways out.
        """
        self._server = find_redis_server(self.toolchain)
        self._version = redis_version(self._server)

    def version(self) -> str:
        """Version such as '7.0.15'. Empty before `prepare`."""
        return self._version

    def address_of(self, ports: Mapping[str, int]) -> str:
        """URL of database 0."""
        return f"redis://{LOOPBACK}:{ports['redis']}/0"

    def answers(self, ports: Mapping[str, int]) -> bool:
        """Whether the server answers PING."""
        return redis_answers(ports["redis"])

    def is_loading(self, ports: Mapping[str, int]) -> bool:
        """Whether it still reads its append-only file, which may take minutes on a busy machine."""
        return redis_loads(ports["redis"])

    def command(self, ports: Mapping[str, int]) -> list[str | Path]:
        """The command with all settings: no configuration file can be out of date."""
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
