"""The settings: a closed table that is read from the environment.

A variable is named `TOPTOPICS_…`, or has the name that users know from other tools. `streams/README.md` lists every
field with the same description (a test compares them). A command option overrides the environment, and the environment
overrides the default. Secrets come from the environment only and never reach a log: they are `SecretStr`. An address
that may contain a secret is excluded from `repr` and from error messages.
"""

from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.events import COMMUNITY_NAME


def _named(name: str, description: str, *, shown: bool = True) -> object:
    """A field whose variable has the name that users know from other tools. Not `shown`: it may contain a secret."""
    aliases = AliasChoices(name, f"TOPTOPICS_{name}")
    return Field(default=None, validation_alias=aliases, description=description, repr=shown)


COMMUNITIES_FOLDER: Final = "communities"  # in the data folder of an installation
LONGEST_HOURS = 24.0 * 366  # upper limit of a time span: a longer one is a mistake and may not fit a date


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of the database, or not a name
        raise ValueError(f"{name!r} is not a time zone such as Europe/Berlin") from error
    return name


def _redis_address(url: str) -> str:
    """The URL, checked. Parsers repeat what follows a misplaced `/` as a port, so the error never quotes `url`."""
    if not url:  # an empty variable is an unset one
        return url
    try:
        parts = urlsplit(url)
        placed = parts.path if parts.scheme == "unix" else parts.scheme in ("redis", "rediss") and parts.hostname
        usable = bool(placed) and parts.port != 0  # raises when it is not a number
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
        _named("REDIS_URL", "Redis address; unset: a local server is started", shown=False),
    ] = None
    data_dir: Path = Field(
        Path(".toptopics"), description="folder for local data: broker, Redis, snapshots, cursors, logs"
    )
    prefix: str = Field(
        "", pattern=r"^[a-zA-Z0-9._-]{0,64}$", description="prefix of every Kafka topic, consumer group and Redis key"
    )
    community: str = Field(
        "",
        pattern=f"{COMMUNITY_NAME}|^$",
        description="community that a command works on, one of `toptopics communities list`; empty: the installation's "
        "own people",
    )
    communities: str = Field(
        "", description="communities whose posts the embed stage reads too, separated by commas; the worker sets it"
    )
    timezone: Annotated[str, AfterValidator(_time_zone)] = Field(
        "UTC", description="time zone of the ISO weeks, a name of the tz database"
    )
    encoder: str = Field(
        "minilm",
        description="minilm, multilingual, static, hash (tests only), or a sentence-transformers model's name or path",
    )
    device: str = Field("auto", description="auto, cpu, cuda, cuda:N or mps")
    topic_model: Literal["topics", "dbstream", "textclust", "denstream"] = Field(
        "topics", description="online clusterer: topics (ours), or dbstream, textclust, denstream (river's)"
    )
    lateness_hours: float = Field(
        24.0, gt=0, le=LONGEST_HOURS, description="hours after the end of a week in which its posts may still arrive"
    )
    future_skew_minutes: float = Field(
        10.0, ge=0, le=LONGEST_HOURS * 60, description="a post dated further in the future becomes a dead letter"
    )
    week_idle_seconds: float = Field(
        60.0,
        gt=0,
        le=LONGEST_HOURS * 3600,
        description="seconds without posts after which the wall clock closes finished weeks",
    )
    embed_batch: int = Field(
        2048,
        ge=1,
        le=8192,
        description="maximum posts in a batch of the embed stage; it takes fewer when they need more than ten seconds",
    )
    encoder_seconds: float = Field(
        120.0, gt=0, description="maximum seconds for one batch in the encoder; after that the stage restarts"
    )
    snapshot_seconds: float = Field(30.0, gt=0, description="seconds between snapshots of the online topics")
    dead_letter_budget: float = Field(
        0.5,
        gt=0,
        le=1,
        description="share of dead letters in the last 1,000 records at which the worker stops",
    )
    log_format: Literal["auto", "json", "console"] = Field("auto", description="auto: console on a terminal, else JSON")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="minimum severity of log lines")
    metrics_port: int = Field(
        0,
        ge=0,
        le=65524,
        description="Prometheus port of embed; the other stages, the sources, push and alerts use the following ports; "
        "0: none",
    )
    metrics_host: str = Field(
        "127.0.0.1", description="address of these ports; anyone who reaches them reads the metrics without a token"
    )
    host: str = Field("127.0.0.1", description="address that `toptopics serve` binds to")
    port: int = Field(8765, ge=0, le=65535, description="port that `toptopics serve` binds to")
    public_url: Annotated[str, AfterValidator(_public_address)] | None = Field(
        None, description="address under which readers reach the service: in links of digests, mails, feeds and alerts"
    )
    api_token: Annotated[
        SecretStr | None, Field(description="token that every API call needs when the address is not loopback")
    ] = None
    fetch_links: bool = Field(False, description="whether a digest fetches the titles of links that come without one")
    llm_base_url: Annotated[
        str | None, _named("LLM_BASE_URL", "OpenAI-compatible endpoint that edits digests", shown=False)
    ] = None
    llm_model: Annotated[str | None, _named("LLM_MODEL", "model name at that endpoint")] = None
    llm_api_key: Annotated[SecretStr | None, _named("LLM_API_KEY", "API key of that endpoint")] = None
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="security protocol of the brokers"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="SASL mechanism of the brokers"
    )
    kafka_sasl_username: str | None = Field(None, description="SASL user name")
    kafka_sasl_password: SecretStr | None = Field(None, description="SASL password")
    kafka_ssl_cafile: Path | None = Field(None, description="certificate authority of the brokers, a PEM file")


def of_community(settings: Settings, name: str) -> Settings:
    """The settings for a community: names, tokens, addresses and a data folder of its own, the same services."""
    return settings.model_copy(
        update={
            "community": name,
            "prefix": f"{settings.prefix}{name}.",
            "data_dir": settings.data_dir / COMMUNITIES_FOLDER / name,
            "public_url": f"{settings.public_url}/c/{name}" if settings.public_url else None,
            "api_token": None,
        }
    )


def of_installation(settings: Settings) -> Settings:
    """The settings for what all communities of an installation share; the reverse of `of_community`."""
    folder = settings.data_dir
    own = folder.parent.name == COMMUNITIES_FOLDER and folder.name == settings.community
    return settings.model_copy(
        update={
            "community": "",
            "prefix": settings.prefix.removesuffix(f"{settings.community}.") if settings.community else settings.prefix,
            "data_dir": folder.parent.parent if own else folder,
            "public_url": settings.public_url and settings.public_url.removesuffix(f"/c/{settings.community}"),
        }
    )


def encoders_folder(settings: Settings) -> Path:
    """Where models that were loaded by name are kept, for all communities of an installation."""
    return of_installation(settings).data_dir / "encoders"


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment; `overrides` that are not None win. Raises pydantic.ValidationError."""
    return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
