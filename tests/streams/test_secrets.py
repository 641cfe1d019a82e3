"""A planted secret, wherever one can be given, and everything that is printed about it: it is never there."""

import logging
import os
import subprocess
import sys

import pytest
from aiohttp import web
from typer.testing import CliRunner

from streams.cli.commands import app
from streams.delivery.apprise import Note, notify
from streams.delivery.errors import DeliveryError
from streams.settings import load_settings
from streams.sources.people.files import read_people
from streams.system.logs import get_logger, set_up_logging
from streams.web.language_model import AnswerError, Endpoint
from tests.support.source_servers.hosting import Stop, hosted, serve_app

# apprise imports a module of the standard library that is on its way out
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
SECRET = "s3cr3t-value"
WRONG_REDIS = [
    f"redis://:{SECRET}/x@127.0.0.1:1/0",
    f"redis://:{SECRET}#x@127.0.0.1:1/0",
    f"redis://:{SECRET}?x@127.0.0.1:1/0",
    f"redis://:{SECRET}@127.0.0.1:port/0",
    f"redis+x://:{SECRET}@127.0.0.1:1/0",
    f":{SECRET}@127.0.0.1:1/0",
    f"redis://[{SECRET}@127.0.0.1:1/0",
    f"redis://:{SECRET}@/0",
]
NOWHERE = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "TOPTOPICS_ENCODER": "hash"}


@pytest.mark.parametrize("address", WRONG_REDIS)
def test_a_redis_address_with_a_slip_is_refused_without_its_password(address: str) -> None:
    """A `/` in a password makes the parsers of addresses call the password a port, and say it."""
    done = CliRunner().invoke(app, ["topics"], env=NOWHERE | {"REDIS_URL": address})
    assert done.exit_code == 2
    assert "REDIS_URL" in done.output
    assert "%2F" in done.output
    assert SECRET not in done.output


@pytest.mark.parametrize("address", WRONG_REDIS[:2])
def test_a_stage_says_no_more(address: str) -> None:
    """Its traceback neither: pydantic repeats what was given unless told otherwise."""
    environment = NOWHERE | {"REDIS_URL": address, "PATH": "/usr/bin:/bin"}
    call = [sys.executable, "-m", "streams.runtime.stage_process", "embed", str(os.getpid())]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "REDIS_URL" in done.stderr
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "address", [f"redis://:{SECRET}@127.0.0.1:1/0", f"rediss://u:{SECRET}@127.0.0.1:1", f"redis://127.0.0.1:1/0?password={SECRET}"]
)  # fmt: skip
@pytest.mark.parametrize("command", ["status", "status --json", "doctor", "doctor --json", "topics"])
def test_a_redis_that_is_away_does_not_tell_the_password(address: str, command: str) -> None:
    """The address is shown as far as it may be."""
    done = CliRunner().invoke(app, command.split(), env=NOWHERE | {"REDIS_URL": address})
    assert done.exit_code != 0
    assert done.output
    assert SECRET not in done.output


def test_no_address_with_a_password_is_in_the_settings_words() -> None:
    """Addresses are no `SecretStr`: clients need them as they are."""
    settings = load_settings(redis_url=f"redis://:{SECRET}@h", llm_base_url=f"http://u:{SECRET}@h/v1")
    assert SECRET not in f"{settings!r} {settings}"
    assert SECRET not in repr(Endpoint(str(settings.llm_base_url), "m", SECRET))


class Refusing:
    """Knows nobody."""

    async def start(self) -> tuple[int, Stop]:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._refuse)
        return await serve_app(app)

    async def _refuse(self, _: web.Request) -> web.Response:
        return web.Response(status=401)


async def test_an_endpoint_of_a_model_says_its_reason_without_its_address() -> None:
    """httpx says the whole address, password and all, when it is refused."""
    reasons = []
    with hosted(Refusing()) as port:
        for base in (f"http://u:{SECRET}@127.0.0.1:{port}/v1", f"http://127.0.0.1:{SECRET}/v1"):
            with pytest.raises(AnswerError) as refused:
                await Endpoint(base, "m", SECRET).ask([{"role": "user", "content": "x"}])
            reasons.append(str(refused.value))
    assert "401" in reasons[0]
    assert SECRET not in str(reasons)


def test_only_our_own_loggers_go_down_to_debug(capsys: pytest.CaptureFixture[str]) -> None:
    """Libraries tell requests there, with tokens in headers and addresses."""
    set_up_logging(load_settings(log_level="debug"))
    for name in (
        "apprise",
        "mastodon",
        "tweepy.client",
        "urllib3",
        "requests_oauthlib",
        "websockets.client",
        "asyncio",
    ):
        assert not logging.getLogger(name).isEnabledFor(logging.DEBUG), name
        assert logging.getLogger(name).isEnabledFor(logging.WARNING), name
    get_logger("streams.stages.embed").debug("ours is told")
    get_logger("__main__").debug("a process of ours too")
    assert capsys.readouterr().err.count("told") + 1 == 2


@pytest.mark.parametrize(
    "address", [f"json://user:{SECRET}@127.0.0.1:1/x", f"slack://{SECRET}", f"discord://{SECRET}/{SECRET}", f"mailto://u:{SECRET}@127.0.0.1"]
)  # fmt: skip
async def test_a_notification_that_fails_tells_no_address(address: str, capfd: pytest.CaptureFixture[str]) -> None:
    """On the most talkative level."""
    set_up_logging(load_settings(log_level="debug"))
    with pytest.raises(DeliveryError) as refused:
        await notify(address, Note(id="1", title="t", text="x"), allow_private=True)
    told = capfd.readouterr()
    assert SECRET not in f"{refused.value} {told.out} {told.err}"


def test_a_feed_with_a_password_is_not_listed() -> None:
    """A feed's address is the author of its posts, for everybody to see."""
    with pytest.raises(ValueError, match="password") as refused:
        read_people(f"https://ada:{SECRET}@ada.example/feed.xml\n")
    assert SECRET not in str(refused.value)
