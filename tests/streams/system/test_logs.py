"""One line for each event; no text of a post can forge a line."""

import io
import logging
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import orjson
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from streams.settings import load_settings
from streams.system import logs
from streams.system.logs import get_logger, set_up_logging

HOSTILE = 'x\n{"event": "forged", "level": "info"}\r\n\x1b[2J\x9b31m\u2028\u2029\u202e'


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Restores logging after the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(form: str, text: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The output when a structlog and a standard logger log `text` as event, value and exception."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    set_up_logging(load_settings(log_format=form), stage="embed")
    log = get_logger("test")
    log.info(text, reason=text, partition=1, offset=7)
    try:
        raise ValueError(text)
    except ValueError:
        log.exception("failed")
        logging.getLogger("library").exception("failed with %s", text)
    return out.getvalue().split("\n")


@given(st.text(max_size=60))
def test_json_lines_hold_one_event_each(text: str) -> None:
    """Whatever the text: as many lines as events, and every line is JSON with stage and coordinates."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        *written, last = lines("json", text, monkeypatch)
    assert last == ""
    events = [orjson.loads(line) for line in written]
    assert len(events) == 3
    assert all(event["stage"] == "embed" for event in events)
    assert (events[0]["event"], events[0]["partition"], events[0]["offset"]) == (text, 1, 7)


def test_json_lines_drive_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operators will `tail` them."""
    for line in lines("json", HOSTILE, monkeypatch):
        assert not any(character in line for character in "\x1b\x9b\r\u2028\u2029\u202e")


def test_a_person_s_terminal_is_not_driven_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """The console form shows control characters as text."""
    text = "\n".join(lines("console", HOSTILE, monkeypatch))
    assert "forged" in text
    assert not any(character in text for character in "\x1b\x9b\r\u2028\u2029\u202e")
    first = text.split("\n")[0]
    assert "forged" in first, "a line break in a value must not begin a line"


def test_what_a_library_repeats_is_told_once_with_how_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that was unreachable for a minute once caused a quarter of a million lines. Our own lines are all
    logged.
    """
    out, now = io.StringIO(), [100.0]
    monkeypatch.setattr(sys, "stderr", out)
    monkeypatch.setattr("streams.system.logs.time", SimpleNamespace(monotonic=lambda: now[0]))
    set_up_logging(load_settings(log_format="json"), stage="embed")
    library, ours = logging.getLogger("aiokafka.client"), logging.getLogger("streams.stages.embed")
    for number in range(50):
        library.error("no connection to node %s", number)
        ours.error("ours")
    library.warning("no connection to node %s", 1)
    now[0] += logs.AGAIN_SECONDS
    library.error("no connection to node %s", "100 %")
    told = [event for line in out.getvalue().splitlines() if (event := orjson.loads(line))["event"] != "ours"]
    assert [event["event"] for event in told] == [
        "no connection to node 0",
        "no connection to node 1",
        "no connection to node 100 % [and 49 times since the last such line]",
    ]
    assert out.getvalue().count('"ours"') == 50


def test_a_broker_that_is_not_ready_yet_is_news_and_one_that_never_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first start logs it once; a lasting state is logged as the client logs it, and again after a pause."""
    out, now = io.StringIO(), [100.0]
    monkeypatch.setattr(sys, "stderr", out)
    monkeypatch.setattr("streams.system.logs.time", SimpleNamespace(monotonic=lambda: now[0]))
    set_up_logging(load_settings(log_format="json"), stage="embed")

    def told(seconds: int) -> list[tuple[str, str]]:
        out.seek(0)
        out.truncate()
        for _ in range(seconds):
            answer = "[Error 15] GroupCoordinatorNotAvailableError"
            client = logging.getLogger("aiokafka.consumer.group_coordinator")
            client.error("Request failed: %s", answer)
            client.warning("Marking the coordinator dead (node %s) for group %s.", 1, "g")
            now[0] += 1.0
        return [(event["level"], event["event"]) for event in map(orjson.loads, out.getvalue().splitlines())]

    news = ("info", "broker is not ready yet; asking again: GroupCoordinatorNotAvailable")
    assert told(int(logs.NOT_READY_SECONDS)) == [news]
    assert told(1) == [
        ("error", "Request failed: [Error 15] GroupCoordinatorNotAvailableError"),
        ("warning", "Marking the coordinator dead (node 1) for group g."),
    ]
    now[0] += 10 * logs.NOT_READY_SECONDS
    assert told(3) == [news]
