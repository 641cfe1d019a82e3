"""Several accounts of one publisher are one voice; people who share a site or a first name are not."""

import msgspec

from models.events import Tweet
from models.ranking.publishers import publishers
from tests.support.made_weeks import post


def account(handle: str, name: str, links: list[str], first: int) -> list[Tweet]:
    """A post for each link."""
    return [
        msgspec.structs.replace(post(first + n, f"{name} {n}", author=handle, links=[link]), author_name=name)
        for n, link in enumerate(links)
    ]


def test_accounts_of_one_site_are_one_publisher() -> None:
    """Both link to their own site, to which hardly anybody else links."""
    own = [f"https://harbournews.example/{n}" for n in range(4)]
    posts = account("harbourdesk", "Harbour desk", own, 0) + account("harbour_sport", "Sport by the sea", own, 10)
    posts += account("reader", "Ada Birch", ["https://harbournews.example/1", "https://other.example/2"], 20)
    posts += account("teacher", "Bo Castell", ["https://school.example/1"], 30)
    found = publishers(posts)
    assert found["harbourdesk"] == found["harbour_sport"]
    assert found["reader"] == "reader"


def test_a_site_of_everybody_makes_no_publisher() -> None:
    """Researchers who link to one archive of papers are many voices."""
    papers = [f"https://papers.example/{n}" for n in range(3)]
    mixed = [*papers[:2], "https://lab.example/1", "https://lab.example/2", "https://lab.example/3"]
    posts = [tweet for n in range(3) for tweet in account(f"a{n}", f"Person {n}", papers, 10 * n)]
    posts += [tweet for n in range(6) for tweet in account(f"b{n}", f"Other {n}", mixed, 100 + 10 * n)]
    found = publishers(posts)
    assert len({found[f"a{n}"] for n in range(3)}) == 3


def test_a_site_that_most_of_a_circle_reads_is_nobodys_own() -> None:
    """Ten people who share the pages of one site, and hardly anything else, are ten voices."""
    pages = [f"https://papers.example/{n}" for n in range(3)]
    posts = [tweet for n in range(10) for tweet in account(f"a{n}", f"Person {n}", pages, 10 * n)]
    assert len(set(publishers(posts).values())) == 10


def test_a_brand_in_front_of_handle_and_name_is_one_publisher() -> None:
    """An acronym, or a whole handle of another account."""
    named = [
        ("nwz", "NWZ"),
        ("nwzlive", "NWZ live"),
        ("harbourpost", "HarbourPost"),
        ("harbourpostarts", "HarbourPost Arts"),
    ]
    posts = [tweet for n, (handle, name) in enumerate(named) for tweet in account(handle, name, [], 10 * n)] + [
        msgspec.structs.replace(post(n, "hello", author=handle), author_name=name)
        for n, (handle, name) in enumerate(named)
    ]
    found = publishers(posts)
    assert found["nwz"] == found["nwzlive"]
    assert found["harbourpost"] == found["harbourpostarts"]
    assert found["nwz"] != found["harbourpost"]


def test_people_with_one_first_name_are_two() -> None:
    """Neither is an acronym nor the other's handle."""
    posts = [
        msgspec.structs.replace(post(n, "hello", author=handle), author_name=name)
        for n, (handle, name) in enumerate([("adabirch", "Ada Birch"), ("ada_castell", "Ada Castell")])
    ]
    assert publishers(posts) == {"adabirch": "adabirch", "ada_castell": "ada_castell"}
    assert publishers([]) == {}
