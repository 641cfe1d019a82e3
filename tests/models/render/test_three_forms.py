"""Stories, themed lists and briefs in one event: every form shows them, old digests read, deletions take them out."""

from typing import Any

import msgspec
import pytest
from selectolax.lexbor import LexborHTMLParser

from models.digest.cited import cited_posts
from models.digest.compare import changes_line, compare, comparison_data, comparison_text
from models.digest.redaction import redact
from models.events import Brief, Digest, DigestTopic, Item, Sentence
from models.events.wire import decode, encode
from models.render import Form, render
from models.render.html import html_body, html_page, mail_page
from models.render.view import _after_words, view
from streams.delivery.digest_message import chat_text
from tests.support.digest_weeks import HARBOUR, LANTERN, PLAIN, digest_of

replace: Any = msgspec.structs.replace
STORIES = digest_of(PLAIN, [LANTERN, HARBOUR])
SAID = "“We tried LanternNet on our drone footage and the horizon came out bent.” – Di Esker (@di3)"
PAPER = "“LanternNet: depth from one camera” – shared by Ada Birch (@ada0) and Bo Castell (@bo1)"


def _list(**fields: Any) -> DigestTopic:
    item = STORIES.topics[0].items[0]
    entry = replace(item, sentence=Sentence(text=PAPER, posts=[PLAIN.posts[0].id]), quotation=None, id="t-paper")
    values: dict[str, Any] = {"id": "papers", "kind": "papers", "label": "Papers", "items": [entry]}
    return replace(STORIES.topics[0], **(values | fields))  # type: ignore[no-any-return]


def _brief(**fields: Any) -> Brief:
    values: dict[str, Any] = {
        "people": STORIES.topics[0].people[:1], "action": "wrote", "id": "t-drone", "label": "Drone Footage",
        "label_posts": [PLAIN.posts[3].id], "sentence": Sentence(text=SAID, posts=[PLAIN.posts[3].id]),
    }  # fmt: skip
    return Brief(**(values | fields))


def _digest(**fields: Any) -> Digest:
    values: dict[str, Any] = {
        "topics": [*STORIES.topics, _list()], "briefs": [_brief()],
        "overview": [*STORIES.overview, Sentence(text="Papers: 3 people, 5 posts", posts=[PLAIN.posts[0].id])],
    }  # fmt: skip
    return replace(STORIES, **(values | fields))  # type: ignore[no-any-return]


@pytest.mark.parametrize("form", ["markdown", "text", "html", "atom", "json"])
def test_every_form_shows_lists_and_briefs(form: Form) -> None:
    """The list under its title with its entry, and the line in brief with who said so."""
    shown = " ".join(render(_digest(), form).replace("\\", "").split())
    for words in ("Papers", "LanternNet: depth from one camera", "shared by Ada Birch", "the horizon came out bent"):
        assert words in shown
    assert form == "json" or "In brief" in shown


def test_a_list_has_no_picture_and_no_trend() -> None:
    """It is the same every week: nothing in it rises."""
    rising = replace(_list(), status="rising")
    manifest = replace(STORIES.manifest, previous_hash="0" * 64)
    shown = render(_digest(topics=[rising], manifest=manifest), "markdown")
    assert "Rising" not in shown
    assert "█" not in shown


def test_a_chat_gets_the_briefs_after_the_topics() -> None:
    """As many as fit."""
    assert chat_text(view(_digest())).splitlines()[-1] == f"• {SAID}"
    many = _digest(briefs=[_brief()] * 100)
    assert 1_700 < len(chat_text(view(many))) < 1_801


def test_a_digest_of_before_reads_as_one_of_stories_only() -> None:
    """Without any of the new fields in its bytes."""
    value = msgspec.json.decode(encode(STORIES))
    del value["briefs"]
    for topic in value["topics"]:
        for name in ("kind", "theme", "label_posts"):
            del topic[name]
        for item in topic["items"]:
            del item["id"]
    old = decode(msgspec.json.encode(value), Digest)
    assert [topic.kind for topic in old.topics] == ["story", "story"]
    assert old.briefs == []
    assert render(old, "markdown") == render(STORIES, "markdown")


def test_what_rests_on_a_deleted_post_alone_is_taken_out() -> None:
    """The brief and the entry of the list; what they cited is cited no more."""
    digest = _digest()
    assert PLAIN.posts[3].id in cited_posts(_digest(topics=[]))
    left = redact(digest, {PLAIN.posts[3].id, PLAIN.posts[0].id})
    assert left.briefs == []
    assert left.topics[-1].items == []
    assert "horizon" not in encode(left).decode()


def test_a_title_in_the_words_of_deleted_posts_goes_with_them() -> None:
    """From the section, the overview and the headline; its keywords stand in for it."""
    label = "The LanternNet paper shows cheap depth maps from one camera"
    topic = replace(STORIES.topics[0], label=label, label_posts=[PLAIN.posts[0].id])
    lines = [Sentence(text=f"{label}: 5 people, 5 posts", posts=[PLAIN.posts[4].id])]
    headline = Sentence(text=f"Trending this week: {label}.", posts=[PLAIN.posts[4].id])
    left = redact(_digest(topics=[topic], overview=lines, headline=headline, briefs=[]), {PLAIN.posts[0].id})
    assert left.topics[0].label == "lanternnet, depth, camera"
    assert left.overview[0].text == "lanternnet, depth, camera: 5 people, 5 posts"
    assert left.headline.text == "Trending this week: lanternnet, depth, camera."


def test_briefs_are_compared() -> None:
    """A line gained, a line lost, and the same line."""
    old, new = _digest(), _digest(briefs=[_brief(id="t-other", sentence=Sentence(text="Another line.", posts=["1"]))])
    assert compare(old, old).is_empty
    found = compare(old, new)
    assert not found.is_empty
    assert "+ in brief “Another line.”" in comparison_text(found)
    assert changes_line(found) == "1 line in brief added, 1 line in brief removed"
    assert changes_line(compare(old, replace(old, headline=Sentence(text="Other.", posts=["1"])))) == "another headline"
    assert [brief["id"] for brief in comparison_data(found)["briefs"]["lost"]] == ["t-drone"]  # type: ignore[index]


def test_an_item_of_a_story_is_not_taken_for_a_line() -> None:
    """It has no id: its quotation goes alone, and what it tells of others stays."""
    item: Item = STORIES.topics[0].items[0]
    assert item.id == ""
    left = redact(STORIES, {item.sentence.posts[-1]})
    assert left.topics[0].items


@pytest.mark.parametrize(
    ("told", "after"),
    [
        ("Ann Lee (@ann) wrote", "Ann Lee (@ann)"),
        ("Ann Lee (@ann) and 3 others retweeted @bo", "Ann Lee (@ann) and 3 others, passing on @bo"),
        ("Ann Lee (@ann) commented on a post by @bo", "Ann Lee (@ann), on a post by @bo"),
        ("@ann answered @bo", "@ann, to @bo"),
        ("Ann Lee (@ann) shared a paper", "Ann Lee (@ann), sharing a paper"),
        ("@ann – and, in their own words, @bo – shared", "@ann – and, in their own words, @bo"),
        ("Ann who wrote books (@ann) shared a page", "Ann who wrote books (@ann), sharing a page"),
        ("Ann Lee (@ann)", "Ann Lee (@ann)"),
    ],
)
def test_who_did_what_follows_the_words(told: str, after: str) -> None:
    """As a sentence of its own it has a verb; after a quotation it needs none."""
    assert _after_words(told) == after


def test_what_people_wrote_runs_its_own_way() -> None:
    """Each label, sentence and quotation of the page, the mail and the feed's body has `dir="auto"`."""
    label, said = "מודל חדש לשפה", "המאמר יצא היום"
    shown = _digest(briefs=[_brief(label=label, sentence=Sentence(text=said, posts=["1"]))])
    for page in (html_page(view(shown)), mail_page(view(shown)), html_body(view(shown))):
        tree = LexborHTMLParser(page)
        holders = [node for node in tree.css("h1, h2[id], li, .tt-quote") if node.text(strip=True)]
        assert holders
        assert all(node.attributes.get("dir") == "auto" for node in holders if "tt-nav" not in str(node.attributes))
