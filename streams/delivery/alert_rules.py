"""The rules of alerts: which topics are announced to whom. Rules are a YAML file; applying them to the board is pure.

    channels:
      team: env:SLACK_URL                 # any of apprise's addresses; env:NAME reads a variable
      hook: {webhook: https://example.org/hook, secret: env:HOOK_SECRET}
      here: {url: "json://10.0.0.7/alerts", allow_private: true}   # else private addresses are refused
    rules:
      - {name: stories, rises: rising, send: [team]}
      - {name: hot, rises: hot, send: [team, hook]}
      - {name: breaking, new_topic: {people: 5}, window: 6h, send: [team]}
      - {name: us, words: [our product, ourbot], send: [team]}
      - {name: experts, first_post_by: [ada, grace], send: [hook]}

A rule has one condition, over its window (by default 24h). All conditions use the measure of the board:

* rises: the topic's story is "rising" (enough people, above what is usual) or "hot".
* new_topic: a topic at most a day old has that many people.
* trend_over: the measure itself, in standard deviations above what is usual (`models.online.burst`).
* words: any of them is in the label, the keywords or the frequent words.
* first_post_by: the first post on a topic of one of these handles or author ids, within the last hour.

All times are event time, so a replay gives the alerts of the stream itself. A rule announces a topic once per cool-down
(by default a week), a story once even if it continues under another topic, and a person's first post on a topic once.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import yaml
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from models.live.trends import HOUR
from models.online.burst import LEVELS
from models.text.plain import one_line
from streams.delivery.apprise_addresses import refusal
from streams.views.board import Board, TopicSummary

WindowName = Literal["1h", "6h", "24h", "7d"]
NEW = timedelta(days=1)


class RulesError(ValueError):
    """The rules file is invalid; the message names the place."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewTopic(_Strict):
    """A topic at most a day old with so many people in the window."""

    people: Annotated[int, Field(ge=1)]


class Rule(_Strict):
    """One condition, and the channels of its alerts."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    send: Annotated[list[str], Field(min_length=1)]
    window: WindowName = "24h"
    cooldown_minutes: Annotated[int, Field(ge=1, le=60 * 24 * 30)] = 7 * 24 * 60
    new_topic: NewTopic | None = None
    rises: Literal["rising", "hot"] | None = None
    trend_over: float | None = None
    words: list[str] = []
    first_post_by: list[str] = []

    @model_validator(mode="after")
    def _one_condition(self) -> "Rule":
        given = [self.new_topic, self.rises, self.trend_over, self.words or None, self.first_post_by or None]
        if sum(one is not None for one in given) != 1:
            raise ValueError("give exactly one of new_topic, rises, trend_over, words, first_post_by")
        return self


class Channel(_Strict):
    """Where alerts go: an apprise address, or a webhook that is sent JSON, signed when there is a secret.

    Either may lie in a private network only with `allow_private`.
    """

    url: SecretStr | None = None
    webhook: SecretStr | None = None
    secret: SecretStr | None = None
    allow_private: bool = False

    @model_validator(mode="after")
    def _one_address(self) -> "Channel":
        if (self.url is None) == (self.webhook is None):
            raise ValueError("give one of url and webhook")
        if self.webhook is not None and not self.webhook.get_secret_value().startswith(("https://", "http://")):
            raise ValueError("a webhook is an https:// address")
        if self.url is not None and (refused := refusal(self.url.get_secret_value())):
            raise ValueError(refused)
        return self


class Rules(_Strict):
    """The whole file."""

    channels: dict[str, Channel]
    rules: Annotated[list[Rule], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_channels(self) -> "Rules":
        for rule in self.rules:
            if unknown := sorted(set(rule.send) - set(self.channels)):
                raise ValueError(f"rule {rule.name!r} sends to unknown channels: {', '.join(unknown)}")
        if len({rule.name for rule in self.rules}) < len(self.rules):
            raise ValueError("two rules have the same name")
        return self


class Alert(Struct, frozen=True, kw_only=True):
    """A message about a topic.

    key: Equal for alerts of which only one may be sent within the cool-down.
    story: Keys of the posts of its story; empty if the alert is about no story.
    url: The topic's page, or empty where the address of the service is unknown.
    """

    rule: str
    key: str
    story: list[str] = []
    cooldown_seconds: int
    send: list[str]
    topic_id: str
    title: str
    text: str
    url: str = ""


def load_rules(path: Path, environment: Mapping[str, str] = os.environ) -> Rules:
    """Raises RulesError with the place of what is wrong, and OSError."""
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise RulesError(f"{path}: not YAML: {error}") from error
    if not isinstance(document, dict):
        raise RulesError(f"{path}: a mapping with channels and rules is expected")
    try:
        return Rules.model_validate(_filled(document, environment))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise RulesError(f"{path}: {wrong}") from error


def _filled(document: dict[str, object], environment: Mapping[str, str]) -> dict[str, object]:
    """`env:NAME` replaced, and a channel that is only an address made a mapping."""

    def value(text: object) -> object:
        if not isinstance(text, str) or not text.startswith("env:"):
            return text
        if text[4:] not in environment:
            raise RulesError(f"the variable {text[4:]} is not set")
        return environment[text[4:]]

    channels = document.get("channels")
    if not isinstance(channels, dict):
        raise RulesError("channels: a mapping of names to addresses is expected")
    filled = {
        name: {key: value(one) for key, one in channel.items()}
        if isinstance(channel, dict)
        else {"url": value(channel)}
        for name, channel in channels.items()
    }
    return {**document, "channels": filled}


def alerts_of(rule: Rule, board: Board, handles: Mapping[str, str]) -> Iterator[tuple[Alert, str | None]]:
    """Yield the rule's alerts, each with the author of a first post (which the caller confirms), else None.

    handles: author id -> handle, of those in the board.
    """
    for one in board.ranked("7d", "latest"):
        if rule.first_post_by:
            yield from _first_posts(rule, board, one, handles)
        elif _applies(rule, one, board):
            yield _alert(rule, one, _because(rule, one), story=[post.id for post in board.states[one.id].story]), None


def _applies(rule: Rule, one: TopicSummary, board: Board) -> bool:
    if rule.new_topic is not None:
        age = (board.newest or one.first_at) - one.first_at
        stats = one.windows[rule.window]
        return age <= NEW and bool(stats.section) and stats.people >= rule.new_topic.people
    if rule.rises is not None:
        return LEVELS.index(one.windows[rule.window].level) >= LEVELS.index(rule.rises)
    if rule.trend_over is not None:
        return one.windows[rule.window].trend > rule.trend_over
    said = f" {' '.join([one.label, *one.keywords])} ".casefold()
    frequent = {word for word, _ in board.states[one.id].words}
    wanted = [word.casefold().strip() for word in rule.words]
    return bool(one.windows[rule.window].posts) and any(f" {word} " in said or word in frequent for word in wanted)


def _first_posts(
    rule: Rule, board: Board, one: TopicSummary, handles: Mapping[str, str]
) -> Iterator[tuple[Alert, str | None]]:
    wanted = {name.casefold().removeprefix("@") for name in rule.first_post_by}
    for author, (_, newest) in board.states[one.id].people.items():
        handle = handles.get(author, author)
        if newest > board.last_bucket - HOUR and ({handle.casefold(), author.casefold()} & wanted):
            yield _alert(rule, one, f"@{handle}'s first post on it", author), author


def _because(rule: Rule, one: TopicSummary) -> str:
    return one.windows[rule.window].reason


def _alert(rule: Rule, one: TopicSummary, because: str, author: str = "", story: Sequence[str] = ()) -> Alert:
    return Alert(
        rule=rule.name,
        key=_key(rule.name, one.id, author),
        story=[_key(rule.name, "", post) for post in story],
        cooldown_seconds=rule.cooldown_minutes * 60 if not author else 30 * 86_400,
        send=rule.send,
        topic_id=one.id,
        title=harmless(one.label),
        text=harmless(f"{rule.name}: {because}. {', '.join(one.keywords[:5])}"),
    )


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def harmless(text: str) -> str:
    """One line in which nothing addresses a whole channel (`@everyone`) when a chat shows it."""
    return one_line(text, 300).replace("@", "@\u2060")
