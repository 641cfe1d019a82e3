"""Every text function takes time linear in its text, also for what nobody writes: anyone may produce to `tweets`.

`"A. "` repeated to the 30,000 characters of a post once took half a minute, and eight such posts held up a digest.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from models.digest.verify_quotation import is_whole
from models.events import Link, Tweet
from models.live.naming import title_of
from models.ranking.sensitive import mentions_harm
from models.render.markdown import escape
from models.render.plain_text import columns, wrapped
from models.text import clean, hashtag_wall, hashtags, terminal
from models.text.characters import fold_space, split_hashtag, unescape, visible
from models.text.links import canonical_url, kind_of, known_link, safe_url
from models.text.live_words import live_words
from models.text.pairs import word_pairs
from models.text.plain import alphanumeric, one_line, plain
from models.text.sentence import retweeted, sentence_of, without_retweet
from models.text.words import content_key, handle_words, link_host, words
from models.wording.announcement import announced
from models.wording.headings import as_heading, shortened, whole_clauses
from models.wording.manner import clarity
from models.wording.passages import own_words, passages, retweeted_handle
from models.wording.quotations import embeddable
from models.wording.usage import atoms
from streams.sources import fields
from streams.sources.html_text import html_to_text
from streams.views.items import search_words
from tests.support.growth import processor_seconds, slow_parts

START = datetime(2021, 5, 3, tzinfo=UTC)


def _post(text: str) -> Tweet:
    return Tweet(id="1", author_id="a", author="a", created_at=START, text=text)


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "alphanumeric": alphanumeric,
    "announced": announced,
    "as_heading": as_heading,
    "atoms": atoms,
    "canonical_url, host": lambda text: canonical_url(f"https://{text}"),
    "canonical_url, path": lambda text: canonical_url(f"https://example.org/{text}"),
    "canonical_url, paper": lambda text: canonical_url(f"https://arxiv.org/{text}"),
    "canonical_url, query": lambda text: canonical_url(f"https://example.org/?{text}"),
    "clarity": clarity,
    "clean": lambda text: clean(text, kind="original", links=[]),
    "clean, reply": lambda text: clean(text, kind="reply", links=[]),
    "columns": columns,
    "content_key": content_key,
    "embeddable": embeddable,
    "escape": escape,
    "fold_space": fold_space,
    "handle_words": handle_words,
    "hashtag_wall": hashtag_wall,
    "hashtags": hashtags,
    "html_to_text": html_to_text,
    "is_whole": lambda text: is_whole("word", _post(f"word - {text} word - {text}")),
    "kind_of, host": lambda text: kind_of(f"https://{text}"),
    "kind_of, path": lambda text: kind_of(f"https://example.org/{text}"),
    "kind_of, thread": lambda text: kind_of(f"https://x.com/{text}"),
    "known_link": lambda text: known_link(Link(url="https://example.org", title=text, description=text), {}),
    "link_host": link_host,
    "links_in": fields.links_in,
    "live_words": lambda text: live_words(_post(text), text),
    "mentions_harm": mentions_harm,
    "mentions_in": fields.mentions_in,
    "on_one_line": terminal.on_one_line,
    "one_line": one_line,
    "own_words": own_words,
    "passages": passages,
    "plain": plain,
    "printable": terminal.printable,
    "retweeted": retweeted,
    "retweeted_handle": retweeted_handle,
    "safe_url": lambda text: safe_url(f"https://example.org/{text}"),
    "search_words": search_words,
    "sentence_of": lambda text: sentence_of(text, "original"),
    "shortened": shortened,
    "split_hashtag": split_hashtag,
    "title_of": title_of,
    "unescape": unescape,
    "unescape of sources": fields.unescape,
    "visible": visible,
    "without_retweet": without_retweet,
    "whole_clauses": lambda text: whole_clauses(text, cut=True),
    "word_pairs": word_pairs,
    "words": lambda text: words(text, [], []),
    "wrapped": lambda text: wrapped(text, 80),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_time_grows_linearly_with_the_text(name: str) -> None:
    """For every repeated part; the ones that take longer are named with their ratio."""
    assert slow_parts(FUNCTIONS[name]) == {}


@pytest.mark.parametrize(
    ("function", "costly", "harmless"),
    [
        (
            passages.__wrapped__,
            f"Something new is said - {'A' * 36}! " * 30,
            f"Something new is said - {'a' * 36}! " * 30,
        ),
        (lambda text: is_whole("word", _post(text)), f"{'a-' * 90}a b c d e f: word", f"{'ab' * 90}a b c d e f: word"),
    ],
    ids=["a site of six words in capitals", "a label of four words with dashes"],
)
def test_a_run_that_can_be_divided_in_many_ways_costs_no_more(
    function: Callable[[str], object], costly: str, harmless: str
) -> None:
    """Some words in a row, each with many possible ends: once half a million ways for one sentence."""
    assert min(processor_seconds(function, costly) / processor_seconds(function, harmless) for _ in range(3)) < 20


def test_the_measurement_finds_what_is_quadratic() -> None:
    """A search that begins again at every letter."""
    assert "a" in slow_parts(re.compile("(?:a[b-z]?)+!x").search)
