"""Changes of a story since last week, and last week's stories that have become quiet."""

from collections import Counter
from collections.abc import Iterable, Sequence

from models.events import Digest, DigestTopic, Faded, Sentence, TopicIdentity, Tweet
from models.text.plain import alphanumeric
from models.text.stop_words import STOP_WORDS
from models.wording.people import joined
from models.wording.titles import names
from models.wording.usage import Usage, atoms

NEW_IN_IT = "; new in it: "
MOST_NEW = 3
MAX_FADED = 3
MAX_EVIDENCE = 20
LONGEST_NAME = 4  # words


def change(
    posts: Sequence[Tweet], usage: Usage, previous_posts: int, previous: TopicIdentity | None
) -> Sentence | None:
    """Return the change of a continuing story, with names in its posts that were not among its words before."""
    if previous is None:
        return None
    known = alphanumeric(" ".join((*previous.words, previous.label)))
    fresh = [name for name in names(posts, usage) if alphanumeric(name.text) not in known][:MOST_NEW]
    moved = (
        f"{_posts(len(posts))} after {previous_posts:,} last week"
        if previous_posts
        else f"Back with {_posts(len(posts))}"
    )
    if not fresh:
        return Sentence(text=f"{moved}.", posts=[post.id for post in posts[:MAX_EVIDENCE]])
    evidence = [posts[place].id for name in fresh for place in name.posts[:5]]
    text = f"{moved}{NEW_IN_IT}{joined([name.text for name in fresh])}."
    return Sentence(text=text, posts=list(dict.fromkeys(evidence)))


def faded(previous: Digest | None, topics: Sequence[DigestTopic], posts: Iterable[Tweet]) -> list[Faded]:
    """Return the largest of last week's stories with fewer than half of their posts now.

    None of them is about harm or has a section.

    A story is searched in all posts of the week by the name in its title; a story without such a name is not listed.
    """
    if previous is None:
        return []
    here = {topic.id for topic in topics} | {topic.previous_id for topic in topics}
    gone = [
        topic for topic in previous.topics if topic.kind == "story" and not topic.sensitive and topic.id not in here
    ]
    sought = {topic.id: name for topic in gone if (name := _sought(topic))}
    counts = mentions(set(sought.values()), posts)
    quiet = [
        Faded(
            id=topic.id,
            label=topic.label,
            posts=counts[sought[topic.id]],
            previous_posts=topic.posts,
            name=sought[topic.id],
        )
        for topic in gone
        if topic.id in sought and counts[sought[topic.id]] * 2 < topic.posts
    ]
    return sorted(quiet, key=lambda one: (-one.previous_posts, one.id))[:MAX_FADED]


def mentions(sought: Iterable[str], posts: Iterable[Tweet]) -> Counter[str]:
    """Return the number of posts with each name, by its words."""
    keys = {name: tuple(atom.key for atom in atoms(name)) for name in sought}
    counts: Counter[str] = Counter(dict.fromkeys(keys, 0))
    for post in posts:
        own = {atom.key for atom in atoms(post.text)}
        counts.update(name for name, words in keys.items() if words and own.issuperset(words))
    return counts


def _sought(topic: DigestTopic) -> str:
    """Return a title that is a name, else the first keyword that the title writes as a name; "" if there is none."""
    label = atoms(topic.label)
    named = {atom.key: atom.written for atom in label if not atom.written.islower() and not atom.key.isdigit()}
    if 0 < len(label) <= LONGEST_NAME and named and not {atom.key for atom in label} & STOP_WORDS:
        return topic.label
    return next((named[word] for word in map(str.casefold, topic.keywords) if word in named), "")


def _posts(count: int) -> str:
    return f"{count:,} {'post' if count == 1 else 'posts'}"
