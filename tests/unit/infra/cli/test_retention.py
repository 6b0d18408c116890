"""`muniment retention run`: what is said where nothing goes."""

import pytest
from typer.testing import CliRunner

from muniment.infra.cli import retention
from muniment.infra.cli.main import make_app


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("MUNIMENT_LOG_LEVEL", "info", "no rule is set (MUNIMENT_RETENTION_DAYS)"),
        ("MUNIMENT_RETENTION_DAYS", "30", "nothing is too old"),
        ("MUNIMENT_RETENTION_TENANTS", "brief=30", "nothing is too old"),
    ],
)
def test_without_a_rule_nothing_is_said_to_have_been_looked_at(monkeypatch, tmp_path, setting, value, told):
    """Nobody is to believe that a rule holds which the settings do not have."""

    async def none(**_):
        return []

    monkeypatch.setattr(retention, "_run", none)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
    for name in ("MUNIMENT_RETENTION_DAYS", "MUNIMENT_RETENTION_TENANTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(setting, value)
    done = CliRunner().invoke(make_app(), ["retention", "run", "--dry-run"])
    assert (done.exit_code, told in done.stdout) == (0, True), done.output
