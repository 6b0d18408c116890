"""A part of a listing, as the read models give it."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some entries, and the cursor of those after them."""

    items: list[T]
    next_cursor: str | None
