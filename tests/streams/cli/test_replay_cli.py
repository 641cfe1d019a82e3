"""Wrong usage of `replay`, `backfill`, `subscribe` and `subscriptions` is reported before any service is started."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli.commands import app

# apprise imports a deprecated module of the standard library
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture(autouse=True)
def _no_services(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Addresses without a server: a command that connects fails in another way than these tests expect."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("TOPTOPICS_DATA_DIR", str(tmp_path))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["replay"], "give a week"),
        (["replay", "2021-W18", "--from", "2021-05-03"], "give a week"),
        (["replay", "--to", "2021-05-03"], "give a week"),
        (["replay", "2021-W54"], "week"),
        (["replay", "last-week"], "not an ISO week"),
        (["replay", "--from", "2021-05-10", "--to", "2021-05-03"], "before"),
        (["replay", "2021-W18", "--source", "digests"], "unknown source"),
        (["replay", "2021-W18", "--set", "seed"], "key=value"),
        (["replay", "2021-W18", "--set", "no_such=1"], "min_topic_posts"),
        (["replay", "2021-W18", "--set", "seed=x"], "int"),
        (["replay", "2021-W18", "--verify", "--publish"], "--verify"),
        (["replay", "2021-W18", "--live", "--set", "seed=1"], "--live"),
        (["replay", "2021-W18", "--live", "--publish"], "--live"),
        (["replay", "--from", "2021-05-03", "--to", "2021-05-30", "--live"], "one week"),
        (["subscribe", "--from", "yesterday"], "ISO week"),
        (["subscribe", "--name", "../etc"], "name"),
        (["subscribe", "--format", "pdf"], "unknown form"),
        (["subscriptions", "add", "x", "nothing"], "address"),
        (["subscriptions", "add", "../x", "https://example.org"], "name"),
        (["subscriptions", "add", "x", "nosuchthing://x"], "not among the services"),
        (["subscriptions", "add", "x", "http://127.0.0.1:9000/hook"], "--allow-private"),
        (["subscriptions", "add", "x", "https://[fd00::7]/hook"], "--allow-private"),
        (["subscriptions", "add", "x", "http://LOCALHOST:9000/hook"], "--allow-private"),
        (["subscriptions", "add", "x", "json://10.0.0.7/hook"], "--allow-private"),
    ],
)
def test_wrong_usage_is_told(call: list[str], said: str) -> None:
    """With exit code 2 and the mistake."""
    result = CliRunner().invoke(app, call)
    assert result.exit_code == 2, result.output
    assert said in result.output


def test_a_file_that_is_not_there_is_told() -> None:
    """Typer's own check."""
    assert CliRunner().invoke(app, ["backfill", "nowhere.jsonl"]).exit_code == 2


def test_an_interrupted_backfill_says_how_it_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As an interrupted replay does, with exit code 130."""

    async def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("streams.cli.backfill.services", lambda settings: nullcontext(settings))
    monkeypatch.setattr("streams.cli.backfill._fill", interrupted)
    (tmp_path / "posts.jsonl").touch()
    result = CliRunner().invoke(app, ["backfill", str(tmp_path / "posts.jsonl")])
    assert result.exit_code == 130
    assert "run the same command to continue" in result.output


def test_a_file_of_subscriptions_that_is_wrong_is_told(tmp_path: Path) -> None:
    """Nothing is delivered then."""
    path = tmp_path / "subscriptions.toml"
    path.write_text("[[subscription]]\nname = 'x'\n")
    result = CliRunner().invoke(app, ["push", "--file", str(path)])
    assert result.exit_code == 2
    assert "url" in result.output


def test_no_subscription_is_no_problem() -> None:
    """Nothing to list, nothing to retry."""
    assert CliRunner().invoke(app, ["subscriptions", "list"]).exit_code == 0
    assert CliRunner().invoke(app, ["subscriptions", "retry", "x"]).exit_code == 1


@pytest.mark.parametrize("name", ["replay", "backfill", "subscribe", "push", "subscriptions"])
def test_every_command_has_help_with_examples(name: str) -> None:
    """As all commands do."""
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0
    assert "Example" in result.output or name == "subscriptions"
