"""The secrets of the embedded parts: made once, kept in files that only we can read."""

import secrets
from pathlib import Path

from muniment.infra.stack.record import write_private

BYTES = 24


def secret(home: Path, name: str) -> str:
    """The secret with that name, made at the first call."""
    file = home / "run" / "secrets" / name
    if not file.exists():
        write_private(file, secrets.token_urlsafe(BYTES))
    return file.read_text().strip()
