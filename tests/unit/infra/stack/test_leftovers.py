"""Which processes belong to a stack."""

from pathlib import Path

from muniment.infra.stack.leftovers import MARK, is_ours, mark


def test_a_process_with_the_mark_of_this_home_is_ours(tmp_path: Path) -> None:
    """That of another home is not, whatever it runs."""
    assert is_ours({MARK: mark(tmp_path)}, ["anything"], tmp_path)
    assert not is_ours({MARK: "/other"}, ["anything"], tmp_path)
    assert not is_ours({}, ["java", "kafka.Kafka"], tmp_path)


def test_the_postgres_of_this_home_is_ours_without_a_mark(tmp_path: Path) -> None:
    """It may have written its title over its environment."""
    assert is_ours({}, ["/x/postgres", "-D", f"{tmp_path}/postgres/data"], tmp_path)
    assert not is_ours({}, ["/x/postgres", "-D", "/other/data"], tmp_path)
    assert not is_ours({}, ["vi", "-D", f"{tmp_path}/postgres/data"], tmp_path)


def test_the_postgres_that_lies_elsewhere_is_ours_as_noted(tmp_path: Path) -> None:
    """`postgres-home` says where it was put."""
    (tmp_path / "postgres-home").write_text("/shared/abc\n")
    assert is_ours({}, ["/x/postgres", "-D", "/shared/abc/data"], tmp_path)
    assert not is_ours({}, ["/x/postgres", "-D", "/shared/abcd/data"], tmp_path)
