"""Unknown variables that look like ours: reported with the name that was probably meant, and never an error."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from streams.cli.commands import app
from streams.operations.doctor import diagnose_machine
from streams.operations.environment import KNOWN, unknown_variables
from streams.settings import Settings, load_settings
from streams.sources.variables import VARIABLES

RUN = CliRunner()


def _options(command: Any) -> Iterator[Any]:
    yield from command.params
    for below in getattr(command, "commands", {}).values():
        yield from _options(below)


def test_whatever_the_program_reads_is_known() -> None:
    """Settings by both of their names, sources, options, the local broker's, and those that `--exec` sets."""
    options = {str(option.envvar) for option in _options(typer.main.get_command(app)) if option.envvar}
    assert {"TOPTOPICS_OTHERS", "TOPTOPICS_WEBHOOK_SECRET"} <= options
    ours = {name for name in options | VARIABLES.keys() if name.startswith("TOPTOPICS_")}
    ours |= {f"TOPTOPICS_{name.upper()}" for name in Settings.model_fields}
    assert ours | {"TOPTOPICS_MAVEN_REPOSITORY", "TOPTOPICS_WEEK", "TOPTOPICS_HEADLINE"} <= KNOWN


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("TOPTOPICS_WEEK_IDEL_SECONDS", "TOPTOPICS_WEEK_IDLE_SECONDS"),
        ("TOPTOPICS_X_RULE_LENGHT", "TOPTOPICS_X_RULE_LENGTH"),
        ("TOPTOPICS_DATADIR", "TOPTOPICS_DATA_DIR"),
        ("toptopics_perfix", "TOPTOPICS_PREFIX"),
        ("TOPTOPICS_BACKUP_BUCKET", None),
    ],
)
def test_a_slip_is_told_with_the_name_that_was_meant(name: str, nearest: str | None) -> None:
    """A name without a similar one belongs to another program and gets no advice."""
    assert unknown_variables({name: "x", "TOPTOPICS_PORT": "1", "toptopics_port": "1", "HOME": "/"}) == {name: nearest}


def test_a_command_warns_in_one_line_and_goes_on() -> None:
    """Without the value, which may be a secret under a wrong name."""
    result = RUN.invoke(app, ["schema", "Tweet"], env={"TOPTOPICS_API_TOKN": "s3cret"})
    assert result.exit_code == 0
    assert json.loads(result.stdout)
    assert result.stderr == (
        "toptopics: the variable TOPTOPICS_API_TOKN is unknown and has no effect: did you mean TOPTOPICS_API_TOKEN?\n"
    )


async def test_doctor_has_a_line_for_them_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no failure: other programs may use such variables."""
    settings = load_settings(encoder="hash")
    well = {finding.name: finding for finding in await diagnose_machine(settings)}["variables"]
    assert (well.ok, well.fix) == (True, "")
    monkeypatch.setenv("TOPTOPICS_WEEK_IDEL_SECONDS", "5")
    monkeypatch.setenv("TOPTOPICS_BACKUP_BUCKET", "s3cret")
    told = {finding.name: finding for finding in await diagnose_machine(settings)}["variables"]
    assert told.ok
    assert "TOPTOPICS_WEEK_IDEL_SECONDS" in told.detail
    assert "TOPTOPICS_BACKUP_BUCKET" in told.detail
    assert "rename TOPTOPICS_WEEK_IDEL_SECONDS to TOPTOPICS_WEEK_IDLE_SECONDS" in told.fix
    assert "s3cret" not in repr(told)
