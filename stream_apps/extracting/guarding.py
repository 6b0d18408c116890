"""Turns whatever a parser throws into a refusal that says nothing of the document's text."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import MunimentError, Refused


@contextmanager
def refusing_unreadable(kind: str) -> Iterator[None]:
    """Raise `Refused(UNREADABLE_DOCUMENT)` for any parser's exception.

    A full memory or a failing disk is not the document's fault and passes through.
    """
    try:
        yield
    except (MunimentError, MemoryError):
        raise
    except OSError as error:
        # Parsers that are led astray seek to impossible places: EINVAL. Anything else is the disk.
        if error.errno not in {None, errno.EINVAL}:
            raise
        raise _unreadable(kind, error) from None
    except Exception as error:  # noqa: BLE001 - seven parsers, each with its own exceptions for broken input
        raise _unreadable(kind, error) from None


def _unreadable(kind: str, error: Exception) -> Refused:
    # The name of the class only, and no cause: parsers quote the text they stumbled over.
    sentence = f"This {kind} is damaged or not what it claims to be ({type(error).__name__})."
    return Refused(ErrorCode.UNREADABLE_DOCUMENT, sentence)
