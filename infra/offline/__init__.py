"""The proof that a replay needs only the broker, Postgres and the local key ring: it runs where nothing else is."""
