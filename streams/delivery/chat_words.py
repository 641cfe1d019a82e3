"""Escapes text for chats that interpret it: mentions must notify no one, and Discord must show signs literally.

Posts contain handles ("@everyone", "@ada") and Markdown ("**not bold**"), and chats interpret both. So an invisible
character is inserted after each @ and into Slack's `<!channel>`, and signs are escaped for Discord. Addresses stay
unchanged, because they must remain valid links.
"""

import re

_UNSEEN = "\u200b"
_ADDRESS = re.compile(r"(https?://\S+)")
_PING = re.compile(r"@(?=[\w*])|<(?=[!@#&])")
_DISCORD = re.compile(r"^discord(?:app)?://|^https?://(?:\w+\.)?discord(?:app)?\.com/", re.IGNORECASE)
_MARKDOWN = re.compile(r"([\\`*_~|<>\[\]()#])|(?m:^(\s*)([-+]|\d+\.)(?=\s))")


def plain_words(text: str, url: str) -> str:
    """Return `text` for the service at the apprise address `url`, which then shows it letter by letter."""
    is_discord = _DISCORD.match(url) is not None
    parts = _ADDRESS.split(text)  # every second part is an address
    return "".join(part if place % 2 else _quiet(part, is_discord=is_discord) for place, part in enumerate(parts))


def _quiet(text: str, *, is_discord: bool) -> str:
    text = _PING.sub(lambda found: found[0] + _UNSEEN, text)
    return _MARKDOWN.sub(_escaped, text) if is_discord else text


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}"
