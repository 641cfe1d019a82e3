"""`toptopics serve` in a process of its own, which can be stopped and started again on the same port."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from streams.local.ports import reserve_ports


class ServiceProcess:
    """Start, stop, address."""

    def __init__(self, redis: str, folder: Path, kafka: str = "127.0.0.1:1", prefix: str = "") -> None:
        # below the ports that are given to whoever asks for any: it stays free until the start, and while it is down
        self.port = reserve_ports(folder / f"serve-{prefix}port.json", ["serve"])["serve"]
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
                if httpx.get(self.url + "healthz", timeout=30).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError("serve did not start:\n" + self._log.read_text())

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(sign)
        code = self._process.wait(timeout=180)
        self._process = None
        return code
