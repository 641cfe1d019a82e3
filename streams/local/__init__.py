"""Kafka and Redis on this machine without Docker: found or fetched, started, watched over and stopped.

* `services.running_services` is what a command uses; `KafkaBroker` and `RedisServer` are the services by themselves.
* `toolchain` finds Java and the servers, `jars` fetches Kafka's jars, `guardian` is the process that outlives nothing:
  it ends its server as soon as whoever started it is gone.
* Everything that a service keeps lies in `DATA_DIR/kafka` and `DATA_DIR/redis`, so two checkouts never meet.
"""
