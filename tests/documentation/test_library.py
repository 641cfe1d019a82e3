"""The programs of `models/README.md` run as they are printed, on the posts of the demo."""

import runpy
import subprocess
import sys
from datetime import datetime
from importlib.resources import files
from itertools import islice
from pathlib import Path

import orjson
import pytest

from models.encoding.hash_encoder import HashEncoder
from models.events import EmbeddedTweet, Tweet
from models.events.wire import decode_post, encode, pack_vector
from models.text import clean
from models.week.week import Week
from streams.demo.posts import demo_posts
from tests.support.paths import ROOT
from tests.support.readmes import recipe
from tests.support.view_examples import digest

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


def test_the_notebook_prints_the_topics_of_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twelve lines, with texts of the demo (400 of them here): a table of topics, largest first."""
    assert len(recipe("library-notebook").splitlines()) == 12
    some = list(islice(demo_posts(), 400))
    monkeypatch.setattr("streams.demo.posts.demo_posts", lambda: some)
    program = runpy.run_path(str(_saved("library-notebook", tmp_path)))
    first, *rows = capsys.readouterr().out.splitlines()
    assert first == f"{len(program['topics'])} topics of {len(program['texts'])} texts"
    assert len(rows) == 11
    assert program["table"]["texts"].is_monotonic_decreasing


def test_a_consumer_of_digests_loads_no_heavy_package(tmp_path: Path) -> None:
    """In a process of its own: besides the standard library only msgspec and orjson; it prints the sections."""
    program = tmp_path / "consumer.py"
    loaded = (
        "\nprint(*sorted({name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names), file=sys.stderr)\n"
    )
    program.write_text(recipe("library-decoder") + loaded, encoding="utf-8")
    value = encode(digest("2021-W18"))
    done = subprocess.run([sys.executable, program], input=value, capture_output=True, cwd=ROOT, check=True)
    assert done.stdout.decode().startswith("Speech without labels 1 ")
    others = {name for name in done.stderr.decode().split() if not name.startswith("_")}
    assert others <= {"models", "msgspec", "orjson", "typing_extensions"}
    refused = subprocess.run(
        [sys.executable, program], input=b'{"schema":2}', capture_output=True, cwd=ROOT, check=False
    )
    assert (refused.returncode, b"schema version 2" in refused.stderr) == (1, True)


@pytest.mark.parametrize("package", ["models", "streams"])
def test_the_packages_carry_their_types(package: str) -> None:
    """Type checkers of other projects look for this file (PEP 561)."""
    assert files(package).joinpath("py.typed").is_file()


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
