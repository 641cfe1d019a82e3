"""A digest as rows: for DataFrames, and as CSV for spreadsheets."""

import io

import msgspec
import pandas as pd

from models.events import Brief, Sentence
from models.render import render
from models.render.tables import csv_text, digest_rows
from tests.support.view_examples import digest

DIGEST = digest("2021-W18")


def test_a_digest_is_one_row_for_each_section_paragraph_and_brief() -> None:
    """In its order; pandas reads the CSV as the same values."""
    brief = Brief(people=[], action="wrote", sentence=Sentence(text="A line.", posts=["7"]), id="B1", label="Brief")
    rows = digest_rows(msgspec.structs.replace(DIGEST, briefs=[brief]), "https://topics.example")
    (topic,) = DIGEST.topics
    assert [row["kind"] for row in rows] == ["section", *["item"] * len(topic.items), "brief"]
    assert (rows[0]["title"], rows[0]["text"]) == (topic.label, topic.summary.text)
    assert rows[0]["post_ids"] == " ".join(topic.summary.posts)
    assert rows[-1]["first_post"] == "https://topics.example/posts/7?week=2021-W18"
    frame = pd.DataFrame(rows)
    assert set(frame["week"]) == {"2021-W18"}
    read = pd.read_csv(io.StringIO(csv_text(rows)), dtype={"post_ids": str})
    assert read["text"].tolist() == frame["text"].tolist()
    assert read["post_ids"].tolist() == frame["post_ids"].tolist()


def test_csv_is_a_form_of_a_digest() -> None:
    """`toptopics digest --format csv`; a digest without sections is empty."""
    assert render(DIGEST, "csv").startswith("week,kind,id,title,text,")
    assert csv_text([], ["a", "b"]) == "a,b\n"


def test_a_spreadsheet_computes_no_text_of_strangers() -> None:
    """Commas, quotes and line breaks stay in their cell; numbers stay numbers."""
    text = csv_text([{"a": '=HYPERLINK("x","y")', "b": -1, "c": 'x, "y"\nz', "d": None, "e": "@me"}])
    assert text == 'a,b,c,d,e\n"\'=HYPERLINK(""x"",""y"")",-1,"x, ""y""\nz",,\'@me\n'
