"""How long a platform asks to wait, and where paging ends."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sources.paging import EMPTY_PAGES, Pages
from streams.sources.x.api import XApi
from streams.web.retry_after import retry_after

SEEN = datetime(2026, 11, 28, 10, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"ratelimit-reset": "30"}, 30.0),
        ({"x-ratelimit-reset": "45", "x-ratelimit-remaining": "0"}, 45.0),
        ({"ratelimit-reset": "30", "ratelimit-remaining": "0"}, 30.0),
        ({"ratelimit-reset": "30", "ratelimit-remaining": "12"}, None),
        ({"x-ratelimit-reset-after": "2.5"}, 2.5),
        ({"ratelimit": '"default";r=0;t=30'}, 30.0),
        ({"ratelimit": '"default";r=5;t=30'}, None),
        ({"ratelimit": '"second";r=3;t=1, "day";r=0;t=60'}, 60.0),
        ({"ratelimit": "limit=100, remaining=0, reset=30"}, 30.0),
        ({"ratelimit": "limit=100, remaining=5, reset=30"}, None),
        ({"ratelimit-reset": "30;w=60", "ratelimit-remaining": "0"}, 30.0),
        ({"ratelimit-reset": "30", "ratelimit-remaining": "0, 0;w=60"}, 30.0),
        ({"x-ratelimit-reset": "Sat, 28 Nov 2026 10:01:05 GMT", "x-ratelimit-remaining": "0"}, 60.0),
        ({"x-rate-limit-reset": str((int(SEEN.timestamp()) + 60) * 10**6)}, 60.0),
        ({"x-ratelimit-reset": "12s"}, 12.0),
        ({"retry-after": "12s"}, 12.0),
        ({"x-rate-limit-reset": str(int(SEEN.timestamp()) + 60)}, 60.0),
        ({"x-rate-limit-reset": str((int(SEEN.timestamp()) + 60) * 1000)}, 60.0),
        ({"x-ratelimit-reset": "2026-11-28T10:01:05Z"}, 60.0),
        ({"x-rate-limit-reset": str(int(SEEN.timestamp()) - 60)}, 0.0),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "Sat, 28 Nov 2026 10:01:05 GMT"}, 60.0),
        ({"retry-after": "soon", "ratelimit-reset": "30"}, 30.0),
        ({"ratelimit-reset": "999999999"}, 86_400.0),
        ({"ratelimit-reset": "-5"}, None),
        ({"ratelimit-reset": "never"}, None),
        ({}, None),
    ],
)
def test_how_long_a_platform_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    """An epoch, in seconds or milliseconds, a date, or the seconds that are left."""
    assert retry_after(headers, SEEN) == seconds


class Pager:
    """Answers every page with the next of `tokens`, then with the last one for ever."""

    def __init__(self, tokens: Iterator[str], entries: int) -> None:
        self._tokens = tokens
        self._entries = entries
        self.asked = 0

    def get_users_tweets(self, **_parameters: Any) -> dict[str, Any]:
        self.asked += 1
        return {"data": [{}] * self._entries, "meta": {"next_token": next(self._tokens)}}


@pytest.mark.parametrize(
    ("tokens", "entries", "most"),
    [
        (iter(lambda: "abc", None), 0, 2),
        (iter(lambda: "abc", None), 5, 2),
        ((f"t{number % 3}" for number in range(10**9)), 5, 4),
        ((f"t{number}" for number in range(10**9)), 0, EMPTY_PAGES),
        ((f"t{number}" for number in range(10**9)), 5, 1_000),
    ],
    ids=["empty", "full", "in a circle", "empty for ever", "full for ever"],
)
def test_paging_ends(tokens: Iterator[str], entries: int, most: int) -> None:
    """A token that comes again, too many empty pages, too many pages: each is billed once and not for ever."""
    api = XApi("token", base_url="http://127.0.0.1:1", clock=lambda: SEEN)
    pager = Pager(tokens, entries)
    api._client = pager
    assert len(list(api.timeline("101", None, None))) <= most
    assert pager.asked <= most


@given(st.lists(st.one_of(st.none(), st.text(max_size=3), st.integers()), max_size=60))
def test_no_page_is_asked_for_twice(tokens: list[object]) -> None:
    """Whatever a platform calls its pages."""
    pages, asked = Pages("test"), []
    for token in tokens:
        if not pages.goes_on(token, 1):
            break
        asked.append(str(token))
    assert len(asked) == len(set(asked))
