"""Whom the server runs as, and which folders that user can reach.

Postgres refuses to run as root, so root switches to an unprivileged account. That account must be able to walk to the
binaries and to the data; parent folders are never opened up for it. `reachable` decides, `place` acts on it.
"""

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

UNPRIVILEGED = ("postgres", "nobody")
"""Accounts tried in this order; both are Debian's own."""
SHARED_HOME = Path("/var/lib/muniment")


@dataclass(frozen=True)
class Identity:
    """The account of the server process. `switched` says that it is not our own."""

    name: str
    uid: int
    gid: int
    switched: bool


def identity() -> Identity:
    """Our own account, or an unprivileged one when we are root. Raises `LookupError` when there is none."""
    if os.geteuid() != 0:
        own = pwd.getpwuid(os.geteuid())
        return Identity(own.pw_name, own.pw_uid, own.pw_gid, switched=False)
    for name in UNPRIVILEGED:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity(found.pw_name, found.pw_uid, found.pw_gid, switched=True)
    raise LookupError("no unprivileged account for Postgres: adduser --system postgres")


def can_enter(mode: int, owner: int, group: int, who: Identity) -> bool:
    """Whether these permission bits let `who` pass through a folder (POSIX: the first matching class decides)."""
    if owner == who.uid:
        return bool(mode & stat.S_IXUSR)
    if group == who.gid:
        return bool(mode & stat.S_IXGRP)
    return bool(mode & stat.S_IXOTH)


def reachable(folder: Path, who: Identity) -> bool:
    """Whether `who` can walk down to `folder`; parts that do not exist yet are ours to create."""
    for part in reversed([folder.resolve(), *folder.resolve().parents]):
        if not part.exists():
            return True
        status = part.stat()
        if not can_enter(status.st_mode, status.st_uid, status.st_gid, who):
            return False
    return True


def place(wanted: Path, who: Identity, shared: Path = SHARED_HOME) -> Path:
    """Where the server's folder goes: `wanted` if the account can walk there, else one named after it in `shared`."""
    if reachable(wanted.parent, who):
        return wanted
    return shared / hashlib.sha256(str(wanted.resolve()).encode()).hexdigest()[:16]
