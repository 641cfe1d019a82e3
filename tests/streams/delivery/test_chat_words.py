"""What a chat would do with the words of posts: ping people, make bold, swallow signs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.delivery.chat_words import plain_words

DISCORD = "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"
SLACK = "slack://TokenA/TokenB/TokenC"


@pytest.mark.parametrize(
    "url", [DISCORD, "discordapp://1/x", "https://discord.com/api/webhooks/1/x", SLACK, "tgram://1/2", "mmost://h/k"]
)
@pytest.mark.parametrize(
    "text", ["@everyone look", "hi @here", "by @ada and @grace_h", "<@123>", "<!channel>", "<@&5>"]
)
def test_nobody_is_pinged(url: str, text: str) -> None:
    """In no chat: not all of it, and not somebody who happens to have the same handle."""
    shown = plain_words(text, url)
    assert not re.search(r"@[\w*]|<[!@#&]", shown)
    assert shown.replace("\u200b", "").replace("\\", "") == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "**bold** _under_ `code` ~~gone~~ ||spoiler||",
            r"\*\*bold\*\* \_under\_ \`code\` \~\~gone\~\~ \|\|spoiler\|\|",
        ),
        ("# a title\n- a point\n1. a number", "\\# a title\n\\- a point\n\\1. a number"),
        ("[words](https://a.example/x_y)", r"\[words\]\(https://a.example/x_y)"),
        ("see https://a.example/x_y*z?a=@b ok_", r"see https://a.example/x_y*z?a=@b ok\_"),
        ("C:\\new", r"C:\\new"),
        ("• GPT-4 – plain: 3 people", "• GPT-4 – plain: 3 people"),
    ],
)
def test_discord_shows_signs_as_signs(text: str, shown: str) -> None:
    """Addresses stay whole."""
    assert plain_words(text, DISCORD) == shown
    assert plain_words("a*b_c", SLACK) == "a*b_c"


@given(st.text(max_size=80))
def test_nothing_is_lost(text: str) -> None:
    """Only unseen characters and backslashes are added."""
    shown = plain_words(text, DISCORD)
    kept = iter(shown)
    assert all(any(one == other for other in kept) for one in text)
