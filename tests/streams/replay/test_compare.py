"""The differences of two digests of a week, and the input that explains them."""

import itertools
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from models.digest.compare import compare, comparison_data, comparison_text
from models.digest.compare_inputs import Circumstances, differing_inputs
from models.events import Digest, DigestTopic
from tests.support.view_examples import digest

BASE = digest("2021-W18")
replaced = msgspec.structs.replace


def topic(name: str, *, label: str | None = None, posts: str = "") -> DigestTopic:
    return replaced(BASE.topics[0], id=name, label=label or f"About {name}", post_ids=list(posts or name * 3))


def of(*topics: DigestTopic, **fields: Any) -> Digest:
    return replaced(BASE, topics=list(topics), **fields)


def test_the_same_digest_has_not_changed() -> None:
    """It reports this in one line."""
    found = compare(BASE, BASE)
    assert found.is_empty
    assert comparison_text(found) == "2021-W18: 1 topics published, 1 rebuilt; nothing that a reader sees has changed\n"


def test_topics_gained_lost_renamed_and_moved() -> None:
    """Each is named by what readers know of it."""
    old = of(topic("a"), topic("b"), topic("c"), topic("gone"))
    new = of(topic("c"), topic("a", label="A better label"), topic("new"), topic("b"))
    found = compare(old, new)
    assert [t.id for t in found.gained] == ["new"]
    assert [t.id for t in found.lost] == ["gone"]
    assert [(a.label, b.label) for a, b in found.renamed] == [("About a", "A better label")]
    assert [(t.id, before, after) for t, before, after in found.moved] == [("c", 3, 1)]
    text = comparison_text(found)
    assert "+ gained   “About new” (2 posts, new)" in text
    assert "- lost     “About gone”" in text
    assert "~ renamed  “About a” -> “A better label”" in text
    assert "^ moved    “About c”: place 3 -> 1" in text
    assert comparison_data(found)["week"] == "2021-W18"


def test_a_topic_gained_above_the_others_moves_nobody() -> None:
    """Only the order of topics in both digests counts."""
    found = compare(of(topic("a"), topic("b")), of(topic("new"), topic("a"), topic("b")))
    assert found.moved == []


def test_a_topic_that_rises_is_named_and_those_below_it_are_not() -> None:
    """Eight topics, the last one now first: one change, not eight."""
    names = "abcdefgh"
    found = compare(of(*map(topic, names)), of(*map(topic, "h" + names[:-1])))
    assert [(t.id, before, after) for t, before, after in found.moved] == [("h", 8, 1)]


@given(st.permutations("abcdef"))
def test_without_those_that_moved_the_order_is_the_old_one(order: list[str]) -> None:
    """As few as possible are named: the others are a longest run in order."""
    found = compare(of(*map(topic, "abcdef")), of(*map(topic, order)))
    moved = {t.id for t, _, _ in found.moved}
    rest = [name for name in order if name not in moved]
    assert rest == sorted(rest)
    longest = max(
        len(run) for size in range(7) for run in itertools.combinations(order, size) if list(run) == sorted(run)
    )
    assert len(rest) == longest


def test_a_topic_that_was_found_and_not_published_is_told() -> None:
    """A topic that readers lost may still be found by the refit."""
    identity = BASE.identities[0]
    hidden = [replaced(identity, id="gone", posts=3), replaced(identity, id="back", posts=9, quiet_weeks=2)]
    found = compare(of(topic("gone"), topic("back")), of(identities=hidden))
    text = comparison_text(found)
    assert "- lost     “About gone” (2 posts, gone); it is found with 3 posts, and not published" in text
    assert "- lost     “About back” (2 posts, back)\n" in text
    assert comparison_data(found)["lost"] == [
        {"id": "gone", "label": "About gone", "posts": 2, "new_posts": 3},
        {"id": "back", "label": "About back", "posts": 2, "new_posts": None},
    ]


def test_a_topic_under_another_id_is_known_by_its_posts() -> None:
    """It is neither lost nor gained."""
    found = compare(of(topic("x", posts="abcd")), of(topic("y", posts="abcz", label="About x")))
    assert [(before.id, after.id) for before, after in found.new_ids] == [("x", "y")]
    assert not found.gained
    assert not found.lost


def test_hostile_labels_do_not_drive_the_terminal() -> None:
    """Control characters and line breaks are removed from the text."""
    text = comparison_text(compare(of(), of(topic("a", label="one\x1b[2Jtwo\nthree\u202e"))))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text.splitlines()) == 2


names = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6)


@given(names, names)
def test_every_topic_is_accounted_for_once(old: list[str], new: list[str]) -> None:
    """Lost, gained, or in both. A reversed comparison swaps gained and lost."""
    before, after = of(*map(topic, old)), of(*map(topic, new))
    found, back = compare(before, after), compare(after, before)
    assert {t.id for t in found.lost} == set(old) - set(new)
    assert {t.id for t in found.gained} == set(new) - set(old)
    assert {t.id for t in back.gained} == {t.id for t in found.lost}


def test_each_input_that_differs_is_named() -> None:
    """One after the other, and no further input."""
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
        assert str(difference).split("from ")[1].split(", now ")[0] != str(difference).split(", now ")[1]


def names_of(manifest: dict[str, Any], *beside: Circumstances, **fields: Any) -> list[str]:
    other = replaced(BASE, manifest=replaced(BASE.manifest, **manifest), **fields)
    return [difference.name for difference in differing_inputs(BASE, other, *beside)]


def test_the_reason_for_other_records_is_named_and_not_the_records_too() -> None:
    """The offsets, the bounds of the week or the encoder; the slice only when none of them differs."""
    other = {"slice_hash": "f" * 64}
    fewer = {**other, "records": BASE.manifest.records - 1}
    here, there = Circumstances(0, 90), Circumstances(40, 90)
    assert names_of(other, here, here) == ["slice"]
    assert names_of(fewer, here, there) == ["offsets"]
    assert names_of({}, here, there) == []  # the week lost nothing with them
    assert names_of({**other, "encoder": "another@1/fp32"}, here, here) == ["encoder"]
    assert names_of({**fewer, "encoder": "another@1/fp32"}, here, here) == ["slice", "encoder"]
    assert names_of(fewer, here, here, timezone="Asia/Tokyo") == ["time zone"]


def test_other_settings_are_told_by_name() -> None:
    """The manifest has only their hash; the record's headers name them."""
    other = replaced(BASE, manifest=replaced(BASE.manifest, settings_hash="e" * 64))
    (difference,) = differing_inputs(BASE, other, Circumstances(0, 9, "seed=12"), Circumstances(0, 9))
    assert difference.published.endswith("(seed=12)")
    assert difference.rebuilt == "eeeeeeeeeeee… (the defaults)"
