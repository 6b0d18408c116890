"""What came onto the log is a difference."""

from muniment.infra.bench.log_size import LogSize


def test_growth_is_what_came_since() -> None:
    """Records and bytes alike."""
    assert LogSize(30, 900).since(LogSize(10, 400)) == LogSize(20, 500)
