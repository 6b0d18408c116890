"""The embedded Postgres server: where it may live, its settings, its command lines and its readiness."""
