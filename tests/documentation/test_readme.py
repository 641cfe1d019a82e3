"""The READMEs and the code say the same: commands, options, variables, metrics, formats, folders, paths and links."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from models.week.config import DigestConfig
from streams.api.app import create_api
from streams.cli import help as cli_help
from streams.cli.commands import COMMANDS, app
from streams.cli.digest import FORMS as DIGEST_FORMS
from streams.cli.subscribe import FORMS
from streams.delivery.subscribe import as_event
from streams.kafka.digests import PublishedDigest
from streams.operations.environment import KNOWN, OTHERS
from streams.settings import Settings, load_settings
from streams.sources.files.formats import names as format_names
from streams.sources.variables import VARIABLES
from streams.stages.table import STAGE_INPUTS
from streams.system.metrics import TABLE
from streams.views.memory import MemoryViews
from tests.support.paths import ROOT
from tests.support.readmes import ALL, FILES, TEXTS, anchors, code_of, links
from tests.support.view_examples import digest

CODE = code_of(ALL)
MADE = set(re.findall(r"(?:^|`)make ([a-z-]+)", ALL, re.MULTILINE))
CALLS = sorted(set(re.findall(r"toptopics ([a-z][^\n#|;&)`]*)", CODE)))
MAIN: Any = typer.main.get_command(app)
OVERVIEW = TEXTS["README.md"]
SMALLEST, LARGEST = 12_000, 15_000  # bytes of the overview: enough to begin with, and read at one sitting
NOT_LISTED = {"static", "screenshots", "data", "templates", "__pycache__"}


def _all(command: Any) -> Iterator[Any]:
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from _all(below)


def _options(*commands: Any) -> set[str]:
    return {name for command in commands for option in command.params for name in option.opts} | {"--help"}


@pytest.mark.parametrize("call", CALLS)
def test_every_command_of_the_readmes_exists_with_its_options(call: str) -> None:
    """A renamed one would be tried in vain."""
    command, words = MAIN, re.sub(r"\"[^\"]*\"", "TEXT", call).split()
    while hasattr(command, "commands"):
        assert words, f"{call!r} names no command of the group"
        assert words[0] in command.commands
        command = command.commands[words.pop(0)]
    assert {word for word in words if word.startswith("-") and word != "-"} <= _options(command)


def test_every_option_that_a_readme_names_alone_is_one_of_a_command() -> None:
    """Such as `--rate 50`, where the text before names the command."""
    named = set(re.findall(r"`(--[a-z-]+)[^`\n]*`", ALL))
    assert named >= {"--rate", "--speed"}
    assert named <= _options(*_all(MAIN)) | {"--ids", "--limit"}  # the last two belong to benchmarks


def test_every_command_is_in_the_overview() -> None:
    """In the table of commands, in the groups and in the order of `toptopics --help`."""
    table = OVERVIEW.partition("## The commands")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| (\w+) \| (`.*) \|$", table, re.MULTILINE))
    listed = {group: re.findall(r"`toptopics ([a-z-]+)", cells) for group, cells in rows.items()}
    assert listed == {group.lower(): list(commands) for group, commands in COMMANDS.items()}


def test_every_target_of_make_that_a_readme_names_exists() -> None:
    """`make demo`, `make bench-topics`, …"""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets >= MADE


def test_the_readmes_name_every_variable_that_is_read_and_no_other() -> None:
    """Settings, sources, the local broker's, and what `--exec` hands over."""
    named = set(re.findall(r"\b(TOPTOPICS_[A-Z_]*[A-Z])\b", ALL))
    assert named <= KNOWN
    own_names = {name for name in Settings.model_fields if Settings.model_fields[name].validation_alias is None}
    ours = {f"TOPTOPICS_{name.upper()}" for name in own_names} | {f"TOPTOPICS_{name}" for name in OTHERS}
    assert ours | VARIABLES.keys() <= named | set(re.findall(r"`([A-Z_]+)`", ALL))


@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_of_a_source_is_described_in_the_readme_of_the_sources(name: str) -> None:
    """By the words of the table that the program itself prints."""
    what = VARIABLES[name].partition(": ")[2]
    assert re.search(rf"^\| .* \| `{name}` \| {re.escape(what)} \|$", TEXTS["streams/sources/README.md"], re.MULTILINE)


@pytest.mark.parametrize("name", DigestConfig.__struct_fields__)
def test_every_setting_of_a_digest_is_in_a_readme_with_its_default(name: str) -> None:
    """What `toptopics replay --set` takes."""
    row = re.search(rf"^\| `{name}` \| `([^`]+)` \| \S", TEXTS["streams/README.md"], re.MULTILINE)
    assert row is not None
    default = getattr(DigestConfig(), name)
    assert type(default)(row[1]) == default


def test_the_readme_lists_the_metrics_and_no_other() -> None:
    """With their type and their help text, in the order of the table."""
    rows = re.findall(
        r"^\| `toptopics_(\w+)` \| (\w+) \| (.*) \|$", TEXTS["streams/operations/README.md"], re.MULTILINE
    )
    assert rows == [(one.name, one.kind, one.help) for one in TABLE]


def test_the_readme_lists_the_stages_with_what_they_read() -> None:
    """In the order of the flow."""
    rows = re.findall(r"^\| `([a-z-]+)` \| `([a-z.-]+)`.* \| .* \| .* \|$", TEXTS["streams/README.md"], re.MULTILINE)
    assert rows == [(stage, topic.name) for stage, topic in STAGE_INPUTS.items()]


def test_the_readme_names_every_format_of_files() -> None:
    """What `toptopics ingest --format` takes."""
    text = TEXTS["streams/sources/README.md"]
    sentence = re.search(r"^\* `--format` is (.*?)\. ", text, re.MULTILINE | re.DOTALL)
    assert sentence is not None
    assert set(re.findall(r"`([a-z0-9-]+)`", sentence[1])) == set(format_names())


def test_the_readme_lists_every_path_of_the_api_and_no_other() -> None:
    """As `/openapi.json` has them."""
    rows = re.findall(r"^\| (`/.*`) \|", TEXTS["streams/api/README.md"], re.MULTILINE)
    listed = [path for cells in rows for path in re.findall(r"`(/[^`]*)`", cells)]
    assert sorted(listed) == sorted(create_api(load_settings(), MemoryViews()).openapi()["paths"])


def test_the_readme_says_what_a_subscriber_gets() -> None:
    """The envelope's fields in their order, and every form by its name."""
    text = TEXTS["streams/delivery/README.md"]
    found = re.search(r"<!-- example:subscribe -->\n```json\n(.*?)```", text, re.DOTALL)
    assert found is not None
    entry = PublishedDigest(digest=digest("2021-W18"), revision=1, slice_start=0, slice_end=1)
    names = re.findall(r"\"(\w+)\":", found[1])
    assert names[: len(as_event(entry))] == list(as_event(entry))
    said = text.replace("\n", " ")
    assert ", ".join(f"`{form}`" for form in FORMS) in said
    assert set(DIGEST_FORMS) - set(FORMS) == {"atom", "csv"}
    assert "`toptopics digest` also knows `atom` and `csv`" in said


def test_the_overview_has_the_size_of_an_overview() -> None:
    """The rest is beside the code."""
    assert SMALLEST <= len(OVERVIEW.encode()) <= LARGEST


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_of_a_readme_leads_to_a_file_and_a_heading(file: Any) -> None:
    """Relative links and pictures."""
    for path, anchor in links(file.read_text("utf-8")):
        target = (file.parent / path).resolve() if path else file
        assert target.exists(), f"{file.name} links to {path}"
        if anchor:
            readme = target / "README.md" if target.is_dir() else target
            assert anchor in anchors(readme), f"{path}#{anchor}"


@pytest.mark.parametrize("name", TEXTS)
def test_every_path_and_module_that_a_readme_names_exists(name: str) -> None:
    """`models/week/clock.py`, `models.week.posts.week_posts`."""
    for path in re.findall(r"`((?:models|streams|tests)/[\w./]*)`", TEXTS[name]):
        assert (ROOT / path).exists(), path
    for module in re.findall(r"`((?:models|streams|tests)(?:\.\w+)+)`", TEXTS[name]):
        if not module.endswith((".py", ".md")):
            assert _is_importable(module), module


def _is_importable(name: str) -> bool:
    """A module, or a name that a module defines."""
    module, _, last = name.rpartition(".")
    path = ROOT / name.replace(".", "/")
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    parent = ROOT / module.replace(".", "/")
    file = parent / "__init__.py" if parent.is_dir() else parent.with_suffix(".py")
    return file.is_file() and re.search(rf"^(?:def|class) {last}\b", file.read_text("utf-8"), re.MULTILINE) is not None


def test_the_listing_of_the_folders_is_true() -> None:
    """Every folder of the packages stands in it, and every folder of the tests that mirrors none; no other does."""
    listing = OVERVIEW.partition("## The folders")[2].partition("```text\n")[2].partition("```")[0]
    listed, package = set(), ""
    for indent, names in re.findall(r"^( *)((?:[\w/]+/ )+)", listing, re.MULTILINE):
        package = package if indent else names.strip("/ ")
        listed |= {f"{package}/{name.strip('/')}" if indent else package for name in names.split()}
    there = {
        str(folder.relative_to(ROOT))
        for top in ("models", "streams", "tests")
        for folder in (ROOT / top, *(ROOT / top).rglob("*"))
        if folder.is_dir() and not NOT_LISTED & set(folder.relative_to(ROOT).parts)
    }
    mirrored = {f"tests/{name}" for name in there if "/" in name}
    support = {name for name in there if name.startswith(("tests/support/", "tests/contracts/"))}
    assert listed == there - mirrored - support


def test_help_prints_the_readmes() -> None:
    """Each README has a topic, and the list names all topics."""
    runner = CliRunner()
    assert {name for name, _ in cli_help.TOPICS.values()} == set(TEXTS)
    listed = runner.invoke(app, ["help"])
    assert [line.split()[0] for line in listed.output.splitlines()] == list(cli_help.TOPICS)
    for topic, (name, about) in cli_help.TOPICS.items():
        printed = runner.invoke(app, ["help", topic])
        assert printed.output == TEXTS[name]
        assert about in listed.output
        if topic != "overview":
            assert f"`toptopics help {topic}`" in OVERVIEW
    assert runner.invoke(app, ["help", "nothing"]).exit_code == 2


def test_the_wheel_has_the_texts_of_help() -> None:
    """Files outside the packages are copied to the place where the command looks; the image has them to build from."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    outside = {
        name: f"streams/cli/texts/{topic}.md"
        for topic, (name, _) in cli_help.TOPICS.items()
        if name.partition("/")[0] not in build["packages"]
    }
    assert build["force-include"] == outside
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    for name in outside:
        assert any(name in line.split() for line in copied), name
        assert f"!{name}" in allowed
