"""Stage assign when the encoder changes: a new topic space, strays, vector lengths."""

import re
from pathlib import Path

import msgspec
from structlog.testing import capture_logs

from models.encoding.encoder import space_of
from models.encoding.hash_encoder import HashEncoder
from models.events import DeadLetter, EmbeddedTweet
from models.events.wire import decode, encode, pack_vector
from models.online.assigner import STRAYS
from streams.kafka.topics import DEAD_LETTERS
from tests.support.assigning import Bench
from tests.support.made_lessons import lesson
from tests.support.made_posts import ENCODER, embedded, in_batches, record, tweet


async def test_vectors_of_a_retired_encoder_are_dead_letters_also_inside_one_batch(tmp_path: Path) -> None:
    """The division of the log into batches has no effect."""
    encoders = ["one@1", "one@1", "two@1", "one@1", "two@1"]
    log = [record(embedded(tweet(n), f"0:{n}", encoder), n) for n, encoder in enumerate(encoders)]
    for number, sizes in enumerate(([5], [1], [2, 1])):
        bench = Bench(tmp_path / str(number), log)
        for batch in in_batches(log, sizes):
            await bench.stage.assign(batch)  # type: ignore[arg-type]
        assert [one.origin for one in bench.assignments()] == ["0:0", "0:1", "0:2", "0:4"]
        (letter,) = [decode(value, DeadLetter) for value in bench.send.on(DEAD_LETTERS.name)]
        assert letter.offset == 3
        assert "two@1" in letter.reason


async def test_a_change_of_encoder_says_so_and_how_to_rebuild(tmp_path: Path) -> None:
    """Logged once, with both names and a command. The first encoder of a log is not a change."""
    bench = Bench(tmp_path, [])
    with capture_logs() as logs:
        await bench.stage.assign(
            [record(embedded(tweet(n), f"0:{n}", f"{name}@1"), n) for n, name in enumerate("aabb")]
        )
    (line,) = logs
    assert (line["before"], line["now"]) == ("a@1", "b@1")
    assert re.fullmatch(
        r"toptopics replay --from 2021-\S+ --to 2021-\S+ --source tweets --publish", line["rebuild_digests"]
    )


async def test_going_back_to_an_encoder_costs_a_few_posts_and_not_the_stream(tmp_path: Path) -> None:
    """A few old vectors come from a worker that still runs; many in a row are a choice. Batches have no effect."""
    names = ["a", "b", *"a" * (STRAYS - 1), "b", *"a" * (STRAYS + 2), "b"]
    log = [record(embedded(tweet(n), f"0:{n}", f"{name}@1"), n) for n, name in enumerate(names)]
    for sizes in ([len(log)], [1], [7, 64]):
        bench = Bench(tmp_path / str(sizes[0]), log)
        for batch in in_batches(log, sizes):
            await bench.stage.assign(batch)  # type: ignore[arg-type]
            bench.stage.save_snapshot()
            bench.restart_keeping_outputs()
        placed = [int(one.origin[2:]) for one in bench.assignments()]
        back = names.index("a", STRAYS + 2)
        assert placed == [0, 1, STRAYS + 1, back + STRAYS, back + STRAYS + 1]
        assert len(bench.send.on(DEAD_LETTERS.name)) == len(log) - len(placed)
        assert bench.stage.assigner.encoder == "a@1"


async def test_a_vector_of_a_wrong_length_is_a_dead_letter(tmp_path: Path) -> None:
    """Anyone may have written to the topic."""
    good = embedded(tweet(1), "0:1")
    wrong = encode(good).replace(b'"dimensions":64', b'"dimensions":63')
    bench = Bench(tmp_path, [])
    await bench.stage.assign([record(wrong, 0), record(good, 1)])
    assert [one.id for one in bench.assignments()] == ["p00001"]
    assert isinstance(good, EmbeddedTweet)
    assert "63" in decode(bench.send.on(DEAD_LETTERS.name)[0], DeadLetter).reason


async def test_the_first_post_of_an_encoder_sets_the_width_also_inside_one_batch(tmp_path: Path) -> None:
    """A check that first stacks the vectors would crash permanently."""
    (vector,) = HashEncoder(32).encode(["a choir"])
    narrow = msgspec.structs.replace(embedded(tweet(1), "0:1"), vector=pack_vector(vector), dimensions=32)
    wrong = encode(lesson([], 32, ENCODER.name))
    bench = Bench(tmp_path, [])
    records = [record(embedded(tweet(0), "0:0"), 0), record(narrow, 1), record(wrong, 2), record(embedded(tweet(2)), 3)]
    await bench.stage.assign(records)
    assert [one.id for one in bench.assignments()] == ["p00000", "p00002"]
    letters = [decode(value, DeadLetter) for value in bench.send.on(DEAD_LETTERS.name)]
    assert [letter.reason for letter in letters] == [f"32 dimensions, but {space_of(ENCODER.name)} has 64"] * 2
