"""Answers that are kept for whoever asks the same again: in this process, and in Postgres for all of them."""
