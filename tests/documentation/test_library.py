"""The programs of `models/README.md` run as they are printed, on the posts of the demo."""

import runpy
from datetime import datetime
from pathlib import Path

import orjson
import pytest

from models.encoding.hash_encoder import HashEncoder
from models.events import EmbeddedTweet, Tweet
from models.events.wire import decode_post, pack_vector
from models.text import clean
from models.week.week import Week
from streams.demo.posts import demo_posts
from tests.support.readmes import recipe

WEEK = Week.parse("2021-W11")


def _saved(name: str, folder: Path) -> Path:
    """The program, with the encoder that needs no model."""
    file = folder / f"{name}.py"
    file.write_text(recipe(name).replace('"minilm"', '"hash"'), encoding="utf-8")
    return file


def test_a_file_of_posts_becomes_a_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The demo's last week, without Kafka: a title, the line of the trending topics, and sections."""
    posts = tmp_path / "posts.jsonl"
    posts.write_bytes(b"\n".join(orjson.dumps(post) for post in demo_posts() if _in_week(str(post["created_at"]))))
    monkeypatch.setattr("sys.argv", ["digest.py", str(posts), "2021-W11"])
    runpy.run_path(str(_saved("library-digest", tmp_path)))
    printed = capsys.readouterr().out
    assert printed.startswith("# Top Topics, 15–21 March 2021\n")
    assert "Trending this week" in printed
    assert printed.count("\n## ") > 2


def test_the_live_program_prints_a_topic_for_each_post(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten posts of one text are one topic, whose birth is printed."""
    program = runpy.run_path(str(_saved("library-live", tmp_path)))
    encoder = HashEncoder()
    texts = [f"The Heron release crops images fairly, part {number}" for number in range(10)]
    records = []
    for number, (text, vector) in enumerate(zip(texts, encoder.encode(texts), strict=True)):
        fields = {
            "id": str(number), "author_id": f"a{number}", "author": f"a{number}", "text": text,
            "created_at": f"2021-03-15T0{number}:00:00Z", "type": "tweet",
        }  # fmt: skip
        tweet = decode_post(orjson.dumps(fields))
        assert clean(text, kind="original", links=[]) == text
        assert isinstance(tweet, Tweet)
        records.append(
            EmbeddedTweet(
                tweet=tweet,
                text=text,
                vector=pack_vector(vector),
                dimensions=encoder.dimensions,
                encoder=encoder.name,
                origin=f"0:{number}",
            )
        )
    program["follow"](records)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    topics = {topic for post, topic, *_ in lines if post.isdecimal()}
    assert len([line for line in lines if line[0].isdecimal()]) == 10
    assert len(topics) == 1
    assert ["born", *topics] in [line[:2] for line in lines]


def _in_week(moment: str) -> bool:
    return WEEK.contains(datetime.fromisoformat(moment))
