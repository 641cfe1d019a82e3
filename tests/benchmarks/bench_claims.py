"""The check of an editor's claims, on sentences about the demo's posts: half are true to the posts, half subtly false.

    python -m tests.benchmarks.bench_claims [--show]

Recall: the share of true sentences that stand. Precision: the share of standing sentences that are true. Of the pairs,
every second one was looked at while the check was written; the others were not, and are printed on their own.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson

from models.editing.claims import Verdict, check
from models.events import Tweet
from models.wording.people import clean_handle, display_name
from streams.demo.posts import demo_posts
from streams.sources.files.json_lines import parse_line

FILE = Path(__file__).with_name("edited_sentences.txt")


@dataclass(frozen=True)
class Judged:
    """A sentence, whether it is true to the posts, and what the check says."""

    pair: int
    kind: str  # of the falsehood in its pair
    text: str
    is_true: bool
    verdict: Verdict


@dataclass(frozen=True)
class Score:
    """Of some sentences."""

    stood: int  # true sentences that stand
    true: int
    false_stood: int
    false: int

    @property
    def recall(self) -> float:
        """Of the true sentences."""
        return self.stood / self.true

    @property
    def precision(self) -> float:
        """Of the standing sentences."""
        return self.stood / max(1, self.stood + self.false_stood)


@cache
def posts() -> list[Tweet]:
    """The demo's own posts, without what only repeats them."""
    found = [parse_line(orjson.dumps(post)) for post in demo_posts()]
    return [one for one in found if isinstance(one, Tweet) and one.kind != "retweet"]


def judged() -> list[Judged]:
    """Every sentence of the file with its verdict."""
    found = []
    lines = [line for line in FILE.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    for pair, line in enumerate(lines):
        kind, places, true, false = (part.strip() for part in line.split(" | "))
        cited = [next(one for one in posts() if words.strip() in one.text) for words in places.split("&&")]
        for text, is_true in ((true, True), (false, False)):
            said = text.format(*[f"{display_name(one)} (@{clean_handle(one.author)})" for one in cited])
            found.append(Judged(pair, kind, said, is_true, check(said, cited)))
    return found


def score(sentences: Sequence[Judged]) -> Score:
    """Count the verdicts."""
    stands = Counter((one.is_true, one.verdict.stands) for one in sentences)
    return Score(
        stood=stands[True, True],
        true=stands[True, True] + stands[True, False],
        false_stood=stands[False, True],
        false=stands[False, True] + stands[False, False],
    )


def report(sentences: Sequence[Judged]) -> None:
    """Print recall and precision, and what false sentences stand, by kind."""
    looked_at = [one for one in sentences if one.pair % 2 == 0]
    unseen = [one for one in sentences if one.pair % 2]
    for name, some in (("all", sentences), ("looked at", looked_at), ("not looked at", unseen)):
        found = score(some)
        print(
            f"claims, {name}: {found.stood} of {found.true} true ones stand (recall {found.recall:.2f}), "
            f"{found.false_stood} of {found.false} false ones (precision {found.precision:.3f})"
        )
    for kind in dict.fromkeys(one.kind for one in sentences):
        found = score([one for one in sentences if one.kind == kind])
        print(f"  {kind}: {found.stood} of {found.true}, {found.false_stood} of {found.false}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print the wrong verdicts of the pairs that were looked at")
    shown = parser.parse_args().show
    sentences = judged()
    report(sentences)
    for one in sentences if shown else ():
        if one.pair % 2 == 0 and one.is_true != one.verdict.stands:
            print(f"{'TRUE ' if one.is_true else 'FALSE'} {one.text} [{one.verdict.reason}]")


if __name__ == "__main__":
    main()
