"""The Library: documents in, found again, and everything about each."""
