"""What happened in a story, in one sentence: its best statement first, then who said so and who took it up.

    news       “LanternNet runs on a phone.” – Lantern Labs (@lanternlabs), passed on by Ann Lee (@annlee).
    opinion    Ann Lee (@annlee): “I see no use for it.” Also on it: Bo Castell (@bo) and 3 others
    no words   5 people on LanternNet, Ann Lee (@annlee) among them

Our words only connect and count, and `models.digest.verify` counts again; what is said is quoted. Names before
`ALSO` stand behind the quotation, those after it only took part.

The week's headline names its first three stories: "Trending this week: A, B and C."; those about harm are not said to
trend ("Also spoken about: C."). A week without a section names its first briefs, and one of which nothing is told says
how many posts it had.
"""

from collections.abc import Mapping, Sequence

from models.events import Brief, DigestTopic, Person, Sentence, TopicKind, Tweet
from models.text.plain import one_line
from models.wording.passages import verbatim
from models.wording.people import joined, listed, mention, original_author, people_of
from models.wording.statements import Statement
from models.wording.titles import shortened

ALSO = " Also on it: "
SHARED_BY = "shared by "
QUOTED_BY = "quoted by "
PASSED_ON_BY = "passed on by "
MAX_EVIDENCE = 20
LONGEST_LINE = 200  # characters of the quotation in a line of a list

ENTRIES: dict[TopicKind, tuple[str, str]] = {
    "story": ("story", "stories"),
    "papers": ("paper", "papers"),
    "code": ("project", "projects"),
    "courses": ("course or book", "courses and books"),
    "data": ("data set", "data sets"),
    "trends": ("subject", "subjects"),
}
STATUS_WORDS = {
    "new": "new this week",
    "rising": "rising",
    "continuing": "continuing",
    "fading": "fading",
}


def summary(
    posts: Sequence[Tweet], lead: Statement | None, label: str, people: Sequence[Person], influence: Mapping[str, float]
) -> Sentence:
    """The lead of a section; without one, who is there."""
    if lead is None:
        named = list(people[:3])
        on = f"{_number(len(people), 'person', 'people')} on {label}"
        among = f", {joined([mention(person) for person in named])} among them."
        return Sentence(text=on + among, posts=_evidence(posts, [], named))
    quoted, saying = _quoted(posts, lead, lead.text, influence)
    known = {person.author_id for person in saying}
    others = [person for person in people if person.author_id not in known]
    text = quoted if quoted[-2:] in {".”", "!”", "?”", "…”"} else f"{quoted}."
    text += f"{ALSO}{listed(others)}." if others else ""
    return Sentence(text=text, posts=_evidence(posts, [posts[lead.place]], [*saying, *others[:3]]))


def line(
    posts: Sequence[Tweet], lead: Statement, label: str, people: Sequence[Person], influence: Mapping[str, float]
) -> Sentence:
    """One line of a list: the statement, shortened visibly, who said so, and how many are on it.

    label: the story's name where the statement does not have it, else empty.
    """
    words = shortened(verbatim(lead.text), cut=not lead.complete, limit=LONGEST_LINE)
    quoted, saying = _quoted(posts, lead, words, influence, news=bool(label))
    text = f"{label}: {quoted}" if label else quoted
    text += f"; {len(people):,} people on it" if len(people) > len(saying) else ""
    return Sentence(text=text, posts=_evidence(posts, [posts[lead.place]], saying))


def _quoted(
    posts: Sequence[Tweet], lead: Statement, words: str, influence: Mapping[str, float], *, news: bool = False
) -> tuple[str, list[Person]]:
    """The quotation with those who stand behind it, and these; news: it comes before them, whatever it is."""
    post = posts[lead.place]
    if lead.is_title:
        sharing = [other for other in posts if any(_title(link.title) == lead.text for link in other.links)]
        people = people_of(sharing, influence)
        return f"“{words}” – {SHARED_BY}{listed(people)}", people
    if lead.is_quoted:
        quoting = [other for other in posts if verbatim(lead.text) in (other.quoted_text or "")]
        people = people_of(quoting, influence)
        said_by = f"{original_author(post)}, " if post.related_author else ""
        return f"“{words}” – {said_by}{QUOTED_BY}{listed(people)}", people
    source = _source(post)
    same = [other for other in posts if _source(other) == source]
    if post.kind == "retweet" and (author := original_author(post)) is not None:
        first = next((other for other in same if other.kind != "retweet"), None)
        who = mention(people_of([first], influence)[0]) if first is not None else author
    else:
        first = post
        who = mention(people_of([post], influence)[0])
    passing = [other for other in same if first is None or other.author_id != first.author_id]
    saying = [*people_of([first] if first else [], influence), *people_of(passing, influence)]
    if not (passing or lead.is_news or news):
        return f"{who}: “{words}”", saying
    passed = f", {PASSED_ON_BY}{listed(people_of(passing, influence))}" if passing else ""
    return f"“{words}” – {who}{passed}", saying


def list_summary(kind: TopicKind, entries: int, people: Sequence[Person], shown: Sequence[Sentence]) -> Sentence:
    """ "9 people shared 6 papers." """
    posts = list(dict.fromkeys(sentence.posts[0] for sentence in shown if sentence.posts))[:MAX_EVIDENCE]
    noun = ENTRIES[kind][entries != 1]
    return Sentence(text=f"{_number(len(people), 'person', 'people')} shared {entries:,} {noun}.", posts=posts)


def overview_line(topic: DigestTopic, *, comparable: bool = True) -> Sentence:
    """ "ICLR 2021: 21 people, 34 posts; new this week"; of harm and of lists only how many spoke.

    comparable: whether there is a week before; in the first digest nobody can say what is new.
    """
    text = f"{topic.label}: {_number(topic.people_total, 'person', 'people')}, {_number(topic.posts, 'post', 'posts')}"
    plain = topic.sensitive or topic.kind != "story" or not comparable
    return Sentence(text=text if plain else f"{text}; {STATUS_WORDS[topic.status]}", posts=topic.summary.posts)


def _source(post: Tweet) -> str:
    return (post.related_id or post.id) if post.kind == "retweet" else post.id


def _title(title: str | None) -> str | None:
    return one_line(title.partition(" | ")[0], 200) if title else None


def _evidence(posts: Sequence[Tweet], first: Sequence[Tweet], named: Sequence[Person]) -> list[str]:
    """Ids: of the quoted post, then one of everybody who is named, then the others."""
    by_author: dict[str, str] = {}
    for post in posts:
        by_author.setdefault(post.author_id, post.id)
    sources = {_source(post) for post in first}
    bearing = {post.author_id: post.id for post in reversed(posts) if _source(post) in sources}
    ids = [post.id for post in first]
    ids += [bearing.get(person.author_id, by_author.get(person.author_id, "")) for person in named]
    return [one for one in dict.fromkeys([*ids, *(post.id for post in posts)]) if one][:MAX_EVIDENCE]


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


OPENING = "Trending this week: "
SENSITIVE_OPENING = "Also spoken about: "
BRIEF_OPENING = "In brief this week: "
NAMED = 3


def nothing(posts: int) -> str:
    """The headline of a week with so many posts and no entry."""
    return f"None of this week's {posts:,} posts stands out." if posts else "No posts this week."


def headline(topics: Sequence[DigestTopic], briefs: Sequence[Brief], all_ids: Sequence[str]) -> Sentence:
    """The headline; a week without entries cites up to 20 of `all_ids`, its posts."""
    stories = [topic for topic in topics if topic.kind == "story"][:NAMED]
    lively = [topic.label for topic in stories if not topic.sensitive]
    grave = [topic.label for topic in stories if topic.sensitive]
    told = [] if stories else [brief for brief in briefs if brief.label][:NAMED]
    titles = (
        (OPENING, lively),
        (SENSITIVE_OPENING, grave),
        (BRIEF_OPENING, [brief.label for brief in told if not brief.sensitive]),
        (SENSITIVE_OPENING, [brief.label for brief in told if brief.sensitive]),
        (
            "" if stories or told else BRIEF_OPENING,
            [] if stories or told else [topic.label for topic in topics[:NAMED]],
        ),
    )
    parts = [f"{opening}{_named(labels)}" for opening, labels in titles if labels]
    if not parts:
        return Sentence(text=nothing(len(all_ids)), posts=list(all_ids[:20]))
    sentences = [topic.summary for topic in stories] + [brief.sentence for brief in told]
    sentences = sentences or [topic.summary for topic in topics[:NAMED]]
    posts = [post_id for sentence in sentences for post_id in sentence.posts]
    text = " ".join(part if part.endswith(("…", "!", "?")) else f"{part}." for part in parts)
    return Sentence(text=text, posts=list(dict.fromkeys(posts)))


def _named(labels: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"; with semicolons when a label has a conjunction, a comma or many words."""
    if len(labels) == 1:
        return labels[0]
    if any(" and " in f" {label} " or "," in label or label.count(" ") > 3 for label in labels):
        return f"{'; '.join(labels[:-1])}; and {labels[-1]}"
    return f"{', '.join(labels[:-1])} and {labels[-1]}"
