"""Links as a digest shows them: the author's address without trackers, site, kind by host and path, title.

Two addresses of one link: `shown_url` leads where the author's does, and `canonical_url` is for comparing only.
Nothing is fetched or guessed: a shortener's link without metadata stays as it is, of unknown kind.
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from models.events import Link, ResourceKind, Tweet
from models.text.plain import one_line

_SHORTENERS = (
    "t.co bit.ly lnkd.in buff.ly ow.ly tinyurl.com goo.gl dlvr.it ift.tt is.gd trib.al hubs.ly rb.gy cutt.ly amzn.to "
    "wp.me fb.me j.mp zpr.io spr.ly"
)
SHORTENERS = frozenset(_SHORTENERS.split())
_TRACKER = re.compile(
    r"^(utm_.*|fbclid|gclid|dclid|msclkid|mc_cid|mc_eid|igshid|yclid|twclid|ref_src|ref_url|ref|cmpid|cmp|ncid|sr_share|"
    r"s_cid|_hsenc|_hsmi|mkt_tok|trk|trackingid|share|smid|feature|spm|si|guccounter|guce_.*|at_medium|at_campaign|source|"
    r"sh|xtor|__twitter_impression|amp)$",
    re.IGNORECASE,
)
# what only ever follows a reader; the rest of `_TRACKER` may name what is shown ("?source=12", "?ref=v2.0")
_SHOWN_TRACKER = re.compile(
    r"^(utm_.*|fbclid|gclid|dclid|msclkid|mc_cid|mc_eid|igshid|igsh|yclid|twclid|ttclid|ref_src|ref_url|_hsenc|_hsmi|"
    r"mkt_tok|guccounter|guce_.*|at_medium|at_campaign|__twitter_impression)$",
    re.IGNORECASE,
)
_HOST_TRACKERS = {
    "x.com": {"s", "t"}, "twitter.com": {"s", "t"}, "youtube.com": {"si", "feature"}, "youtu.be": {"si", "feature"},
}  # fmt: skip
_AMBIGUOUS = frozenset({"ref", "source", "sh", "share", "si", "cmp", "feature", "smid", "spm"})
_ROUTE = re.compile(r"^!?/")  # a fragment by which a page of scripts tells its pages apart
_PAPERS = re.compile(
    r"(^|\.)(arxiv\.org|openreview\.net|aclanthology\.org|biorxiv\.org|medrxiv\.org|papers\.nips\.cc|proceedings\.mlr\.press|"
    r"jmlr\.org|doi\.org|dl\.acm\.org|openaccess\.thecvf\.com|proceedings\.neurips\.cc|semanticscholar\.org|ssrn\.com|"
    r"paperswithcode\.com|psyarxiv\.com|osf\.io)$"
)
_REPOSITORIES = re.compile(r"(^|\.)(github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|huggingface\.co|sr\.ht)$")
_VIDEOS = re.compile(r"(^|\.)(youtube\.com|youtu\.be|vimeo\.com|twitch\.tv|slideslive\.com)$")
_THREADS = re.compile(
    r"^(www\.|mobile\.)?(twitter\.com|x\.com|bsky\.app|threadreaderapp\.com|reddit\.com|news\.ycombinator\.com)$"
)
_THREAD_PATH = re.compile(r"/(status|post|comments|thread)/|^/item$")
_ARTICLE_PATH = re.compile(
    r"/\d{4}/\d{1,2}/|/(blog|news|article|articles|story|stories|post|posts|p)/|(?<![a-z0-9])[a-z0-9]++(?:-[a-z0-9]++){3}",
    re.IGNORECASE,
)
_SITES = {
    "arxiv.org": "arXiv", "github.com": "GitHub", "gitlab.com": "GitLab", "youtube.com": "YouTube",
    "openreview.net": "OpenReview", "huggingface.co": "Hugging Face", "twitter.com": "Twitter", "x.com": "X",
    "medium.com": "Medium", "nytimes.com": "The New York Times", "kdnuggets.com": "KDnuggets", "nature.com": "Nature",
    "towardsdatascience.com": "Towards Data Science", "technologyreview.com": "MIT Technology Review",
    "paperswithcode.com": "Papers with Code", "bsky.app": "Bluesky", "reddit.com": "Reddit", "forbes.com": "Forbes",
    "theverge.com": "The Verge", "wired.com": "Wired", "techcrunch.com": "TechCrunch", "venturebeat.com": "VentureBeat",
}  # fmt: skip
_MISREAD = frozenset("<>\"'`\\{}|^")
_T_CO = re.compile(r"^/[A-Za-z0-9]{10}\W*")
_X_HANDLE = re.compile(r"^\w{1,15}$", re.ASCII)
_BLUESKY_ID = re.compile(r"^at://(did:[a-z0-9:.%-]+)/app\.bsky\.feed\.post/([A-Za-z0-9._~-]+)$")
_MEDIA = re.compile(r"(^|\.)(pbs\.twimg\.com|pic\.twitter\.com|video\.twimg\.com)$|^pic\.(x|twitter)\.com$")
NOUNS: dict[ResourceKind, str] = {
    "article": "an article", "paper": "a paper", "repository": "a repository", "video": "a video",
    "thread": "a thread", "page": "a page",
}  # fmt: skip


def safe_url(url: str) -> str | None:
    """Return `url` if it is http or https with a host and cannot be misread by browsers or readers, else None.

    Invisible characters are percent-encoded (%E2%80%AE), because one of them could reverse the text around the address.
    """
    try:
        if not url.isprintable() or any(character.isspace() or character in _MISREAD for character in url):
            url = quote(url.strip(), safe="/:?#[]@!$&()*+,;=%~-._")
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or "@" in parts.netloc or port == 0:
        return None
    return url if host.strip(".") and "%" not in host else None


def shown_url(url: str) -> str | None:
    """The address as a digest shows it: the author's, without what only follows readers. None for an unsafe one."""
    safe = safe_url(url)
    if safe is None:
        return None
    parts = urlsplit(safe)
    host = _host(safe)
    path = parts.path
    if host == "t.co" and (whole := _T_CO.match(path)) and len(whole[0]) > 11:
        path = path[:11]  # "t.co/AbCdEfGhIj’s"
    own = _HOST_TRACKERS.get(host.removeprefix("m.").removeprefix("mobile."), set())
    kept = [pair for pair in parts.query.split("&") if not _follows_readers(pair.partition("=")[0], own)]
    return urlunsplit(parts._replace(path=path, query="&".join(kept)))


def _follows_readers(name: str, of_the_host: set[str]) -> bool:
    return name in of_the_host or _SHOWN_TRACKER.match(name) is not None


def canonical_url(url: str) -> str | None:
    """The canonical address, which equal links share: https, without "www.", trackers, default port and fragment.

    Never shown: it may lead elsewhere (`shown_url`). None for anything but http and https. An arXiv PDF becomes its
    abstract, a YouTube short link its page. A fragment that is a route stays, and so does a number in a parameter that
    is a tracker only by its name: both tell pages apart.
    """
    safe = safe_url(url)
    if safe is None:
        return None
    parts = urlsplit(safe)
    host = _host(safe)
    path = re.sub(r"/{2,}", "/", parts.path).rstrip("/")
    query = urlencode(
        sorted((k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracker(k, v))
    )
    if host == "t.co" and (whole := _T_CO.match(path)):
        path = path[:11] if len(whole[0]) > 11 else path  # "t.co/AbCdEfGhIj’s"
    elif host.endswith("arxiv.org"):
        host, path = "arxiv.org", re.sub(r"(v\d+)?(\.pdf)?$", "", path.replace("/pdf/", "/abs/"))
    elif host == "youtu.be":
        host, path, query = "youtube.com", "/watch", urlencode({"v": path.strip("/")})
    elif host in {"mobile.twitter.com", "m.youtube.com"}:
        host = host.split(".", 1)[1]
    name = f"[{host}]" if ":" in host else host
    netloc = name if parts.port in {None, 80, 443} else f"{name}:{parts.port}"
    fragment = parts.fragment if _ROUTE.match(parts.fragment) else ""
    return urlunsplit(("https", netloc, path, query, fragment))


def _is_tracker(name: str, value: str) -> bool:
    return _TRACKER.match(name) is not None and not (name.lower() in _AMBIGUOUS and value.isdigit())


def kind_of(url: str) -> ResourceKind | None:
    """The kind of a link's target, by its host and path. None for a shortener."""
    host = _host(url)
    path = urlsplit(url).path if host else ""
    if host in SHORTENERS or not host:
        return None
    if _PAPERS.search(host):
        return "paper"
    if _REPOSITORIES.search(host):
        return "repository" if path.count("/") >= 2 and not path.startswith("/blog") else "page"
    if _VIDEOS.search(host):
        return "video"
    if _THREADS.search(host):
        return "thread" if _THREAD_PATH.search(path) else "page"
    if path.lower().endswith(".pdf"):
        return "paper"
    return "article" if _ARTICLE_PATH.search(path) or host.startswith("blog.") or "medium.com" in host else "page"


def post_url(post: Tweet) -> str | None:
    """The address of a post on its platform, if its source and id determine it."""
    if post.source.startswith(("x", "twitter")) and post.id.isdigit() and _X_HANDLE.match(post.author):
        return f"https://x.com/{post.author}/status/{post.id}"
    if post.source.startswith("bluesky") and (found := _BLUESKY_ID.match(post.id)):
        return f"https://bsky.app/profile/{found[1]}/post/{found[2]}"
    return safe_url(post.id)


def is_address_of(url: str, post_id: str) -> bool:
    """Whether `url` leads to the post: platforms' addresses end as its id does, or are the id (see `post_url`)."""
    return url.rstrip("/").rpartition("/")[2] == post_id.rstrip("/").rpartition("/")[2]


def site_of(url: str) -> str:
    """The site's common name if it is known, else its host."""
    host = _host(url)
    return _SITES.get(host, host)


def is_media(link: Link) -> bool:
    """Whether the link is a picture or clip hosted by the platform, which is no resource."""
    return bool(_MEDIA.search(_host(link.url)))


def is_bare(url: str) -> bool:
    """Whether the link is a shortener's, so that its target is unknown."""
    return _host(url) in SHORTENERS


def known_link(link: Link, resources: Mapping[str, Link]) -> Link | None:
    """`link` as the digest shows it: metadata from the post, completed by `resources` (keyed by the URL in the post).

    None for a link that must not be shown (not http, or a picture).
    """
    found = resources.get(link.url)
    url = shown_url(found.url if found is not None else link.url)
    if url is None or is_media(link) or _is_cut_off(url):
        return None
    title = link.title or (found.title if found else None)
    description = link.description or (found.description if found else None)
    bare = is_bare(url)
    return Link(
        url=url,
        title=_text(title, 200),
        description=_text(description, 600),
        site=_text(link.site or (found.site if found else None), 80) or (None if bare else site_of(url)),
        kind=link.kind or (found.kind if found else None) or kind_of(url),
    )


def _is_cut_off(url: str) -> bool:
    """Whether the link is the rest of a t.co link at the end of a truncated retweet, which has no target."""
    return _host(url) == "t.co" and not _T_CO.match(urlsplit(url).path)


def _text(text: str | None, limit: int) -> str | None:
    return one_line(text, limit) or None if text else None


def _host(url: str) -> str:
    try:
        host = (urlsplit(url).hostname or "").lower().rstrip(".")
    except ValueError:
        return ""
    return host.removeprefix("www.")
