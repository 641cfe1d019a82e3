"""The only error of local services; its message always says what the user can do next."""

WAYS_OUT = """\
Ways out:
  * a broker and a Redis that run elsewhere:  export KAFKA_BOOTSTRAP_SERVERS=host:9092 REDIS_URL=redis://host:6379/0
  * the containers of this project:           docker compose up -d, then the same two variables
  * a Kafka 4 that is already unpacked:       export KAFKA_HOME=/path/to/kafka_2.13-4.x
  * another Java, 17 or newer:                export JAVA_HOME=/path/to/java
  * another mirror of Maven Central:          export TOPTOPICS_MAVEN_REPOSITORY=https://mirror/maven2"""


class LocalServiceError(RuntimeError):
    """A local service cannot be started. The message gives the reason and the ways out."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}\n\n{WAYS_OUT}")
        self.reason = reason
