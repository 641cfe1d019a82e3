"""Files from users: any content gives outcomes, or an error that names the problem."""

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.events.wire import encode
from streams.delivery.alert_rules import RulesError, load_rules
from streams.delivery.subscription import SubscriptionError, from_file
from streams.sources.files.archive import read_archive
from streams.sources.files.csv_rows import ColumnsError
from streams.sources.people.files import read_people
from tests.support.made_posts import tweet
from tests.support.mangled import damaged

LINES = b"".join(encode(tweet(number)) + b"\n" for number in range(3))
TABLE = b'id,author,created_at,text\n1,a,2021-05-03T10:00:00Z,"x, y"\n2,b,2021-05-03,"z"\n'
PEOPLE = b"name,x,mastodon,weight,tags\nAda,ada,ada@example.org,1.5,ml nlp\n"
RULES = b"channels:\n  team: json://example.org\nrules:\n  - name: a\n    on: trending\n    send: [team]\n"
HOOKS = b'[[subscription]]\nname = "a"\nurl = "https://example.org/hook"\n'
PLAIN: Callable[[bytes], bytes] = bytes


def _on_disk(data: bytes, read: Callable[[Path], object]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        read(path)


@pytest.mark.parametrize("pack", [PLAIN, gzip.compress, bz2.compress], ids=["plain", "gzip", "bzip2"])
@settings(max_examples=60)
@given(data=st.data())
def test_any_archive_gives_outcomes(pack: Callable[[bytes], bytes], data: st.DataObject) -> None:
    """Also one with damaged compressed bytes. A table without required columns reports them."""
    packed = pack(data.draw(st.sampled_from([LINES, TABLE])))
    content = data.draw(damaged(packed) | damaged(TABLE).map(pack))

    def read(path: Path) -> None:
        try:
            list(read_archive(path))
        except ColumnsError:
            return

    _on_disk(content, read)


@pytest.mark.parametrize(
    "content",
    [
        bz2.compress(LINES * 50)[:90] + b"damaged" + bz2.compress(LINES)[-20:],
        b"id,author,created_at,te\x00xt\n1,a,b,c\n",
        b'id,author,created_at,"' + b"x" * 200_000 + b'"\n',
    ],
    ids=["bzip2", "null byte", "endless column"],
)
def test_an_archive_that_is_damaged_in_a_rare_way(content: bytes) -> None:
    """Found by hand."""

    def read(path: Path) -> None:
        try:
            list(read_archive(path, "csv" if content.startswith(b"id") else "auto"))
        except ColumnsError:
            return

    _on_disk(content, read)


@given(damaged(PEOPLE) | damaged(LINES) | st.binary(max_size=60))
@example(b"name,x\nAda," + b"a" * 200_000)
@example(b"name,x,weight\nAda,ada,nan\n")
def test_any_list_of_people_is_read_or_refused(content: bytes) -> None:
    """With the number of the wrong line."""
    try:
        people = read_people(content.decode("utf-8", "replace"))
    except ValueError:
        return
    assert all(0 <= person.weight <= 100 for person in people)


@settings(max_examples=60)
@given(damaged(RULES) | st.binary(max_size=60))
@example(b"\xff\xfe")
@example(b"[" * 5_000)
def test_any_rules_are_read_or_refused(content: bytes) -> None:
    """The message names the file."""

    def read(path: Path) -> None:
        try:
            load_rules(path, {})
        except RulesError:
            return

    _on_disk(content, read)


@settings(max_examples=60)
@given(damaged(HOOKS) | st.binary(max_size=60))
@example(b"subscription = 3\n")
@example(b"a=" + b"[" * 5_000)
def test_any_subscriptions_are_read_or_refused(content: bytes) -> None:
    """The message names the file."""

    def read(path: Path) -> None:
        try:
            from_file(path)
        except SubscriptionError:
            return

    _on_disk(content, read)
