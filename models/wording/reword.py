"""Whether a language model's rewording of a sentence may stand: it adds no name, number, link or quotation.

A strict rule that needs no trust in the model: every word of the rewording comes from the sentence, from its evidence
(the cited posts and the titles of their links), or from the closed lists of connecting words. Numbers and anything
with a capital or a digit in it come from there as a whole; whatever is quoted is verbatim. Anything else: discarded.
"""

import re
from collections.abc import Iterable, Sequence

from models.events import Sentence, Tweet
from models.text.plain import plain, printable
from models.wording.english import STOP_WORDS, WEAK_WORDS

MAX_GROWTH = 1.3
SLACK = 30
STEM = 5  # letters by which forms of a word are recognised: "announc-ed", "announc-ement"
_URL = re.compile(r"https?:|www\.|\w\.(?:com|org|net|io|ai|co|dev|edu|gov|me|ly)\b|[\w.+-]+@[\w-]+\.\w", re.IGNORECASE)
_MARKUP = re.compile(r"[<>`\[\]{}|\\]|\*\*|__")
_TOKEN = re.compile(r"[#@]?\w[\w’'.&+/-]*\w|\w|[%$€£]")
_QUOTED = re.compile(r"“([^“”]*)”|\"([^\"]*)\"|«([^«»]*)»")
_REPORTING = """
says wrote writes adds added notes noted reports reported argues argued discussed discuss discussing described
describes according several many posts posted people person topic attention around also while among both mainly
"""
_NUMBER_WORDS = """
one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred hundreds thousand
thousands million millions billion billions dozen dozens half third quarter double triple most majority first second
"""
OURS = STOP_WORDS | WEAK_WORDS | frozenset(_REPORTING.split())
NUMBERS = frozenset(_NUMBER_WORDS.split())


def reworded(original: Sentence, proposal: str, posts: Iterable[Tweet]) -> Sentence | None:
    """`proposal` as a sentence with the evidence of `original`; None when it must be discarded."""
    evidence = _evidence(posts)
    text = " ".join(printable(proposal).split())
    sources = [original.text, *evidence]
    if not _well_formed(original.text, text) or not _quotations_kept(original.text, text, evidence):
        return None
    known = {_bare(token) for source in sources for token in _TOKEN.findall(source)}
    if any(_is_added(token, known) for token in _TOKEN.findall(text)):
        return None
    return Sentence(text=text, posts=list(original.posts))


def _evidence(posts: Iterable[Tweet]) -> list[str]:
    texts: list[str] = []
    for post in posts:
        texts.append(plain(post.text))
        texts += [plain(link.title) for link in post.links if link.title]
        texts += [name for name in (post.author_name, post.author, post.related_author) if name]
    return texts


def _well_formed(original: str, text: str) -> bool:
    if not text or len(text) > MAX_GROWTH * len(original) + SLACK:
        return False
    return not _URL.search(text) and not _MARKUP.search(text) and text.count("“") == text.count("”")


def _quotations_kept(original: str, text: str, evidence: Sequence[str]) -> bool:
    """Every quotation is verbatim in the evidence, and none of the original's is lost."""
    quoted = [next(filter(None, groups), "") for groups in _QUOTED.findall(text)]
    kept = all(passage in quoted for passage in re.findall(r"“([^“”]*)”", original))
    return (
        kept and text.count('"') % 2 == 0 and all(any(passage in source for source in evidence) for passage in quoted)
    )


def _is_added(token: str, known: set[str]) -> bool:
    word = _bare(token)
    if word in known:
        return False
    is_name = any(character.isupper() or character.isdigit() for character in token[1:]) or token[0] in "#@%$€£"
    if is_name or word in NUMBERS or any(character.isdigit() for character in token):
        return True
    if word in OURS:
        return False
    return token[0].isupper() or not any(
        other[:STEM] == word[:STEM] for other in known if len(other) >= STEM and len(word) >= STEM
    )


def _bare(token: str) -> str:
    return re.sub(r"['’]s$", "", token.casefold().strip(".,'’")).lstrip("#@")
