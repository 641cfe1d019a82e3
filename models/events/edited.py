"""A digest as a language model edited it: an event of its own beside the digest, which stays as it is."""

from models.events.base import SCHEMA, Event
from models.events.digest import Sentence


class Answer(Event, frozen=True):
    """What the model answered about one section. The rest of the event follows from the answers and the posts."""

    section: str  # id of the section; empty for the headline
    prompt: str  # hex sha256 of the messages that were sent
    hash: str  # hex sha256 of the text
    text: str


class EditedSection(Event, frozen=True):
    """The sentences of a section that stand; what is missing stays as the digest has it."""

    id: str
    title: Sentence | None = None
    sentences: list[Sentence] = []
    why: Sentence | None = None  # why it matters, where the posts say so


class EditedDigest(Event, frozen=True):
    """The claims of a model about one digest that the cited posts support, keyed by week on `digests.edited`."""

    week: str
    digest: str  # hex sha256 of the digest that it was made from; another digest of the week makes it void
    model: str
    headline: Sentence | None
    sections: list[EditedSection]
    proposed: int  # claims in the answers
    accepted: int  # claims that stand
    answers: list[Answer]
    schema: int = SCHEMA
