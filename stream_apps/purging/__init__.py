"""Releases the stored bytes of what was deleted, cancelled, unchanged or rejected."""
