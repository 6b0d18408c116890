"""Proofs over HTTP: what was signed of the log, and what shows that a record is in it."""
