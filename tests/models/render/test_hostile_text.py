"""Hostile post text in every form: terminal, Markdown, HTML, Atom, spreadsheets."""

import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.events import Digest, Sentence
from models.render import render
from models.text.terminal import printable
from tests.support.view_examples import digest

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</p><iframe src=//evil.example></iframe>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/track.png)",
    "# forged heading\n\n* forged item",
    "`code` **bold** <b>raw</b>",
    "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "\u202egnp.exe",
    '=HYPERLINK("https://evil.example")',
    "]]><script>1</script>",
)
ALLOWED_SCHEMES = ("http://", "https://", "#", "mailto:")


def hostile_digest(text: str) -> Digest:
    """A digest with `text` in every place for words of posts, people or pages."""
    made = digest("2021-W18", quotation=text)
    (topic,) = made.topics
    replace = msgspec.structs.replace
    people = [replace(person, name=text, handle=text) for person in topic.people]
    items = [
        replace(
            item,
            people=people,
            sentence=Sentence(text=text, posts=item.sentence.posts),
            link=replace(item.link, title=text, site=text, description=text) if item.link else None,
        )
        for item in topic.items
    ]
    topic = replace(
        topic, label=text, keywords=[text], summary=Sentence(text=text, posts=["1"]), items=items, people=people
    )
    return replace(made, topics=[topic], headline=Sentence(text=text, posts=["1"]))


class Tags(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect."""
        self.found.append((tag, dict(attrs)))


def tags_of(html: str) -> list[tuple[str, dict[str, str | None]]]:
    """The tags that a browser would build."""
    parser = Tags()
    parser.feed(html)
    return parser.found


@given(st.sampled_from(HOSTILE) | st.text(max_size=80))
@example("<svg/onload=alert(1)>")
def test_html_gets_no_tag_and_no_script_from_a_post(text: str) -> None:
    """The page has the same tags whatever the text; addresses have a harmless scheme."""
    plain = [tag for tag, _ in tags_of(render(hostile_digest("plain words"), "html"))]
    found = tags_of(render(hostile_digest(text), "html"))
    allowed = set(plain)
    for tag, attributes in found:
        assert tag in allowed
        assert not any(name.startswith("on") for name in attributes)
        address = attributes.get("href")
        assert address is None or address.startswith(ALLOWED_SCHEMES)


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_shows_hostile_text_as_text(text: str) -> None:
    """No raw HTML, no image, no link with a scheme of the post's choosing, no heading of its own."""
    shown = render(hostile_digest(text), "markdown")
    assert not re.search(r"(?<!\\)<(script|img|iframe|b)\b", shown)
    assert not re.search(r"(?<!\\)\]\(javascript:", shown)
    assert not re.search(r"(?<!\\)!\[", shown)
    assert not re.search(r"^# forged", shown, re.MULTILINE)
    assert not re.search(r"^\* forged", shown, re.MULTILINE)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("form", ["markdown", "text"])
def test_a_digest_on_the_terminal_drives_nothing(text: str, form: str) -> None:
    """In the output of the commands."""
    shown = printable(render(hostile_digest(text), form))  # type: ignore[arg-type]
    assert not any(character in shown for character in "\x1b\x07\x9b\u202e")


@pytest.mark.parametrize("text", HOSTILE)
def test_atom_stays_well_formed(text: str) -> None:
    """A reader must get every entry, whatever its text."""
    from xml.etree import ElementTree

    shown = render(hostile_digest(text), "atom")
    root = ElementTree.fromstring(shown)
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert "script" not in names
