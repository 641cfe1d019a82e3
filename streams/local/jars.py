"""Kafka's jars: those of `KAFKA_HOME`, else the locked ones, downloaded once into the local Maven repository.

`kafka.lock` lists every jar with its sha256 and size; `relock` writes it. Nothing is resolved at run time, and no other
jar is run. jgo downloads each jar into a folder of its own. The jar is checked and moved into place in one step, so
that interrupted or simultaneous downloads leave no broken file.
"""

import hashlib
import re
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from streams.local.errors import LocalServiceError
from streams.local.progress import DownloadProgress, ReportStep
from streams.local.toolchain import Toolchain

LOCK = "kafka.lock"
_THREADS = 6
_ATTEMPTS = 3
_OLDEST_KAFKA = 4


@dataclass(frozen=True)
class LockedJar:
    """One line of the lock file."""

    group: str  # Maven group id
    artifact: str  # Maven artifact id
    version: str
    sha256: str  # hexadecimal
    size: int  # bytes

    @property
    def relative_path(self) -> Path:
        """Its path in a Maven repository."""
        return Path(*self.group.split("."), self.artifact, self.version, f"{self.artifact}-{self.version}.jar")


@dataclass(frozen=True)
class KafkaJars:
    """A class path and its version of Kafka."""

    version: str
    paths: tuple[Path, ...]


def read_lock(text: str | None = None) -> list[LockedJar]:
    """The jars of `kafka.lock`, or of `text` in the same format.

    Raises:
        ValueError: A line is malformed.
    """
    source = files(__package__).joinpath(LOCK).read_text(encoding="utf-8") if text is None else text
    jars = []
    for line in source.splitlines():
        if line and not line.startswith("#"):
            coordinates, sha256, size = line.split()
            group, artifact, version = coordinates.split(":")
            jars.append(LockedJar(group, artifact, version, sha256, int(size)))
    return jars


def find_jars(toolchain: Toolchain, progress: ReportStep) -> KafkaJars:
    """The class path, after downloading missing jars.

    Raises:
        LocalServiceError: It cannot be done; the message names the ways out.
    """
    if toolchain.kafka_home is not None:
        return _jars_of_home(toolchain.kafka_home)
    locked = read_lock()
    paths = fetch(locked, toolchain, progress)
    version = next(jar.version for jar in locked if jar.artifact.startswith("kafka_2."))
    return KafkaJars(version, tuple(paths))


def _jars_of_home(home: Path) -> KafkaJars:
    paths = sorted((home / "libs").glob("*.jar"))
    core = [found for path in paths if (found := re.fullmatch(r"kafka_2\.\d+-(\d+)([\d.]*)\.jar", path.name))]
    if not core:
        raise LocalServiceError(f"KAFKA_HOME={home} contains no Kafka: libs/kafka_2.*.jar is missing.")
    if int(core[0].group(1)) < _OLDEST_KAFKA:
        raise LocalServiceError(
            f"KAFKA_HOME={home} contains {core[0].group()}; Kafka {_OLDEST_KAFKA} or newer is needed."
        )
    return KafkaJars(core[0].group(1) + core[0].group(2), tuple(path.resolve() for path in paths))


def _is_intact(path: Path, jar: LockedJar) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
    except FileNotFoundError:
        return False


def fetch(jars: list[LockedJar], toolchain: Toolchain, progress: ReportStep) -> list[Path]:
    """Paths of all jars, each checked by its sha256. Missing ones are downloaded.

    Raises:
        LocalServiceError: It cannot be done; the message names the ways out.
    """
    store = toolchain.maven_cache.expanduser()
    missing = [jar for jar in jars if not _is_intact(store / jar.relative_path, jar)]
    if missing:
        meter = DownloadProgress(f"Kafka ({len(missing)} jars)", sum(jar.size for jar in missing), progress)
        try:
            store.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".toptopics-", dir=store) as staging, meter.shown():
                _download(missing, _maven(Path(staging), toolchain.maven_repository, meter), store)
        except (OSError, RuntimeError) as error:  # requests raises OSErrors, jgo a RuntimeError for a missing jar
            raise LocalServiceError(f"Kafka's jars cannot be downloaded: {error}") from error
    return [store / jar.relative_path for jar in jars]


def _maven(staging: Path, repository: str | None, meter: DownloadProgress) -> Any:
    """jgo's view of the repository: it downloads to `staging` and resolves nothing."""
    from jgo.maven import MavenContext, PythonResolver  # imports requests: only for a download

    @contextmanager
    def report(_name: str, _size: int) -> Iterator[Any]:
        yield meter.advance

    remotes = None if repository is None else {"override": repository.rstrip("/")}
    return MavenContext(
        resolver=PythonResolver(progress_callback=report), repo_cache=staging, remote_repos=remotes, timeout=20
    )


def _download(jars: list[LockedJar], maven: Any, store: Path) -> None:
    """Download with a few threads. The first failure is raised and cancels the downloads that have not started."""
    with ThreadPoolExecutor(_THREADS) as pool:
        tasks = [pool.submit(_download_one, jar, maven, store) for jar in jars]
        try:
            for task in as_completed(tasks):
                task.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _download_one(jar: LockedJar, maven: Any, store: Path) -> None:
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

    artifact = maven.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    staged = maven.repo_cache / jar.relative_path
    policy = Retrying(
        retry=retry_if_exception_type(OSError),
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_exponential(multiplier=0.5, max=4),
        before_sleep=lambda _state: staged.unlink(missing_ok=True),  # jgo would take a partial file for the jar
        reraise=True,
    )
    policy(artifact.resolve)
    if not _is_intact(staged, jar):
        raise RuntimeError(f"{jar.relative_path.name} is wrong: its sha256 differs from the locked one")
    final = store / jar.relative_path
    final.parent.mkdir(parents=True, exist_ok=True)
    staged.replace(final)
