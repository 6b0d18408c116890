"""Embedding models: which there are, what bringing one in would cost, and how two compare."""
