"""A story is a section, an entry of a themed list, or a line."""

from dataclasses import replace

import msgspec
import pytest

from models.events import Link, Tweet
from models.ranking.forms import Forms, entry_kind, forms
from models.refit.story import Story
from tests.support.made_weeks import direction, embedded, post, story, week_of

PAPER = ["https://arxiv.org/abs/2101.00001"]


def told(texts: list[str], people: list[int]) -> Forms:
    """Stories of two posts each with these texts, borne by so many people."""
    week = week_of(
        embedded(post(2 * n + half, f"{text} {half}", author=f"a{n}{half}"), direction("wasps"))
        for n, text in enumerate(texts)
        for half in (0, 1)
    )
    stories: list[Story] = [
        replace(story([2 * n, 2 * n + 1], direction("wasps")), people=count, id=f"s{n}")
        for n, count in enumerate(people)
    ]
    return forms(week, stories)


def test_three_people_make_a_section_and_the_rest_is_brief() -> None:
    """The best are sections, and among them stands first what most people tell."""
    found = told(["wasps in the roof", "the ferry is late", "a kite festival"], [3, 2, 5])
    assert [one.id for one in found.sections] == ["s2", "s0"]
    assert [one.id for one in found.briefs] == ["s1"]
    assert [one.id for one in found.stories()] == ["s2", "s0", "s1"]


def test_three_of_a_kind_are_a_list() -> None:
    """Two are not: a list of two is no list."""
    papers = ["a new paper on wasps", "our preprint about ferries", "the paper on kites"]
    found = told([*papers, "a tutorial for luthiers", "rain again"], [2, 2, 1, 2, 2])
    assert [(kind, [one.id for one in its]) for kind, its in found.lists] == [("papers", ["s0", "s1", "s2"])]
    assert [one.id for one in found.briefs] == ["s3", "s4"]
    assert told(papers[:2], [2, 2]).lists == []


def test_briefs_of_more_people_come_first() -> None:
    """Among as many, the order of the ranking stays."""
    found = told([f"subject {n} of the week" for n in range(4)], [1, 2, 1, 2])
    assert [one.id for one in found.briefs] == ["s1", "s3", "s0", "s2"]


def test_at_most_eight_sections() -> None:
    """The ninth is told in a line."""
    found = told([f"subject {n} of the week" for n in range(10)], [4] * 10)
    assert len(found.sections) == 8
    assert len(found.briefs) == 2


def test_no_other_entry_has_more_people_than_a_section() -> None:
    """The people decide what becomes a section, and the rank among as many."""
    found = told([f"subject {n} of the week" for n in range(10)], [3] * 8 + [3, 9])
    assert [one.id for one in found.sections] == ["s9", *(f"s{n}" for n in range(7))]


def test_a_post_that_three_people_pass_on_is_a_section() -> None:
    """They chose it, although none of them wrote a word."""
    week = week_of([embedded(post(1, "the ferry is late"), direction("ferry"))])
    found = forms(week, [replace(story([0], direction("ferry")), people=3)])
    assert len(found.sections) == 1


@pytest.mark.parametrize(
    ("texts", "links", "kind"),
    [
        (["look at this", "so good"], PAPER, "papers"),
        (["Orlop 4.2 is out", "the library Orlop is faster now"], [], "code"),
        (["a course on barges", "my lecture on sails"], [], "courses"),
        (["a data set of harbours", "harbour dataset"], [], "data"),
        (["predictions for sails", "trends in sails"], [], "trends"),
        (["the ferry is late", "no ferry today"], [], None),
        (["the ferry is late #dataset", "no ferry. Read the paper on it"], [], None),
    ],
)
def test_links_and_nouns_tell_the_kind(texts: list[str], links: list[str], kind: str | None) -> None:
    """An address says more than a word."""
    posts: list[Tweet] = [post(n, text, links=links) for n, text in enumerate(texts)]
    assert entry_kind(posts) == kind


def test_what_the_payload_says_of_a_link_counts() -> None:
    """The source knows that the page is a repository."""
    known = replace_links(post(1, "this"), [Link(url="https://example.org/x", kind="repository")])
    assert entry_kind([known]) == "code"


def replace_links(one: Tweet, links: list[Link]) -> Tweet:
    """The post with other links."""
    return msgspec.structs.replace(one, links=links)
