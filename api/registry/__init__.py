"""A read-only Schema Registry with the API of Confluent's, which every Kafka tool knows."""
