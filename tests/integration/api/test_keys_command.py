"""`muniment keys` on a real database."""

import json

import pytest
from typer.testing import CliRunner

from muniment.infra.cli.main import make_app


@pytest.fixture
def muniment(database_url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MUNIMENT_DATABASE_URL", database_url)

    def run(*words):
        return CliRunner().invoke(make_app(), ["keys", *words])

    return run


def test_keys_are_made_listed_and_revoked(muniment):
    """The secret is shown once; a revoked key is listed as such and cannot be revoked again."""
    made = json.loads(muniment("create", "laptop", "--tenant", "acme", "--scope", "search", "--json").stdout)
    assert made["key"].startswith(f"mun_{made['key_id']}_")
    assert (made["tenant"], made["scopes"], made["state"]) == ("acme", ["search"], "valid")
    plain = muniment("create", "other", "--days", "7", "--scope", "operate")
    assert plain.stdout.strip().startswith("mun_")
    assert "operate" in plain.stderr
    listed = muniment("list", "--json").stdout
    assert made["key"].split("_")[2] not in listed
    assert [key["name"] for key in json.loads(listed)] == ["laptop", "other"]
    assert "laptop" in muniment("list").stdout
    assert muniment("revoke", made["key"]).exit_code == 0
    assert muniment("revoke", made["key_id"]).exit_code == 1
    assert json.loads(muniment("list", "--tenant", "acme", "--json").stdout)[0]["state"] == "revoked"


def test_a_tenant_that_is_no_name_is_told(muniment):
    """The reason is said, and the exit code is that of a wrong call."""
    refused = muniment("create", "laptop", "--tenant", "A/B")
    assert refused.exit_code == 2
    assert "tenant" in refused.output
