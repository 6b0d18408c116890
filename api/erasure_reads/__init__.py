"""Erasures as the API reads them, and how persons are named: the port, and Postgres behind it."""
