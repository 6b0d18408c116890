"""When there is no room left: something only a person can change, and nobody's document is at fault for."""

import errno

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_full(error: BaseException) -> bool:
    """Whether a call of the system failed because the disk, or what somebody may use of it, is full."""
    return isinstance(error, OSError) and error.errno in _FULL
