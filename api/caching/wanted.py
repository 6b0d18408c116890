"""What is asked for, and the name under which its answer is kept. Pure."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

T = TypeVar("T")
Part = str | int | float | bool | None
Parts = tuple["Part | Parts", ...]


def no_documents(answer: object) -> Iterable[UUID]:
    """For answers that hold nothing of a document."""
    del answer
    return ()


@dataclass(frozen=True, slots=True)
class Wanted(Generic[T]):
    """An answer that may be kept.

    Attributes:
        kind: What sort it is, as metrics name it.
        tenant: Whose it is; two tenants never share an answer.
        parts: Everything that the answer depends on, beside the tenant's read models.
        dump: The answer as bytes.
        load: The answer of those bytes.
        documents: The documents that the answer holds something of: with them it has to go.
        lasts: It does not depend on the read models: no change of them ends it.

    """

    kind: str
    tenant: str
    parts: Parts
    dump: Callable[[T], bytes]
    load: Callable[[bytes], T]
    documents: Callable[[T], Iterable[UUID]] = no_documents
    lasts: bool = False


def name_of(wanted: Wanted[T], generation: str) -> bytes:
    """The name of an answer that was made from the tenant's read models of that generation: 32 bytes.

    Names of different tenants, kinds, generations or parts differ: what is hashed (SHA-256) is their JSON, which tells
    them apart, and what was asked cannot be read out of it.
    """
    said = json.dumps([wanted.kind, wanted.tenant, generation, wanted.parts])
    return hashlib.sha256(said.encode()).digest()
