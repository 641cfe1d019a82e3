"""What is computed: no Kafka, Faust, Redis, network, environment or clock in here."""
