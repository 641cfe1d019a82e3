"""The health check of a container: `python -m streams.operations.health PORT…`, each the metrics' port of a part.

Exit code 0 when every part has finished some work in the last five minutes, or had none waiting. A process that runs
and does nothing (a hung device, a lost broker) fails it. Standard library only: it runs every half minute.
"""

import re
import sys
from urllib.request import urlopen

from streams.clock import system_clock

MOST_SECONDS = 300.0  # a stage that reads the log again after the loss of its snapshot takes minutes
_PROGRESS = re.compile(r'^toptopics_progress_seconds\{part="([^"]*)"\} (\S+)$', re.MULTILINE)


def trouble(port: int, now: float) -> str:
    """What is wrong with the process that serves its metrics there; empty when nothing is."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except OSError as error:
        return f"port {port}: {error}"
    parts = _PROGRESS.findall(text)
    if not parts:
        return f"port {port}: no part has started to work"
    late = [f"{name}: nothing done for {now - float(at):.0f} s" for name, at in parts if now - float(at) > MOST_SECONDS]
    return "; ".join(late)


def main(arguments: list[str]) -> int:
    """Print what is wrong, and return the exit code."""
    troubles = [found for port in arguments if (found := trouble(int(port), system_clock().timestamp()))]
    print("; ".join(troubles) or "ok")
    return int(bool(troubles) or not arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
