"""The locked jars: content of the lock, and downloads from a broken, slow or unreachable repository."""

import gc
import hashlib
import threading
import warnings
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from streams.local.errors import LocalServiceError
from streams.local.jars import LockedJar, fetch, read_lock
from streams.local.progress import silent
from streams.local.toolchain import Toolchain


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Keeps the test's output clean."""


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A Maven repository on loopback: its folder and its URL."""
    folder = tmp_path / "repository"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()
    with warnings.catch_warnings():  # jgo drops the answers of failed requests without closing them
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def publish(folder: Path, name: str, content: bytes) -> LockedJar:
    """Put a jar with its sha1 into the repository and return its line of the lock."""
    jar = LockedJar("org.example", name, "1.0", hashlib.sha256(content).hexdigest(), len(content))
    path = folder / jar.relative_path
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    path.with_name(path.name + ".sha1").write_text(hashlib.sha1(content).hexdigest(), encoding="utf-8")
    return jar


def test_the_lock_is_one_kafka_whose_parts_have_one_version() -> None:
    """A resolver that mixes versions (kafka-clients 3.9.1 with Kafka 4.3.1) gives a broker that fails at the start."""
    jars = read_lock()
    kafka = {jar.version for jar in jars if jar.group == "org.apache.kafka"}
    names = [f"{jar.group}:{jar.artifact}" for jar in jars]
    assert len(kafka) == 1
    assert int(kafka.pop().split(".")[0]) >= 4
    assert len(set(names)) == len(names)
    assert {"org.apache.kafka:kafka_2.13", "org.apache.logging.log4j:log4j-slf4j-impl"} <= set(names)
    assert all(len(bytes.fromhex(jar.sha256)) == 32 and jar.size > 0 for jar in jars)


def test_a_malformed_lock_is_refused() -> None:
    with pytest.raises(ValueError, match="unpack"):
        read_lock("org.example:lib:1.0 abc")


def test_missing_jars_are_fetched_once_and_reported(repository: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = repository
    jars = [publish(folder, f"lib{number}", bytes([number]) * 50_000) for number in range(8)]
    toolchain = Toolchain(maven_repository=url, maven_cache=tmp_path / "cache")
    told: list[str] = []
    paths = fetch(jars, toolchain, told.append)
    assert [path.read_bytes()[0] for path in paths] == list(range(8))
    assert "100 %" in told[-1]
    for published in folder.rglob("*.jar"):
        published.unlink()
    told.clear()
    assert fetch(jars, toolchain, told.append) == paths
    assert told == []


def test_a_damaged_jar_in_the_cache_is_replaced(repository: tuple[Path, str], tmp_path: Path) -> None:
    """An interrupted download of another tool may have left half a file there."""
    folder, url = repository
    jar = publish(folder, "lib", b"whole" * 1000)
    damaged = tmp_path / "cache" / jar.relative_path
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"who")
    (path,) = fetch([jar], Toolchain(maven_repository=url, maven_cache=tmp_path / "cache"), silent)
    assert path.read_bytes() == b"whole" * 1000


def test_another_jar_than_the_locked_one_is_never_used(repository: tuple[Path, str], tmp_path: Path) -> None:
    """Even when the repository's own sha1 matches it."""
    folder, url = repository
    jar = publish(folder, "lib", b"tampered")
    locked = LockedJar(jar.group, jar.artifact, jar.version, hashlib.sha256(b"original").hexdigest(), 8)
    with pytest.raises(LocalServiceError, match="sha256 differs"):
        fetch([locked], Toolchain(maven_repository=url, maven_cache=tmp_path / "cache"), silent)
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/maven2", None])
def test_a_repository_without_the_jar_or_without_an_answer_names_the_ways_out(
    repository: tuple[Path, str], tmp_path: Path, url: str | None
) -> None:
    jar = LockedJar("org.example", "absent", "1.0", "00" * 32, 1)
    toolchain = Toolchain(maven_repository=url or repository[1], maven_cache=tmp_path / "cache")
    with pytest.raises(
        LocalServiceError, match=r"(?s)cannot be downloaded.*KAFKA_BOOTSTRAP.*compose.*KAFKA_HOME.*MAVEN"
    ):
        fetch([jar], toolchain, silent)
