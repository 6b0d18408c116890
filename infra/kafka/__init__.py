"""The embedded Kafka broker: its coordinates, its settings, its command lines and its readiness."""
