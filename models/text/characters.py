"""Characters and tokens of a post: invisible characters, words, links, hashtags, mentions.

Regular expressions are compiled once. All of them are linear in the length of the text.
"""

import html
import re
import unicodedata
from functools import lru_cache

# Unicode categories Cc (except white space), Cf, Cs and Co, the variation selectors and the noncharacters of the first
# plane: readers see none of them. Lone surrogates are included, so the result can always be encoded as UTF-8.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\ue000-\uf8ff"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\U000f0000-\U0010ffff]+"
)
_SPACE = re.compile(r"\s+")
# "&amp;amp;lt;" and "&#38;lt;": every layer of escaping at once, so that a hostile text does not cost a round per layer
_ESCAPED_AMPERSAND = re.compile(r"&(?:(?:amp|AMP|#0*38(?!\d)|#[xX]0*26(?![0-9a-fA-F]));?)+")
_UNESCAPE_ROUNDS = 8

# \w lacks the vowel signs of the Indic scripts and combining accents, and would split their words
WORD_CHARACTER = "\\w\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u109f\u1780-\u17d3"
HAS_WORD = re.compile(r"[^\W_]")
LINK = re.compile(r"(?:https?://|www\.(?=\w))[^\s\x00]*|\bhttps?:(?=[\s…]|$)/?|\bhttps?:/?/?…", re.IGNORECASE)
HASHTAG = re.compile(rf"(?<![\w#＃])[#＃]+(?=[\d_]*[^\W\d_])([{WORD_CHARACTER}]+)")
MENTION = re.compile(r"(?<![\w@/.#＃])\.?@([A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*)(?:@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)?")

# names with a capital inside that is not a word boundary
_ONE_WORD = """
PyTorch TensorFlow JavaScript TypeScript GitHub GitLab OpenAI DeepMind YouTube LinkedIn WhatsApp TikTok PayPal PyData
PyCon NumPy SciPy JupyterLab PostgreSQL MongoDB MySQL NoSQL FinTech InsurTech RegTech EdTech HealthTech DevOps MLOps
AIOps DataOps NeurIPS IoT IIoT AIoT NLProc LaTeX McKinsey HuggingFace WordPress StackOverflow BlackRock SpaceX ChatGPT
GraphQL RStats ReactJS NodeJS GoLang
"""
_NAMES = frozenset(_ONE_WORD.casefold().split())


def visible(text: str) -> str:
    """`text` without control, format, bidirectional and zero-width characters, with entities resolved, in NFC."""
    text = _INVISIBLE.sub("", text)
    if "&" in text:
        text = unescape(text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def unescape(text: str) -> str:
    """Resolve HTML entities, also doubly escaped ones."""
    for _ in range(_UNESCAPE_ROUNDS):
        resolved = html.unescape(_ESCAPED_AMPERSAND.sub("&", text))
        if resolved == text:
            break
        text = resolved
    return _INVISIBLE.sub("", text)


def fold_space(text: str) -> str:
    """Replace every run of white space by one space and strip the ends."""
    return _SPACE.sub(" ", text).strip()


@lru_cache(maxsize=65_536)
def split_hashtag(tag: str) -> str:
    """The words of a hashtag or handle, with or without its sign: "#MachineLearning" -> "Machine Learning".

    Names with digits ("ICLR2021", "COVID19"), plurals ("GPUs") and known names ("PyTorch", "NeurIPS2021") stay whole.
    """
    tag = tag.lstrip("#＃@")
    if tag.casefold().rstrip("0123456789") in _NAMES:
        return tag
    pieces: list[str] = []
    start = 0
    for index in range(1, len(tag)):
        # "eBook", "rOpenSci": a single letter is no word
        if _boundary(tag, index) and index - start > tag[start].islower():
            pieces.append(tag[start:index])
            start = index
    pieces.append(tag[start:])
    return " ".join(piece for part in pieces for piece in part.split("_") if piece)


def _boundary(tag: str, index: int) -> bool:
    """Whether a word starts at `index`: aB, ABcd, 3Dxx (at the letter after D), 100Days."""
    before, here = tag[index - 1], tag[index]
    if not here.isupper():
        return False
    if before.islower():
        return tag[index - 2 : index + 1] != "IoT"
    begins_word = tag[index + 1 : index + 3].islower() and len(tag) > index + 2
    return begins_word and (before.isupper() or before.isdigit())
