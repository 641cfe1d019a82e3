"""Summary of a story in one sentence: its best statement, its speakers, and the people who shared it.

news       “LanternNet runs on a phone.” – Lantern Labs (@lanternlabs), passed on by Ann Lee (@annlee).
opinion    Ann Lee (@annlee): “I see no use for it.” Also on it: Bo Castell (@bo) and 3 others
no words   5 people on LanternNet, Ann Lee (@annlee) among them

Our own words only connect and count, and `models.digest.verify` counts again; all statements are quotations. Names
before `ALSO` are speakers; names after it only took part.

The week's headline names its first three stories: "Trending this week: A, B and C."; stories about harm are in a
separate part ("Also spoken about: C."). A week without a section names its first briefs. A week without entries gives
its number of posts.
"""

from collections.abc import Mapping, Sequence

from models.events import Brief, DigestTopic, Person, Sentence, TopicKind, Tweet
from models.text.plain import one_line
from models.wording.headings import shortened
from models.wording.passages import verbatim
from models.wording.people import clean_handle, joined, listed, mention, original_author, people_of
from models.wording.statements import Statement, source_of

ALSO = " Also on it: "
SHARED_BY = "shared by "
QUOTED_BY = "quoted by "
PASSED_ON_BY = "passed on by "
MAX_EVIDENCE = 20
LONGEST_LINE = 200  # maximum characters of the quotation in a line of a list

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
    """Return the lead of a section; without a lead, the people in it."""
    if lead is None:
        named = list(people[:3])
        on = f"{_number(len(people), 'person', 'people')} on {label}"
        among = f", {joined([mention(person) for person in named])} among them."
        return Sentence(text=on + among, posts=_evidence(posts, None, named))
    quoted, saying = _quoted(posts, lead, lead.text, influence)
    known = {person.author_id for person in saying}
    others = [person for person in people if person.author_id not in known]
    text = quoted if quoted[-2:] in {".”", "!”", "?”", "…”"} else f"{quoted}."
    text += f"{ALSO}{listed(others)}." if others else ""
    return Sentence(text=text, posts=_evidence(posts, lead, [*saying, *others[:3]]))


def line(
    posts: Sequence[Tweet], lead: Statement, label: str, people: Sequence[Person], influence: Mapping[str, float]
) -> Sentence:
    """Return one line of a list: the statement with a visible cut, its speakers, and the number of people.

    Args:
        posts: the posts of the story.
        lead: its best statement.
        label: name of the story if the statement does not contain it, else empty.
        people: its people.
        influence: author id -> 0 to 1.
    """
    words = shortened(verbatim(lead.text), cut=not lead.complete, limit=LONGEST_LINE)
    quoted, saying = _quoted(posts, lead, words, influence, news=bool(label))
    text = f"{label}: {quoted}" if label else quoted
    text += f"; {len(people):,} people on it" if len(people) > len(saying) else ""
    return Sentence(text=text, posts=_evidence(posts, lead, saying))


def _quoted(
    posts: Sequence[Tweet], lead: Statement, words: str, influence: Mapping[str, float], *, news: bool = False
) -> tuple[str, list[Person]]:
    """Return the quotation with its speakers, and these; news: the quotation comes first in any case."""
    post = posts[lead.place]
    if lead.is_title:
        sharing = [other for other in posts if _shares(other, lead.text)]
        people = people_of(sharing, influence)
        return f"“{words}” – {SHARED_BY}{listed(people)}", people
    if lead.is_quoted:
        quoting = [other for other in posts if _quotes(other, lead.text)]
        people = people_of(quoting, influence)
        said_by = f"{original_author(post)}, " if post.related_author else ""
        return f"“{words}” – {said_by}{QUOTED_BY}{listed(people)}", people
    same = [other for other in posts if source_of(other) == source_of(post)]
    if post.kind == "retweet" and (author := original_author(post)) is not None:
        first = next((other for other in same if other.kind != "retweet"), None)
        who = mention(people_of([first], influence)[0]) if first is not None else author
    else:
        first = post
        who = mention(people_of([post], influence)[0])
    # whoever passes on their own post is its author, not one more person
    own = (
        [first]
        if first
        else [other for other in posts if f"@{clean_handle(other.author)}".casefold() == who.casefold()]
    )
    author_ids = {other.author_id for other in own}
    passing = [other for other in same if other.author_id not in author_ids]
    saying = [*people_of(own, influence), *people_of(passing, influence)]
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
    """ "ICLR 2021: 21 people, 34 posts; new this week"; for harm and for lists only the number of people.

    comparable: whether there is a previous week; the first digest calls nothing new.
    """
    text = f"{topic.label}: {_number(topic.people_total, 'person', 'people')}, {_number(topic.posts, 'post', 'posts')}"
    plain = topic.sensitive or topic.kind != "story" or not comparable
    return Sentence(text=text if plain else f"{text}; {STATUS_WORDS[topic.status]}", posts=topic.summary.posts)


def _shares(post: Tweet, title: str) -> bool:
    return any(link.title and one_line(link.title.partition(" | ")[0], 200) == title for link in post.links)


def _quotes(post: Tweet, words: str) -> bool:
    return verbatim(words) in (post.quoted_text or "")


def _evidence(posts: Sequence[Tweet], lead: Statement | None, named: Sequence[Person]) -> list[str]:
    """Return ids: the post of the lead, a post of each named person (one with its words if possible), the others."""
    by_author: dict[str, str] = {}
    for post in posts:
        by_author.setdefault(post.author_id, post.id)
    first = [posts[lead.place]] if lead is not None else []
    bearing = {post.author_id: post.id for post in reversed(posts) if lead is not None and _bears(post, lead, first[0])}
    ids = [post.id for post in first]
    ids += [bearing.get(person.author_id, by_author.get(person.author_id, "")) for person in named]
    return [one for one in dict.fromkeys([*ids, *(post.id for post in posts)]) if one][:MAX_EVIDENCE]


def _bears(post: Tweet, lead: Statement, source: Tweet) -> bool:
    return (
        (lead.is_title and _shares(post, lead.text))
        or (lead.is_quoted and _quotes(post, lead.text))
        or source_of(post) == source_of(source)
    )


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


OPENING = "Trending this week: "
SENSITIVE_OPENING = "Also spoken about: "
BRIEF_OPENING = "In brief this week: "
NAMED = 3


def nothing(posts: int) -> str:
    """Return the headline of a week with this many posts and no entry."""
    return f"None of this week's {posts:,} posts stands out." if posts else "No posts this week."


def headline(topics: Sequence[DigestTopic], briefs: Sequence[Brief], all_ids: Sequence[str]) -> Sentence:
    """Return the headline; a week without entries cites up to 20 of `all_ids`, its posts."""
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
    """ "A", "A and B", "A, B and C"; with semicolons if a label has a conjunction, a comma or many words."""
    if len(labels) == 1:
        return labels[0]
    if any(" and " in f" {label} " or "," in label or label.count(" ") > 3 for label in labels):
        return f"{'; '.join(labels[:-1])}; and {labels[-1]}"
    return f"{', '.join(labels[:-1])} and {labels[-1]}"
