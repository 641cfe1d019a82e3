"""Over generated weeks: whatever people post, every sentence cites posts that exist and every quotation is verbatim."""

from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from models.digest.verify import check_digest
from models.events import Link, Tweet
from models.events.wire import decode, encode
from models.render import render
from models.text.plain import plain
from models.wording.passages import verbatim
from tests.support.digest_weeks import digest_of, post, story_of, week_of

PIECES = (
    "LanternNet maps depth", "the tax office", "#AI", "#MachineLearning", "@bo1", "https://t.co/AbCdEfGhIj", "\n", "!!",
    "<script>alert(1)</script>", "[click](javascript:alert(1))", "“quoted”", "`code`", "&amp;",
    "&lt;b&gt;", "\u202edrow",
    "*bold*", "RT @ada0: ", "…", "| a | b |", "量子計算", "الشبكة",
    "www.evil.example", "\x1b[31m", "](", "-->", "$x$", "1. one",
    "Harbour Robotics is gone.", "We read the paper twice.", "New paper: https://arxiv.org/abs/2405.01234", "]]>", "'",
)  # fmt: skip
TEXT = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), min_size=1, max_size=10).map(" ".join)
URLS = st.sampled_from(
    (
        "https://t.co/AbCdEfGhIj", "https://arxiv.org/abs/2405.01234", "javascript:alert(1)", "https://a.example/x\"><b>",

        "http://[::1", "https://b.example/(a)?utm_source=x&q=1", "data:text/html,x", "https://u:p@c.example/",
        "HTTPS://D.EXAMPLE/é",
    )
)  # fmt: skip
LINK = st.builds(Link, url=URLS, title=st.none() | TEXT, description=st.none() | TEXT)


@st.composite
def posts(draw: st.DrawFn) -> list[Tweet]:
    """A few posts of a few people, some of them retweets, quotes and answers of each other."""
    made: list[Tweet] = []
    for number in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(("original", "original", "retweet", "quote", "reply")))
        other = draw(st.sampled_from(made)) if made else None
        related = other.id if other is not None and kind != "original" else None
        made.append(
            post(
                number,
                draw(TEXT) if kind != "retweet" or other is None else f"RT @{other.author}: {other.text}",
                author=draw(st.integers(0, 5)),
                day=draw(st.integers(0, 6)),
                kind=kind,
                related_id=related,
                related_author=other.author if related and other is not None else None,
                author_name=draw(st.none() | TEXT),
                links=draw(st.lists(LINK, max_size=2)),
            )
        )
    return made


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.hrefs += [value or "" for name, value in attrs if name in {"href", "src", "style"} and name != "style"]
        assert not any(name.startswith("on") for name, _ in attrs)


MARKUP = {"inline", "text", "softbreak", "text_special"} | {
    f"{name}_{side}"
    for name in ("heading", "paragraph", "bullet_list", "list_item", "em", "strong", "link")
    for side in ("open", "close")
}
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "main", "table", "tr", "td", "p", "h1", "h2", "ul", "li", "a",
    "div",
    "span", "em", "tbody", "details", "summary",
}  # fmt: skip


@settings(max_examples=120)
@given(posts(), st.booleans())
def test_every_sentence_maps_to_posts_and_every_quotation_is_verbatim(made: list[Tweet], sensitive: bool) -> None:
    """The promise of the digest, by its own checker and, for quotations, once more without it."""
    week = week_of(made)
    half = max(1, len(made) // 2)
    parts = [list(range(half)), list(range(half, len(made)))]
    words = ["lanternnet", "tax office", "paper"]
    stories = [story_of(week, part, words, n, sensitive=sensitive) for n, part in enumerate(parts) if part]
    digest = digest_of(week, stories)
    by_id = {one.id: one for one in week.posts}
    assert check_digest(digest, by_id) == []
    for topic in digest.topics:
        for item in topic.items:
            if item.quotation is not None:
                assert verbatim(item.quotation) in plain(by_id[item.quotation_post or ""].text)
    assert decode(encode(digest), type(digest)) == digest

    page = _Tags()
    page.feed(render(digest, "html"))
    assert page.seen <= ALLOWED
    assert all(href.startswith(("https://", "http://", "#t-")) for href in page.hrefs)
    entry = ET.fromstring(render(digest, "atom"))
    body = entry.find("{http://www.w3.org/2005/Atom}content")
    assert body is not None
    inner = _Tags()
    inner.feed(body.text or "")
    assert inner.seen <= ALLOWED
    for form in ("markdown", "text"):
        shown = render(digest, form)
        assert not any(ord(character) < 32 and character != "\n" for character in shown)
        assert "\u202e" not in shown
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(render(digest, "markdown"))
    flat = [inner for token in tokens for inner in (token, *(token.children or []))]
    assert {token.type for token in flat} <= MARKUP
    assert all(
        str(token.attrs["href"]).startswith(("https://", "http://")) for token in flat if token.type == "link_open"
    )
