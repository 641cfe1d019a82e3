"""Every command explains itself, and wrong usage is told clearly."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from models.text.terminal import printable
from streams.cli.commands import COMMANDS as TABLE
from streams.cli.commands import app
from streams.cli.common import settings_or_exit
from tests.support.paths import ROOT

MAIN: Any = typer.main.get_command(app)
RUN = CliRunner()


def _leaves(command: Any, path: str = "toptopics") -> Iterator[tuple[str, Any]]:
    """(how it is called, command) of every command that is no group."""
    below = getattr(command, "commands", {})
    for name, one in below.items():
        yield from _leaves(one, f"{path} {name}")
    if not below:
        yield path, command


@pytest.mark.parametrize(("path", "command"), sorted(dict(_leaves(MAIN)).items()))
def test_every_command_has_help_with_an_example(path: str, command: Any) -> None:
    """As the tools that users know; commands of a group too. Every option and argument says what it is."""
    assert re.search(rf"Examples?:.*`.*{path}", command.help, re.DOTALL)
    assert all(parameter.help for parameter in command.params if parameter.name != "help")
    result = RUN.invoke(app, [*path.split()[1:], "--help"], env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.output
    assert path in re.sub(r"\s+", " ", result.output)


def test_no_arguments_show_the_list_in_groups() -> None:
    """Every command stands in the group that the table gives it, in the order of the table."""
    result = RUN.invoke(app, [], env={"COLUMNS": "160"})
    panels = dict(re.findall(r"^(\w+):\n(.*?)(?:\n\n|\Z)", result.output, re.DOTALL | re.MULTILINE))
    assert list(panels) == ["Options", *TABLE]
    for group, commands in TABLE.items():
        rows = re.findall(r"^  ([a-z-]+)  +([A-Z].*)$", panels[group], re.MULTILINE)
        assert {name for name, _ in rows} == set(commands)
        assert not any(line.endswith("...") for _, line in rows)


def test_the_list_of_commands_is_shown_without_rich() -> None:
    """Its import takes as long as all else that `--help` needs."""
    code = (
        "import sys; from streams.cli.main import main; sys.argv[1:] = ['--help']\n"
        "try: main()\n"
        "except SystemExit: print(sorted({name.partition('.')[0] for name in sys.modules} & {'rich', 'markdown_it'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=True, text=True)
    assert done.stdout.rstrip().endswith("[]")


def test_the_version_is_printed_without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The version of the installed package."""
    monkeypatch.setenv("TOPTOPICS_EMBED_BATCH", "many")
    result = RUN.invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"toptopics {version('toptopics')}\n")


HEAVY = {"aiokafka", "fastapi", "faust", "httpx", "numba", "numpy", "orjson", "pydantic", "redis", "structlog", "torch"}


def test_the_list_of_commands_needs_no_heavy_library() -> None:
    """What a command needs is imported when it runs."""
    code = "import sys, streams.cli.commands; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=True, text=True)
    assert HEAVY & set(done.stdout.split()) == set()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["worker", "--stages", "embed,dance"], "unknown stage dance"),
        (["digest", "--format", "papyrus"], "unknown format"),
        (["schema", "Weather"], "unknown type"),
        (["dance"], "No such command"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], message: str) -> None:
    """And says what would be right."""
    result = RUN.invoke(app, arguments, env={"COLUMNS": "160"})
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize("command", ["worker", "up", "down", "status", "doctor"])
def test_a_wrong_setting_is_named(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its variable, before anything starts or stops."""
    monkeypatch.setenv("TOPTOPICS_EMBED_BATCH", "many")
    result = RUN.invoke(app, [command])
    assert result.exit_code == 2
    assert "TOPTOPICS_EMBED_BATCH: " in result.output


def test_a_wrong_option_is_named_as_it_was_given(capsys: pytest.CaptureFixture[str]) -> None:
    """And not as the variable that it stands for."""
    with pytest.raises(typer.Exit):
        settings_or_exit(port="x")
    assert "settings: port: " in capsys.readouterr().err


def test_post_text_cannot_drive_the_terminal() -> None:
    """Escape sequences and bidirectional overrides are taken out; line breaks stay."""
    hostile = "a\x1b[2Jb\x9b31mc\u202ed\u2066e\r\x07\nf\tg"
    assert printable(hostile) == "a[2Jb31mcde\nf\tg"


INTERRUPTED = """
import importlib.abc, os, signal, sys

class Field:
    def __set_name__(self, owner, name):
        interrupt()

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

class Interrupting(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "{at}":
            {how}

sys.meta_path.insert(0, Interrupting())
sys.argv = ["toptopics", "schema"]
from streams.cli.main import main
main()
"""


@pytest.mark.parametrize("at", ["typer", "streams.cli.worker", "streams.kafka.topics"])
@pytest.mark.parametrize("how", ["interrupt()", "type('Model', (), dict(field=Field()))"])
def test_ctrl_c_while_the_command_is_being_imported_leaves_no_traceback(at: str, how: str) -> None:
    """That is most of a second, before and within the command; also while a class is being made."""
    command = [sys.executable, "-c", INTERRUPTED.format(at=at, how=how)]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (130, b"", b"")


ENDLESS = """
import sys, typer
from streams.cli.common import echo_or_end
try:
    while True:
        echo_or_end("x" * 1_000)
except typer.Exit as end:
    sys.exit(end.exit_code)
"""


def test_endless_output_ends_quietly_when_its_reader_has_gone() -> None:
    """As behind `| head -1`: no traceback, exit code 0."""
    with subprocess.Popen([sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
