"""The demo's content: marks are parsed as documented, and every reference resolves."""

import re

import pytest

from streams.demo.catalogue import Line, accounts, evergreen, noises, parse_line, stories


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("plain text {a}", Line("plain text {a}")),
        ("q| look at this", Line("look at this", kind="quote")),
        ("r| no", Line("no", kind="reply")),
        ("fr| bonjour", Line("bonjour", lang="fr")),
        ("11| spring", Line("spring", week="2021-W11")),
        ("@opengrads| we did it", Line("we did it", author="opengrads")),
        ("10| q| de| doch", Line("doch", lang="de", kind="quote", week="2021-W10")),
        ("pipes | stay | here", Line("pipes | stay | here")),
    ],
)
def test_marks(raw: str, line: Line) -> None:
    """Marks come before the text, in any order, and only there."""
    assert parse_line(raw) == line


def test_accounts_are_distinct_and_reach_every_group() -> None:
    """No handle or name twice; every group that a story or noise asks for has at least six members."""
    everyone = accounts()
    assert len({a.handle.lower() for a in everyone}) == len({a.name for a in everyone}) == len(everyone)
    assert all(re.fullmatch(r"\w{3,20}", a.handle) for a in everyone)
    asked = [story.who for story in stories().values()] + [noise.who for noise in noises()]
    for groups in asked:
        assert sum(bool(a.groups & groups) for a in everyone) >= 6
        assert all(any(group in a.groups for a in everyone) for group in groups)


def test_every_mark_in_a_story_names_one_of_its_links_and_accounts() -> None:
    """No unknown ``{c}`` or account; noise may only generate a link."""
    handles = {a.handle for a in accounts()}
    for story in stories().values():
        texts = [line.text for line in story.lines] + list(story.headlines)
        marks = {mark for text in texts for mark in re.findall(r"\{(.*?)\}", text)}
        assert marks == set(story.links), story.key
        assert {line.author for line in story.lines} - {None} <= handles
    for noise in noises():
        assert {mark for line in noise.lines for mark in re.findall(r"\{(.*?)\}", line.text)} <= {"x"}


def test_no_line_is_written_twice() -> None:
    """Every hand-written line and every evergreen title occurs once."""
    lines = [line.text for story in stories().values() for line in story.lines]
    lines += [line.text for noise in noises() for line in noise.lines] + list(evergreen().titles)
    assert len(set(lines)) == len(lines)
    assert len(lines) > 800
