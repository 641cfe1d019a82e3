"""Which of apprise's addresses may be used: a closed table of services and of options.

apprise knows 255 schemes and hundreds of options. Among them are services on this machine (`syslog://`, `dbus://`) and
options that open local files (`template=`, `keyfile=`, attachments). Whoever may add a subscription must not get that.
So only services of the table are accepted, and of each address only the options of the table.
"""

import re
from typing import Final

# mail, the usual chats, push services, and plain HTTP; all of them reach other machines by HTTP, SMTP or nothing
_SCHEMES = (
    "mailto mailtos slack discord tgram workflows workflow matrix matrixs mmost mmosts rocket rockets gchat zulip "
    "webex wxteams lark feishu dingtalk wecombot guilded revolt twist nctalk nctalks toot toots mastodon mastodons "
    "ntfy ntfys gotify gotifys pover pbul pushy prowl bark barks ifttt signal signals threema line kakaotalk groupme "
    "mailgun sendgrid sparkpost postmark resend brevo smtp2go twilio vonage sinch plivo json jsons form forms xml xmls"
)
SCHEMES: Final = frozenset(_SCHEMES.split())
# how a message looks and to whom it goes; none of these names a file
_OPTIONS = (
    "format overflow verify cto rto emojis tz retry wait "
    "to from name cc bcc reply smtp mode user pass method "
    "image footer avatar avatar_url href topic thread blocks markup mdv content silent preview ping fields ts "
    "priority tags tag click sound url url_title group level badge icon delay ttl channel channels token device "
    "msgtype version v key secret mdformat volume category visibility sensitive spoiler language"
)
OPTIONS: Final = frozenset(_OPTIONS.split())
HTTP_FIELDS: Final = "+-:"  # before a name: a header, a parameter or a field of the request
_SEPARATOR = re.compile("[&;]")


def refusal(url: str) -> str | None:
    """Why an address may not be used; None when it may. The values in the address are not repeated.

    The address is read by its characters and strictly, because apprise has a parser of its own: an option's name must
    stand there as it is, without encoding, and after the only question mark.
    """
    scheme = url.partition("://")[0].lower()
    if scheme not in SCHEMES:
        return f"{scheme[:40]}:// is not among the services that may be used"
    _, mark, query = url.partition("?")
    if "?" in query:
        return "a second question mark in the address must be written %3F"
    names = [pair.partition("=")[0] for pair in _SEPARATOR.split(query)] if mark else []
    wrong = [name for name in names if name[:1] not in HTTP_FIELDS and name.lower() not in OPTIONS and name]
    return f"the option {wrong[0][:40]!r} may not be used" if wrong else None
