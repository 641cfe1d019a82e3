"""Checks a language model's rewording of a sentence: no new name, number, link, quotation or claim.

The rule is strict and needs no trust in the model:

* All quotations of the sentence must remain, and no other text may be in quotation marks.

* Every other word must be from the sentence, from the posts of at least two people (the words of one person may be
  written for the model, so they may be quoted but not stated), or from the closed list of connecting words.

* People and numbers must be from the sentence, in its order and before the same words. Negations must be unchanged.

* A quotation keeps its speaker, and no crowd may be added.

A rewording that breaks a rule is discarded.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from models.events import Sentence, Tweet
from models.text.plain import plain, printable
from models.text.stop_words import TITLE_STOP_WORDS
from models.wording.passages import verbatim
from models.wording.people import clean_handle, display_name
from models.wording.summary import ALSO

MAX_GROWTH = 1.3
SLACK = 30
STEM = 5  # letters that identify forms of a word: "announc-ed", "announc-ement"
_URL = re.compile(
    r"https?:|www\.|\w\.(?:com|org|net|io|ai|co|dev|edu|gov|me|ly)\b|(?<![\w.+-])[\w.+-]++@[\w-]++\.\w", re.IGNORECASE
)
_MARKUP = re.compile(r"[<>`\[\]{}|\\]|\*\*|__")
_TOKEN = re.compile(r"[#@]?\w[\w’'.&+/-]*\w|\w|[%$€£]")
_QUOTED = re.compile(r"“([^“”]*)”|\"([^\"]*)\"|«([^«»]*)»")
_REPORTING = """
says wrote writes adds added notes noted reports reported argues argued discussed discuss discussing described
describes according several many posted posts people person topic attention around also while among both mainly
"""
_NUMBER_WORDS = """
one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred hundreds thousand
thousands million millions billion billions dozen dozens half third quarter double triple most majority first second
"""
_NEGATIONS = "no not never none nobody nothing nowhere neither nor without cannot hardly barely"
_CROWD = """
people person persons other others several many both all every everyone everybody anyone each some few most they them
their we us our together
"""
OURS = TITLE_STOP_WORDS | frozenset(_REPORTING.split())
NUMBERS = frozenset(_NUMBER_WORDS.split())
CROWD = frozenset(_CROWD.split())
NEGATIONS = frozenset(_NEGATIONS.split())


def reworded(original: Sentence, proposal: str, posts: Iterable[Tweet]) -> Sentence | None:
    """Return `proposal` as a sentence with the evidence of `original`; None if a rule is broken."""
    text = " ".join(printable(proposal).split())
    if not _well_formed(original.text, text) or set(_quoted(text)) != set(_quoted(original.text)):
        return None
    if (ALSO in original.text) != (ALSO in text):  # separates the speakers from the other people
        return None
    before, after = _tokens(original.text), _tokens(text)
    if _negations(before) != _negations(after) or not _in_order(_handles(after), _handles(before)):
        return None
    if not _numbers(after) <= _numbers(before):
        return None
    own = {_bare(token) for token in before}
    cited = list(posts)
    if not _keeps_speaker(original.text, text, cited):
        return None
    known = own | (_corroborated(cited) - _people(cited))
    if any(_is_added(token, known) for token in after):
        return None
    return Sentence(text=text, posts=list(original.posts))


def _keeps_speaker(original: str, text: str, posts: Sequence[Tweet]) -> bool:
    """Whether the quotation still follows the name of a speaker, and no crowd.

    A crowd ("15 people", "several") may stay with its preceding word: "one of 15 people".
    """
    quoted = _quoted(original)
    if not quoted:
        return True
    before, after = ([_bare(token) for token in _tokens(sentence)] for sentence in (original, text))
    speakers = [
        name for post in posts if any(verbatim(words) in plain(post.text) for words in quoted) for name in _names(post)
    ]
    named = [name for name in speakers if _holds(before, name)]
    if named and not any(_holds(after, name) for name in named):
        return False
    return _crowds(after) <= _crowds(before)


def _names(post: Tweet) -> list[list[str]]:
    """Return the author's handle and display name as words."""
    names = (display_name(post), clean_handle(post.author), clean_handle(post.related_author or post.author))
    return [[_bare(token) for token in _TOKEN.findall(name)] for name in names]


def _holds(words: Sequence[str], name: Sequence[str]) -> bool:
    """Whether `words` contain the whole `name`."""
    return bool(name) and any(list(name) == list(words[at : at + len(name)]) for at in range(len(words)))


def _crowds(words: Sequence[str]) -> set[tuple[str, str]]:
    return {
        (previous, word)
        for previous, word in zip(["", *words], words, strict=False)
        if word in CROWD or (word in NUMBERS and word != "one") or word[:1].isdigit()
    }


def _tokens(text: str) -> list[str]:
    """Return the text outside the quotations, which are compared as a whole."""
    return _TOKEN.findall(_QUOTED.sub(" ; ", text))


def _corroborated(posts: Sequence[Tweet]) -> set[str]:
    """Return the words that at least two people use in these posts or in the titles of their links."""
    users: dict[str, set[str]] = defaultdict(set)
    for post in posts:
        for text in (plain(post.text), *(plain(link.title) for link in post.links if link.title)):
            for token in _TOKEN.findall(text):
                users[_bare(token)].add(post.author_id)
    return {word for word, people in users.items() if len(people) > 1}


def _people(posts: Iterable[Tweet]) -> set[str]:
    """Return the words of the authors' names: only the sentence may say who said something."""
    names = (name for post in posts for name in (post.author_name, post.author, post.related_author) if name)
    return {_bare(token) for name in names for token in _TOKEN.findall(plain(name))}


def _well_formed(original: str, text: str) -> bool:
    if not text or len(text) > MAX_GROWTH * len(original) + SLACK or text.count('"') % 2:
        return False
    return not _URL.search(text) and not _MARKUP.search(text) and text.count("“") == text.count("”")


def _quoted(text: str) -> list[str]:
    return [next(filter(None, groups), "") for groups in _QUOTED.findall(text)]


def _negations(tokens: Iterable[str]) -> Counter[str]:
    words = map(_bare, tokens)
    return Counter("not" if word.endswith(("n't", "n’t")) else word for word in words if _is_negation(word))


def _is_negation(word: str) -> bool:
    return word in NEGATIONS or word.endswith(("n't", "n’t"))


def _handles(tokens: Iterable[str]) -> list[str]:
    return [_bare(token) for token in tokens if token.startswith("@")]


def _in_order(some: Sequence[str], everything: Sequence[str]) -> bool:
    """Whether `some` are in the order of `everything`."""
    rest = iter(everything)
    return all(one in rest for one in some)


def _numbers(tokens: Sequence[str]) -> set[tuple[str, str]]:
    """Return every number with the word after it."""
    words = [_bare(token) for token in tokens]
    return {
        (word, following)
        for word, following in zip(words, [*words[1:], ""], strict=True)
        if word in NUMBERS or word[:1].isdigit()
    }


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
