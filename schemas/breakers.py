"""Circuit breakers: outside services that nobody calls for a while once they have failed often enough in a row.

One entry here adds one. What opens and closes them is said on `muniment.operations`.
"""

from collections.abc import Mapping
from types import MappingProxyType

EMBEDDING, BLOBS, FETCHING, WRITING = "embedding", "blobs", "fetching", "writing"
BREAKERS: Mapping[str, str] = MappingProxyType(
    {
        EMBEDDING: "The embedding endpoint.",
        BLOBS: "The blob store.",
        FETCHING: "The addresses that documents are fetched from.",
        WRITING: "The language model that writes.",
    }
)
"""Every breaker by its name, with what it stands before."""


def is_part(name: str) -> bool:
    """Whether a breaker stands before one part of many (`fetching:<host>`), which may never be called again."""
    return ":" in name
