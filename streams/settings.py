"""Settings: a closed table read from the environment, `TOPTOPICS_…` except where users know another name.

Every field is documented in the README by the same words (a test compares). Precedence: command option,
environment, default. Secrets come from the environment only and never reach a log: they are `SecretStr`, and an address
that may hold one is in no representation and in no complaint about it.
"""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _named(name: str, description: str, *, shown: bool = True) -> object:
    """A field whose variable keeps the name that users know from other tools; not `shown`: it may hold a secret."""
    aliases = AliasChoices(name, f"TOPTOPICS_{name}")
    return Field(default=None, validation_alias=aliases, description=description, repr=shown)


LONGEST_HOURS = 24.0 * 366  # of a span of time: what is longer is a slip, and may not even fit a date


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of the database, or no name at all
        raise ValueError(f"{name!r} is not a time zone such as Europe/Berlin") from error
    return name


def _redis_address(url: str) -> str:
    """Parsers of addresses take what follows a stray `/` for a port, and repeat it: nothing of `url` may be told."""
    if not url:  # an empty variable is an unset one
        return url
    try:
        parts = urlsplit(url)
        placed = parts.path if parts.scheme == "unix" else parts.scheme in ("redis", "rediss") and parts.hostname
        usable = bool(placed) and parts.port != 0  # which raises for what is no number
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(
            "not an address such as redis://user:password@host:6379/0 "
            "(in a password / is written %2F, # is %23, ? is %3F, @ is %40)"
        )
    return url


def _public_address(url: str) -> str:
    """Scheme and host; a user, password, path or query is an error, and none of `url` is repeated in it."""
    if not url:  # an empty variable is an unset one
        return url
    try:
        parts = urlsplit(url.rstrip("/"))
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc or parts.path or parts.query or parts.fragment or not url.isprintable():
        raise ValueError("not an address such as https://topics.example.org, without a path")
    return url.rstrip("/")


class Settings(BaseSettings):
    """All settings of the product; `load_settings()` reads them."""

    model_config = SettingsConfigDict(
        env_prefix="TOPTOPICS_", extra="ignore", frozen=True, populate_by_name=True, hide_input_in_errors=True
    )

    kafka_bootstrap_servers: Annotated[
        str | None,
        _named("KAFKA_BOOTSTRAP_SERVERS", "Kafka brokers, host:port[,…]; unset: a local broker is started"),
    ] = None
    redis_url: Annotated[
        Annotated[str, AfterValidator(_redis_address)] | None,
        _named("REDIS_URL", "Redis; unset: a local server is started", shown=False),
    ] = None
    data_dir: Path = Field(Path(".toptopics"), description="local data: broker, Redis, snapshots, cursors, logs")
    prefix: str = Field(
        "", pattern=r"^[a-zA-Z0-9._-]{0,40}$", description="put before every Kafka topic, group and Redis key"
    )
    timezone: Annotated[str, AfterValidator(_time_zone)] = Field(
        "UTC", description="time zone of the ISO weeks, as in the tz database"
    )
    encoder: str = Field(
        "minilm",
        description="minilm, static, hash (tests only), or a sentence-transformers model's name or path",
    )
    device: str = Field("auto", description="auto, cpu, cuda, cuda:N or mps")
    topic_model: Literal["topics", "dbstream", "textclust", "denstream"] = Field(
        "topics", description="the online clusterer: ours, or one of river's"
    )
    lateness_hours: float = Field(
        24.0, gt=0, le=LONGEST_HOURS, description="how late a post may arrive and still be in its week's digest"
    )
    future_skew_minutes: float = Field(
        10.0, ge=0, le=LONGEST_HOURS * 60, description="a post further in the future is a dead letter"
    )
    week_idle_seconds: float = Field(
        60.0,
        gt=0,
        le=LONGEST_HOURS * 3600,
        description="a stream quiet for so long closes the weeks that are over by the wall clock",
    )
    embed_batch: int = Field(
        2048, ge=1, le=8192, description="most posts in one batch of the embed stage; it takes what ten seconds allow"
    )
    encoder_seconds: float = Field(
        120.0, gt=0, description="longest that one batch may take in the encoder; then the stage starts anew"
    )
    snapshot_seconds: float = Field(30.0, gt=0, description="time between snapshots of the online topics")
    dead_letter_budget: float = Field(
        0.5,
        gt=0,
        le=1,
        description="share of dead letters in the last 1,000 records at which the worker stops",
    )
    log_format: Literal["auto", "json", "console"] = Field("auto", description="auto: console on a terminal, else JSON")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe log line shown")
    metrics_port: int = Field(
        0,
        ge=0,
        le=65526,
        description="Prometheus port of embed on loopback; the other stages and the sources use the next ones; 0: none",
    )
    host: str = Field("127.0.0.1", description="address that `toptopics serve` binds to")
    port: int = Field(8765, ge=0, le=65535, description="port that `toptopics serve` binds to")
    public_url: Annotated[str, AfterValidator(_public_address)] | None = Field(
        None, description="address under which readers reach the service: in links of digests, mails, feeds and alerts"
    )
    api_token: Annotated[
        SecretStr | None, Field(description="needed by every API call when the address is not loopback")
    ] = None
    fetch_links: bool = Field(False, description="whether a digest looks up the titles of links that come without one")
    llm_base_url: Annotated[
        str | None, _named("LLM_BASE_URL", "OpenAI-compatible endpoint that may reword digests", shown=False)
    ] = None
    llm_model: Annotated[str | None, _named("LLM_MODEL", "model asked at that endpoint")] = None
    llm_api_key: Annotated[SecretStr | None, _named("LLM_API_KEY", "its key")] = None
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how to speak to the brokers"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="SASL mechanism"
    )
    kafka_sasl_username: str | None = Field(None, description="SASL user")
    kafka_sasl_password: SecretStr | None = Field(None, description="SASL password")
    kafka_ssl_cafile: Path | None = Field(None, description="certificate authority of the brokers, PEM")


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment; `overrides` that are not None win. Raises pydantic.ValidationError."""
    return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
