"""What each form makes of text: Markdown shows it as it is, plain text fits its columns, Atom keeps its promises."""

from datetime import timedelta
from unicodedata import combining, east_asian_width
from xml.etree import ElementTree

import feedparser
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from models.events import Link, Sentence
from models.render import Form, render
from models.render.edition import Edition
from models.render.markdown import escape
from models.render.plain_text import WIDTH
from models.text.plain import one_line
from tests.support import view_examples
from tests.support.digest_weeks import HARBOUR, LANTERN, PLAIN, WEEK, digest_of, post, story_of, week_of

DIGEST = digest_of(PLAIN, [LANTERN, HARBOUR])
PIECES = (
    "#", "C#", "1.", "2)", "-", "+", "*", "_", "__x__", "`", "```", "~~~", "~~x~~", "[a](http://x)", "![i](x)", "<b>",
    "&amp;", "&#35;", "http://a.b", "www.a.b", "|", "---", "===", "\\", "\\#", ">", "$x$", "word", "10000000000.",
    "[x]: http://y", "[^1]", "- [ ] a", "<!-- -->", "<http://a.b>", "!", "1",
)  # fmt: skip
TEXT = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), min_size=1, max_size=6).map(" ".join)
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _shown(tokens: list[Token]) -> str:
    inline = [child for token in tokens for child in token.children or []]
    return "".join(child.content for child in inline if child.type in {"text", "text_special", "html_inline"})


@given(TEXT)
@example("# #")
@example("Learning C #")
def test_markdown_shows_any_text_as_it_is(text: str) -> None:
    """As a paragraph, a heading, an item, in bold and italics: a renderer gives the text back, sign by sign."""
    line = one_line(text)
    for before, after in (("", ""), ("## ", ""), ("- ", ""), ("**", "**"), ("*", "*")):
        if line:
            assert _shown(MARKDOWN.parse(f"{before}{escape(line)}{after}\n")) == line


def _columns(line: str) -> int:
    return sum(0 if combining(sign) else 1 + (east_asian_width(sign) in "WF") for sign in line)


@pytest.mark.parametrize(
    "text", ["量子計算" * 60, "x" * 300, "Ein sehr langes Wort " * 20, "👍🏽" * 90, "e\u0301" * 200, "한국어 " * 80]
)
def test_plain_text_fits_its_columns(text: str) -> None:
    """Whatever script it is in, in labels, summaries and quotations; only an address may be longer than a line."""
    topic = DIGEST.topics[0]
    item = msgspec.structs.replace(topic.items[0], quotation=text)
    changed = msgspec.structs.replace(topic, label=text, summary=Sentence(text=text, posts=["1"]), items=[item])
    shown = render(msgspec.structs.replace(DIGEST, topics=[changed]), "text")
    assert [line for line in shown.splitlines() if _columns(line) > WIDTH] == []
    assert text[:200].replace(" ", "") in "".join(shown.split())


def test_an_address_in_plain_text_stays_whole() -> None:
    """Broken, no client would open it."""
    url = "https://kelp.example/" + "a" * 200
    week = week_of([post(n, f"Kelp cables carry more {n}", author=n, links=[Link(url=url)])
                    for n in range(3)])  # fmt: skip
    digest = digest_of(week, [story_of(week, [0, 1, 2], ["kelp"])])
    assert f"<{url}>" in render(digest, "text")


def test_an_atom_entry_is_updated_when_it_is_corrected_and_keeps_its_id() -> None:
    """RFC 4287: id, title and updated; the date is when the digest was made, where that is known."""
    atom = "{http://www.w3.org/2005/Atom}"
    made = WEEK.end + timedelta(days=1)
    first, second = (
        ElementTree.fromstring(render(DIGEST, "atom", Edition(made_at=at))) for at in (made, made + timedelta(hours=5))
    )
    assert first.findtext(f"{atom}id") == second.findtext(f"{atom}id")
    assert first.findtext(f"{atom}updated") == made.isoformat()
    assert str(second.findtext(f"{atom}updated")) > str(first.findtext(f"{atom}updated"))
    assert first.findtext(f"{atom}published") == second.findtext(f"{atom}published") == WEEK.end.isoformat()
    assert ElementTree.fromstring(render(DIGEST, "atom")).findtext(f"{atom}updated") == WEEK.end.isoformat()
    alone = f'<feed xmlns="http://www.w3.org/2005/Atom">{render(DIGEST, "atom").split("?>", 1)[1]}</feed>'
    (entry,) = feedparser.parse(alone).entries
    assert entry.id
    assert entry.updated_parsed
    assert entry.content[0].type == "text/html"


def test_of_harm_no_form_says_that_it_rises() -> None:
    """Nor is it new or fading: the overview counts and leaves it at that."""
    texts = ("Eleven died in the flood.", "The flood took eleven lives.", "Schools open after the flood deaths")
    week = week_of([post(n, text, author=n) for n, text in enumerate(texts)])
    story = story_of(week, [0, 1, 2], ["flood"], sensitive=True, status="rising", previous_posts=1)
    digest = digest_of(week, [story], digest_of(week_of([]), []))
    assert digest.overview[0].text == "Eleven died in the flood: 3 people, 3 posts"
    for form in ("markdown", "text", "html", "atom"):
        shown = render(digest, form).casefold()
        assert not [word for word in ("rising", "trending", "▁", "<svg", "bgcolor") if word in shown]


def test_of_harm_it_is_not_said_that_it_has_gone_quiet() -> None:
    """As if there were a pity in it."""
    week = week_of([post(n, "Eleven died in the Marlow flood.", author=n) for n in range(3)])
    before = digest_of(week, [story_of(week, [0, 1, 2], ["flood", "marlow"], sensitive=True)])
    assert len(before.topics) == 1
    assert digest_of(week_of([]), [], before).faded == []


def test_the_first_digest_does_not_say_what_is_new() -> None:
    """There is nothing to compare it with; the second one can tell."""
    second = digest_of(PLAIN, [LANTERN, HARBOUR], digest_of(week_of([]), []))
    for form in ("markdown", "text", "html", "atom"):
        assert "new" not in render(DIGEST, form).casefold()
        assert "new this week" in render(second, form).casefold()


@pytest.mark.parametrize("form", ["markdown", "text", "html"])
def test_an_address_inside_a_quotation_is_readable(form: Form) -> None:
    """Without its scheme, and so without the escape that keeps it from being a link, whoever is named first."""
    said = "It runs on https://t.co/abcdefghij today"
    digest = view_examples.digest("2021-W18", quotation=said)
    lead = Sentence(text=f"Ann Lee (@ann): “{said}”", posts=digest.topics[0].summary.posts)
    digest = msgspec.structs.replace(digest, topics=[msgspec.structs.replace(digest.topics[0], summary=lead)])
    shown = render(digest, form)
    assert " ".join(shown.split()).count("It runs on t.co/abcdefghij today") == 2
    assert "&#58;" not in shown
