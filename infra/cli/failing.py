"""What a person is told when a command did not work: a sentence for what can be explained, or nothing."""

import sys
from typing import TextIO

from muniment.schemas.errors import MunimentError


def explained(error: Exception) -> str | None:
    """The sentence for an error; None where only a traceback will help."""
    from pydantic import ValidationError

    from muniment.infra.log_watch.starting import AuditedTopicsError
    from muniment.infra.not_set import NotSetError, wrong_settings
    from muniment.infra.settings import Settings

    if isinstance(error, ValidationError) and error.title == Settings.__name__:
        return f"the settings cannot be read\n{wrong_settings(error)}"
    if isinstance(error, MunimentError):
        return error.detail + f" ({error.code})"
    if isinstance(error, NotSetError | AuditedTopicsError):
        return str(error)
    if isinstance(error, ConnectionError):
        return f"a part does not answer: {error.strerror or error}"
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return None


def tell(sentence: str, to: TextIO | None = None) -> None:
    """Print it as all commands do; the first line says what, the others are details."""
    first, *others = sentence.splitlines()
    print(f"muniment: {first}", *(f"  {line}" for line in others), sep="\n", file=to or sys.stderr)
