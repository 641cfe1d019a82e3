"""Text for chats that do more with it than show it: nobody is pinged, and on Discord a sign is a sign.

Posts quote handles ("@everyone", "@ada") and Markdown ("**not bold**"). A chat reads both in what it is sent. So a
character that nobody sees is put behind each @ and into Slack's `<!channel>`, and Discord gets its signs escaped.
Addresses stay as they are: they must lead somewhere.
"""

import re

_UNSEEN = "\u200b"
_ADDRESS = re.compile(r"(https?://\S+)")
_PING = re.compile(r"@(?=[\w*])|<(?=[!@#&])")
_DISCORD = re.compile(r"^discord(?:app)?://|^https?://(?:\w+\.)?discord(?:app)?\.com/", re.IGNORECASE)
_MARKDOWN = re.compile(r"([\\`*_~|<>\[\]()#])|(?m:^(\s*)([-+]|\d+\.)(?=\s))")


def plain_words(text: str, url: str) -> str:
    """`text` as the service at the apprise address `url` shows it letter by letter."""
    is_discord = _DISCORD.match(url) is not None
    parts = _ADDRESS.split(text)  # every second one is an address
    return "".join(part if place % 2 else _quiet(part, is_discord=is_discord) for place, part in enumerate(parts))


def _quiet(text: str, *, is_discord: bool) -> str:
    text = _PING.sub(lambda found: found[0] + _UNSEEN, text)
    return _MARKDOWN.sub(_escaped, text) if is_discord else text


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}"
