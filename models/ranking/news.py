"""Whether something happened: a story is told with the verbs of news, a field with those of lessons.

"IBM open-sources CodeNet", "Zhurong has landed", "accepted to ICML": a closed list of verbs in which a happening of any
field is told, in the forms that tell it as done or new. It names no subject.
"""

from collections.abc import Sequence

from models.events import Tweet
from models.ranking.junk import phrases

ENOUGH = 0.4  # share of the posts told as news that makes a topic one
UNTOLD = 0.5  # for a topic in other languages, of whose verbs there is no list

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


def news(posts: Sequence[Tweet]) -> float:
    """How much the posts tell something that happened, 0 to 1."""
    read = [post for post in posts if post.lang in {None, "und"} or (post.lang or "").startswith("en")]
    if not read:
        return UNTOLD
    return min(1.0, sum(NEWS.search(post.text) is not None for post in read) / len(read) / ENOUGH)
