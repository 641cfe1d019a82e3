"""Kafka and Redis on this machine without Docker: found or downloaded, started, supervised and stopped.

* `services.running_services` is what a command uses. `KafkaBroker` and `RedisServer` are the single services.
* `toolchain` finds Java and the servers, `jars` downloads Kafka's jars. `guardian` is the process that stops a server
  as soon as the process that started it has ended.
* A service stores everything in `DATA_DIR/kafka` or `DATA_DIR/redis`, so two checkouts do not interfere.
"""
