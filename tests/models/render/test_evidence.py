"""Every sentence, quotation and count of a digest leads to its posts, in every form."""

import re
from typing import Any

import msgspec
import pytest

from models.digest.cited import addresses, section_posts
from models.digest.redaction import redact
from models.events import Brief, Sentence
from models.events.wire import encode
from models.render import Form, render
from models.render.edition import Edition
from models.render.html import Unsubscribe, mail_page, unbroken
from models.render.view import view
from models.text.links import post_url
from streams.delivery.digest_message import chat_text
from tests.support.digest_weeks import HARBOUR, LANTERN, PLAIN, digest_of

replace: Any = msgspec.structs.replace
DIGEST = digest_of(PLAIN, [LANTERN, HARBOUR])
BASE = "https://topics.example"
HERE = Edition(base=BASE)
X_POSTS = [replace(one, source="x") for one in PLAIN.posts]
HREF = re.compile(r'href="([^"]+)"')
TARGET = re.compile(r"\]\(([^)]+)\)")


def test_without_an_address_only_platforms_are_linked() -> None:
    """A file that is read far from the service has no link that leads nowhere."""
    assert DIGEST.addresses == {}
    assert not [url for url in HREF.findall(render(DIGEST, "html")) if "/posts/" in url]
    known = replace(DIGEST, addresses=addresses(DIGEST, X_POSTS))
    first = DIGEST.topics[0].summary.posts[0]
    handle = next(one.author for one in PLAIN.posts if one.id == first)
    assert f"https://x.com/{handle}/status/{first}" in HREF.findall(render(known, "html"))


@pytest.mark.parametrize("form", ["html", "markdown", "atom"])
def test_every_sentence_and_count_leads_to_its_posts(form: Form) -> None:
    """Summaries, items and quotations to a post; the people and posts of a section to all of them."""
    shown = render(DIGEST, form, HERE)
    found = set((TARGET if form == "markdown" else HREF).findall(shown.replace("&#34;", '"').replace("&amp;", "&")))
    for topic in DIGEST.topics:
        assert f"{BASE}/digests/2024-W20/posts/{topic.id}" in found
        for sentence in (topic.summary, *(item.sentence for item in topic.items)):
            assert f"{BASE}/posts/{sentence.posts[0]}?week=2024-W20" in found
        for item in topic.items:
            assert item.quotation_post is None or f"{BASE}/posts/{item.quotation_post}?week=2024-W20" in found


def test_text_and_chat_name_addresses_too() -> None:
    """The page on top; in a chat the address of each section after its line."""
    assert f"Read online: <{BASE}/digests/2024-W20>" in render(DIGEST, "text", HERE)
    lines = chat_text(view(DIGEST, HERE)).splitlines()
    assert lines[1] == f"{BASE}/digests/2024-W20"
    assert lines[3].endswith(f" {BASE}/digests/2024-W20#{DIGEST.topics[0].id}")


def test_a_digests_value_knows_no_address() -> None:
    """Law 2: the address of the service is no input of a digest."""
    assert BASE.encode() not in encode(DIGEST)
    assert render(DIGEST, "json", HERE) == render(DIGEST, "json")


def test_addresses_are_those_of_linked_posts() -> None:
    """Sorted, on their platform, and gone with a deleted post."""
    found = addresses(DIGEST, X_POSTS)
    assert list(found) == sorted(found)
    assert found == {one.id: post_url(one) for one in X_POSTS if one.id in found}
    assert {topic.summary.posts[0] for topic in DIGEST.topics} <= set(found)
    gone = DIGEST.topics[0].summary.posts[0]
    assert gone not in redact(replace(DIGEST, addresses=found), {gone}).addresses


def test_an_old_digests_addresses_are_found_by_their_ids() -> None:
    """They stand in its items, which do not say whose they are."""
    item = DIGEST.topics[0].items[0]
    second = item.sentence.posts[1]
    old = replace(item, post_urls=[f"https://x.com/ada/status/{second}"])
    topic = replace(DIGEST.topics[0], items=[old])
    shown = view(replace(DIGEST, topics=[topic]), HERE).topics[0].paragraphs[0]
    assert [one.url for one in shown.evidence][:2] == [
        f"{BASE}/posts/{item.sentence.posts[0]}?week=2024-W20",
        f"https://x.com/ada/status/{second}",
    ]


def test_hostile_ids_and_addresses_stay_in_their_place() -> None:
    """An id is anything; an address that is not http is none."""
    sentence = Sentence(text="Words.", posts=['"><script>', "at://did:plc:a/app.bsky.feed.post/3k"])
    topic = replace(DIGEST.topics[0], summary=sentence)
    digest = replace(DIGEST, topics=[topic], addresses={'"><script>': "javascript:alert(1)"})
    found = HREF.findall(render(digest, "html", HERE))
    assert f"{BASE}/posts/%22%3E%3Cscript%3E?week=2024-W20" in found
    assert f"{BASE}/posts/at%3A%2F%2Fdid%3Aplc%3Aa%2Fapp.bsky.feed.post%2F3k?week=2024-W20" in found
    assert not [url for url in found if url.startswith("javascript")]


def test_posts_behind_a_section_a_line_and_nothing() -> None:
    """A section's own posts, those that its sentences rest on first."""
    topic = DIGEST.topics[0]
    posts = section_posts(DIGEST, topic.id)
    assert posts is not None
    assert posts[0] == topic.summary.posts[0]
    assert set(posts) == set(topic.post_ids)
    brief = Brief(people=[], action="wrote", sentence=Sentence(text="x", posts=["1"]), id="d-b", label_posts=["2", "1"])
    assert section_posts(replace(DIGEST, briefs=[brief]), "d-b") == ["1", "2"]
    assert section_posts(DIGEST, "d-nothing") is None


def test_a_mail_has_no_anchor_and_can_be_read_online() -> None:
    """Anchors inside a mail lead nowhere in many clients; without an address there is no link at all."""
    found = HREF.findall(mail_page(view(DIGEST, HERE), Unsubscribe("me", f"{BASE}/unsubscribe/me?key=k")))
    assert f"{BASE}/digests/2024-W20" in found
    assert f"{BASE}/digests/2024-W20#{DIGEST.topics[0].id}" in found
    assert f"{BASE}/unsubscribe/me?key=k" in found
    assert not [url for url in found if url.startswith(("#", "/"))]
    assert not [url for url in HREF.findall(mail_page(view(DIGEST))) if url.startswith(("#", "/"))]


def test_a_correction_says_so_on_top() -> None:
    """Before the headline, with its day; the first edition says nothing."""
    made_at = DIGEST.end
    for form in ("html", "markdown", "text"):
        shown = render(DIGEST, form, Edition(revision=2, corrects=True, made_at=made_at))
        words = " ".join(shown.split())  # text has lines
        assert words.index("Corrected on 20 May 2024") < words.rindex(DIGEST.headline.text)
        assert "Corrected" not in render(DIGEST, form, Edition(revision=1, made_at=made_at))


def test_short_hyphenated_words_stay_on_one_line_and_escaped() -> None:
    """In titles: "P-tuning" is one word; a long one may break."""
    shown = str(unbroken("P-tuning <b>x-y</b> and state-of-the-art-of-everything-there-is"))
    assert '<span style="white-space:nowrap;">P-tuning</span>' in shown
    assert "&lt;b&gt;x-y&lt;/b&gt;" in shown
    assert " state-of-the-art-of-everything-there-is" in shown
