"""Detects news: posts about events contain other verbs than posts about a subject.

Examples: "IBM open-sources CodeNet", "Zhurong has landed", "accepted to ICML". The closed list contains verbs for
events of any field, in the forms for completed or new events. It contains no subject.
"""

import math
import re

from models.events import Tweet
from models.ranking.junk import phrases

_VERBS = phrases(
    "announc(?:e[sd]?|ing)",
    "launch(?:e[sd]|ing)?",
    "releas(?:e[sd]|ing)",
    "unveil(?:s|ed|ing)?",
    "introduc(?:e[sd]|ing)",
    "debut(?:s|ed)?",
    "reveal(?:s|ed)",
    "open[- ]?sourc(?:e[sd]|ing)",
    "publishe[sd]",
    "present(?:ed|ing)",
    "accepted",
    "discover(?:s|ed)",
    "finds",
    "confirm(?:s|ed)",
    "admit(?:s|ted)",
    "warn(?:s|ed)",
    "approve[sd]",
    "award(?:s|ed)",
    "acquire[sd]",
    "rais(?:es|ed)",
    "sold",
    "appointed",
    "resign(?:s|ed)",
    "fired",
    "quits?",
    "sue[sd]",
    "bann?(?:s|ed)",
    "arrested",
    "hacked",
    "leaked",
    "cancel(?:s|led)",
    "delayed",
    "changed",
    "collapse[sd]",
    "kill(?:s|ed)",
    "halt(?:s|ed)",
    "suspend(?:s|ed)",
    "postpone[sd]",
    "merge[sd]",
    "buys|bought",
    "elect(?:s|ed)",
    "reject(?:s|ed)",
    "sentenced",
    "str(?:ikes|uck) down",
    "resume[sd]",
    "joins|joined",
    "hire[sd]",
    "ground(?:s|ed)",
    "drops|dropped",
    "lift(?:s|ed)",
    "close[sd]",
    "shuts? down",
    "dies|died",
    "crash(?:es|ed)",
    "land(?:s|ed)",
    "touch(?:es|ed) down",
    "wins|won",
    "beats?",
    "broke|breaks",
    "overt(?:ook|akes)",
    "(?:roll|kick)(?:s|ed)? (?:off|out)",
    "breaking news",
    "happening now",
    "out now",
    "now (?:available|live|public|open)",
    "is (?:out|live|public|here|official|starting)",
    "new (?:paper|preprint|work|study|research|results?|model|data ?set|report|version|release|library|package)",
)
# "the keeper who won the cup" tells of the keeper
NEWS = re.compile(rf"(?<!\bwho )(?<!\bthat )(?<!\bwhich ){_VERBS.pattern}", re.IGNORECASE)


def tells_news(post: Tweet) -> float:
    """Return 1 if the post reports an event, 0 if not, NaN for a language without a list."""
    if post.lang not in {None, "und"} and not (post.lang or "").startswith("en"):
        return math.nan
    return float(NEWS.search(post.text) is not None)
