"""What changed between two digests of a week, and which input explains it."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from models.compare import compare, comparison_data, comparison_text
from models.compare_inputs import differing_inputs, same_bytes
from models.events import Digest, DigestTopic, Sentence
from tests.view_examples import digest

BASE = digest("2021-W18")
replaced = msgspec.structs.replace


def topic(name: str, *, label: str | None = None, posts: str = "") -> DigestTopic:
    return replaced(BASE.topics[0], id=name, label=label or f"About {name}", post_ids=list(posts or name * 3))


def of(*topics: DigestTopic, **fields: Any) -> Digest:
    return replaced(BASE, topics=list(topics), **fields)


def test_the_same_digest_has_not_changed() -> None:
    """And says so in one line."""
    found = compare(BASE, BASE)
    assert found.is_empty
    assert comparison_text(found) == "2021-W18: 1 topics published, 1 rebuilt; nothing that a reader sees has changed\n"


def test_topics_gained_lost_renamed_and_moved() -> None:
    """Each is named with what a reader knows it by."""
    old = of(topic("a"), topic("b"), topic("c"), topic("gone"))
    new = of(topic("c"), topic("a", label="A better label"), topic("new"), topic("b"))
    found = compare(old, new)
    assert [t.id for t in found.gained] == ["new"]
    assert [t.id for t in found.lost] == ["gone"]
    assert [(a.label, b.label) for a, b in found.renamed] == [("About a", "A better label")]
    assert {t.id for t, _, _ in found.moved} == {"a", "b", "c"}
    text = comparison_text(found)
    assert "+ gained   “About new” (2 posts, new)" in text
    assert "- lost     “About gone”" in text
    assert "~ renamed  “About a” -> “A better label”" in text
    assert "^ moved    “About c”: place 3 -> 1" in text
    assert comparison_data(found)["week"] == "2021-W18"


def test_a_topic_gained_above_the_others_moves_nobody() -> None:
    """Only the order among those in both counts."""
    found = compare(of(topic("a"), topic("b")), of(topic("new"), topic("a"), topic("b")))
    assert found.moved == []


def test_a_topic_under_another_id_is_known_by_its_posts() -> None:
    """It is neither lost nor gained."""
    found = compare(of(topic("x", posts="abcd")), of(topic("y", posts="abcz", label="About x")))
    assert [(before.id, after.id) for before, after in found.new_ids] == [("x", "y")]
    assert not found.gained
    assert not found.lost


def test_hostile_labels_do_not_drive_the_terminal() -> None:
    """Control characters and line breaks stay out of the text."""
    text = comparison_text(compare(of(), of(topic("a", label="one\x1b[2Jtwo\nthree\u202e"))))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text.splitlines()) == 2


names = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6)


@given(names, names)
def test_every_topic_is_accounted_for_once(old: list[str], new: list[str]) -> None:
    """Lost, gained, or in both; and a comparison backwards swaps gained and lost."""
    before, after = of(*map(topic, old)), of(*map(topic, new))
    found, back = compare(before, after), compare(after, before)
    assert {t.id for t in found.lost} == set(old) - set(new)
    assert {t.id for t in found.gained} == set(new) - set(old)
    assert {t.id for t in back.gained} == {t.id for t in found.lost}


def test_each_input_that_differs_is_named() -> None:
    """One after the other, and nothing else is."""
    assert same_bytes(BASE, BASE)
    assert differing_inputs(BASE, BASE) == []
    changes: dict[str, dict[str, Any]] = {
        "slice": {"slice_hash": "f" * 64},
        "encoder": {"encoder": "another@1/fp32"},
        "settings": {"settings_hash": "e" * 64},
        "previous digest": {"previous_hash": "d" * 64},
        "influencers": {"influencers_hash": "c" * 64},
        "link titles": {"resources_hash": "b" * 64},
        "version of numpy": {"versions": {**BASE.manifest.versions, "numpy": "99"}},
    }
    for name, fields in changes.items():
        other = replaced(BASE, manifest=replaced(BASE.manifest, **fields))
        (difference,) = differing_inputs(BASE, other)
        assert difference.name == name
        assert str(difference).startswith(f"{name}: published from ")
    assert not same_bytes(BASE, replaced(BASE, headline=Sentence(text="x", posts=[])))
