"""Several words in one setting, separated by commas: nobody writes JSON into an environment variable by choice."""

from typing import Annotated

from pydantic import BeforeValidator
from pydantic_settings import NoDecode


def split(value: object) -> object:
    """The words of a text; what is none (a default, an argument) stays as it is."""
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    return value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)]
