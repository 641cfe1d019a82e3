"""Stage view: decoded events reach the store, other records become dead letters."""

from collections.abc import Sequence

from models.events import Assignment, DeadLetter, Digest, EditedDigest, TopicEvent
from models.events.wire import decode, encode
from streams.kafka.record import Record
from streams.kafka.topics import DEAD_LETTERS
from streams.ports import Headers
from streams.stages.view import view_assignments, view_digests, view_editions, view_topic_events
from tests.support.made_posts import START, FakeSend, clock, record


class Store:
    """Stores what it receives."""

    def __init__(self) -> None:
        self.given: list[object] = []

    async def apply_assignments(self, assignments: Sequence[Assignment]) -> None:
        """See ViewStore."""
        self.given += assignments

    async def apply_topic_events(self, events: Sequence[TopicEvent]) -> None:
        """See ViewStore."""
        self.given += events

    async def put_digest(self, digest: Digest, headers: Headers) -> None:
        """See ViewStore."""
        self.given.append((digest, headers))

    async def put_edition(self, week: str, edited: EditedDigest | None) -> None:
        """See ViewStore."""
        self.given.append((week, edited))


def _record(value: bytes, offset: int) -> Record:
    return record(value, offset, topic="assignments")


async def test_good_events_are_applied_and_bad_ones_put_aside() -> None:
    """In order; the bad record delays none of them."""
    store, send = Store(), FakeSend()
    events = [Assignment(id=f"p{n}", origin=f"0:{n}", outcome="assigned", at=START, topic_id="t") for n in range(3)]
    records = [
        _record(encode(events[0]), 0),
        _record(b"?", 1),
        _record(encode(events[1]), 2),
        _record(encode(events[2]), 3),
    ]
    await view_assignments(records, store=store, send=send, clock=clock)
    assert store.given == events
    (letter,) = [decode(value, DeadLetter) for value in send.on(DEAD_LETTERS.name)]
    assert (letter.stage, letter.offset) == ("view", 1)


async def test_topic_events_reach_the_store() -> None:
    """They arrive unchanged."""
    store = Store()
    event = TopicEvent(topic_id="t", kind="born", at=START, reason="three people", label="Lenses")
    await view_topic_events([_record(encode(event), 0)], store=store, send=FakeSend(), clock=clock)
    assert store.given == [event]


async def test_a_value_of_another_type_is_no_digest() -> None:
    """Another program may write to our topics."""
    store, send = Store(), FakeSend()
    await view_digests([_record(b'{"week":"2021-W18"}', 4)], store=store, send=send, clock=clock)
    assert store.given == []
    assert len(send.on(DEAD_LETTERS.name)) == 1


async def test_editions_are_shown_and_withdrawn_in_order() -> None:
    """A null value withdraws; what is no edition becomes a dead letter and delays none."""
    store, send = Store(), FakeSend()
    edited = EditedDigest(
        week="2021-W18", digest="00", model="tiny", headline=None, sections=[], proposed=0, accepted=0, answers=[]
    )
    values = [encode(edited), None, b"?", encode(edited)]
    records = [Record("digests.edited", 0, offset, b"2021-W18", value, 0) for offset, value in enumerate(values)]
    await view_editions(records, store=store, send=send, clock=clock)
    assert store.given == [("2021-W18", edited), ("2021-W18", None), ("2021-W18", edited)]
    assert len(send.on(DEAD_LETTERS.name)) == 1
