"""Which migrations are to be applied."""

import pytest

from muniment.infra.migrations.apply import EditedMigrationError, Migration, migrations, pending

ONE, TWO = Migration("0001_a.sql", "SELECT 1"), Migration("0002_b.sql", "SELECT 2")


def test_each_is_applied_once_in_the_order_of_names() -> None:
    """What the database has seen is passed over."""
    assert pending([ONE, TWO], {}) == (ONE, TWO)
    assert pending([ONE, TWO], {ONE.name: ONE.checksum}) == (TWO,)
    assert pending([ONE, TWO], {ONE.name: ONE.checksum, TWO.name: TWO.checksum}) == ()


def test_an_edited_migration_is_an_error() -> None:
    """Forward only: two databases with the same names have the same tables."""
    with pytest.raises(EditedMigrationError, match="0001_a"):
        pending([ONE, TWO], {ONE.name: TWO.checksum})


def test_a_migration_of_a_newer_version_is_no_obstacle() -> None:
    """An older program may run beside a newer one."""
    assert pending([ONE], {ONE.name: ONE.checksum, "0009_later.sql": "x"}) == ()


def test_the_numbers_have_no_gap_and_no_double() -> None:
    """Two people who took the same number find out here, not in a database."""
    numbers = [int(migration.name[:4]) for migration in migrations()]
    assert numbers == list(range(1, len(numbers) + 1))
