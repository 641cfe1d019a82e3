"""Configuration of the local broker: one KRaft node that is broker and controller, on loopback only.

Listeners: CLIENT is announced to clients. LOCAL, always plaintext, is used by the broker itself and by the readiness
check. CONTROLLER is for the quorum. A test changes CLIENT's protocol by this property alone:
`{"listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,LOCAL:PLAINTEXT,CONTROLLER:PLAINTEXT", …}`.
"""

from collections.abc import Mapping
from pathlib import Path

from streams.local.ports import LOOPBACK

PORT_NAMES = ("client", "local", "controller")
NODE = 1
MAX_MESSAGE_BYTES = 16 * 1024 * 1024  # a busy week's digest with its evidence is far smaller

LOGGING = """\
shutdownHook = disable
rootLogger.level = INFO
rootLogger.appenderRef.file.ref = FILE
appender.file.type = RollingFile
appender.file.name = FILE
appender.file.fileName = ${sys:toptopics.log}
appender.file.filePattern = ${sys:toptopics.log}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d %p %c{1}: %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 8MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 2
logger.values.name = org.apache.kafka.common.config.AbstractConfig
logger.values.level = WARN
"""
"""log4j2.properties: 24 MB at most, without the 400 lines of settings at each start, to the end of the shutdown."""


def broker_properties(log_dir: Path, ports: Mapping[str, int], extra: Mapping[str, str]) -> dict[str, str]:
    """server.properties as a mapping. `extra` overrides; other properties keep Kafka's defaults, flushing included."""
    addresses = {name.upper(): f"{LOOPBACK}:{ports[name]}" for name in PORT_NAMES}
    listeners = {name: f"{name}://{address}" for name, address in addresses.items()}
    return {
        "process.roles": "broker,controller",
        "node.id": str(NODE),
        "controller.quorum.voters": f"{NODE}@{addresses['CONTROLLER']}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "LOCAL",
        "listeners": ",".join(listeners.values()),
        "advertised.listeners": f"{listeners['CLIENT']},{listeners['LOCAL']}",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,LOCAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(log_dir),
        "auto.create.topics.enable": "false",  # topics are created with their settings or not at all
        "message.max.bytes": str(MAX_MESSAGE_BYTES),
        "group.initial.rebalance.delay.ms": "0",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),  # the default takes 128 MiB of heap at the start
        # after a crash the controller refuses the broker until its previous session has timed out: 9 s by default
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        "num.network.threads": "2",
        "num.io.threads": "4",
        **extra,
    }


def as_properties(values: Mapping[str, str]) -> str:
    """Java's .properties format: one ASCII line each, other characters escaped (Java reads the file as Latin-1)."""
    return "".join(f"{name}={_escaped(value)}\n" for name, value in values.items())


def _escaped(value: str) -> str:
    units = value.encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)]
    plain = "".join(chr(code) if 0x20 < code < 0x7F and code != 0x5C else f"\\u{code:04x}" for code in codes)
    return plain.replace("\\u0020", " ") if value == value.lstrip(" ") else plain  # leading spaces would be lost
