"""Which links of a week are fetched, and that none is without the setting."""

from models.events import Link
from streams.redis_store.redis_link_cache import open_resource_cache
from streams.refit.week_links import untitled, week_links
from streams.settings import load_settings
from tests.support.digest_weeks import linked, post

POSTS = [
    post(0, "one", author=0, links=linked("https://kelp.example/a")),
    post(1, "two", author=1, links=linked("https://kelp.example/b")),
    post(2, "two again", author=2, links=linked("https://kelp.example/b")),
    post(3, "told", author=3, links=linked("https://kelp.example/c", "A title")),
    post(4, "picture", author=4, links=linked("https://pbs.twimg.com/media/x.jpg")),
    post(5, "hostile", author=5, links=linked("javascript:alert(1)")),
]


def test_links_of_the_most_people_are_looked_up_first_and_titled_ones_not_at_all() -> None:
    """Pictures and invalid addresses are never fetched."""
    assert untitled(POSTS, 9) == ["https://kelp.example/b", "https://kelp.example/a"]
    assert untitled(POSTS, 1) == ["https://kelp.example/b"]


async def test_nothing_is_looked_up_unless_it_is_asked_for() -> None:
    """The default: a digest is a function of the posts alone."""
    told: list[str] = []
    assert (
        await week_links(load_settings(redis_url="redis://127.0.0.1:1"), POSTS, lambda step, _: told.append(step)) == {}
    )
    assert told == []


async def test_a_cache_without_redis_is_an_empty_one() -> None:
    """Without Redis links are fetched again, and nothing fails."""
    async with open_resource_cache("redis://127.0.0.1:1") as cache:
        await cache.put("https://kelp.example/a", Link(url="https://kelp.example/a"), 9)
        assert await cache.get("https://kelp.example/a") is None
