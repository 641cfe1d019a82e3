"""Kafka beside Faust: bulk reads and writes of the log, the topics' administration, lag."""
