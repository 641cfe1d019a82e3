"""Items of a section: who did what with which resource, or said what.

Posts of a topic -> groups (a post with its retweets and near-duplicates; posts with the same link; posts with the same
first words) -> the best few, each one item. Posts of several people with one link become one item that names them all.
Retweets add people and `support`, never an item beside their original. Without evidence there is no item.
"""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.events import Item, Link, Person, ResourceKind, Sentence, Tweet
from models.refit.story import Story
from models.text.links import canonical_url, is_bare, known_link, post_url
from models.text.plain import alphanumeric, plain
from models.week.posts import WeekPosts
from models.wording.attribution import Attribution, action_of, attribute, shares, source_post
from models.wording.passages import verbatim
from models.wording.people import people_of
from models.wording.quotations import embeddable, like_worded, post_passages
from models.wording.statements import Statement

MAX_EVIDENCE = 20  # maximum number of post ids per sentence
MAX_PEOPLE = 50
LEAST_WORTH = 0.2  # minimum quality of a quotation, relative to the best statement
_KIND_BEFORE_LINK: tuple[tuple[re.Pattern[str], ResourceKind], ...] = (
    (re.compile(r"\b(paper|abs|arxiv|preprint|pdf)\W{0,4}(link)?\W{0,4}$", re.IGNORECASE), "paper"),
    (re.compile(r"\b(code|repo|repository|github|implementation)\W{0,4}$", re.IGNORECASE), "repository"),
    (re.compile(r"\b(video|youtube|recording|watch)\W{0,4}$", re.IGNORECASE), "video"),
    (re.compile(r"\b(blog|blog ?post|article|story)\W{0,4}$", re.IGNORECASE), "article"),
    (re.compile(r"\b(thread)\W{0,4}$", re.IGNORECASE), "thread"),
)


@dataclass(frozen=True)
class Quotable:
    """A quotable statement of the post at `index` of the week."""

    text: str
    index: int
    worth: float


@dataclass(frozen=True)
class Group:
    """Posts that say or share the same."""

    members: list[int]  # places of all posts
    voices: list[int]  # places of its own posts; all members if there are none
    link: Link | None  # the shared link
    sources: list[Quotable]  # best first
    score: float


def groups(
    week: WeekPosts,
    story: Story,
    found: Sequence[Statement],
    influence: Mapping[str, float],
    resources: Mapping[str, Link],
) -> list[Group]:
    """Return the story's posts in groups, best first; found: the statements of its members, in their order."""
    sources: dict[int, list[Quotable]] = defaultdict(list)
    least = LEAST_WORTH * max((one.worth for one in found), default=0.0)
    for one in found:
        if not (one.is_title or one.is_quoted) and one.worth >= least:
            index = int(story.members[one.place])
            sources[index].append(Quotable(one.text, index, one.worth))
    made = [
        _group(week, story, members, sources, influence, resources)
        for members in _clusters(week, story, resources)
        if _belongs(week, story, members)
    ]
    return sorted(made, key=lambda group: (-group.score, week.posts[group.members[0]].id))


def _belongs(week: WeekPosts, story: Story, members: list[int]) -> bool:
    """Whether a group is near enough to the story's centre; false for stragglers."""
    close = np.sort(np.round(week.vectors[story.distinct] @ story.centroid, 4))
    least = close[len(close) // 4] - 0.05 if len(close) >= 4 else -1.0
    return max(round(float(week.vectors[index] @ story.centroid), 4) for index in members) >= least


def item(
    week: WeekPosts, group: Group, influence: Mapping[str, float], resources: Mapping[str, Link], used: set[str]
) -> Item | None:
    """Return one paragraph about a group; None without a link to show and without unused words."""
    source = next((s for s in group.sources if not _told(s.text, used)), None)
    if source is None and (group.link is None or group.link.title is None):
        return None
    voices = [week.posts[index] for index in group.voices]
    sharing = [post for post in voices if group.link and shares(post, group.link, resources)]
    sharing.sort(key=lambda post: not any(raw.title for raw in post.links))  # the one with the title
    lead = week.posts[source.index] if source else (sharing or voices)[0]
    quotation = source.text if source else None
    lead = source_post(lead, voices, quotation)
    link = group.link if any(post.id == lead.id for post in sharing) else None
    action, verb = action_of(lead, link)
    if link and link.title and embeddable(link.title) and action == "shared":
        verb += f" titled “{link.title}”"
        quotation = None if quotation and _same(quotation, link.title) else quotation
    named = attribute(voices, lead, link, quotation, influence, resources)
    told = [lead.id, *named.posts][: MAX_EVIDENCE - 1]
    evidence = _evidence(week, group, [*told, *[post.id for post in sharing[:1]]])
    by_id = {week.posts[index].id: week.posts[index] for index in group.members}
    return Item(
        people=_people(week, group, named, influence)[:MAX_PEOPLE],
        action=action,
        sentence=Sentence(text=f"{named} {verb}", posts=evidence),
        link=group.link,
        quotation=quotation,
        quotation_post=lead.id if quotation else None,
        support=len(group.members) - len(named.everyone),
        post_urls=[url for post_id in evidence[:3] if (url := post_url(by_id[post_id])) is not None],
    )


def _people(week: WeekPosts, group: Group, named: Attribution, influence: Mapping[str, float]) -> list[Person]:
    """Return the attributed people, then the other authors, then the people who repeated them."""
    found = [*named.everyone]
    for indices in (group.voices, group.members):
        known = {person.author_id for person in found}
        others = people_of((week.posts[index] for index in indices), influence)
        found += [person for person in others if person.author_id not in known]
    return found


def _evidence(week: WeekPosts, group: Group, first: list[str]) -> list[str]:
    rest = [week.posts[i].id for i in group.voices] + [week.posts[i].id for i in group.members]
    return list(dict.fromkeys([*first, *rest]))[:MAX_EVIDENCE]


def _told(passage: str, used: set[str]) -> bool:
    """Whether the section already contains these words, ignoring signs and capitals."""
    letters = alphanumeric(verbatim(passage))
    return any(letters in told or told in letters for told in map(alphanumeric, map(verbatim, used)) if told)


def _same(quotation: str, title: str) -> bool:
    """Whether a quotation only repeats the title."""
    a, b = alphanumeric(verbatim(quotation)), alphanumeric(title)
    return a in b or (b in a and len(a) < len(b) + 12)


def _clusters(week: WeekPosts, story: Story, resources: Mapping[str, Link]) -> list[list[int]]:
    """Group members that share an original, a link or their first words (union of the relations)."""
    parent = {int(index): int(index) for index in story.members}
    original = {member: distinct for distinct, bearers in story.bearers().items() for member in bearers}

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    seen: dict[str, int] = {}
    for first, second in like_worded([(index, post_passages(week.posts[index])) for index in sorted(parent)]):
        first, second = sorted((root(first), root(second)))
        parent[second] = first
    for index in sorted(parent):
        for key in _keys(week.posts[index], original.get(index, index), resources):
            other = seen.setdefault(key, index)
            first, second = sorted((root(index), root(other)))
            parent[second] = first
    clusters: dict[int, list[int]] = defaultdict(list)
    for index in sorted(parent):
        clusters[root(index)].append(index)
    return [clusters[key] for key in sorted(clusters)]


def _keys(post: Tweet, original: int, resources: Mapping[str, Link]) -> list[str]:
    keys = [f"post:{original}"]
    if post.kind == "retweet" and post.related_id is not None:
        keys.append(f"retweet:{post.related_id}")
    else:
        keys.append(f"retweet:{post.id}")
    links = [link for raw in post.links if (link := known_link(raw, resources)) is not None]
    if links and not is_bare(links[0].url):
        keys.append(f"link:{canonical_url(links[0].url)}")
    first = next(iter(post_passages(post)), None)
    if first is not None and len(letters := alphanumeric(first.text)) >= 24:
        keys.append(f"text:{letters[:60]}")
    return keys


def _group(
    week: WeekPosts,
    story: Story,
    members: list[int],
    sources: Mapping[int, list[Quotable]],
    influence: Mapping[str, float],
    resources: Mapping[str, Link],
) -> Group:
    own = [index for index in members if week.posts[index].kind != "retweet"]
    voices = own or members
    found = sorted(
        (source for index in voices for source in sources.get(index, ())),
        key=lambda source: (-source.worth, week.posts[source.index].id, source.text),
    )
    link = group_link(week, voices, resources)
    people = {week.posts[index].author_id for index in members}
    weight = sum(influence.get(person, 0.0) for person in sorted(people)) + 0.25 * len(people)
    best = found[0].worth if found else 0.05
    return Group(members, voices, link, found, round(best * math.sqrt(weight) * _link_bonus(link), 9))


def _link_bonus(link: Link | None) -> float:
    if link is None:
        return 0.85
    return 1.25 if link.kind in {"paper", "repository"} else 1.1 if link.title or link.kind else 1.0


def group_link(week: WeekPosts, indices: list[int], resources: Mapping[str, Link]) -> Link | None:
    """Return the first link of the group's posts; links with a title come first."""
    found = [
        (not link.title, is_bare(link.url), order, index, place, link)
        for order, index in enumerate(indices)
        for place, raw in enumerate(week.posts[index].links)
        if (link := known_link(raw, resources)) is not None
    ]
    if not found:
        return None
    *_, index, place, link = min(found, key=lambda entry: entry[:5])
    if link.kind is None:
        kind = _said_kind(week.posts[index], week.posts[index].links[place].url)
        link = Link(url=link.url, title=link.title, description=link.description, site=link.site, kind=kind)
    return link


def _said_kind(post: Tweet, url: str) -> ResourceKind | None:
    """Return the post's own word for its link ("Paper: https://…"), or None."""
    text = plain(post.text)
    place = text.find(plain(url))
    if place < 0:
        return None
    before = text[max(0, place - 30) : place].rstrip("\n :→>-")
    return next((kind for pattern, kind in _KIND_BEFORE_LINK if pattern.search(before)), None)
