"""What the README names exists, and what it ought to name it names: commands, options, variables, forms."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from streams.cli.commands import app
from streams.cli.digest import FORMS as DIGEST_FORMS
from streams.cli.subscribe import FORMS
from streams.delivery.subscribe import as_event
from streams.kafka.digests import PublishedDigest
from streams.operations.environment import KNOWN, OTHERS
from streams.settings import Settings
from streams.sources.variables import VARIABLES
from tests.support.paths import ROOT
from tests.support.view_examples import digest

README = (ROOT / "README.md").read_text("utf-8")
CODE = "\n".join("".join(found) for found in re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", README, re.DOTALL))
MADE = set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE))
CALLS = sorted(set(re.findall(r"toptopics ([a-z][^\n#|;&)`]*)", CODE)))
MAIN: Any = typer.main.get_command(app)


def _all(command: Any) -> Iterator[Any]:
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from _all(below)


def _options(*commands: Any) -> set[str]:
    return {name for command in commands for option in command.params for name in option.opts} | {"--help"}


@pytest.mark.parametrize("call", CALLS)
def test_every_command_of_the_readme_exists_with_its_options(call: str) -> None:
    """A renamed one would be tried in vain."""
    command, words = MAIN, re.sub(r"\"[^\"]*\"", "TEXT", call).split()
    while hasattr(command, "commands"):
        assert words, f"{call!r} names no command of the group"
        assert words[0] in command.commands
        command = command.commands[words.pop(0)]
    assert {word for word in words if word.startswith("-") and word != "-"} <= _options(command)


def test_every_option_that_the_readme_names_alone_is_one_of_a_command() -> None:
    """Such as `--rate 50`, where the text before has said of which."""
    named = set(re.findall(r"`(--[a-z-]+)[^`\n]*`", README))
    assert named >= {"--rate", "--speed"}
    assert named <= _options(*_all(MAIN))


def test_every_command_is_in_the_readme() -> None:
    """By its name, or by the target of make that calls it."""
    assert set(MAIN.commands) <= {call.split()[0] for call in CALLS} | MADE


def test_every_target_of_make_that_the_readme_names_exists() -> None:
    """`make demo`, `make bench-topics`, …"""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets >= MADE


def test_the_readme_names_every_variable_that_is_read_and_no_other() -> None:
    """Settings, sources, the local broker's, and what `--exec` hands over."""
    named = set(re.findall(r"\b(TOPTOPICS_[A-Z_]*[A-Z])\b", README))
    assert named <= KNOWN
    own_names = {name for name in Settings.model_fields if Settings.model_fields[name].validation_alias is None}
    ours = {f"TOPTOPICS_{name.upper()}" for name in own_names} | {f"TOPTOPICS_{name}" for name in OTHERS}
    assert ours | VARIABLES.keys() <= named | set(re.findall(r"`([A-Z_]+)`", README))


def test_the_readme_says_what_a_subscriber_gets() -> None:
    """The envelope's fields in their order, and every form by its name."""
    found = re.search(r"<!-- example:subscribe -->\n```json\n(.*?)```", README, re.DOTALL)
    assert found is not None
    entry = PublishedDigest(digest=digest("2021-W18"), revision=1, slice_start=0, slice_end=1)
    names = re.findall(r"\"(\w+)\":", found[1])
    assert names[: len(as_event(entry))] == list(as_event(entry))
    said = README.replace("\n", " ")
    assert ", ".join(f"`{form}`" for form in FORMS) in said
    assert set(DIGEST_FORMS) - set(FORMS) == {"atom"}
    assert "`toptopics digest` also knows `atom`" in said
