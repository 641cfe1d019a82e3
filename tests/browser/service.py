"""`toptopics serve` in a process of its own, which can be stopped and started again on the same port."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx


class ServiceProcess:
    """Start, stop, address."""

    def __init__(self, redis: str, folder: Path, kafka: str = "127.0.0.1:1", prefix: str = "") -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/"
        self._log = folder / "serve.log"
        self._environment = os.environ | {
            "REDIS_URL": redis,
            "KAFKA_BOOTSTRAP_SERVERS": kafka,
            "TOPTOPICS_PREFIX": prefix,
            "TOPTOPICS_DATA_DIR": str(folder),
            "TOPTOPICS_PORT": str(self.port),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers. Raises AssertionError with its log when it does not."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streams.cli", "serve"], env=self._environment, stdout=log, stderr=log
            )
        end = time.monotonic() + 180  # beside other tests' workers, imports take their time
        while time.monotonic() < end and self._process.poll() is None:
            try:
                if httpx.get(self.url + "healthz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError("serve did not start:\n" + self._log.read_text())

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(sign)
        code = self._process.wait(timeout=30)
        self._process = None
        return code
