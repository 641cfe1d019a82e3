"""Dead letters: what is open, what sending back produces, and that nothing is sent twice."""

import base64
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import DeadLetter, Deletion, Tweet
from models.events.wire import decode_post, encode, pack_vector
from streams.cli.dead_letters import _list, _show
from streams.kafka.record import Record
from streams.operations.dead_letters import NotSendableError, StoredLetter, dismiss, outgoing, send_back, stored_letters
from streams.stages.dead_letters import dead_letter
from streams.stages.post_time import check_not_future
from tests.support.made_posts import START, FakeSend, embedded, record, tweet

GOOD = encode(tweet(1))


def letter_of(value: bytes | None, topic: str = "tweets", **fields: Any) -> StoredLetter:
    """The letter of a record with this value."""
    return StoredLetter(3, dead_letter("embed", "broken", record(value, 7, topic=topic, **fields), START))


def _on_topic(letters: list[DeadLetter], notes: list[int]) -> list[Record]:
    records = [record(encode(letter), offset, topic="dead-letters") for offset, letter in enumerate(letters)]
    for number in notes:
        headers = (("letter", str(number).encode()),)
        records.append(Record("dead-letters", 0, len(records), b"sent-back", None, 0, headers))
    return records


def test_the_original_bytes_key_and_time_go_back() -> None:
    """Unchanged, to the original topic."""
    (sent,) = outgoing(letter_of(GOOD))
    assert (sent.topic, sent.key, sent.value) == ("tweets", b"key", GOOD)
    assert sent.timestamp == tweet(1).created_at


@given(st.binary(max_size=300), st.none() | st.binary(max_size=20))
def test_any_bytes_survive_the_letter(value: bytes, key: bytes | None) -> None:
    """Whatever was wrong with the record."""
    stored = StoredLetter(0, dead_letter("embed", "x", Record("tweets", 1, 2, key, value, 0), START))
    assert (stored.record, stored.key) == (value, key)
    (sent,) = outgoing(stored, force=True)
    assert (sent.value, sent.key) == (value, key)


def test_what_would_come_back_at_once_is_refused_unless_forced() -> None:
    """Only a repaired record is sent back."""
    for broken in (None, b"", b"{}", GOOD[:-3]):
        with pytest.raises(NotSendableError, match="be refused again"):
            outgoing(letter_of(broken))
        assert outgoing(letter_of(broken), force=True)[0].value == broken


def test_a_vector_is_checked_before_it_goes_back() -> None:
    """The assign stage would refuse it again."""
    good = encode(embedded(tweet(1)))
    assert outgoing(letter_of(good, "p-tweets.embedded"), "p-")[0].topic == "tweets.embedded"
    short = orjson.dumps(orjson.loads(good) | {"vector": pack_vector(np.ones(3))})
    with pytest.raises(NotSendableError, match="3 numbers"):
        outgoing(letter_of(short, "p-tweets.embedded"), "p-")


def test_digests_and_foreign_topics_are_not_sent_back() -> None:
    """Its stage computes a digest again."""
    with pytest.raises(NotSendableError, match="week-close"):
        outgoing(letter_of(b"{}", "digests"))
    with pytest.raises(NotSendableError, match="does not take records back"):
        outgoing(letter_of(b"{}", "somebody-elses"))


def _outside(data: bytes) -> StoredLetter:
    record64 = base64.b64encode(data).decode()
    return StoredLetter(0, DeadLetter(stage="ingest", reason="r", record=record64, source="a.jsonl:4", at=START))


def test_a_line_of_a_file_is_parsed_again() -> None:
    """Its posts go to `tweets`, from any platform's format."""
    line = {"id": 5, "author": "ann", "created_at": "2021-05-03T10:00:00Z", "text": "now it can be read"}
    (sent,) = outgoing(_outside(orjson.dumps(line)))
    post = decode_post(sent.value)
    assert isinstance(post, Tweet)
    assert (post.id, post.text, sent.topic) == ("5", "now it can be read", "tweets")
    assert outgoing(_outside(GOOD))[0].value == GOOD
    with pytest.raises(NotSendableError, match="still not JSON"):
        outgoing(_outside(b"{"))
    with pytest.raises(NotSendableError, match="be refused again"):
        outgoing(_outside(b'{"id": 5, "author": "ann"}'))


def test_a_tombstone_has_the_time_of_its_deletion() -> None:
    """So that it comes after its post."""
    deletion = Deletion(id="p1", author_id="a", deleted_at=START)
    assert outgoing(letter_of(encode(deletion)))[0].timestamp == START


async def test_what_was_sent_back_is_marked_after_the_broker_has_it() -> None:
    """First the record, then the note. An unreachable broker leaves the letter open."""
    stored = letter_of(GOOD)
    send = FakeSend()
    await send_back(stored, outgoing(stored), send)
    assert [sent.topic for sent in send.sent] == ["tweets", "dead-letters"]
    note = send.sent[1]
    assert (note.key, note.value) == (b"sent-back", None)
    assert list(note.headers) == [("letter", b"3"), ("state", b"sent back")]
    broken = FakeSend(broken=True)
    with pytest.raises(ConnectionError):
        await send_back(stored, outgoing(stored), broken)
    assert broken.sent == []


def test_notes_mark_letters_and_redelivered_letters_are_one() -> None:
    """A crash between producing and acknowledging writes the letter of the same record again."""
    first = dead_letter("embed", "x", record(b"?", 5), START)
    other = dead_letter("embed", "x", record(b"?", 6), START)
    letters = stored_letters(_on_topic([first, other, first], notes=[0]))
    assert {number: stored.state for number, stored in letters.items()} == {0: "sent back", 1: "open"}


async def test_a_letter_that_nothing_can_mend_is_dismissed() -> None:
    """It is no longer open, and nothing is sent to its original topic."""
    record_of = record(encode(dead_letter("embed", "not JSON", record(b"{", 5), START)), 3, topic="dead-letters")
    send = FakeSend()
    await dismiss(stored_letters([record_of])[3], send)
    (note,) = send.sent
    written = Record(note.topic, 0, 4, note.key, note.value, 0, list(note.headers))
    assert stored_letters([record_of, written])[3].state == "dismissed"


def test_what_is_no_letter_is_passed_over() -> None:
    """Anyone may write to a topic."""
    assert stored_letters([record(b"rubbish", 0, topic="dead-letters"), record(None, 1, topic="dead-letters")]) == {}


def test_nothing_hostile_reaches_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences, line breaks and overrides in reason, source, key and record."""
    hostile = "\x1b]0;owned\x07 \u202egnp \x9b31m\nfaked line\r"
    letter = DeadLetter(
        stage="in\x1bgest",
        reason=hostile,
        record=base64.b64encode(hostile.encode()).decode(),
        key=base64.b64encode(hostile.encode()).decode(),
        source=hostile,
        at=START,
    )
    _list([StoredLetter(0, letter)], 5)
    listed = capsys.readouterr().out
    assert listed.count("\n") == 1
    _show(StoredLetter(0, letter))
    for text in (listed, capsys.readouterr().out):
        assert not any(character in text for character in "\x1b\x07\u202e\x9b\r")


def test_a_post_that_is_still_in_the_future_is_not_sent_back() -> None:
    """Neither a line of a file nor a record of `tweets`, unless forced."""

    def soon(moment: datetime) -> None:
        check_not_future(moment, tweet(1).created_at - timedelta(minutes=2), timedelta(minutes=1))

    for stored in (letter_of(GOOD), _outside(GOOD)):
        with pytest.raises(NotSendableError, match=r"be refused again: .* in the future"):
            outgoing(stored, soon=soon)
        assert outgoing(stored, force=True, soon=soon)[0].value == GOOD
        assert outgoing(stored, soon=lambda moment: None)[0].value == GOOD
