"""What matters in a week: a score for every topic, explained by its parts, and the choice of those published.

score = sum of WEIGHTS[part] * part, every part 0 to 1, times (1 - penalty) for every penalty. The parts:

* people: distinct people weighted by influence, those who only repeat or pass on another's link by half; nobody
  brings more than `max_per_author` of it. Saturates: the tenth voice adds less than the second.
* engagement: how far the posts went above each author's own normal; one author counts once.
* burst: posts crowded into two days, and more of them than the like topics had last week.
* novelty: how many of its posts speak of one name (or pass on one link) that the rest of the week does not; a word
  that is no name counts in part. Less what it has in common with a topic of last week.
* links: distinct resources to read.
* agreement: whether different people say the same: how near each post is to the nearest of somebody else.
* story: how many people tell one and the same thing; of an event or a name in every mouth, those who speak of it
  count by half.
* news: whether the posts tell that something happened: in verbs of news, or by half in that different people tell alike
  of one new name within two days.

Penalties: one author's or one publisher's share above its cap; evergreen: the manner of listicles and hashtag walls;
steady: many posts spread evenly over the week, which is a subject that is always there; field: its people tell
different things; nameless: no word or link is its own; uneventful: no news and no name that is new (verbs of news do
not help a subject that was there before: its field has some every week); as before: last week had it with as many
posts.

The score chooses; the sections chosen stand in the order of their prominence, which is the score times the square root
of the people, and coarse, so that rounding in a vector does not change the headline.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from models.events import Digest
from models.ranking.continuity import comparable, confidences, word_overlap
from models.ranking.influence import InfluenceScore, engagement
from models.ranking.junk import evergreen, reason
from models.ranking.news import news
from models.ranking.sensitive import is_sensitive
from models.ranking.story_facts import StoryFacts, facts, week_words
from models.refit.story import Story
from models.week.config import DigestConfig
from models.week.posts import WeekPosts

WEIGHTS: Mapping[str, float] = {
    "people": 0.24, "engagement": 0.06, "burst": 0.09, "novelty": 0.24, "links": 0.02, "agreement": 0.05, "story": 0.18,
    "news": 0.12,
}  # fmt: skip
ENOUGH_PEOPLE = 4.0  # summed influence that gives 63 % of the part
ENOUGH_ENGAGEMENT = 1.5  # log engagement above normal
ENOUGH_LINKS = 4.0
FOCUSED = 0.5  # share of the posts with the most frequent name of its own that makes a topic one story
OLD_NAME = 0.4  # what a name counts that told topics apart in the weeks before
UNNAMED = 0.3  # what a common word's share counts beside a name's
IN_CORE = 0.75  # what a new name counts that the core speaks of, and much of the cluster around it does not
KNOWN = 0.35  # what a topic loses of its novelty when last week had it already
STEADY, MANY_POSTS = 0.5, 40  # the most that evenly spread posts cost; from so many on they are no accident
TELLING = 15  # words of an earlier topic that make a name known
DISAGREE, AGREE = 0.35, 0.65  # usual cosine to the nearest post of somebody else: none of it, all of it
ENOUGH_TELLERS = 3.0  # people beside the first who tell the same
FIELD, SCATTERED, TOGETHER = 0.5, 0.3, 0.7  # cost of a field, and share of its people who tell the same: field, story
NAMELESS, NAMED = 0.2, 0.3  # cost of a topic without a word of its own; novelty from which it has one
UNEVENTFUL = 0.25  # cost of a topic in which nothing happened and nothing is new
UNSAID = 0.5  # what it counts as news that people tell alike of one new name in two days, without verbs of news
AS_BEFORE = 0.3  # cost of a topic that last week had with as many posts
CHANCE = 0.6  # few posts crowd into two days by chance: times 1 / sqrt(posts)
BESIDE_BEST = 0.55  # of the best topic's score: what a section needs in a week of stronger ones
A_TENTH, EPSILON = 0.1, 1e-6  # how coarsely sections are ordered, and the least score
SAME_SUBJECT = 0.70  # cosine of two sections that would read alike
NOT_FAR, ALIKE = 0.5, 0.3  # or of two that share so much of their telling words


def rank(
    stories: Sequence[Story],
    week: WeekPosts,
    influence: Mapping[str, InfluenceScore],
    previous: Digest | None,
    config: DigestConfig,
) -> list[Story]:
    """`stories` with score, score_parts, excluded, sensitive and links filled; the best first, those kept out last."""
    vocabulary = week_words(week, [story.whole() for story in stories])
    known = comparable(previous, week)
    old = frozenset(word for identity in known for word in identity.words[:TELLING])
    old |= frozenset(previous.known_names if previous is not None else ())
    likeness = confidences(stories, week, known)
    expected = np.array([identity.posts if not identity.quiet_weeks else 0 for identity in known], dtype=np.float64)
    ranked = []
    for index, story in enumerate(stories):
        about = facts(story.whole(), week, vocabulary, old)
        core = facts(story, week, vocabulary, old) if story.around is not None else about
        row = likeness[index]
        named = max(_named(about), _named(core))
        parts = {
            "people": _people(core, influence, config.max_per_author),
            "engagement": _engagement(story, week, influence),
            "burst": _burst(core, float((row * expected).max(initial=0.0)), bool(known)),
            "novelty": max(_focus(about), IN_CORE * _named(core)) * (1 - KNOWN * float(row.max(initial=0.0))),
            "links": _saturate(_resources(story, week), ENOUGH_LINKS),
            "agreement": _between((about.agreement + core.agreement) / 2, DISAGREE, AGREE),
            "story": _saturate(max(0.0, core.told - 1), ENOUGH_TELLERS),
            "news": news([week.posts[i] for i in story.distinct]),
        }
        parts["news"] = max(parts["news"], UNSAID * parts["burst"] * parts["agreement"] * named)
        happened = parts["news"] if story.previous_id is None else 0.0
        evidence = [week.posts[i] for i in story.whole().distinct]
        penalties = {
            "evergreen": evergreen(about, evidence),
            "steady": 0.0 if story.event else STEADY * min(1.0, about.posts / MANY_POSTS) * (1 - parts["burst"]),
            "field": _field(core),
            "nameless": NAMELESS * (1 - _between(parts["novelty"], 0.0, NAMED)),
            "uneventful": UNEVENTFUL * (1 - happened) * (1 - named),
            "as before": AS_BEFORE * min(1.0, story.previous_posts / about.posts),
            "one author": _over(about.top_author, config.max_per_author, about),
            "one publisher": _over(about.top_publisher, config.max_per_publisher, about),
        }
        score = sum(WEIGHTS[name] * value for name, value in parts.items())
        for penalty in penalties.values():
            score *= 1 - penalty
        ranked.append(
            replace(
                story,
                score=round(score, 6),
                score_parts={name: round(value, 6) for name, value in {**parts, **_negative(penalties)}.items()},
                excluded=reason(about, evidence, config) or _untold(core, config),
                sensitive=is_sensitive([post.text for post in evidence]),
                links=_main_links(story, week),
                people=len({week.posts[i].author_id for i in story.members}),
            )
        )
    return sorted(ranked, key=lambda story: (story.excluded is not None, -story.score, story.id, int(story.members[0])))


def select(stories: Sequence[Story], config: DigestConfig) -> list[Story]:
    """The sections of the digest, the most prominent first: the best by their scores, at most `max_topics`, none
    excluded, none below `min_score`, no two on one subject. A poor week has few topics or none; nothing is padded."""
    chosen: list[Story] = []
    for story in stories:
        if story.excluded is not None or story.score < config.min_score or len(chosen) == config.max_topics:
            continue
        if chosen and story.score < BESIDE_BEST * chosen[0].score:
            continue
        if not any(_one_subject(story, other) for other in chosen):
            chosen.append(story)
    return sorted(chosen, key=_prominence)


def _prominence(story: Story) -> tuple[bool, int, int, int, int]:
    """Sort key. What gives nothing to read stands last; what differs by less than a tenth is as prominent, and then the
    more people and posts go first, then the earliest post."""
    weight = max(story.score, EPSILON) * math.sqrt(max(1, story.people))
    step = round(math.log(weight) / math.log(1 + A_TENTH))
    return not story.score_parts.get("links"), -step, -story.people, -len(story.members), int(story.members[0])


def _one_subject(story: Story, other: Story) -> bool:
    """Whether two sections would read alike: near, not far and in the same words, or most of both on one link (people
    tell one piece of news in several languages)."""
    if not story.links.isdisjoint(other.links):
        return True
    near = float(story.centroid @ other.centroid)
    return near >= SAME_SUBJECT or (near >= NOT_FAR and word_overlap(story.words, [w for w, _ in other.words]) >= ALIKE)


def _focus(about: StoryFacts) -> float:
    return min(1.0, max(about.focus, OLD_NAME * about.known_focus, UNNAMED * about.subject) / FOCUSED)


def _untold(core: StoryFacts, config: DigestConfig) -> str | None:
    """Three people on a subject are no story when no three of them tell the same."""
    return "few people" if core.told < config.min_topic_people else None


def _field(core: StoryFacts) -> float:
    return FIELD * (1 - _between(len(core.tellers) / len(core.voices), SCATTERED, TOGETHER))


def _named(core: StoryFacts) -> float:
    return min(1.0, core.focus / FOCUSED)


def _people(about: StoryFacts, influence: Mapping[str, InfluenceScore], cap: float) -> float:
    voices = {author: share * _value(influence, author) for author, share in about.voices.items()}
    return _saturate(capped_sum(list(voices.values()), cap), ENOUGH_PEOPLE)


def capped_sum(values: Sequence[float], share: float) -> float:
    """The sum of `values` when none may bring more than `share` of it: the largest are cut until that holds.

    With too few values for that (1 / share), they count as if they were all as large as the smallest.
    """
    ordered = sorted(values, reverse=True)
    rest = sum(ordered)
    for cut, value in enumerate(ordered):
        room = 1 - cut * share
        if room <= 0:
            return ordered[-1] * len(ordered)
        if value <= share * rest / room:
            return rest / room
        rest -= value
    return ordered[-1] * len(ordered) if ordered else 0.0


def _engagement(story: Story, week: WeekPosts, influence: Mapping[str, InfluenceScore]) -> float:
    above: dict[str, float] = defaultdict(float)
    for i in story.distinct:
        post = week.posts[i]
        if post.kind != "retweet":
            usual = influence[post.author_id].usual if post.author_id in influence else 0.0
            above[post.author_id] = max(above[post.author_id], float(np.log1p(engagement(post.metrics))) - usual)
    strongest = sorted(above.values(), reverse=True)[:5]
    return _saturate(sum(strongest) / 5, ENOUGH_ENGAGEMENT) if strongest else 0.0


def _burst(about: StoryFacts, expected: float, known: bool) -> float:
    usual = 2 / 7 + CHANCE / np.sqrt(about.posts)
    crowded = max(0.0, float((about.peak - usual) / (1 - usual)))
    if not known:
        return crowded
    growth = max(0.0, 1 - expected / about.posts)
    return 0.5 * crowded + 0.5 * growth


def _resources(story: Story, week: WeekPosts) -> float:
    return float(len({link.url for i in story.distinct for link in week.posts[i].links}))


def _main_links(story: Story, week: WeekPosts) -> frozenset[str]:
    """The links that more than half of the distinct posts have."""
    counts = Counter(url for i in story.distinct for url in {link.url for link in week.posts[i].links})
    return frozenset(url for url, count in counts.items() if 2 * count > len(story.distinct))


def _over(share: float, cap: float, about: StoryFacts) -> float:
    """0 within the cap, 1 when all comes from one. An even share of the posts is never above it: of four posts by three
    people, one has half."""
    most = max(cap, math.ceil(about.evidence / about.authors) / about.evidence)
    return max(0.0, (share - most) / (1 - most)) if most < 1 else 0.0


def _negative(penalties: Mapping[str, float]) -> dict[str, float]:
    return {name: -value for name, value in penalties.items() if value > 0}


def _value(influence: Mapping[str, InfluenceScore], author: str) -> float:
    return influence[author].value if author in influence else 0.0


def _between(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _saturate(value: float, enough: float) -> float:
    return float(1 - np.exp(-value / enough))
