"""Archives: recognition of the file, place of a record, and damage."""

import bz2
import gzip
import json
import random
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.events import Tweet, wire
from streams.sources.files import archive
from streams.sources.files.archive import Line, read_archive
from streams.sources.files.csv_rows import ColumnsError
from streams.sources.port import Bad
from tests.support import source_samples as samples


def ours(number: int) -> dict[str, object]:
    return {"id": str(number), "author": "ada", "created_at": "2026-03-02T08:00:00Z", "text": f"post {number}"}


LINES = b"".join(json.dumps(ours(number)).encode() + b"\n" for number in range(5))


def read(path: Path, data: bytes, **options: object) -> list[Line]:
    path.write_bytes(data)
    return list(read_archive(path, **options))  # type: ignore[arg-type]


def texts(lines: list[Line]) -> list[str]:
    return [line.outcome.text for line in lines if isinstance(line.outcome, Tweet)]


def bads(lines: list[Line]) -> list[tuple[int, str]]:
    return [(line.number, line.outcome.reason) for line in lines if isinstance(line.outcome, Bad)]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_compression_is_told_by_the_first_bytes(tmp_path: Path, pack: object) -> None:
    """Whatever the file's name."""
    lines = read(tmp_path / "posts", pack(LINES))  # type: ignore[operator]
    assert texts(lines) == [f"post {number}" for number in range(5)]
    assert [line.number for line in lines] == [1, 2, 3, 4, 5]
    assert lines[-1].position == (tmp_path / "posts").stat().st_size


def test_bad_lines_have_their_number_and_do_not_stop_the_rest(tmp_path: Path) -> None:
    """Not JSON, not an object, invalid UTF-8, a blank line, a truncated last line."""
    data = b'nonsense\n\n[]\n17\n{"id": "\xff"}\n' + LINES + LINES[:30]
    lines = read(tmp_path / "posts.jsonl", b"".join(LINES.splitlines(True)[:1]) + data)
    assert len(texts(lines)) == 6
    found = bads(lines)
    assert [number for number, _reason in found] == [2, 5, 6, 12]
    assert "may be cut off" in found[-1][1]


def test_a_cut_compressed_file_gives_what_it_has(tmp_path: Path) -> None:
    """The posts before the damage, and one bad line that reports it."""
    many = b"".join(
        json.dumps({**ours(n), "text": f"{random.Random(n).random()}"}).encode() + b"\n" for n in range(5_000)
    )
    lines = read(tmp_path / "posts.gz", gzip.compress(many)[:-2_000])
    assert 3_000 < len(texts(lines)) < 5_000
    assert any("damaged or cut off" in reason for _number, reason in bads(lines))


def test_an_endless_line_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with a line; the next line is read."""
    monkeypatch.setattr(archive, "MAX_LINE", 1_000)
    lines = read(tmp_path / "posts.jsonl", LINES + b"x" * 5_000 + b"\n" + LINES)
    assert len(texts(lines)) == 10
    assert bads(lines) == [(6, "a line of 5001 bytes, more than 1000")]


def test_documents_over_several_lines(tmp_path: Path) -> None:
    """A pretty-printed array, one object, objects in sequence, and a truncated array."""
    array = json.dumps([ours(number) for number in range(3)], indent=2).encode()
    assert len(texts(read(tmp_path / "a", array))) == 3
    assert len(texts(read(tmp_path / "b", json.dumps(samples.X_V1, indent=1).encode()))) == 1
    two = "\n".join(json.dumps(ours(number), indent=1) for number in range(2)).encode()
    assert len(texts(read(tmp_path / "c", two))) == 2
    cut = read(tmp_path / "d", array[:-40])
    assert len(texts(cut)) == 2
    assert len(bads(cut)) == 1


def test_formats_may_be_mixed(tmp_path: Path) -> None:
    """Every record is recognised by its own shape."""
    data = b"\n".join(json.dumps(sample).encode() for sample in samples.ALL)
    lines = read(tmp_path / "mixed.jsonl", data)
    assert len(texts(lines)) == 13
    assert len(bads(lines)) == 1


def test_csv_columns_are_guessed_and_mapped(tmp_path: Path) -> None:
    """The address wins over a row number called tweet_id; quoted line breaks; floats; bad rows with their line."""
    header = "tweetLink,type,favorite_count,related_to,tweetDate,handle,text,tweet_id\n"
    rows = (
        'https://twitter.com/ada/status/99,RETWEET,3,98,2026-03-02 08:00:00+00:00,ada,"RT @grace: a\nb",1\n'
        "https://twitter.com/ada/status/100,ORIGINAL,2.0,,2026-03-02 08:00:00,ada,hello,2\n"
        "too,few\n"
        "https://twitter.com/ada/status/101,ORIGINAL,,,when,ada,hello,3\n"
    )
    lines = read(tmp_path / "posts.csv", (header + rows).encode())
    tweets = [line.outcome for line in lines if isinstance(line.outcome, Tweet)]
    assert [tweet.id for tweet in tweets] == ["99", "100"]
    assert (tweets[0].kind, tweets[0].related_id, tweets[0].metrics.likes) == ("retweet", "98", 3)
    assert tweets[1].related_id is None
    assert bads(lines) == [
        (5, "2 cells under a header of 8"),
        (6, "created_at is not a time: 'when'"),
    ]
    mapped = read(tmp_path / "posts.csv", (header + rows).encode(), columns={"id": "tweet_id"})
    assert [line.outcome.id for line in mapped if isinstance(line.outcome, Tweet)] == ["1", "2"]


def test_csv_of_twarc(tmp_path: Path) -> None:
    """Its dotted columns; one column for each relation; links as JSON."""
    header = "id,referenced_tweets.retweeted.id,referenced_tweets.quoted.id,retweeted_username,author_id,created_at,"
    header += "text,public_metrics.like_count,entities.urls,author.username,author.public_metrics.followers_count\n"
    links = json.dumps([{"url": "https://t.co/a", "expanded_url": "https://example.org/a", "title": "A"}])
    links = '"' + links.replace('"', '""') + '"'
    rows = f"99,98,,Grace,7,2026-03-02T08:00:00.000Z,RT @Grace: cut,3,{links},ada,12\n"
    rows += "100,,97,,7,2026-03-02T08:00:00.000Z,well said,0,,ada,12\n"
    retweet, quote = (line.outcome for line in read(tmp_path / "posts.csv", (header + rows).encode()))
    assert isinstance(retweet, Tweet)
    assert (retweet.kind, retweet.related_id, retweet.related_author) == ("retweet", "98", "Grace")
    assert (retweet.author, retweet.author_id, retweet.followers, retweet.metrics.likes) == ("ada", "7", 12, 3)
    assert [(link.url, link.title) for link in retweet.links] == [("https://example.org/a", "A")]
    assert isinstance(quote, Tweet)
    assert (quote.kind, quote.related_id, quote.related_author, quote.links) == ("quote", "97", None, [])


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-02 08:00:00 UTC",
        "2026-03-02T08:00:00.123456789Z",
        "1772438400",
        "1772438400000",
        "Mon, 02 Mar 2026 09:00:00 +0100",
    ],
)
def test_csv_times_of_the_usual_collectors(tmp_path: Path, written: str) -> None:
    """Zones as words, numbers, mail dates."""
    data = f'id,username,date,tweet,urls\n1,ada,"{written}",hello,"[\'https://example.org/a\']"\n'
    (line,) = read(tmp_path / "posts.csv", data.encode())
    assert isinstance(line.outcome, Tweet), line.outcome
    assert line.outcome.created_at.replace(microsecond=0).isoformat() == "2026-03-02T08:00:00+00:00"
    assert [link.url for link in line.outcome.links] == ["https://example.org/a"]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_mangled_archives_raise_nothing(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Bytes replaced, removed and added, in lines, tables and compressed files: valid posts, bad lines, or a header
    that is refused with its reason.
    """
    table = b"id,author,created_at,text,likes\n" + b'1,ada,2026-03-02T08:00:00Z,"a, b",3\n' * 3
    mangled = bytearray(data.draw(st.sampled_from([LINES, table, gzip.compress(LINES), bz2.compress(table)])))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(mangled)))
        mangled[place : place + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=8))
    try:
        lines = read(tmp_path_factory.getbasetemp() / "mangled", bytes(mangled))
    except ColumnsError:
        return
    for line in lines:
        if isinstance(line.outcome, Tweet):
            assert wire.decode_post(wire.encode(line.outcome)) == line.outcome


def test_csv_without_the_needed_columns_says_which(tmp_path: Path) -> None:
    """The message lists the columns and the option."""
    with pytest.raises(ColumnsError, match=r"no column for id, text.*--map id=COLUMN.*columns: who, handle, date"):
        read(tmp_path / "posts.csv", b"who,handle,date\n1,2,3\n")
    with pytest.raises(ColumnsError, match="no columns nowhere"):
        read(tmp_path / "posts.csv", b"id,handle,date,text\n1,2,3,4\n", columns={"id": "nowhere"})


def test_a_damaged_first_line_does_not_make_json_a_table(tmp_path: Path) -> None:
    """A truncated record has commas, but no column names."""
    lines = read(tmp_path / "posts.jsonl", b'"id": "1", "text": "cut"}\n' + LINES)
    assert len(texts(lines)) == 5
    assert [number for number, _reason in bads(lines)] == [1]


def test_other_separators(tmp_path: Path) -> None:
    """Tabs and semicolons are recognised in the header; a byte order mark is skipped."""
    for mark in ("\t", ";"):
        data = "\ufeff" + mark.join(["id", "author", "created_at", "text"]) + "\n"
        data += mark.join(["1", "ada", "2026-03-02T08:00:00Z", "a, b"]) + "\n"
        assert texts(read(tmp_path / "posts.tsv", data.encode())) == ["a, b"]


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    """Before anything is read."""
    with pytest.raises(ValueError, match="unknown format"):
        read(tmp_path / "posts", LINES, form="xml")


def test_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`-` reads standard input, compressed or not."""
    path = tmp_path / "posts.gz"
    path.write_bytes(gzip.compress(LINES))
    with path.open("rb") as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert len(texts(list(read_archive("-")))) == 5


def test_an_empty_file_is_no_error(tmp_path: Path) -> None:
    """No input gives no output."""
    assert read(tmp_path / "posts", b"") == []
