"""X's own archive, as users download it: `data/tweets.js` and `data/account.js`, in a zip or unpacked.

The posts are v1.1 objects after `window.YTD.tweets.part0 = `. They have no author: the account file has it. Deleted
posts, which the archive contains, and other objects are left out.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from streams.sources.fields import as_dict, as_list, record_bytes
from streams.sources.port import Bad, Ignored, Outcome, Parser
from streams.sources.x import v1 as x_v1

PREFIX = re.compile(rb"^\s*window\.YTD\.(\w+)\.part\d+\s*=\s*")
_POSTS = re.compile(r"^tweets?(-part\d+)?\.js$")
NO_AUTHOR = (
    "X's own archive (tweets.js) names no author: ingest the whole archive (.zip), or keep account.js beside the file"
)


def holds_posts(name: str) -> bool:
    """Whether a file of the archive contains the account's posts."""
    return _POSTS.match(PurePosixPath(name).name) is not None


def is_account(name: str) -> bool:
    """Whether a file of the archive contains the account."""
    return PurePosixPath(name).name == "account.js"


def account_of(data: bytes) -> dict[str, Any] | None:
    """Return the account as the `user` of a v1.1 post, from the bytes of account.js; None if it is missing."""
    try:
        entries = as_list(orjson.loads(PREFIX.sub(b"", data)))
    except orjson.JSONDecodeError:
        return None
    account = as_dict(as_dict(next(iter(entries), None)).get("account"))
    if not account.get("username"):
        return None
    return {
        "id_str": account.get("accountId"),
        "screen_name": account["username"],
        "name": account.get("accountDisplayName"),
    }


def account_beside(path: Path) -> dict[str, Any] | None:
    """Return the account of an unpacked archive's file."""
    try:
        return account_of((path.parent / "account.js").read_bytes())
    except OSError:
        return None


def parser(account: dict[str, Any] | None) -> Parser:
    """Return a parser for the entries of a post file."""

    def parse(value: dict[str, Any]) -> Iterator[Outcome]:
        post = as_dict(value.get("tweet")) or value
        if "full_text" not in post and "text" not in post:
            yield Ignored(f"no post of the archive: {', '.join(sorted(map(str, value))[:5])}")
        elif account is None and "user" not in post:
            yield Bad(NO_AUTHOR, record_bytes(value))
        else:
            yield from x_v1.parse({"user": account, **post})

    return parse
