"""OPML as a list of people: each feed once, with its folders as tags."""

import pytest

from streams.sources.people.files import read_people

OPML = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Feeds</title></head><body>
  <outline text="AI &amp; data" title="AI &amp; data">
    <outline type="rss" text="Ada" title="Ada's notes" xmlUrl="https://ada.example/feed.xml?a=1&amp;copy=2" htmlUrl="https://ada.example"/>
    <outline type="rss" text="Grace" xmlUrl="feed://grace.example/atom"/>
  </outline>
  <outline type="rss" text="Ada again" xmlUrl="https://ada.example/feed.xml?a=1&amp;copy=2"/>
  <outline text="An empty folder"/>
  <outline type="rss" xmlUrl="https://untitled.example/rss"/>
</body></opml>"""


@pytest.mark.parametrize(
    "text", [OPML, "\ufeff" + OPML, OPML.replace("xmlUrl", "xmlurl"), OPML.replace("/>", "></outline>")]
)
def test_opml_is_a_list_of_people(text: str) -> None:
    """Each feed once, named by its title, with its folder as a tag."""
    people = read_people(text)
    assert [(one.name, one.handles["rss"]) for one in people] == [
        ("Ada's notes", "https://ada.example/feed.xml?a=1&copy=2"),
        ("Grace", "https://grace.example/atom"),
        ("https://untitled.example/rss", "https://untitled.example/rss"),
    ]
    assert people[0].tags == people[1].tags == ["ai-data"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<opml version="2.0"><body></body></opml>', "names no feed"),
        ('<opml version="2.0"><body><outline xmlUrl="ftp://a.example"/></body></opml>', "outline 1"),
        ('<opml version="2.0"><body><outline xmlUrl="https://a:b@a.example"/></body></opml>', "password"),
    ],
)
def test_opml_that_cannot_be_used(text: str, reason: str) -> None:
    """Says why."""
    with pytest.raises(ValueError, match=reason):
        read_people(text)


FEED = '<outline type="rss" text="{0}" xmlUrl="https://{0}.example/f"/>'
A, B, C, D = (FEED.format(name) for name in "abcd")


@pytest.mark.parametrize("close", ["/>", "></outline>", " />"])
@pytest.mark.parametrize(
    ("body", "tags"),
    [
        (f'<outline text="AI">{A}{B}</outline>{C}', {"a": ["ai"], "b": ["ai"], "c": []}),
        (f'<outline text="AI">{A}</outline><outline text="Data">{B}</outline>{C}',
         {"a": ["ai"], "b": ["data"], "c": []}),
        (f'<outline text="AI"><outline text="NLP">{A}</outline>{B}</outline>{C}',
         {"a": ["ai", "nlp"], "b": ["ai"], "c": []}),
        (f'<outline text="Nothing in it"/>{A}', {"a": []}),
        (f'<outline text="a > b / c">{A}</outline>{B}', {"a": ["a-b-c"], "b": []}),
        (f'<outline text="One">{A}</outline><outline text="Two">{A}{B}</outline>', {"a": ["one", "two"], "b": ["two"]}),
        (f'<outline text="Off" isComment="true">{A}</outline>{B}', {"b": []}),
        (f'<outline text="Empty" xmlUrl=""/>{A}', {"a": []}),
        ('<outline type="rss" text="a" url="https://a.example/f"/>', {"a": []}),
        (f'<outline type="link" text="x" url="https://x.example/"/>{A}', {"a": []}),
        ("".join(f'<outline text="L{k}">' for k in range(5)) + A + "</outline>" * 5 + B,
         {"a": [f"l{k}" for k in range(5)], "b": []}),
        ('<outline text="AI" xmlUrl="https://f.example/f">' + A + "</outline>" + B, {"AI": [], "a": [], "b": []}),
    ],
)  # fmt: skip
def test_tags_are_the_folders_that_a_feed_lies_in(body: str, tags: dict[str, list[str]], close: str) -> None:
    """However deep, in every way of closing an outline; a feed of two folders has both."""
    people = read_people(f'<opml version="2.0"><body>{body.replace("/>", close)}</body></opml>')
    assert {one.name: one.tags for one in people} == tags


def test_two_long_addresses_are_two_people() -> None:
    """That begin alike, over the length of an id."""
    feeds = [f"https://ada.example/{'k' * 230}/{number}" for number in range(2)]
    people = read_people("\n".join(feeds))
    assert [one.handles["rss"] for one in people] == feeds
    assert all(len(one.id) <= 200 for one in people)
