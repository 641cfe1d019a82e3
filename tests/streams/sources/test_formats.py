"""Formats of files: what is read in whatever packing, and what is refused by its name."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from models.events import Tweet
from streams.sources.files import formats
from streams.sources.files.archive import read_archive
from streams.sources.files.foreign import name_of_record
from streams.sources.files.opening import encoding_of
from streams.sources.port import Bad, Ignored, Outcome

LINE = {"id": "1", "author": "ada", "created_at": "2021-05-03T10:00:00Z", "text": "Grüße from the lab"}
TEXT = json.dumps(LINE, ensure_ascii=False) + "\n"


def outcomes(path: Path, form: str = "auto") -> list[Outcome]:
    return [line.outcome for line in read_archive(path, form)]


def texts(path: Path) -> list[str]:
    found = outcomes(path)
    assert all(isinstance(one, Tweet | Ignored) for one in found), found
    return [one.text for one in found if isinstance(one, Tweet)]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
@pytest.mark.parametrize("kind", ["jsonl", "document", "csv"])
def test_texts_of_every_encoding_are_read(tmp_path: Path, encoding: str, kind: str) -> None:
    """With a mark at the beginning, and without."""
    text = {
        "jsonl": TEXT,
        "document": json.dumps([LINE], ensure_ascii=False, indent=1),
        "csv": f"id,author,created_at,text\n1,ada,{LINE['created_at']},{LINE['text']}\n",
    }[kind]
    path = tmp_path / "posts"
    path.write_bytes(text.encode(encoding))
    assert texts(path) == [LINE["text"]]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_a_table_of_a_spreadsheet_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    """Western spreadsheets write Windows-1252; other tables are UTF-8."""
    path = tmp_path / "posts.csv"
    path.write_bytes(f"id,author,created_at,text\n1,ada,{LINE['created_at']},{LINE['text']}\n".encode(encoding))
    assert texts(path) == [LINE["text"]]


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as container:
        for name, data in files.items():
            container.writestr(name, data)
    return made.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "zstd, two frames": lambda data: b"".join(zstandard.ZstdCompressor().compress(half) for half in (data, data)),
    "zip": lambda data: zipped({"a/posts.jsonl": data, "a/picture.png": b"\x89PNG", "readme.md": b"# no posts"}),
    "zip of zstd": lambda data: zipped({"posts.jsonl.zst": zstandard.ZstdCompressor().compress(data)}),
    "zip of UTF-16": lambda data: zipped({"posts.jsonl": data.decode().encode("utf-16")}),
    "zstd with a skippable frame": lambda data: (
        b"\x50\x2a\x4d\x18\x02\0\0\0hi" + zstandard.ZstdCompressor().compress(data)
    ),
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "zstd of gzip": lambda data: zstandard.ZstdCompressor().compress(gzip.compress(data)),
    "zip of a Mac": lambda data: zipped({"posts.jsonl": data, "__MACOSX/._posts.jsonl": b"\x00\x05\x16\x07"}),
    "JSON text sequence": lambda data: b"".join(b"\x1e" + line + b"\n" for line in data.splitlines()),
    "gzip of UTF-16": lambda data: gzip.compress(data.decode().encode("utf-16")),
}


@pytest.mark.parametrize("packing", PACKED)
def test_packed_files_are_read(tmp_path: Path, packing: str) -> None:
    """Known by their first bytes, whatever they are called."""
    path = tmp_path / "posts"
    many = "".join(json.dumps({**LINE, "id": str(number)}) + "\n" for number in range(2_000))
    path.write_bytes(PACKED[packing](many.encode()))
    assert len(texts(path)) == (4_000 if packing == "zstd, two frames" else 2_000)


@pytest.mark.parametrize("packing", ["gzip", "bzip2", "xz", "zstd", "zip"])
@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_packed_file_that_is_cut_off_says_so(tmp_path: Path, packing: str, cut: float) -> None:
    """Once, after what could be read."""
    path = tmp_path / "posts"
    many = "".join(
        json.dumps({**LINE, "id": str(number), "text": str(hash(str(number)))}) + "\n" for number in range(9_000)
    )
    data = PACKED[packing](many.encode())
    path.write_bytes(data[: int(len(data) * cut)])
    *_, last = outcomes(path)
    bad = [one for one in outcomes(path) if isinstance(one, Bad)]
    assert isinstance(last, Bad)
    assert 1 <= len(bad) <= 2  # the line in the middle of which it ends, and the end
    assert "damaged or cut off" in bad[-1].reason


@given(st.binary(max_size=400))
def test_any_bytes_are_outcomes(data: bytes) -> None:
    """Of every packing's mark, too: nothing raises, and nothing is silently empty."""
    import tempfile

    for head in (b"", b"PK\x03\x04", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"\x00{", b"sep=;\n"):
        with tempfile.NamedTemporaryFile() as file:
            file.write(head + data)
            file.flush()
            try:
                list(read_archive(Path(file.name)))
            except ValueError as error:
                assert "--map" in str(error) or "header" in str(error)  # noqa: PT017 (a CSV without the columns)
    assert encoding_of(data) in (None, "utf-16", "utf-32", "utf-16-le", "utf-16-be")


@pytest.mark.parametrize(
    ("first", "separator"),
    [("sep=;", ";"), ("sep=,", ","), ("sep=|", "|"), ("sep=\t", "\t"), ("sep=\\t", "\t"), ('"sep=;"', ";"),
     ("\ufeffsep=;", ";"), ("SEP=;", ";"), ("sep = ;", ";"), ("sep=;;;;", ";")],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_for_excel_names_the_separator(tmp_path: Path, first: str, separator: str, end: str) -> None:
    """Before the header; a wrong row keeps its number."""
    cells = [["id", "author", "created_at", "text"], ["1", "ada", "2021-05-03T10:00:00Z", "Hallo"], ["2"]]
    path = tmp_path / "posts.csv"
    path.write_text(end.join([first, *(separator.join(row) for row in cells), ""]), encoding="utf-8", newline="")
    good, bad = read_archive(path)
    assert isinstance(good.outcome, Tweet)
    assert good.outcome.text == "Hallo"
    assert (bad.number, type(bad.outcome)) == (4, Bad)


# --- X's own archive

TWEETS = (
    'window.YTD.tweets.part0 = [ {"tweet": {"id_str":"1330000000000000001","full_text":"hello from my archive",'
    '"created_at":"Sat Nov 28 10:00:00 +0000 2020","entities":{"urls":[]},"favorite_count":"3"}} ]'
)
ACCOUNT = 'window.YTD.account.part0 = [ {"account": {"username":"ada","accountId":"11","accountDisplayName":"Ada"}} ]'


@pytest.mark.parametrize("name", ["tweets", "tweet", "tweets-part1"])
@pytest.mark.parametrize(
    "text", [TWEETS, TWEETS.replace("[ {", "[\n  {\n").replace("} ]", "}\n]"), TWEETS.replace("tweets.", "tweet.")]
)
def test_xs_own_archive_is_read(tmp_path: Path, name: str, text: str) -> None:
    """The zip as it is downloaded, or its files in a folder; the account file says whose posts they are."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / f"{name}.js").write_text(text)
    (folder / "account.js").write_text(ACCOUNT)
    whole = tmp_path / "twitter.zip"
    files = {
        "data/account.js": ACCOUNT,
        f"data/{name}.js": text,
        "data/deleted-tweets.js": TWEETS.replace("hello", "taken back"),
        "data/like.js": "window.YTD.like.part0 = [ {} ]",
        "Your archive.html": "<html>",
    }
    whole.write_bytes(zipped({inner: data.encode() for inner, data in files.items()}))
    for path in (folder / f"{name}.js", whole):
        (post,) = outcomes(path)
        assert isinstance(post, Tweet)
        assert (post.text, post.author, post.author_id, post.metrics.likes) == ("hello from my archive", "ada", "11", 3)


def test_a_lone_file_of_the_archive_says_what_is_missing(tmp_path: Path) -> None:
    """Its author stands elsewhere."""
    path = tmp_path / "tweets.js"
    path.write_text(TWEETS)
    (bad,) = outcomes(path)
    assert isinstance(bad, Bad)
    assert "account.js" in bad.reason


# --- documents of accounts

FEED_X = {
    "generatedAt": "2026-11-28T12:00:00Z",
    "x": [
        {"source": "x", "name": "Ada", "handle": "ada", "bio": "", "tweets": [
            {"id": "5", "text": "One &amp; two", "createdAt": "2026-11-28T10:00:00.000Z", "url": "https://x.com/ada/status/5",
             "likes": 4, "retweets": 3, "replies": 2, "isQuote": False, "quotedTweetId": None},
            {"id": "6", "text": "Look", "createdAt": "2026-11-28T11:00:00.000Z", "likes": 1, "isQuote": True,
             "quotedTweetId": "4", "quotedTweet": {"author": "Grace", "text": "said", "url": "https://x.com/grace/status/4"}},
            {"id": "7", "createdAt": "2026-11-28T11:00:00.000Z"},
        ]},
        {"source": "x", "name": "Grace", "handle": "@grace", "tweets": []},
    ],
    "podcasts": [{"title": "An episode"}],
    "stats": {"xBuilders": 2},
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 2])
def test_a_document_of_accounts_is_read(tmp_path: Path, indent: int | None) -> None:
    """follow-builders' feed: posts with their account's name, counts and quotes; one without words is bad."""
    path = tmp_path / "feed-x.json"
    path.write_text(json.dumps(FEED_X, indent=indent))
    first, second, bad, podcast = outcomes(path)
    assert isinstance(first, Tweet)
    assert (first.text, first.author, first.author_name) == ("One & two", "ada", "Ada")
    assert (first.metrics.likes, first.kind) == (4, "original")
    assert isinstance(second, Tweet)
    assert (second.kind, second.related_id, second.related_author, second.quoted_text) == (
        "quote",
        "4",
        "grace",
        "said",
    )
    assert isinstance(bad, Bad)
    assert isinstance(podcast, Ignored)


POST = {"id": "5", "text": "One", "createdAt": "2026-11-28T10:00:00.000Z"}
CLASSIC = {"id_str": "5", "full_text": "One", "created_at": "Sat Nov 28 10:00:00 +0000 2026"}


@pytest.mark.parametrize(
    "document",
    [
        {"accounts": [{"screen_name": "ada", "posts": [{**POST, "created_at": POST["createdAt"], "createdAt": None}]}]},
        {"users": [{"username": "@ada", "tweets": [CLASSIC]}]},
        {"authors": [{"handle": "ada", "items": [{"tweet_id": 5, "content": "One", "date": "2026-11-28 10:00:00"}]}]},
        {"builders": [{"xHandle": "ada", "tweets": [{"tweetId": "5", "text": "One", "timestamp": 1795860000}]}]},
        {"feed": [{"author": "ada", "entries": [{**POST, "publishedAt": POST["createdAt"], "createdAt": None}]}]},
        {"ada": {"tweets": [POST]}, "grace": {"tweets": []}},
        [{"handle": "ada", "tweets": [POST]}],
        {"handle": "ada", "tweets": [POST]},
        {"x": [{"user": {"username": "ada", "id": 11}, "tweets": [POST]}]},
        {"feeds": {"x": [{"handle": "ada", "tweets": [POST]}], "podcasts": []}},
        {"x": [{"handle": "ada", "tweets": [{**POST, "id": None, "url": "https://x.com/ada/status/5"}]}]},
        {"tweets": [{**POST, "author": "ada"}]},
        {"posts": [{**POST, "author": "ada", "created_at": POST["createdAt"]}], "count": 1},
    ],
)  # fmt: skip
def test_documents_of_other_names_are_read(tmp_path: Path, document: Any) -> None:
    """Accounts and posts by the names that collectors give their fields."""
    path = tmp_path / "feed.json"
    path.write_text(json.dumps(document, indent=1))
    (post,) = (one for one in outcomes(path) if not isinstance(one, Ignored))
    assert isinstance(post, Tweet), post
    assert (post.id, post.author, post.text, post.created_at.isoformat()) == (
        "5",
        "ada",
        "One",
        "2026-11-28T10:00:00+00:00",
    )


# --- refused by name


def tar() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("posts.jsonl"))
    return made.getvalue()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"PAR1\x15\x04\x15", "Parquet"),
        (b"SQLite format 3\x00\x10\x00", "SQLite"),
        (b"Obj\x01\x04\x14avro.codec", "Avro"),
        (b"%PDF-1.7\n%\xe2", "PDF"),
        (zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "Excel"),
        (zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), "OpenDocument"),
        (zipped({"picture.png": b""}), "a zip without posts"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel"),
        (tar(), "tar"),
        (gzip.compress(tar(), mtime=0), "tar"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "7z"),
        (b"<!DOCTYPE html>\n<html><body>", "HTML"),
        (b'<?xml version="1.0"?>\n<rss version="2.0"><channel>', "source rss"),
        (b'<?xml version="1.0"?><opml version="2.0">', "influencers import"),
        (b'<?xml version="1.0"?><posts>', "XML"),
        (b"From ada@a.example Sat Nov 28 10:00:00 2026\nSubject: x\n", "mailbox"),
        (b"WARC/1.0\r\n", "WARC"),
        (b"\x3a\xa2eroots\x81\xd8\x2a\x58\x25\x00\x01\x71\x12\x20", "CAR"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"\x80\x05\x95\x10\0\0", "pickle"),
        (b"\x93NUMPY\x01\0", "NumPy"),
        (b"\x1f\x9d\x90abc", "compress"),
        (b"\xff\x06\0\0sNaPpY", "snappy"),
        (b"\x82\xa2id\x01\xa4text\xa1x", "no text"),
        (b"\x16\0\0\0\x02id\0\x02\0\0\x001\0\0", "no text"),
    ],
    ids=lambda value: "data" if isinstance(value, bytes) else value,  # packed bytes hold the time: workers would differ
)
def test_other_files_are_refused_once_by_their_name(tmp_path: Path, data: bytes, name: str) -> None:
    """One reason for the file, with what to do."""
    path = tmp_path / "posts"
    path.write_bytes(data)
    (bad,) = outcomes(path)
    assert isinstance(bad, Bad)
    assert name in bad.reason
    assert "not JSON" not in bad.reason


NOTE = {
    "id": "9x", "createdAt": "2026-11-28T10:00:00.000Z", "userId": "u1", "text": "hello from a note", "cw": None,
    "user": {"id": "u1", "name": "Ada", "username": "ada", "host": None}, "visibility": "public",
}  # fmt: skip


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (NOTE, "Misskey"),
        ({"type": "channel", "body": {"id": "c", "type": "note", "body": NOTE}}, "Misskey"),
        ({"@context": "https://www.w3.org/ns/activitystreams", "orderedItems": []}, "ActivityPub"),
        ({"type": "Note", "attributedTo": "https://a.example/@ada", "content": "<p>x</p>"}, "ActivityPub"),
        ({"kind": "t3", "data": {"title": "x", "subreddit": "ml"}}, "Reddit"),
        ({"subreddit": "ml", "body": "x", "author": "ada"}, "Reddit"),
        ({"by": "ada", "id": 1, "time": 1, "type": "story", "title": "x"}, "Hacker News"),
        ({"name": "A chat", "type": "personal_chat", "messages": [{"id": 1}]}, "Telegram"),
        ({"guild": {}, "channel": {}, "messages": []}, "Discord"),
        ({"type": "message", "ts": "1.2", "user": "U1", "text": "x"}, "Slack"),
        ({"id": "x", "pubkey": "y", "kind": 1, "sig": "z", "content": "x"}, "Nostr"),
        ({"__typename": "Tweet", "rest_id": "1", "legacy": {"full_text": "x"}}, "GraphQL"),
        ({"version": "https://jsonfeed.org/version/1.1", "items": []}, "JSON feed"),
        ({"etag": "x", "snippet": {"title": "x"}}, "YouTube"),
        (
            {
                "id": "9x",
                "createdAt": "2026-11-28T10:00:00Z",
                "user": {"username": "ada"},
                "text": "x",
                "visibility": "public",
            },
            "Misskey",
        ),
        (
            {"id": "1", "type": 0, "content": "x", "channel_id": "2", "author": {"id": "3", "username": "ada"}},
            "Discord",
        ),
        ({"data": {"threaded_conversation_with_injections_v2": {}}}, "GraphQL"),
        (
            {
                "id": "1",
                "media_type": "TEXT_POST",
                "text": "x",
                "username": "ada",
                "permalink": "https://www.threads.net/@ada/post/x",
            },
            "Threads",
        ),
        ({"post": {"name": "x"}, "creator": {"name": "ada"}, "community": {"name": "ml"}}, "Lemmy"),
        (
            {"id": "1", "type": "PushEvent", "actor": {"login": "ada"}, "repo": {}},
            "no known format: id, type, actor, repo",
        ),
        ({"blog_name": "ada", "id": 1, "body": "x"}, "no known format: blog_name, id, body"),
    ],
)
def test_other_records_are_refused_by_their_name(tmp_path: Path, record: dict[str, Any], name: str) -> None:
    """And not for a field of ours that they lack."""
    path = tmp_path / "posts.jsonl"
    path.write_text(json.dumps(record))
    (bad,) = outcomes(path)
    assert isinstance(bad, Bad)
    assert name in bad.reason
    assert "is missing" not in bad.reason


def test_no_format_that_is_read_is_refused() -> None:
    """The marks of the others are theirs alone."""
    from tests.support import source_samples as samples

    shown = [value for name, value in vars(samples).items() if name.isupper() and isinstance(value, dict)]
    assert len(shown) > 5
    assert [name_of_record(value) for value in [*shown, LINE, FEED_X]] == [None] * (len(shown) + 2)
    assert {"accounts", "x-archive"} <= set(formats.names())
