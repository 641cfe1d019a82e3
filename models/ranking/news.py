"""Whether something happened: a story is told with the verbs of news, a field with those of lessons.

"IBM open-sources CodeNet", "Zhurong has landed", "accepted to ICML": a closed list of verbs in which a happening of any
field is told, in the forms that tell it as done or new. It names no subject.
"""

import math

from models.events import Tweet
from models.ranking.junk import phrases

NEWS = phrases(
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


def tells_news(post: Tweet) -> float:
    """1 when the post tells that something happened, 0 when not, NaN in a language of which there is no list."""
    if post.lang not in {None, "und"} and not (post.lang or "").startswith("en"):
        return math.nan
    return float(NEWS.search(post.text) is not None)
