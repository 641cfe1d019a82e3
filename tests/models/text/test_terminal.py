"""Text for a terminal: no control characters, and JSON keeps its values."""

import re

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from models.text.terminal import json_text, on_one_line, printable

DRIVES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    st.sampled_from('a\x1b\x9b\x7f\x85\u202e\u2028\\"\n')
)


@given(TEXT)
def test_text_has_no_character_left_that_a_terminal_obeys(text: str) -> None:
    """Line breaks stay only where lines are wanted."""
    assert not DRIVES.search(printable(text))
    assert not re.search(r"[\n\x1b\x9b\x85]", on_one_line(text))


@given(TEXT)
@example("\x9b31m\\\u202e")
def test_json_is_harmless_and_says_the_same(text: str) -> None:
    """As value and as key, beside backslashes, pretty or not."""
    for option in (0, orjson.OPT_INDENT_2):
        document = orjson.dumps({text: [text, {"a": text}]}, option=option)
        shown = json_text(document)
        assert not DRIVES.search(shown)
        assert orjson.loads(shown) == orjson.loads(document)
