"""The pure part of `muniment doctor`."""

import pytest
from typer.testing import CliRunner

from muniment.infra.cli.main import make_app
from muniment.infra.stack import audited_check, sealing_check
from muniment.infra.stack.checks import java_major
from muniment.schemas.topic_config import START, Finding


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


def test_the_doctor_says_that_the_log_is_not_as_it_was_sealed() -> None:
    """With how much was found, and the command that names it; a halted partition is told even where nothing is."""
    assert sealing_check.said(0, 0).ok
    found = sealing_check.said(2, 1)
    assert (found.ok, "2 findings" in found.detail, "1 partitions are not signed" in found.detail) == (
        False,
        True,
        True,
    )
    assert not sealing_check.said(0, 1).ok


def test_a_remedy_names_commands_that_there_are() -> None:
    """What records are gone tells `muniment audit findings`; `audit verify` is for bundles."""
    gone = audited_check.said([Finding("muniment.documents", 0, START, "0", "7")])
    assert "muniment audit findings" in gone.remedy
    assert "muniment topics accept muniment.documents" in gone.remedy
    for words in (("audit", "findings"), ("topics", "accept")):
        assert CliRunner().invoke(make_app(), [*words, "--help"]).exit_code == 0
