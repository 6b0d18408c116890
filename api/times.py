"""A time in a request: a date, a time of day and a zone (RFC 3339), as the OpenAPI document says."""

import re
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator

_NUMBER = re.compile(r"[+-]?[0-9.]+")


def _written(value: Any) -> Any:
    """Pydantic would take a number for seconds, or thousandths of them, since 1970: nobody said which."""
    if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value.strip())):
        raise ValueError("a time looks like 2026-01-02T03:04:05Z")
    return value


Time = Annotated[AwareDatetime, BeforeValidator(_written)]
