"""The week in one line: "Trending this week: A, B and C." — its first three topics by their labels.

Topics about harm are not said to trend: "Also spoken about: C."
"""

from collections.abc import Sequence

from models.events import DigestTopic, Sentence

OPENING = "Trending this week: "
SENSITIVE_OPENING = "Also spoken about: "
QUIET = "A quiet week: no subject was taken up by enough people to report."


def headline(topics: Sequence[DigestTopic], all_ids: Sequence[str]) -> Sentence:
    """The headline; a week without topics says so and cites up to 20 of `all_ids`, in which it found none."""
    if not topics:
        return Sentence(text=QUIET, posts=list(all_ids[:20]))
    first = topics[:3]
    lively = [topic.label for topic in first if not topic.sensitive]
    grave = [topic.label for topic in first if topic.sensitive]
    parts = [
        f"{opening}{_named(labels)}." for opening, labels in ((OPENING, lively), (SENSITIVE_OPENING, grave)) if labels
    ]
    posts = [post_id for topic in first for post_id in topic.summary.posts]
    return Sentence(text=" ".join(parts), posts=list(dict.fromkeys(posts)))


def _named(labels: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"; with semicolons when a label has a conjunction or a comma of its own."""
    if len(labels) == 1:
        return labels[0]
    if any(" and " in f" {label} " or "," in label for label in labels):
        return f"{'; '.join(labels[:-1])}; and {labels[-1]}"
    return f"{', '.join(labels[:-1])} and {labels[-1]}"
