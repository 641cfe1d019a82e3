"""Groups accounts of one publisher: accounts of one news desk, or of one site, count as one voice.

There are two signs, and no list. Either most links of both accounts lead to one site to which few other accounts link,
and at least half of the people who share links have another site or none: a site that most of a circle reads is
nobody's own. Or both have one brand at the start of handle and name: an acronym or the other's whole handle ("CNN",
"cnnbrk" as "CNN Breaking News").
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from models.events import Tweet
from models.text.words import link_host

MAIN = 0.5  # minimum share of an account's links that lead to its own site
OWNED = 0.7  # minimum share of a site's links that come from accounts whose own site it is; public sites have less
FEWEST = 3  # minimum number of links that determine an account's site
_ACRONYM = re.compile(r"[A-Z]{3,}\b")


def publishers(posts: Sequence[Tweet]) -> dict[str, str]:
    """Return author id -> publisher for every author; the name of a publisher is the smallest id of its accounts."""
    parent = {post.author_id: post.author_id for post in posts}
    for accounts in (*_by_site(posts), *_by_brand(posts)):
        first = _root(parent, accounts[0])
        for account in accounts[1:]:
            first, other = sorted((first, _root(parent, account)))
            parent[other] = first
    return {account: _root(parent, account) for account in sorted(parent)}


def _root(parent: Mapping[str, str], account: str) -> str:
    while parent[account] != account:
        account = parent[account]
    return account


def _by_site(posts: Iterable[Tweet]) -> Iterable[list[str]]:
    """Return groups of accounts with the same own site; retweets are left out."""
    links: dict[str, Counter[str]] = defaultdict(Counter)
    for post in posts:
        if post.kind != "retweet":
            links[post.author_id].update({host for link in post.links if (host := link_host(link.url))})
    total = sum(links.values(), Counter[str]())
    owners: dict[str, list[str]] = defaultdict(list)
    for account, hosts in sorted(links.items()):
        for host, count in hosts.items():
            if count >= FEWEST and count > MAIN * hosts.total():
                owners[host].append(account)
    return [
        accounts
        for host, accounts in sorted(owners.items())
        if sum(links[account][host] for account in accounts) >= OWNED * total[host] and 2 * len(accounts) <= len(links)
    ]


def _by_brand(posts: Iterable[Tweet]) -> Iterable[list[str]]:
    """Return groups of accounts with the same brand at the start of handle and name."""
    names = {post.author_id: (post.author.casefold(), post.author_name or "") for post in posts}
    handles = {handle for handle, _ in names.values()}
    brands: dict[str, list[str]] = defaultdict(list)
    for account, (handle, name) in sorted(names.items()):
        first = name.split()[0] if name.split() else ""
        brand = first.casefold()
        if len(brand) > 2 and handle.startswith(brand) and (_ACRONYM.match(first) or brand in handles):
            brands[brand].append(account)
    return list(brands.values())
