"""The sentences of the benchmark of claims, and the check on them."""

from tests.benchmarks.bench_claims import judged, score


def test_half_of_at_least_200_sentences_are_true() -> None:
    """Each false one differs from its true one."""
    sentences = judged()
    assert len(sentences) >= 200
    assert sum(one.is_true for one in sentences) * 2 == len(sentences)
    assert len({one.text for one in sentences}) == len(sentences)
    assert {one.kind for one in sentences} >= {"number", "name", "negation", "attribution", "date", "merged"}


def test_the_check_errs_in_the_readers_favour() -> None:
    """Nearly nothing false stands, and more true sentences stand than fall."""
    found = score(judged())
    assert found.precision > 0.95
    assert found.recall > 0.5
