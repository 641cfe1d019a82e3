"""The lines that the demo prints about its steps, and about what it waits for."""

from pathlib import Path

import orjson
from rich.console import Console

from streams.demo.screen import Screen
from streams.demo.steps import Steps
from streams.demo.worker_log import starting_stages
from streams.views.board import Board
from streams.views.memory import MemoryViews


def test_a_step_ends_once_with_how_long_it_took() -> None:
    """Also when another step has started. A step that never started does not end."""
    said: list[str] = []
    moment = 100.0
    steps = Steps(said.append, lambda: moment)
    steps.begin("stages", "Starting the stages")
    moment = 103.0
    steps.begin("posts", "Playing the posts")
    moment = 115.2
    for name, line in [("stages", "they run"), ("stages", "they run"), ("posts", "all sent"), ("digests", "made")]:
        steps.end(name, line)
    assert said == ["Starting the stages", "Playing the posts", "  they run, after 15 s", "  all sent, after 12 s"]


def test_the_stages_that_do_not_run_yet_are_told_by_their_log(tmp_path: Path) -> None:
    """In their order. A library's lines are no events."""
    log = tmp_path / "worker.log"
    log.write_bytes(b"Loading weights\n" + orjson.dumps({"event": "stage starts", "stage": "assign"}) + b'\n{"event"')
    assert starting_stages(log, ["embed", "assign", "view"]) == ["embed", "view"]
    with log.open("ab") as file:
        file.writelines(b"\n" + orjson.dumps({"event": "stage starts", "stage": name}) for name in ("embed", "view"))
    assert starting_stages(log, ["embed", "assign", "view"]) == []


def test_what_is_waited_for_is_told_by_its_name() -> None:
    """Never the encoder, which was loaded long before the first post could be seen."""
    screen = Screen(Console(quiet=True))
    screen.sent, screen.starting = 5, ["embed", "assign"]
    nothing = Board(MemoryViews())
    assert screen.line(nothing, [], total=0) == "5 posts sent; still starting: embed, assign"
    screen.starting = []
    assert screen.line(nothing, [], total=0) == "5 posts sent; waiting for the first ones in the view"
