"""Patterns of posts without a story: closed lists of greetings, giveaways, advertisements and evergreen forms.

No list contains a subject. The lists are English; a post in another language does not match.
"""

import re


def phrases(*patterns: str) -> re.Pattern[str]:
    """Return a pattern for any of the phrases as whole words, in any case."""
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b", re.IGNORECASE)


GREETING = phrases(
    "good (?:morning|afternoon|evening|night)",
    "happy (?:birthday|anniversary|holidays|new year|[a-z]+day|weekend|easter|diwali|eid|christmas|mothers? ?'?s? day)",
    r"happy (?-i:(?:[A-Z][\w'’]{1,30} ){1,3}Day)",
    "merry christmas",
    "have a (?:great|good|nice|wonderful|lovely) (?:day|week|weekend|one|evening)",
    "congrat(?:s|ulations)",
    "well deserved",
    "thank(?:s| you)",
    "welcome (?:to|back)",
    "follow (?:friday|back)",
    "get well",
)
GIVEAWAY = phrases(
    "air ?drops?",
    "give-?away",
    "(?:enter|chance|retweet|rt|follow) (?:&|and|to) (?:win|retweet|rt|follow|like)",
    "raffle",
    "promo(?:tion)? code",
    "coupon",
    "discount code",
    r"\d{1,2} ?% (?:off|discount)",
)
ADVERTISEMENT = phrases(
    "use (?:the )?code",
    "to win",
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
