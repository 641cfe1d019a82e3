"""Links: canonical form, kind, links that must not be shown, and no guessing."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import Link
from models.text.links import canonical_url, is_bare, kind_of, known_link, post_url, safe_url, shown_url, site_of
from tests.support.digest_weeks import post


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://www.Example.com/a//b/?utm_source=x&b=2&a=1#top", "https://example.com/a/b?a=1&b=2"),
        ("https://arxiv.org/pdf/2405.01234v3.pdf", "https://arxiv.org/abs/2405.01234"),
        ("https://youtu.be/abc123?si=zz", "https://youtube.com/watch?v=abc123"),
        ("https://mobile.twitter.com/ada/status/1?s=20", "https://twitter.com/ada/status/1?s=20"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("javascript:alert(1)", None),
        ("https://user:pass@example.com/", None),
        ("ftp://example.com/", None),
        ("https://[::1", None),
        ("//example.com", None),
    ],
)
def test_the_canonical_address(url: str, expected: str | None) -> None:
    """Two links to one page are equal. Text that is no web address gives None."""
    assert canonical_url(url) == expected


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://arxiv.org/abs/2405.01234", "paper"),
        ("https://github.com/harbour/gripper", "repository"),
        ("https://github.com/harbour", "page"),
        ("https://youtube.com/watch?v=1", "video"),
        ("https://x.com/ada/status/1", "thread"),
        ("https://news.example/2024/05/kelp-cable", "article"),
        ("https://kelp.example/files/report.pdf", "paper"),
        ("https://kelp.example/", "page"),
        ("https://t.co/AbCdEfGhIj", None),
    ],
)
def test_the_kind_of_a_link(url: str, kind: str | None) -> None:
    """By host and path. A shortener's kind is unknown."""
    assert kind_of(url) == kind


def test_a_short_link_without_payload_stays_bare() -> None:
    """No title, site or kind is guessed; fetched metadata fill them in."""
    link = Link(url="https://t.co/AbCdEfGhIj")
    assert known_link(link, {}) == link
    known = known_link(link, {link.url: Link(url="https://www.arxiv.org/abs/1?utm_source=t", title=" A\x07 & B ")})
    assert known == Link(url="https://www.arxiv.org/abs/1", title="A & B", site="arXiv", kind="paper")


def test_links_that_lead_nowhere_are_no_resource() -> None:
    """The rest of a link at the end of a truncated retweet, the platform's own pictures, scripts."""
    for url in ("https://t.co/AbC", "https://pbs.twimg.com/media/a.jpg", "javascript:alert(1)"):
        assert known_link(Link(url=url), {}) is None
    glued = known_link(Link(url="https://t.co/AbCdEfGhIj’s"), {})
    assert glued is not None
    assert glued.url == "https://t.co/AbCdEfGhIj"


def test_a_post_has_an_address_only_where_its_platform_is_known() -> None:
    """A numeric id alone may belong to any platform."""
    assert post_url(post(1, "x")) is None
    assert post_url(post(1, "x", source="x", handle="ada")) == "https://x.com/ada/status/1000000000000000001"
    bluesky = post(1, "x", source="bluesky", id="at://did:plc:abc/app.bsky.feed.post/3kxyz")
    assert post_url(bluesky) == "https://bsky.app/profile/did:plc:abc/post/3kxyz"


@given(st.text(max_size=80) | st.text(max_size=40).map("https://".__add__))
def test_no_address_breaks_the_parsers(url: str) -> None:
    """The result is a web address, and its canonical form is stable."""
    safe = safe_url(url)
    assert safe is None or safe.lower().startswith(("http://", "https://"))
    canonical = canonical_url(url)
    assert canonical is None or canonical_url(canonical) in {canonical, canonical_url(canonical_url(canonical) or "")}
    assert isinstance(site_of(url), str)
    assert is_bare(url) in {True, False}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://old.example:8080/a", "http://old.example:8080/a"),
        ("https://app.example/#/post/12", "https://app.example/#/post/12"),
        ("https://docs.example/guide#install", "https://docs.example/guide#install"),
        ("https://gitlab.com/x/y/-/blob/main/a.py?ref=v2.0", "https://gitlab.com/x/y/-/blob/main/a.py?ref=v2.0"),
        ("https://news.example/item?source=12", "https://news.example/item?source=12"),
        ("https://youtu.be/abc?t=30", "https://youtu.be/abc?t=30"),
        ("https://youtu.be/abc?si=Xy_1&t=30", "https://youtu.be/abc?t=30"),
        ("https://www.youtube.com/watch?v=abc&feature=share&t=1m30s", "https://www.youtube.com/watch?v=abc&t=1m30s"),
        ("https://arxiv.org/pdf/2101.00001v2.pdf", "https://arxiv.org/pdf/2101.00001v2.pdf"),
        ("https://www.example.org//a/?b=2&a=%C3%A9+x&b=1", "https://www.example.org//a/?b=2&a=%C3%A9+x&b=1"),
        ("https://a.example/?utm_source=x&utm_medium=y", "https://a.example/"),
        ("https://a.example/p?id=1&utm_source=x&fbclid=z#top", "https://a.example/p?id=1#top"),
        ("https://x.com/ada/status/1?s=20&t=abc", "https://x.com/ada/status/1"),
        ("https://a.example/p?flag&x=", "https://a.example/p?flag&x="),
        ("https://a.example/search?q=a%26b", "https://a.example/search?q=a%26b"),
        ("https://a.example:443/x", "https://a.example:443/x"),
        ("javascript:alert(1)", None),
    ],
)
def test_a_link_leads_where_its_author_meant(url: str, shown: str | None) -> None:
    """Ports, fragments, versions and times stay; only what follows readers goes."""
    assert shown_url(url) == shown
    known = known_link(Link(url=url), {})
    assert (known and known.url) == shown


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://app.example/#/post/12", "https://app.example/#/post/13", False),
        ("https://app.example/#!/a", "https://app.example/", False),
        ("https://news.example/item?source=12", "https://news.example/item?source=13", False),
        ("https://news.example/item?source=twitter", "https://news.example/item?source=mail", True),
        ("http://old.example:8080/a", "http://old.example/a", False),
        ("https://youtu.be/abc?t=30", "https://www.youtube.com/watch?v=abc", True),
        ("https://docs.example/guide#install", "https://docs.example/guide", True),
        ("http://www.example.org/a/", "https://example.org/a?utm_source=x", True),
    ],
)
def test_pages_are_told_apart(one: str, other: str, same: bool) -> None:
    """By the key for comparing."""
    assert (canonical_url(one) == canonical_url(other)) is same


ADDRESSES = r"https?://[a-z]{1,8}\.example(:[1-9][0-9]{0,3})?/[a-z/]{0,9}(\?[a-z=&0-9]{0,20})?(#[a-z/]{0,9})?"


@given(st.from_regex(ADDRESSES, fullmatch=True))
def test_what_is_shown_is_stable_and_keeps_scheme_host_path_and_fragment(url: str) -> None:
    """For any address."""
    shown = shown_url(url)
    assert shown is not None
    assert shown_url(shown) == shown
    before, after = urlsplit(url), urlsplit(shown)
    assert (before.scheme, before.netloc, before.path, before.fragment) == (
        after.scheme, after.netloc, after.path, after.fragment,
    )  # fmt: skip
