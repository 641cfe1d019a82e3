"""Rewrites `kafka.lock` after a change of `ROOTS`: python -m streams.local.relock

The coordinates are resolved raw (jgo's `!`). Otherwise jgo takes each root for a bill of materials, and log4j's parent
would put kafka-clients 3.9.1 beside Kafka 4.3.1. With it the result equals Maven's, jar by jar.
"""

import hashlib
from pathlib import Path

from streams.local.jars import LOCK

# Kafka's jars are built against SLF4J 1.7, so log4j-slf4j2-impl does not fit
ROOTS = ("org.apache.kafka:kafka_2.13:4.3.1", "org.apache.logging.log4j:log4j-slf4j-impl:2.25.3")

HEADER = """\
# Apache Kafka with its logging, as Maven resolves it: group:artifact:version sha256 bytes
# Written by `python -m streams.local.relock`; never edited by hand.
"""


def locked_lines() -> list[str]:
    """Resolve the roots, download every jar (jgo checks the repository's sha1) and describe it. Needs the network."""
    from jgo.maven import MavenContext

    maven = MavenContext()
    roots, others = maven.resolver.resolve([maven.create_dependency(f"{root}!") for root in ROOTS])
    lines = []
    for dependency in [*roots, *others]:
        content = Path(dependency.artifact.resolve()).read_bytes()
        coordinates = f"{dependency.groupId}:{dependency.artifactId}:{dependency.version}"
        lines.append(f"{coordinates} {hashlib.sha256(content).hexdigest()} {len(content)}")
    return sorted(lines)


if __name__ == "__main__":
    Path(__file__).with_name(LOCK).write_text(HEADER + "\n".join(locked_lines()) + "\n", encoding="utf-8")
