"""Free loopback ports for the tests, from the range that the stack takes its own from."""

from muniment.infra.stack.ports import any_free


def free_ports(count: int) -> list[int]:
    """`count` different ports on 127.0.0.1 that nobody listens on now."""
    found: set[int] = set()
    while len(found) < count:
        found.add(any_free())
    return sorted(found)


def free_port() -> int:
    """One free port on 127.0.0.1."""
    return any_free()
