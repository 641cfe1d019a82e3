"""`toptopics serve` on a port that it cannot use."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.integration.pipeline import pipeline_settings


async def test_a_port_in_use_is_told_plainly(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """The last line names the port and the remedy; exit code 1."""
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            environment = os.environ | {
                "KAFKA_BOOTSTRAP_SERVERS": str(settings.kafka_bootstrap_servers),
                "REDIS_URL": str(settings.redis_url),
                "TOPTOPICS_PREFIX": settings.prefix,
                "TOPTOPICS_DATA_DIR": str(settings.data_dir),
            }
            result = subprocess.run(
                [sys.executable, "-m", "streams.cli", "serve", "--port", str(port)],
                env=environment,
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
    assert result.returncode == 1, result.stderr
    assert result.stderr.strip().splitlines()[-1] == (
        f"toptopics: port {port} of 127.0.0.1 is in use: choose another port with --port or TOPTOPICS_PORT"
    )
    assert "Traceback" not in result.stderr
