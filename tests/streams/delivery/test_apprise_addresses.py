"""Whoever may add a subscription gets no service of this machine and no file of it."""

from pathlib import Path
from typing import Any

import pytest

from streams.delivery.alert_rules import RulesError, load_rules
from streams.delivery.apprise import Note, _service, notify
from streams.delivery.apprise_addresses import OPTIONS, SCHEMES, refusal
from streams.delivery.digest_message import check_address
from streams.delivery.errors import DeliveryError
from streams.delivery.subscription import Subscription, SubscriptionError, checked

# apprise imports a deprecated module of the standard library
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
REFUSED = [
    "syslog://",
    "SYSLOG://local0",
    "dbus://",
    "gnome://",
    "windows://",
    "macosx://",
    "blink1://",
    "file:///etc/passwd",
    "vapid://user@example.org?keyfile=/etc/passwd",
    "workflows://host/workflow/signature/?template=/etc/passwd",
    "workflows://host/workflow/signature/?TEMPLATE=/etc/passwd",
    "workflows://host/workflow/signature/?%74emplate=/etc/passwd",
    "workflows://host/workflow/signature/?%20template=/etc/passwd",
    "workflows://host/workflow/signature/?to=a;template=/etc/passwd",
    "workflows://host/workflow/signature/?to=a?template=/etc/passwd",
    "workflows://host/workflow/signature/#?template=/etc/passwd",
    "mailto://user:word@example.org?pgpkey=/etc/passwd",
    "json://example.org/?attach=/etc/passwd",
    "json://example.org/?attach-as=file",
    "slack://a/b/c?config=/etc/passwd",
]
ACCEPTED = [
    "mailto://user:word@example.org?to=other@example.org&smtp=mail.example.org&from=Top",
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#channel",
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?avatar=no&footer=yes",
    "tgram://123456789:abcdefg_hijklmnop/12315544/?format=markdown",
    "json://example.org/hook?+X-Token=a&-page=1&:kind=digest&method=POST",
    "ntfy://example.org/topic?priority=high&tags=a",
]


@pytest.mark.parametrize("url", REFUSED)
async def test_what_is_not_in_the_table_is_refused_everywhere(url: str, tmp_path: Path) -> None:
    """At the command and the service, in a file of subscriptions, in alert rules, and when it is used all the same."""
    assert refusal(url)
    with pytest.raises(SubscriptionError):
        check_address(Subscription(name="x", url=url, allow_private=True))
    rules = tmp_path / "rules.yaml"
    rules.write_text(f"channels: {{x: '{url}'}}\nrules: [{{name: a, words: [b], send: [x]}}]\n")
    with pytest.raises(RulesError):
        load_rules(rules)
    with pytest.raises(DeliveryError) as refused:
        await notify(url, Note(id="1", title="a", text="b"), allow_private=True)
    assert refused.value.final
    assert "passwd" not in str(refused.value)


@pytest.mark.parametrize("url", ACCEPTED)
def test_the_usual_services_are_accepted(url: str) -> None:
    """With the options that say how a message looks and to whom it goes."""
    assert refusal(url) is None
    check_address(Subscription(name="x", url=url))


def test_one_address_is_one_service() -> None:
    """A list of addresses, which apprise accepts elsewhere, could hide a second one."""
    assert type(_service("json://example.org/,syslog://")).__name__ == "NotifyJSON"


def test_every_service_of_the_table_is_one_of_apprises() -> None:
    """A slip in the table would refuse somebody's chat."""
    from apprise.manager_plugins import NotificationManager

    manager: Any = NotificationManager()  # type: ignore[no-untyped-call]
    manager.load_modules()
    assert set(manager.schemas()) >= SCHEMES


def test_no_option_of_the_table_names_a_file() -> None:
    """By its name at least."""
    words = ("file", "template", "attach", "config", "pgp")
    assert not [name for name in OPTIONS if any(word in name for word in words)]


@pytest.mark.parametrize("sign", ["\x00", "\x7f", "\x1b", "\u202e", "\u200b", "\n", " ", "\u2028"])
def test_an_address_with_signs_that_nobody_sees_is_refused(sign: str) -> None:
    """A client, a log and a person would each read another address."""
    for url in (f"https://example.org/{sign}hook", f"https://exa{sign}mple.org/hook"):
        with pytest.raises(SubscriptionError):
            checked(Subscription(name="x", url=url))
