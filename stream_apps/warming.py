"""What a child process loads before the first document comes: parsers, and the tokenizer with its tables."""

from muniment.stream_apps.chunking.tokens import counter
from muniment.stream_apps.chunking.work import work as chunk
from muniment.stream_apps.extracting.formats import html, pdf
from muniment.stream_apps.extracting.libmagic import describe
from muniment.stream_apps.extracting.work import work as extract

LOADED = (chunk, extract, html, pdf, describe)
"""Importing them is the point."""


def warm(tokenizer: str) -> int:
    """Count the tokens of a word, which loads the tokenizer for good; raises what `counter` raises."""
    return counter(tokenizer)("warm")
