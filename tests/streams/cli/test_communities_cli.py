"""The commands for communities refuse what cannot work before they connect to anything."""

import pytest
from typer.testing import CliRunner

from streams.cli.commands import app

RUN = CliRunner()
NOWHERE = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "REDIS_URL": "redis://127.0.0.1:1/0", "TOPTOPICS_COMMUNITY": ""}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["communities", "add", "Two Words"], "lower-case letters, digits and dashes"),
        (["communities", "add", "ml", "--timezone", "Berlin"], "is not a time zone"),
        (["--community", "ml", "worker"], "start it without a community"),
        (["--community", "ml", "serve"], "under /c/NAME/"),
        (["--community", "ml", "run"], "start it without a community"),
        (["--community", "no/name", "digest"], "TOPTOPICS_COMMUNITY"),
    ],
)
def test_what_cannot_work_is_refused(call: list[str], said: str) -> None:
    """With exit code 2 and the way that works."""
    done = RUN.invoke(app, call, env=NOWHERE)
    assert (done.exit_code, said in done.output) == (2, True), done.output


def test_a_removal_asks_first() -> None:
    """There is no way back."""
    assert RUN.invoke(app, ["communities", "remove", "ml"], env=NOWHERE, input="n\n").exit_code == 1
