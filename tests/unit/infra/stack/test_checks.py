"""The pure part of `muniment doctor`."""

import pytest

from muniment.infra.stack.checks import java_major


@pytest.mark.parametrize(
    ("text", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('java version "1.8.0_402"', 1),  # before version 9 the major number came second: too old either way
        ("command not found", None),
    ],
)
def test_the_version_of_java_is_read(text: str, major: int | None) -> None:
    """From the first line of `java -version`, which every vendor words a little differently."""
    assert java_major(text) == major
