"""Scrubbed sections to chunks that fit the embedding model, with exact offsets."""
