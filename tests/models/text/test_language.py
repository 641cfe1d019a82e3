"""The language of a post: the platform's word against the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.language import language_of

GERMAN = "Nein! Die Kompetenz umfasst die Fähigkeit, Daten auf kritische Art und Weise zu sammeln und zu bewerten"
FRENCH = "Je considère en effet que cette mesure est une erreur, et que nous devons attendre les résultats"
SPANISH = "Un tribunal obliga a la aerolínea a pagar el reembolso que prometió su asistente"
JAPANESE = "新しい論文をようやく読み終えた"
ENGLISH = "We measured how retrieval systems behave when the index is stale and nobody looks at it"


@pytest.mark.parametrize(
    ("text", "told", "right"),
    [
        (ENGLISH, "en", "en"),
        (ENGLISH, "en-US", "en-US"),
        (ENGLISH, "de", "en"),
        (ENGLISH, None, "en"),
        (GERMAN, "en", "de"),
        (GERMAN, "it", "de"),
        (GERMAN, None, "de"),
        (FRENCH, "ca", "fr"),
        (f"RT @ada: {GERMAN} https://t.co/abc #Daten", "en", "de"),
        (SPANISH, "en", "es"),
        (SPANISH, None, "es"),
        (JAPANESE, "en", "ja"),
        ("今日は", "en", "en"),
        ("Großartig!", "en", "en"),
        ("Großartig!", None, None),
        ("https://a.example/b #AI #ML @ada", "en", "en"),
        ("", None, None),
        ("🎉🎉🎉 2026 !!!", "ja", "ja"),
    ],
)
def test_the_text_decides_where_it_can(text: str, told: str | None, right: str | None) -> None:
    """Short texts, links and hashtags say nothing; the platform's own tag stays where the text bears it out."""
    assert language_of(text, told) == right


@given(st.text(max_size=200), st.none() | st.sampled_from(["en", "de", "xx", "und", "zh-Hans", ""]))
def test_any_text_has_the_same_language_twice(text: str, told: str | None) -> None:
    """And never an empty one that nobody told."""
    found = language_of(text, told)
    assert found == language_of(text, told)
    assert found or found == told
