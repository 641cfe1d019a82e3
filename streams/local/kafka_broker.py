"""Apache Kafka for one data folder: KRaft, one process, loopback only; ready when it answers a metadata request."""

import base64
import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from streams.local.errors import LocalServiceError
from streams.local.jars import KafkaJars, find_jars
from streams.local.kafka_properties import LOGGING, PORT_NAMES, as_properties, broker_properties
from streams.local.ports import LOOPBACK
from streams.local.progress import ReportStep, silent
from streams.local.readiness import kafka_answers
from streams.local.service import LocalService
from streams.local.toolchain import Toolchain, find_java

# a heap well below 512 MB
JVM_OPTIONS = (
    "-Xms64m",
    "-Xmx320m",
    "-XX:+UseSerialGC",  # least memory and threads; a heap this small has no noticeable pauses
    "-XX:TieredStopAtLevel=1",  # starts half a second faster, and a local broker has enough CPU
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
)


class KafkaBroker(LocalService):
    """After `KafkaBroker(data_dir).start()`, `.address` is '127.0.0.1:PORT'. `extra_properties` override ours."""

    name = "kafka"
    title = "Kafka"
    port_names = PORT_NAMES
    grace_seconds = 20.0
    ready_seconds = 300.0  # after a crash it reads its logs again

    def __init__(
        self,
        data_dir: Path,
        *,
        extra_properties: Mapping[str, str] | None = None,
        toolchain: Toolchain | None = None,
        progress: ReportStep = silent,
    ) -> None:
        super().__init__(data_dir, toolchain=toolchain, progress=progress)
        self.extra_properties = dict(extra_properties or {})
        self._java: Path | None = None
        self._jars: KafkaJars | None = None

    @property
    def logs(self) -> list[Path]:
        """The broker's log, and the output of the JVM."""
        return [self.folder / "broker.log", self.log]

    @property
    def data(self) -> Path:
        """Kafka's log directory."""
        return self.folder / "data"

    def prepare(self) -> None:
        """Find Java; find or download the jars.

        Raises:
            LocalServiceError: It cannot be done; the message names the ways out.
        """
        self._java = find_java(self.toolchain)
        self._jars = find_jars(self.toolchain, self.progress)

    def version(self) -> str:
        """Kafka's version, such as '4.3.1'. Empty before `prepare`."""
        return "" if self._jars is None else self._jars.version

    def address_of(self, ports: Mapping[str, int]) -> str:
        """The bootstrap server."""
        return f"{LOOPBACK}:{ports['client']}"

    def answers(self, ports: Mapping[str, int]) -> bool:
        """Whether the broker answers a metadata request."""
        return kafka_answers(ports["local"])

    def command(self, ports: Mapping[str, int]) -> list[str | Path]:
        """Write the configuration and format a new data folder.

        Raises:
            LocalServiceError: It cannot be done; the message names the ways out.
        """
        (self.folder / "log4j2.properties").write_text(LOGGING, encoding="utf-8")
        if not (self.data / "meta.properties").exists():
            self._format(ports)
        return [*self._java_command(), "kafka.Kafka", self._write_properties(self.data, ports)]

    def _java_command(self) -> list[str | Path]:
        if self._java is None or self._jars is None:
            raise LocalServiceError("The broker is not prepared.")
        return [
            self._java,
            *JVM_OPTIONS,
            f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}",
            f"-Dtoptopics.log={self.folder / 'broker.log'}",
            "-cp",
            os.pathsep.join(map(str, self._jars.paths)),
        ]

    def _write_properties(self, log_dir: Path, ports: Mapping[str, int]) -> Path:
        path = self.folder / "server.properties"
        values = broker_properties(log_dir, ports, self.extra_properties)
        path.write_text(as_properties(values), encoding="utf-8")
        path.chmod(0o600)  # `extra_properties` may contain passwords
        return path

    def _format(self, ports: Mapping[str, int]) -> None:
        """Format beside the final place, then rename: a crash leaves no half-formatted folder."""
        draft = self.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        cluster = "c" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]  # never a leading '-'
        command = [
            *self._java_command(),
            *("kafka.tools.StorageTool", "format", "-t", cluster, "-c"),
            self._write_properties(draft, ports),
        ]
        with self.log.open("ab") as output:
            done = subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        if done.returncode != 0:
            raise self._failure(f"cannot format its data folder {self.data}")
        draft.rename(self.data)
