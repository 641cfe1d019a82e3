"""Limits for clients: a closed table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ApiLimits:
    """Limits of one copy of the service."""

    requests_per_minute: int = 600  # per client address; the dashboard makes a handful
    wrong_tokens_per_minute: int = 10  # guesses at /login, per client address
    wrong_tokens_in_total: int = 100  # the same from all addresses
    sse_clients: int = 5_000
    sse_per_client: int = 2_000  # a proxy or an office shares one address
    sse_queue: int = 64  # messages that a reader may be behind before it is disconnected
    heartbeat_seconds: float = 15.0
    stages_seconds: float = 10.0  # between two looks at the stages, while somebody reads
    send_timeout_seconds: float = 30.0
    page: int = 100  # most items on a page
    offset: int = 10_000
    max_lag: int = 50_000  # records behind which /readyz reports a stage
