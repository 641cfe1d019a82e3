"""The sources' commands without a broker: wrong usage, status, and what they need from the environment."""

import os
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from streams.cli.commands import app
from streams.cli.sources import sources_section
from streams.clock import system_clock
from streams.settings import load_settings
from streams.sources.cursors import Files, Health
from streams.sources.port import RefusedError
from streams.sources.registry import SOURCES, SourceContext
from tests.support.source_servers.collecting import people


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["source", "friendster"], "unknown source friendster; known: x-stream"),
        (["source", "rss", "--others", "maybe"], "maybe"),
        (["influencers", "add", "Nobody"], "at least one handle"),
        (["influencers", "add", "Bad", "--x", "not a handle"], "is no X handle"),
        (["influencers", "add", "Bad", "--rss", "https://a.test", "--id", "with space"], "id"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], told: str) -> None:
    """Before any service is started."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert told in result.output


def test_a_wrong_line_in_a_list_is_told_before_anything_starts(tmp_path: Path) -> None:
    """With the file's name and the line's number."""
    path = tmp_path / "people.csv"
    path.write_text("name,x,weight\nAda,ada,1\nGrace,grace,heavy\n")
    result = CliRunner().invoke(app, ["influencers", "import", str(path)])
    assert result.exit_code == 2
    assert "people.csv: line 3" in result.output.replace("\n", "")


def test_status_tells_a_source_that_is_gone(tmp_path: Path) -> None:
    """Its last report says connected, but its process is no more; stopped sources are healthy."""
    settings = load_settings(data_dir=tmp_path)
    assert sources_section(settings).healthy
    Files(tmp_path / "sources", "rss").report(Health("rss", state="connected", pid=os.getpid(), sent=3))
    Files(tmp_path / "sources", "bluesky").report(Health("bluesky", state="stopped", pid=2**22 + 1))
    assert sources_section(settings).healthy
    Files(tmp_path / "sources", "mastodon").report(Health("mastodon", state="connected", pid=2**22 + 1))
    section = sources_section(settings)
    assert {row["source"]: row["state"] for row in section.rows} == {
        "bluesky": "stopped",
        "mastodon": "gone",
        "rss": "connected",
    }
    assert not section.healthy


async def test_sources_name_the_variable_that_they_miss() -> None:
    """Every source can be made from the table's variables, and says which one is not set."""
    async with httpx.AsyncClient() as client:
        everybody = people(x="ada")
        bare = SourceContext(everybody, {}, client, system_clock)
        given = SourceContext(
            everybody, {"X_BEARER_TOKEN": "t", "MASTODON_URL": "http://127.0.0.1:1"}, client, system_clock
        )
        for name, make in SOURCES.items():
            assert make(given).name == name
        for name, variable in (("x-stream", "X_BEARER_TOKEN"), ("mastodon", "MASTODON_URL")):
            with pytest.raises(RefusedError, match=f"set {variable}"):
                SOURCES[name](bare)
