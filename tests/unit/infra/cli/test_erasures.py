"""`muniment erasures`: what a person reads, and what is asked for on their behalf."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.scripted_api import ScriptedApi

from muniment.api.erasures.examples import ANSWERS
from muniment.infra.cli import erasures

DONE: dict[str, Any] = ANSWERS["ErasureAnswer"]
ID = DONE["erasure_id"]
PATH = f"/v1/erasures/{ID}"
TAKEN = {"erasure_id": ID, "position": "t"}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> ScriptedApi:
    """The API as it answers here; nobody waits between two looks."""
    monkeypatch.setattr(erasures, "LOOK_S", 0.0)
    return ScriptedApi(monkeypatch)


def test_a_request_says_what_comes_next(api: ScriptedApi) -> None:
    """With the person and the reason; where a second one has to agree, with the command for that."""
    waiting = DONE | {"status": "requested", "needs_confirmation": True, "decided_by": None, "stores": []}
    api.answers["POST", "/v1/erasures"] = TAKEN
    api.answers["GET", PATH] = waiting | {"keys_destroyed": None, "receipt_hash": None}
    told = api.run("erasures", "request", "--subject", "person-1", "--reason", "a letter", "--yes")
    assert told.exit_code == 0, told.output
    assert f"muniment erasures confirm {ID}" in told.stdout
    assert api.bodies("POST", "/v1/erasures") == [{"reason": "a letter", "subject": "person-1"}]


def test_without_a_yes_nothing_is_asked_for(api: ScriptedApi) -> None:
    """Whoever says no has erased nothing, and was shown whose scripts would go; whoever names nothing is told so."""
    api.answers["POST", "/v1/erasures/preview"] = ANSWERS["ErasurePreview"]
    told = api.run("erasures", "request", "--subject", "person-1", "--reason", "a letter")
    assert told.exit_code == 1
    for part in ("1 documents and 1 drafts", "'The harbour in winter'", f"episode {ID}", "version 3, the script as it"):
        assert part in told.stdout
    assert api.run("erasures", "request", "--reason", "a letter", "--yes").exit_code == 2
    assert api.run("erasures", "preview").exit_code == 2
    shown = api.run("erasures", "preview", "--subject", "person-1", "--json")
    assert json.loads(shown.stdout) == ANSWERS["ErasurePreview"]
    assert {path for _, path, _, _ in api.asked} == {"/v1/erasures/preview"}
    assert api.bodies("POST", "/v1/erasures/preview") == [{"subject": "person-1"}] * 2


def test_a_preview_of_nothing_says_so(api: ScriptedApi) -> None:
    """Before somebody asks for the erasure of a person whose name is misspelt, and is sent a receipt for it."""
    api.answers["POST", "/v1/erasures/preview"] = {"documents": [], "drafts": [], "scripts": []}
    told = api.run("erasures", "preview", "--subject", "persn-1")
    assert (told.exit_code, "look at the name, or at the ids, again" in told.stdout) == (0, True)


def test_what_each_store_removed_is_shown(api: ScriptedApi) -> None:
    """Status, who asked and agreed, the stores, what was refused, and the receipt's hash."""
    api.answers["GET", PATH] = DONE
    told = api.run("erasures", "show", ID)
    assert told.exit_code == 0, told.output
    for part in ("completed", "key:7Qm2", "key:9Zx4", "search texts", "12", "1 keys of 1 documents", "was refused"):
        assert part in told.stdout
    api.answers["GET", PATH] = DONE | {"status": "rejected"}
    assert api.run("erasures", "show", ID).exit_code == 1


@pytest.mark.parametrize(("status", "code"), [("rejected", 0), ("confirmed", 1)])
def test_a_rejection_that_holds_is_no_failure(api: ScriptedApi, status: str, code: int) -> None:
    """Exit code 0 once it is rejected; 1 where somebody agreed meanwhile, so that it goes on."""
    api.answers["POST", f"{PATH}/reject"] = TAKEN
    api.answers["GET", PATH] = DONE | {"status": status}
    told = api.run("erasures", "reject", ID, "--reason", "no letter was seen")
    assert (told.exit_code, status in told.stdout) == (code, True)


def test_erasures_are_listed(api: ScriptedApi) -> None:
    """One line each; without any, a word."""
    api.answers["GET", "/v1/erasures"] = ANSWERS["ErasureList"]
    assert ID in api.run("erasures", "list").stdout
    api.answers["GET", "/v1/erasures"] = {"items": []}
    assert api.run("erasures", "list").stdout == "no erasures\n"


def test_a_receipt_is_checked(api: ScriptedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written out, and one that this installation did not sign is told as such."""
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
    api.answers["GET", f"{PATH}/receipt"] = ANSWERS["ReceiptAnswer"]
    told = api.run("erasures", "receipt", ID, "--out", str(tmp_path / "receipt.json"), "--verify")
    assert (tmp_path / "receipt.json").exists()
    assert told.exit_code == 1
    assert "not good" in told.stderr
