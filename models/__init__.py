"""What is computed: pure functions of their arguments. No Kafka, Faust, Redis, network, environment or clock."""
