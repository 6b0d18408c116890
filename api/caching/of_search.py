"""The answers of search that are kept: a page of hits, and a question's vector. Pure."""

import json
from dataclasses import fields

import numpy as np
from pydantic import TypeAdapter

from muniment.api.answers import Hit
from muniment.api.caching.wanted import Wanted
from muniment.api.pages import Page
from muniment.api.reads import Question

_HITS: TypeAdapter[list[Hit]] = TypeAdapter(list[Hit])


def wanted_page(tenant: str, question: Question) -> Wanted[Page[Hit]]:
    """A page of hits of now. The vector is not among its parts: question and model say which it is."""
    asked = {f.name: getattr(question, f.name) for f in fields(question) if f.name != "vector"}
    asked["document_ids"] = sorted(question.document_ids)
    said = json.dumps(asked, default=str, sort_keys=True)
    return Wanted("search", tenant, (said,), _dumped, _loaded, lambda page: {hit.document_id for hit in page.items})


def wanted_vector(tenant: str, model: str, dimensions: int, text: str) -> Wanted[list[float]]:
    """The vector of a question; a model's name is never given to another model."""
    return Wanted("question", tenant, (model, dimensions, text), _packed, _unpacked, lasts=True)


def _dumped(page: Page[Hit]) -> bytes:
    return (page.next_cursor or "").encode() + b"\n" + _HITS.dump_json(list(page.items))


def _loaded(value: bytes) -> Page[Hit]:
    cursor, _, hits = value.partition(b"\n")
    return Page(_HITS.validate_json(hits), cursor.decode() or None)


def _packed(vector: list[float]) -> bytes:
    return np.asarray(vector, "<f4").tobytes()


def _unpacked(value: bytes) -> list[float]:
    found: list[float] = np.frombuffer(value, "<f4").tolist()
    return found
