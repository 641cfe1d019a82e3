"""A server that loads its data is waited for, however long it takes: killed and started again, it would never end."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from streams.local.errors import LocalServiceError
from streams.local.redis_server import RedisServer

# answers PING as Redis does: so often that it loads, then that it is there
SERVER = """
import socket, sys
answers = [sys.argv[2].encode()] * int(sys.argv[3])
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        connection, _ = server.accept()
        with connection:
            connection.recv(64)
            connection.sendall(answers.pop() if answers else b"+PONG\\r\\n")
"""


class SlowRedis(RedisServer):
    """Answers `before` so often before it answers PONG."""

    ready_seconds = 2.0

    def __init__(self, folder: Path, before: str, times: int) -> None:
        super().__init__(folder)
        self._before = before
        self._times = times

    def prepare(self) -> None:
        """Nothing is needed."""

    def command(self, ports: Mapping[str, int]) -> list[str | Path]:
        """The program above."""
        program = ["-I", "-S", "-c", SERVER, str(ports["redis"]), self._before, str(self._times)]
        return [sys.executable, *program]


def test_a_server_that_loads_its_data_is_waited_for(tmp_path: Path) -> None:
    """Once it was killed after half a minute, and so was every later one: `toptopics up` never succeeded again."""
    redis = SlowRedis(tmp_path, "-LOADING Redis is loading the dataset in memory\r\n", 60)
    try:
        assert redis.start()
    finally:
        redis.stop()


def test_a_server_with_another_error_is_not(tmp_path: Path) -> None:
    """It would never end."""
    redis = SlowRedis(tmp_path, "-NOAUTH Authentication required.\r\n", 1_000_000)
    with pytest.raises(LocalServiceError, match="gave no answer"):
        redis.start()
