"""The floor has a database of its own on the stack's server."""

from muniment.infra.bench.floor_tables import NAME, address


def test_only_the_database_differs() -> None:
    """Server and password are the stack's."""
    assert address("postgresql://a:b%2F@127.0.0.1:5/muniment") == f"postgresql://a:b%2F@127.0.0.1:5/{NAME}"
