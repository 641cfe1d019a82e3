"""The service as the benchmark runs it: `python -m tests.benchmarks.live_service REDIS_URL PORT`.

One difference from `toptopics serve`: no request limit, because all readers come from one address.
"""

import asyncio
import resource
import sys

from streams.api.app import create_api
from streams.api.limits import ApiLimits
from streams.api.server import create_server
from streams.redis_views import create_views
from streams.settings import load_settings


async def serve(redis: str, port: int) -> None:
    """Until SIGTERM."""
    limits = ApiLimits(requests_per_minute=1_000_000, sse_per_client=100_000, sse_clients=100_000)
    app = create_api(load_settings(port=port), create_views(redis), limits=limits)
    await create_server(app, "127.0.0.1", port).serve()


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536), most))
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
