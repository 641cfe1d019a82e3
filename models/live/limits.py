"""The limits of the live view: a closed table."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

import orjson

BUCKET_SECONDS: Final = 600  # ten minutes: six buckets are the shortest window
WINDOWS: Final = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
}


@dataclass(frozen=True)
class ViewLimits:
    """Limits of the view; times are in event time."""

    # two windows of seven days, so that each can be compared with the one before
    retention: timedelta = timedelta(days=14)
    posts: int = 50_000  # newest posts
    gone: int = 100_000  # tombstones
    applied: int = 50_000  # topic events known by their hash
    aliases: int = 20_000
    events: int = 10_000  # length of the stream that SSE resumes from
    changed: int = 20_000  # topics in the list of changes
    history: int = 200  # events of a topic
    weeks: int = 520  # digests
    step: int = 2_000  # posts removed in one call of the script, so that Redis stays responsive

    def to_json(self) -> bytes:
        """JSON for the script, with retention in milliseconds."""
        return orjson.dumps({**asdict(self), "retention": int(self.retention.total_seconds() * 1000)})
