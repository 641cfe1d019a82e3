"""The lexical evidence of a post: the words beside its vector, and the key under which repeated posts fold.

Names carry topics in this field, so "GPT-Neo", "wav2vec-U", "C++" and "ICLR2021" stay whole. Hashtags count without
their sign, so that "#ICLR2021" and "ICLR2021" are one word; of a wall only names with digits count. Runs of Chinese,
Japanese and Korean characters, which have no spaces, become pairs of characters.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from models.events import Link
from models.text.characters import HASHTAG, LINK, WORD_CHARACTER, visible
from models.text.sentence import sentence_of, without_retweet
from models.text.stop_words import STOP_WORDS

_WORD = re.compile(rf"[{WORD_CHARACTER}]+(?:[-.'’&/][{WORD_CHARACTER}]+)*(?:\+\+|#(?!\w))?")
_LETTER = re.compile(r"[^\W\d_]")
_POSSESSIVE = re.compile(r"['’]s?$")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
_MANY_TAGS = 4  # from so many on, hashtags say what a post is filed under, not what it is about
_ADDRESSED = 3  # more mentions than this are a list of people addressed
_MAX_PARTS = 3  # "state-of-the-art" is four words, "GPT-Neo" one name
_MAX_LENGTH = 64
_KEY_LETTERS = 80  # old retweets are cut at 140 characters, prefix, links and spaces included
# hosts that say nothing about the target, or are the platform itself
_SILENT = """
t.co bit.ly buff.ly ow.ly dlvr.it tinyurl.com goo.gl ift.tt lnkd.in trib.al is.gd t.ly rb.gy cutt.ly shorturl.at
youtu.be j.mp fb.me wp.me amzn.to hubs.ly hubs.la rebrand.ly zpr.io upflow.co owl.li smarturl.it
twitter.com x.com mobile.twitter.com pic.twitter.com pbs.twimg.com bsky.app
"""
_SILENT_HOSTS = frozenset(_SILENT.split())


def words(text: str, links: Sequence[Link], mentions: Sequence[str]) -> tuple[str, ...]:
    """Distinct casefolded words of the post as written (not cleaned), in order of first appearance.

    Stop words, bare numbers and single letters are out; hosts of expanded links and up to three mentions are in.
    """
    return with_people_and_sites(spoken_words(text), links, mentions)


def spoken_words(text: str) -> tuple[str, ...]:
    """`words` of the text alone."""
    text = visible(text)
    sentence = sentence_of(text, "original")
    tags = HASHTAG.findall(LINK.sub(" ", text)) if "#" in text or "＃" in text else []
    found: dict[str, None] = {}
    for match in _WORD.findall(sentence):
        found.update(_normal(match))
    for tag in tags:
        if len(tags) < _MANY_TAGS or any(map(str.isdigit, tag)):
            found.update(_normal(tag))
    return tuple(found)


def with_people_and_sites(spoken: Sequence[str], links: Sequence[Link], mentions: Sequence[str]) -> tuple[str, ...]:
    """`words` of a post whose `spoken_words` are known."""
    found = dict.fromkeys(spoken)
    if len(mentions) <= _ADDRESSED:
        for name in mentions:
            found.update(dict.fromkeys(handle_words(name)))
    for link in links:
        if host := link_host(link.url):
            found[host] = None
    return tuple(found)


@lru_cache(maxsize=65_536)
def handle_words(name: str) -> tuple[str, ...]:
    """The distinct words that a handle counts as, in order; most often one."""
    found: dict[str, None] = {}
    for word in visible(name).lstrip("@").partition("@")[0].split():  # a handle is one, a stranger's field not
        found.update(_normal(word))
    return tuple(found)


def link_host(url: str) -> str:
    """The host of `url` without "www.", or "" for shorteners, the platforms themselves and what is no address."""
    try:
        host = (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:  # an unclosed bracket, as in "http://[": no address
        return ""
    return "" if host in _SILENT_HOSTS or "." not in host or len(host) > _MAX_LENGTH else visible(host)


def content_key(text: str) -> str:
    """What repeated posts share: the first 80 letters and digits of the sentence, casefolded; "" when there is none.

    Equal keys are retweets (also those that the platform cut short, when long enough), copies with other links, tags
    or people at the end, and the same headline sent again.
    """
    text = visible(text)
    sentence = "".join(filter(str.isalnum, sentence_of(text, "original")))
    # a post of nothing but a wall repeats another by its wall
    return (sentence or "".join(filter(str.isalnum, LINK.sub(" ", without_retweet(text))))).casefold()[:_KEY_LETTERS]


@lru_cache(maxsize=131_072)
def _normal(word: str) -> dict[str, None]:
    """The words that a token counts as, in order, as the keys of a dictionary; most often one, or none."""
    word = _POSSESSIVE.sub("", word.casefold()).strip("_")
    found: dict[str, None] = {}
    if not word.isascii() and _UNSPACED.search(word):
        for run in _UNSPACED.findall(word):
            found.update(dict.fromkeys(run[i : i + 2] for i in range(max(1, len(run) - 1))))
        word = _UNSPACED.sub("", word)
    parts = word.split("-") if word.count("-") >= _MAX_PARTS else [word]
    for part in parts:
        if 1 < len(part) <= _MAX_LENGTH and part not in STOP_WORDS and _LETTER.search(part):
            found[part] = None
    return found
