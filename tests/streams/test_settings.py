"""The settings are a closed table, and `streams/README.md` says the same."""

import re

import pytest
from pydantic import ValidationError

from streams.kafka.topics import TOPICS
from streams.settings import Settings, load_settings
from tests.support.paths import ROOT

README = (ROOT / "streams" / "README.md").read_text("utf-8")


def _variable(name: str) -> str:
    field = Settings.model_fields[name]
    choices = getattr(field.validation_alias, "choices", None)
    return str(choices[0]) if choices else f"TOPTOPICS_{name.upper()}"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_readme_with_its_description(name: str) -> None:
    """With its default, in the words of its own description."""
    field = Settings.model_fields[name]
    assert field.description
    default = {None: "", "": "(empty)"}.get(field.default, f"`{field.default}`")
    assert f"\n| `{_variable(name)}` | {default} | {field.description} |\n" in README


def test_the_readme_names_no_setting_that_does_not_exist() -> None:
    """A renamed one would be looked for in vain."""
    known = {_variable(name) for name in Settings.model_fields} | {"TOPTOPICS_MAVEN_REPOSITORY"}
    named = set(re.findall(r"^\| `((?:TOPTOPICS|KAFKA|REDIS|LLM)_[A-Z_]+)` \|", README, re.MULTILINE))
    assert named <= known


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_is_in_the_readme(topic: object) -> None:
    """With its key, its value and its partitions."""
    name, key, value = (getattr(topic, field) for field in ("name", "key", "value"))
    partitions = getattr(topic, "partitions", 0)
    assert f"| `{name}` | {key} | {value.replace('|', 'or')} | {partitions} |" in README


def test_the_environment_is_read_and_options_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """Command option, environment, default."""
    monkeypatch.setenv("TOPTOPICS_EMBED_BATCH", "7")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "one:9092")
    assert load_settings().embed_batch == 7
    assert load_settings(embed_batch=9, timezone=None).embed_batch == 9
    assert load_settings().kafka_bootstrap_servers == "one:9092"
    assert load_settings().timezone == "UTC"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("embed_batch", 0),
        ("prefix", "a/b"),
        ("log_level", "loud"),
        ("dead_letter_budget", 2),
        ("timezone", "Mars/Olympus"),
        ("timezone", "Europe"),
        ("timezone", "../etc/passwd"),
        ("timezone", ""),
    ],
)
def test_a_wrong_value_is_refused(name: str, value: object) -> None:
    """Before anything starts."""
    with pytest.raises(ValidationError, match=name):
        load_settings(**{name: value})


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by repr nor by a log line of the whole object."""
    monkeypatch.setenv("LLM_API_KEY", "s3cret-one")
    monkeypatch.setenv("TOPTOPICS_API_TOKEN", "s3cret-two")
    settings = load_settings(kafka_sasl_password="s3cret-three")
    assert "s3cret" not in f"{settings!r} {settings} {settings.model_dump()}"
    assert settings.llm_api_key is not None
    assert settings.llm_api_key.get_secret_value() == "s3cret-one"


@pytest.mark.parametrize("url", ["https://topics.example", "http://10.0.0.7:8765/", "https://[::1]:8443"])
def test_the_public_address_is_scheme_and_host(url: str) -> None:
    """A slash at its end is dropped, so that links have one."""
    assert load_settings(public_url=url).public_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "topics.example",
        "ftp://topics.example",
        "https://",
        "https://a:secret@b",
        "https://a/b",
        "https://a?b",
        "https://a:b",
    ],
)
def test_a_public_address_that_cannot_be_is_named_without_its_value(url: str) -> None:
    """It may hold a password."""
    with pytest.raises(ValidationError, match="public_url") as refused:
        load_settings(public_url=url)
    assert "secret" not in str(refused.value)
