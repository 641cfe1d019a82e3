"""Why a topic stays out of the digest: no subject, no story, or one voice only.

Each kind of junk is a score from 0 to 1 out of facts that hold for any data set (how posts are written, who writes
them, whether they have words of their own), and small closed lists of greetings, lotteries and of the forms of
listicles; no list names a subject. The kind with the highest score of at least `LIMIT` is the reason.
"""

import re
from collections.abc import Sequence

from models.events import Tweet
from models.ranking.story_facts import StoryFacts
from models.week.config import DigestConfig

LIMIT = 0.5
MANNER = 0.3
ENOUGH_TALKERS = 5  # people whose talk is a story without a source to read
SOURCED = 1 / 3  # share of the posts with a link from which there is one


def phrases(*patterns: str) -> re.Pattern[str]:
    """Any of the patterns as whole words, in any case."""
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b", re.IGNORECASE)


GREETING = phrases(
    "good (?:morning|afternoon|evening|night)",
    "happy (?:birthday|anniversary|holidays|new year|[a-z]+day|weekend|easter|diwali|eid|christmas|mothers? ?'?s? day)",
    "merry christmas",
    "have a (?:great|good|nice|wonderful|lovely) (?:day|week|weekend|one|evening)",
    "congrat(?:s|ulations)",
    "well deserved",
    "thank(?:s| you)",
    "welcome (?:to|back)",
    "follow (?:friday|back)",
    "get well",
)
LOTTERY = phrases(
    "give-?away",
    "(?:enter|chance|retweet|rt|follow) (?:&|and|to) (?:win|retweet|rt|follow|like)",
    "to win",
    "raffle",
    "promo(?:tion)? code",
    "coupon",
    "discount code",
    r"\d{1,2} ?% (?:off|discount)",
    "use (?:the )?code",
    "sign up (?:now|today)",
    "(?:register|enrol+|subscribe|buy|order) (?:now|today|here)",
    "limited (?:time|offer|seats)",
    "early bird",
    "free (?:trial|e-?book|webinar|course|ticket)s?",
    "join (?:me|us)",
)
EVERGREEN = phrases(
    r"(?:top |best )?\d{1,3} (?:[\w-]+ ){0,3}?(?:things|ways|tips|tools|books|reasons|steps|skills|questions|projects)",
    r"\d{1,3} (?:[\w-]+ ){0,3}?(?:examples|mistakes|courses|resources|techniques|libraries|types|lessons|best)",
    "how to",
    "what (?:is|are)",
    "why you",
    "guide",
    "tutorials?",
    "understand(?:ing)?",
    "intro(?:duction)? to",
    "beginner'?s?",
    "cheat ?sheets?",
    "roadmap",
    "explained",
    "basics",
    "from scratch",
    "step[- ]by[- ]step",
    "e-?books?",
    "learn(?:ing)? path",
    "everything you need",
    "interview questions",
    "infographic",
    "tips",
    "best practices",
    "crash course",
)


def reason(story: StoryFacts, posts: Sequence[Tweet], config: DigestConfig) -> str | None:
    """Why the topic with these facts and this evidence is no story, or None."""
    if len(story.voices) < config.min_topic_people:
        return "few people"
    # what a new name or a link holds together may be two texts that many share
    if (story.posts if story.focus >= LIMIT else story.evidence) < config.min_topic_posts:
        return "few posts"
    if len(story.voices) < ENOUGH_TALKERS and story.linked < SOURCED:  # a name alone makes it no story: gossip has one
        return "chatter"
    scores = junk_scores(story, posts)
    worst = max(scores, key=lambda kind: (scores[kind], kind))
    return worst if scores[worst] >= LIMIT else None


def junk_scores(story: StoryFacts, posts: Sequence[Tweet]) -> dict[str, float]:
    """Each kind of junk with its score, 0 to 1."""
    vague = 1 - _ramp(max(story.focus, story.known_focus), 0.1, 0.4)
    lasting = 1 - _ramp(story.peak, 0.7, 0.9)
    return {
        "hashtag wall": _ramp(story.wall, 0.3, 0.6) * vague,
        "greeting": _ramp(_share(GREETING, posts), 0.2, 0.6) * max(0.75, vague),
        "giveaway": _ramp(_share(LOTTERY, posts), 0.25, 0.75),
        "self-promotion": _ramp(story.top_author, 0.4, 0.8),
        "evergreen": _ramp(_share(EVERGREEN, posts), 0.1, 0.5) * vague,
        "chatter": max(_ramp(1 - story.linked, 0.4, 0.9), _ramp(1 - story.specific, 0.6, 0.9)) * vague * lasting,
        "mixture": 0.0
        if story.event
        else max(_ramp(-story.coherence, -0.36, -0.24), _ramp(-story.agreement, -0.42, -0.34)),
    }


def evergreen(story: StoryFacts, posts: Sequence[Tweet]) -> float:
    """How much a topic is written like filler, 0 to `MANNER`; less so the more of it is about one new name."""
    return (
        MANNER
        * (1 - 0.7 * min(1.0, 2 * story.focus))
        * max(_ramp(_share(EVERGREEN, posts), 0.05, 0.5), _ramp(story.wall, 0.3, 0.7))
    )


def _share(pattern: re.Pattern[str], posts: Sequence[Tweet]) -> float:
    return sum(pattern.search(post.text) is not None for post in posts) / len(posts)


def _ramp(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high` on, straight between them."""
    return min(1.0, max(0.0, (value - low) / (high - low)))
