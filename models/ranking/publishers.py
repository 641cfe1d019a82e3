"""Which accounts are one publisher: several accounts of one news desk, or of one site, are one voice.

Two signs, and no list: most links of both go to one site that hardly anybody else links to; or both carry one brand,
an acronym or the other's whole handle ("CNN", "cnnbrk" as "CNN Breaking News"), in front of handle and name.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from models.events import Tweet
from models.text.words import link_host

MAIN = 0.5  # share of an account's links from which their site is its own
OWNED = 0.7  # share of a site's links that come from accounts whose own it is; of fewer, everybody links to it
FEWEST = 3  # links of an account that tell its site
_ACRONYM = re.compile(r"[A-Z]{3,}\b")


def publishers(posts: Sequence[Tweet]) -> dict[str, str]:
    """Author id -> publisher, for every author; a publisher is called by the smallest id of its accounts."""
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
    """Groups of accounts with one own site, retweets left out."""
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
        if sum(links[account][host] for account in accounts) >= OWNED * total[host]
    ]


def _by_brand(posts: Iterable[Tweet]) -> Iterable[list[str]]:
    """Groups of accounts whose handles begin with a brand that their names begin with, too."""
    names = {post.author_id: (post.author.casefold(), post.author_name or "") for post in posts}
    handles = {handle for handle, _ in names.values()}
    brands: dict[str, list[str]] = defaultdict(list)
    for account, (handle, name) in sorted(names.items()):
        first = name.split()[0] if name.split() else ""
        brand = first.casefold()
        if len(brand) > 2 and handle.startswith(brand) and (_ACRONYM.match(first) or brand in handles):
            brands[brand].append(account)
    return list(brands.values())
