"""Numbers, and yes or no, in JSON bodies: what JSON calls so (RFC 8259, 3), and nothing that might be taken for it."""

from math import isfinite
from typing import Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError


def _of_json(value: Any) -> Any:
    if isinstance(value, bool | str):
        raise PydanticCustomError("number_type", "Input should be a number")
    if isinstance(value, float) and not isfinite(value):
        # Python reads NaN and Infinity, which JSON does not know.
        raise PydanticCustomError("finite_number", "Input should be a finite number")
    return value


NUMBER = BeforeValidator(_of_json)
"""Beside `int` or `float`: neither `true` nor `"5"` is one, as the OpenAPI document says.

It stands after their bounds: the document tells of those that come before it.
"""
FLAG = Field(strict=True)
"""Beside `bool`: neither `1` nor `"on"` is one."""


def number_in(text: str) -> int | float | str:
    """What a field of a form, which knows texts alone, says as a number; the text itself where it is none."""
    for form in (int, float):
        try:
            return form(text)
        except ValueError:
            continue
    return text
