"""`toptopics mcp`, started by a client as programs for language models start it."""

import os
import sys
from pathlib import Path

from mcp import StdioServerParameters
from mcp.client import Client

from streams.redis_store.client import open_views
from tests.support.view_examples import digest


async def test_a_program_that_starts_it_reads_the_digest(redis_url: str, fresh_names: str, tmp_path: Path) -> None:
    """Over standard input and output, where no log line may stand; the broker is not needed."""
    async with open_views(redis_url, fresh_names) as views:
        await views.put_digest(digest("2021-W17"), [("revision", b"1")])
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
        "REDIS_URL": redis_url,
        "TOPTOPICS_PREFIX": fresh_names,
        "TOPTOPICS_DATA_DIR": str(tmp_path),
    }
    command = StdioServerParameters(command=sys.executable, args=["-m", "streams.cli", "mcp"], env=environment)
    async with Client(command, read_timeout_seconds=120) as client:
        weeks = await client.call_tool("digests")
        page = await client.call_tool("digest", {"week": "2021-W17"})
    assert weeks.structured_content is not None
    assert [item["week"] for item in weeks.structured_content["items"]] == ["2021-W17"]
    assert "Speech without labels" in str(page.content)
