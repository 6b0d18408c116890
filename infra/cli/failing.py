"""What a person is told when a command did not work: a sentence for what can be explained, or nothing."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

import typer

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
    return _damaged(error)


def _damaged(error: Exception) -> str | None:
    """What to do about a log whose bytes are not what the broker wrote; None for all else."""
    from aiokafka.errors import CorruptRecordException

    if not isinstance(error, CorruptRecordException):
        return None
    found = re.search(r"topic='([^']+)', partition=(\d+)", str(error))
    where = f"a batch of {found[1]}:{found[2]}" if found else "a batch of the log"
    return (
        f"{where} fails its checksum: the disk, or somebody at it\n"
        "its offsets: muniment audit findings, once the sealer has looked at it again\n"
        "nothing was changed; restore that log of the broker, then do it again"
    )


def tell(sentence: str, to: TextIO | None = None) -> None:
    """Print it as all commands do; the first line says what, the others are details."""
    first, *others = sentence.splitlines()
    print(f"muniment: {first}", *(f"  {line}" for line in others), sep="\n", file=to or sys.stderr)


@contextmanager
def rest_named(rest: Sequence[str], what: str) -> Iterator[None]:
    """Where what is done inside ends the command, say what has not been come to by then."""
    try:
        yield
    except typer.Exit:
        if rest:
            tell(f"{what}: {', '.join(rest)}")
        raise
