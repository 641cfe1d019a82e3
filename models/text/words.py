"""The words of a post that complement its vector, and the key by which repeated posts are recognised.

Names identify topics in this field, so "GPT-Neo", "wav2vec-U", "C++" and "ICLR2021" stay whole. Hashtags count without
their sign, so that "#ICLR2021" and "ICLR2021" are one word. From a wall only names with digits count. Runs of Chinese,
Japanese and Korean characters, which have no spaces, become pairs of characters.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from models.events import Link
from models.text.breaks import UNSPACED, unspaced_words
from models.text.characters import HASHTAG, LINK, WORD_CHARACTER, visible
from models.text.sentence import sentence_of, without_retweet
from models.text.stop_words import STOP_WORDS

_WORD = re.compile(rf"[{WORD_CHARACTER}]+(?:[-.'’&/][{WORD_CHARACTER}]+)*(?:\+\+|#(?!\w))?")
_LETTER = re.compile(r"[^\W\d_]")
_POSSESSIVE = re.compile(r"['’]s?$")
_HANGUL = re.compile("[\uac00-\ud7af]+")
_MANY_TAGS = 4  # this many hashtags classify a post instead of describing its subject
_ADDRESSED = 3  # more mentions than this are a list of addressed people
_MAX_PARTS = 3  # "state-of-the-art" is four words, "GPT-Neo" is one name
_MAX_LENGTH = 64
_KEY_LETTERS = 80  # old retweets are cut at 140 characters, including prefix, links and spaces
# hosts that say nothing about the target, and the platforms themselves
_SILENT = """
t.co bit.ly buff.ly ow.ly dlvr.it tinyurl.com goo.gl ift.tt lnkd.in trib.al is.gd t.ly rb.gy cutt.ly shorturl.at
youtu.be j.mp fb.me wp.me amzn.to hubs.ly hubs.la rebrand.ly zpr.io upflow.co owl.li smarturl.it
twitter.com x.com mobile.twitter.com pic.twitter.com pbs.twimg.com bsky.app
"""
_SILENT_HOSTS = frozenset(_SILENT.split())


def words(text: str, links: Sequence[Link], mentions: Sequence[str]) -> tuple[str, ...]:
    """Distinct casefolded words of the post as written (not cleaned), in order of first appearance.

    Stop words, plain numbers and single letters are left out. Hosts of expanded links and up to three mentions are
    included.

    Args:
        text: The post's text.
        links: Its links.
        mentions: The handles that it mentions.
    """
    return with_people_and_sites(spoken_words(text), links, mentions)


def spoken_words(text: str) -> tuple[str, ...]:
    """The words of the text alone."""
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
    """The words of a post whose `spoken_words` are known.

    Args:
        spoken: Its `spoken_words`.
        links: Its links.
        mentions: The handles that it mentions.
    """
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
    """The distinct words of a handle, in order; usually one."""
    found: dict[str, None] = {}
    # a handle is one word, but this field is untrusted
    for word in visible(name).lstrip("@").partition("@")[0].split():
        found.update(_normal(word))
    return tuple(found)


def link_host(url: str) -> str:
    """The host of `url` without "www."; "" for shorteners, the platforms themselves, and text that is no URL."""
    try:
        host = (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:  # for example an unclosed bracket in "http://["
        return ""
    return "" if host in _SILENT_HOSTS or "." not in host or len(host) > _MAX_LENGTH else visible(host)


def content_key(text: str) -> str:
    """The key of a post's content: the first 80 letters and digits of the sentence, casefolded; "" without any.

    Retweets have equal keys (long enough ones even when truncated), and so have copies with other links, hashtags or
    people at the end, and a headline that is sent again.
    """
    text = visible(text)
    sentence = "".join(filter(str.isalnum, sentence_of(text, "original")))
    # a post that is only a wall is compared by its wall
    return (sentence or "".join(filter(str.isalnum, LINK.sub(" ", without_retweet(text))))).casefold()[:_KEY_LETTERS]


@lru_cache(maxsize=131_072)
def _normal(word: str) -> dict[str, None]:
    """The words of a token, in order, as the keys of a dictionary; usually one or none."""
    word = _POSSESSIVE.sub("", word.casefold()).strip("_")
    found: dict[str, None] = {}
    parts = word.split("-") if word.count("-") >= _MAX_PARTS else [word]
    if not word.isascii():
        for run in _HANGUL.findall(word):
            found.update(dict.fromkeys(run[i : i + 2] for i in range(max(1, len(run) - 1))))
        cut = [one for run in UNSPACED.findall(word) for one in unspaced_words(run)]
        parts = [*cut, *(UNSPACED.sub("", _HANGUL.sub("", part)) for part in parts)]
    for part in parts:
        if 1 < len(part) <= _MAX_LENGTH and part not in STOP_WORDS and _LETTER.search(part):
            found[part] = None
    return found
