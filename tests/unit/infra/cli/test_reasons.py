"""Reasons that commands ask for: they go on the record, so they have to say something."""

import pytest
from typer.testing import CliRunner

from muniment.infra.cli.main import make_app


@pytest.mark.parametrize("reason", ["", "  "])
@pytest.mark.parametrize(
    "words",
    [
        ("projections", "drop", "documents_v1"),
        ("keys", "give-up"),
        ("topics", "accept", "muniment.documents"),
        ("steps", "halt", "embedding"),
    ],
)
def test_a_blank_reason_is_none(monkeypatch, tmp_path, words, reason):
    """Exit code 2 before anything is looked at or done, whether the API would be asked or not."""
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
    done = CliRunner().invoke(make_app(), [*words, "--reason", reason])
    assert done.exit_code == 2, done.output
    assert "an empty reason is none" in done.output


def test_a_difference_is_not_accepted_without_a_word(monkeypatch, tmp_path):
    """A blank `--accept` is a wrong call, exit code 2."""
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
    done = CliRunner().invoke(make_app(), ["replay", "documents", "--accept", "  "])
    assert done.exit_code == 2, done.output
    assert "a blank reason is none" in " ".join(done.output.replace("│", " ").split())
