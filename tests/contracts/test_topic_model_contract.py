"""Laws of every topic model behind the port, ours and river's."""

import copy

import numpy as np
import orjson
import pytest
from safetensors.numpy import load, save

from models.events import TopicEvent
from models.online.factory import ModelKind, StateError, create_topic_model, restore_topic_model
from models.online.metadata import NewerStateError
from models.online.topic_model import Placement, PostBatch, TopicModel
from tests.support.made_lessons import lesson, taught
from tests.support.made_streams import DIMENSIONS, cut, made_stream, part

KINDS: list[ModelKind] = ["topics", "dbstream", "textclust", "denstream"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> ModelKind:
    """Every kind that the settings allow."""
    chosen: ModelKind = request.param
    return chosen


def fed(model: TopicModel, batches: list[PostBatch]) -> tuple[list[Placement], list[TopicEvent]]:
    """All placements and events of a stream."""
    placements, events = [], []
    for batch in batches:
        placed, happened = model.learn_many(batch)
        placements += placed
        events += happened
    return placements, events


def test_cuts_do_not_matter(kind: ModelKind) -> None:
    """Placements, events and the bytes of the state are the same in batches of 1, 7 and all at once."""
    stream = made_stream(150)
    outcomes = []
    for sizes in ([1], [7], [len(stream)], [64, 1, 3]):
        model = create_topic_model(kind, DIMENSIONS, "e")
        outcomes.append((fed(model, cut(stream, sizes)), model.to_bytes()))
    for outcome in outcomes[1:]:
        assert outcome[0] == outcomes[0][0]
        assert outcome[1] == outcomes[0][1]


def test_restored_has_the_same_future(kind: ModelKind) -> None:
    """Also when the state is saved in the middle of a block, or before the first post."""
    stream = made_stream(160)
    for moment in (0, 1, 37, 64, 101):
        model = create_topic_model(kind, DIMENSIONS, "e")
        fed(model, [part(stream, 0, moment)])
        again = restore_topic_model(model.to_bytes())
        assert again.to_bytes() == model.to_bytes()
        rest = [part(stream, moment, len(stream))]
        assert fed(again, rest) == fed(model, rest)
        assert again.to_bytes() == model.to_bytes()


def test_nothing_is_mutated(kind: ModelKind) -> None:
    """The batch belongs to the caller."""
    stream = made_stream(80)
    before = copy.deepcopy(stream)
    stream.vectors.setflags(write=False)
    stream.at.setflags(write=False)
    create_topic_model(kind, DIMENSIONS, "e").learn_many(stream)
    assert np.array_equal(stream.vectors, before.vectors)
    assert (stream.ids, stream.words, stream.related) == (before.ids, before.words, before.related)


def test_one_placement_per_post_and_retweets_follow(kind: ModelKind) -> None:
    """A retweet of a known post gets that post's present topic, as support."""
    stream = made_stream(200, retweets=0.4)
    model = create_topic_model(kind, DIMENSIONS, "e")
    placements, events = fed(model, cut(stream, [50]))
    assert len(placements) == len(stream)
    moved = {post: event.topic_id for event in events for post in event.moved_ids}
    placed = {post: placement.topic_id for post, placement in zip(stream.ids, placements, strict=True)}
    now = {post: model.current_id(moved.get(post, topic)) for post, topic in placed.items()}
    followed = 0
    for post, related, placement in zip(stream.ids, stream.related, placements, strict=True):
        if related in now:
            assert placement.support
            assert now[post] == now[related]
            followed += 1
    assert followed > 20


def test_views_of_the_state_are_pure(kind: ModelKind) -> None:
    """Centroids are unit vectors of the live topics; reading them changes nothing."""
    model = create_topic_model(kind, DIMENSIONS, "e")
    model.learn_many(made_stream(120))
    before = model.to_bytes()
    ids, rows = model.centroids()
    assert len(ids) == len(set(ids)) == len(rows) > 0
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-4)
    assert all(model.current_id(name) == name for name in ids)
    assert model.current_id("never seen") == "never seen"
    assert model.to_bytes() == before


def test_digest_is_matched_one_to_one(kind: ModelKind) -> None:
    """A digest made of the live topics matches each of them, under the digest's ids."""
    stream = made_stream(200, subjects=4, noise=0.3, retweets=0.0)
    model = create_topic_model(kind, DIMENSIONS, "e")
    placements, events = fed(model, [stream])
    born = {event.topic_id for event in events if event.kind == "born"}
    ids, rows = model.centroids()
    topics = [
        taught(
            f"digest-{name}",
            [p for p, at in zip(stream.ids, placements, strict=True) if model.current_id(at.topic_id) == name],
            row,
        )
        for name, row in zip(ids, rows, strict=True)
        if name in born
    ]
    matched = model.learn_week(lesson(topics, DIMENSIONS))
    assert {event.topic_id: event.other_ids for event in matched} == {
        topic.id.removeprefix("digest-"): [topic.id] for topic in topics
    }
    assert all(event.kind == "alias" and event.week == "2023-W46" for event in matched)


def test_state_of_another_version_is_refused(kind: ModelKind) -> None:
    """An older one can be rebuilt; a newer one has an error of its own, because it must not be replaced."""
    model = create_topic_model(kind, DIMENSIONS, "e")
    model.learn_many(made_stream(20))
    data = model.to_bytes()
    header = orjson.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    metadata = orjson.loads(header["__metadata__"]["online"])
    assert (metadata["kind"], metadata["encoder"]) == (kind, "e")
    for version, kind_of_error, told in ((0, StateError, "version 0.*rebuild"), (999, NewerStateError, "version 999")):
        metadata["version"] = version
        with pytest.raises(kind_of_error, match=told):
            restore_topic_model(save(load(data), metadata={"online": orjson.dumps(metadata).decode()}))


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\xff" * 100, save({}, metadata={"online": "{}"})])
def test_foreign_bytes_are_refused(data: bytes) -> None:
    """Always as StateError."""
    with pytest.raises(StateError):
        restore_topic_model(data)


def test_truncated_state_is_refused(kind: ModelKind) -> None:
    """A half-written file is refused."""
    model = create_topic_model(kind, DIMENSIONS, "e")
    model.learn_many(made_stream(20))
    with pytest.raises(StateError):
        restore_topic_model(model.to_bytes()[:-9])


def test_wrong_width_is_refused(kind: ModelKind) -> None:
    """Vectors of another encoder never enter the space."""
    model = create_topic_model(kind, DIMENSIONS + 1, "e")
    with pytest.raises(ValueError, match="shape"):
        model.learn_many(made_stream(5))


def test_empty_batch(kind: ModelKind) -> None:
    """Nothing happens."""
    model = create_topic_model(kind, DIMENSIONS, "e")
    assert model.learn_many(part(made_stream(5), 0, 0)) == ([], [])
