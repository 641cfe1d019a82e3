"""Applies a week's refit to the live topics: splits topics that contain several subjects.

The refit has seen the whole week, while a live topic has seen only the posts before each post. But users already have
the live topics' ids. So a live topic keeps its id, and a subject that the refit separates gets an id of its own, with
its posts' words, people and place in the space. The smallest part is split first, so that the largest stays.

A part is split if most of its posts went to this one topic, if it could have been born on its own, and if its
similarity to the rest is small, because the refit divides large subjects as well. The two are not merged again. The
counts of the rest are the topic's counts minus those of the part.
"""

from dataclasses import dataclass

import numpy as np

from models.events import TopicEvent
from models.events.week_topics import WeekTopic, WeekTopics
from models.events.wire import unpack_vector
from models.online.burst import Past
from models.online.centering import UNIT, Floats
from models.online.labels import keywords_of, label_of, tally
from models.online.lifecycle import close_block, event
from models.online.record import EXAMPLES, TopicRecord
from models.online.topic_space import TopicSpace
from models.text.live_words import bare


@dataclass(frozen=True)
class Part:
    """A topic of the refit inside a live one."""

    topic: WeekTopic  # the refit's topic
    posts: list[str]  # its distinct posts in the live topic, the oldest first
    share: float  # share of the refit's topic that they are, 0–1
    vector: Floats  # their decayed sum
    weight: float  # effective posts in the sum

    @property
    def originals(self) -> int:
        """Distinct posts, including those beyond the refit's list."""
        return max(len(self.posts), round(self.share * self.topic.originals))


def learn_week(space: TopicSpace, week: WeekTopics) -> list[TopicEvent]:
    """Split topics by the refit. The present block ends first. Returns `split` and `born` events."""
    events = close_block(space) if space.block.posts else []
    for topic in sorted(week.topics, key=lambda topic: (topic.originals, topic.id)):
        part, record = _part(space, topic, week)
        if part is None or record is None or not _could_be_born(space, part, record):
            continue
        similarity = _similarity_to_rest(space, part, record)
        if similarity < space.config.split:
            events += _leave(space, part, record, similarity, week)
    return events


def _part(space: TopicSpace, topic: WeekTopic, week: WeekTopics) -> tuple[Part | None, TopicRecord | None]:
    """The live topic with most of the posts, and these posts."""
    homes = [space.topic_now(post) for post in topic.post_ids]
    home = max(sorted({name for name in homes if name is not None}), key=homes.count, default=None)
    slot = None if home is None else space.by_id.get(home)
    if slot is None or space.records[slot].only_told or 2 * homes.count(home) <= len(homes):
        return None, None
    posts = [post for post, name in zip(topic.post_ids, homes, strict=True) if name == home]
    share = len(posts) / len(homes)
    age = max(0.0, float(space.table.updated[slot]) - topic.last.timestamp())
    most = 0.5 * float(space.table.weights[slot])  # the topic has forgotten older posts, the part's included
    weight = min(most, max(1.0, share * topic.originals * 0.5 ** (age / space.config.half_life)))
    centroid = unpack_vector(topic.centroid, week.dimensions)
    vector = np.rint(centroid * np.float32(UNIT * topic.tightness * weight))
    return Part(topic, posts, share, vector, weight), space.records[slot]


def _could_be_born(space: TopicSpace, part: Part, record: TopicRecord) -> bool:
    config = space.config
    enough = len(part.posts) >= config.born_posts and len(part.topic.authors) >= config.born_people
    return enough and record.phase != "candidate" and 2 * part.originals <= record.originals


def _similarity_to_rest(space: TopicSpace, part: Part, record: TopicRecord) -> float:
    """Similarity of the part to the rest, in the arithmetic of merging."""
    from models.online.kernels import scaled

    both = np.stack([part.vector, space.table.sums[record.slot] - part.vector])
    directions = space.background.directions(scaled(both, np.arange(2), UNIT))
    theirs = _as_marked(part.topic.word_counts, record.words)
    said = [theirs, _without(record.words, theirs, part.share)]
    words = space.lexicon.topics(said)
    return float(space.among(directions, words)[0, 1])


def _leave(space: TopicSpace, part: Part, record: TopicRecord, similarity: float, week: WeekTopics) -> list[TopicEvent]:
    """Move the part to a topic of its own and subtract it from the other."""
    new = space.found(part.posts[0], part.topic.first.timestamp())
    _fill(space, new, part, record)
    _lessen(record, new, part)
    for post in [*part.posts, *part.topic.repeat_ids]:
        if space.topic_now(post) == record.id:
            space.topic_of[post] = new.id
    table = space.table
    at = max(part.topic.last.timestamp(), float(table.updated[record.slot]))
    table.begin(new.slot, part.vector, part.weight, at)
    table.sums[record.slot] -= part.vector
    table.weights[record.slot] -= part.weight
    table.move(np.array(sorted([record.slot, new.slot]), np.int64), space.background)
    table.update_words([record, new], space.lexicon)
    about = label_of(keywords_of(new, space.lexicon))
    reason = f"the refit of {week.week} found {new.originals} of its posts to be about something else"
    return [
        event(space, record, "split", space.now, f"{reason} ({about}): {similarity:.2f} similar to the rest", [new.id]),
        event(space, new, "born", space.now, f"{tally(new)} left “{label_of(keywords_of(record, space.lexicon))}”"),
    ]


def _fill(space: TopicSpace, new: TopicRecord, part: Part, record: TopicRecord) -> None:
    topic, config = part.topic, space.config
    new.phase = "active"
    new.last = topic.last.timestamp()
    new.originals = part.originals
    supports = max(0, round(part.share * topic.posts) - new.originals)
    new.posts = new.originals + min(supports, record.posts - record.originals)
    # authors are not known for each post: those without a post in this topic posted in another one
    new.people = {author: count for author, count in topic.authors.items() if author in record.people}
    new.words = _as_marked(topic.word_counts, record.words)
    new.examples = part.posts[:EXAMPLES]
    new.recent_authors = {author: at for author, at in record.recent_authors.items() if author in new.people}
    new.apart = [record.id]
    new.past = _past(record.past, new.originals / record.originals, space.now - new.founded)
    new.compare_at = new.originals + max(1, int(new.originals * config.merge_growth))
    new.words_update_at = new.originals + max(1, int(new.originals * config.words_growth))


def _lessen(record: TopicRecord, new: TopicRecord, part: Part) -> None:
    """Subtract the part. Growth is measured from what is left."""
    record.originals -= new.originals
    record.posts -= new.posts
    record.people = _without(record.people, new.people, part.share)
    record.recent_authors = {author: at for author, at in record.recent_authors.items() if author in record.people}
    record.words = _without(record.words, new.words, part.share)
    record.examples = [post for post in record.examples if post not in part.posts]
    record.compare_at = max(2, record.compare_at - new.originals)
    record.words_update_at = max(2, record.words_update_at - new.originals)


def _past(past: Past, share: float, seconds: float) -> Past:
    """The history of a part: its share of the whole's history, back to its first post."""
    days = int(seconds // 86_400)
    shares = [share * day for day in past.shares[-days:]] if days > 0 else []
    return Past(shares, share * past.mean, share * share * past.variance) if shares else Past()


def _without(counts: dict[str, int], less: dict[str, int], share: float) -> dict[str, int]:
    """The remaining counts, in their order."""
    return {name: left for name, count in counts.items() if (left := count - round(share * less.get(name, 0))) > 0}


def _as_marked(counts: dict[str, int], known: dict[str, int]) -> dict[str, int]:
    """The refit's words in the form of the live topic (`models.text.live_words`)."""
    form = {bare(word): word for word in known if bare(word) not in known}
    return {form.get(word, word): count for word, count in counts.items()}
