"""The READMEs: of the root, and of the folders beside the code."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import ROOT

FOLDERS = ("models", "streams", "tests")
FILES = (ROOT / "README.md", *sorted(file for name in FOLDERS for file in (ROOT / name).rglob("README.md")))
TEXTS = {str(file.relative_to(ROOT)): file.read_text("utf-8") for file in FILES}
ALL = "\n".join(TEXTS.values())


def code_of(text: str) -> str:
    """Shell blocks and inline code, one a line."""
    return "\n".join("".join(found) for found in re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", text, re.DOTALL))


def recipe(name: str) -> str:
    """The code block after the marker `<!-- recipe:NAME -->` in any README."""
    found = re.search(rf"<!-- recipe:{name} -->\n```\w+\n(.*?)```", ALL, re.DOTALL)
    assert found is not None, f"no README has a recipe {name}"
    return found[1]


def links(text: str) -> Iterator[tuple[str, str]]:
    """(path, anchor) of each relative link; "" where a link has none."""
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield path, anchor


def anchors(file: Path) -> set[str]:
    """The anchors that a platform makes of the headings of a Markdown file."""
    without_code = re.sub(r"```.*?```", "", file.read_text("utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", without_code, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
