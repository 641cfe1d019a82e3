"""Checks that a quotation is a whole sentence of its post, or has a mark of its cut.

The check uses the surrounding text, not the rules that selected the quotation. Before a quotation there must be the end
of a sentence, the start of a line, or only links, names, hashtags or a short label. After it there must be the same, or
credits. Or it stands between marks of quotation in its post. A quotation that ends with the mark of a cut must begin in
the same way.
"""

import re
from collections.abc import Iterator
from itertools import islice

from models.events import Tweet
from models.text.plain import one_line, plain
from models.wording.passages import CUT, verbatim

AROUND = 400  # characters before and after a quotation that tell whether it is whole
_ENDS = frozenset(".!?…\n")
_MARKS = frozenset('"“”')
MOST_PLACES = 20  # where a quotation is looked for in one post: a text may repeat it without end
_APART = re.compile(
    r"[^\w\s]*https?:\S*|\W*(?:t\.co|bit\.ly|lnkd\.in|buff\.ly|youtu\.be)/\S*|[^\w\s]*[@#＃][\w@.#-]+\S*|[^\w\s]+|"
    r"\(?\d{1,2}/(?:\d{1,3}|n)?\)?[:.)]?|"
    r"\W*(?:via|cc|h/t|ht|hat|tip|source|credits?|photo|image|v/|w/|rt|by)\W*",
    re.IGNORECASE,
)
_LABEL = re.compile(r"\W*+(?:\w[\w’'/-]*+\W++){1,4}")
_SITE = re.compile(r"\s*+(?:[-|–—]\s++)++(?:[A-Z@][\w.&’'-]*+:?\s*+|(?:of|the|and)\s++){1,6}")
_BRACKETED = re.compile(r"\s*\[[^\[\]]{1,20}\]\s*")


def is_whole(quotation: str, post: Tweet) -> bool:
    """Whether `quotation` is a whole sentence in a text of the post, or up to the mark of its cut."""
    words, cut = verbatim(quotation), quotation.endswith(CUT)
    titles = (one_line(text, 30_000) for link in post.links for text in (link.title, link.description) if text)
    if not words or any(words in title for title in titles):
        return bool(words)
    return any(
        (text[at - 1 : at] in _MARKS and text[at + len(words) :][:1] in _MARKS)  # the title of a work in the sentence
        or (
            _opens(text[max(0, at - AROUND) : at])
            and (cut or _closes(words, text[at + len(words) : at + len(words) + AROUND]))
        )
        for text, at in islice(_found(words, post), MOST_PLACES)
    )


def _found(words: str, post: Tweet) -> Iterator[tuple[str, int]]:
    for text in (plain(post.text), plain(post.quoted_text or "")):
        at = text.find(words)
        while at >= 0:
            yield text, at
            at = text.find(words, at + 1)


def _opens(before: str) -> bool:
    """Whether a sentence can begin after `before`."""
    kept = before.rstrip()
    while kept and not kept[-1].isalnum():
        if kept[-1] in _ENDS or not (kept[-1].isascii() or kept[-1].isalnum()):
            return True
        kept = kept[:-1].rstrip(" \t") if "\n" not in before[len(kept) - 1 :] else ""
    line = kept[max(kept.rfind(sign) for sign in "\n") + 1 :]
    between = before[len(kept) :]
    if not kept or "\n" in between:
        return True
    last = line.split()[-1]
    if _APART.fullmatch(last) or any(sign in between for sign in "|/)"):
        return True
    sentence = re.split(r"[.!?…]\s|https?:\S+\s", line)[-1]
    return ":" in between and _LABEL.fullmatch(sentence + between) is not None


def _closes(words: str, after: str) -> bool:
    """Whether the sentence at the end of `words` is complete."""
    if words.rstrip("\"”’')]»")[-1:] in _ENDS:
        return True
    line = after.split("\n", 1)[0]
    if line[:1].isalnum() and not line.lower().startswith(("http", "t.co/")):
        return False
    for ending in (_BRACKETED, _SITE):
        if (found := ending.match(line)) is not None and _is_apart(line[found.end() :]):
            return True
    return _is_apart(line)


def _is_apart(line: str) -> bool:
    """Whether a line, up to its first link, has only names, hashtags, signs, credits or a short label."""
    rest = line.lstrip("\"”’')]»,;:–—-|•· ")
    tokens = rest.split()
    apart = next((place for place, token in enumerate(tokens) if not _APART.fullmatch(token)), len(tokens))
    if apart == len(tokens) or any("http" in token.lower() for token in tokens[:apart]):
        return True
    before_link = rest.split("http")[0]
    return before_link != rest and ":" in before_link and _LABEL.fullmatch(before_link) is not None
