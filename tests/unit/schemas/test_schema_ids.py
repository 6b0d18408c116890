"""Schema ids mean the same for ever."""

import json
from pathlib import Path

import pytest
from support.git_history import git, whole_history

from muniment.schemas import schema_ids
from muniment.schemas.catalogue import declarations
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

LOCK = Path(schema_ids.__file__).parent / "schema_ids.json"


def test_every_declaration_has_an_id_of_its_own() -> None:
    """Registry and lock file agree, and no id stands for two declarations."""
    locked = json.loads(LOCK.read_text("utf-8"))
    assert set(locked) == {d.key for d in declarations()}
    assert len(set(locked.values())) == len(locked)
    assert all(isinstance(i, int) and 0 < i < 2**31 for i in locked.values())


def test_names_are_found_by_id() -> None:
    """`name_of` inverts the lock file."""
    assert {schema_ids.name_of(i) for i in schema_ids.ids().values()} == set(schema_ids.ids())
    with pytest.raises(StepFailure) as error:
        schema_ids.name_of(0)
    assert error.value.code is ErrorCode.UNKNOWN_EVENT


def test_no_id_was_ever_given_to_another_name() -> None:
    """In every committed version of the lock file an id stands for what it stands for today."""
    root = LOCK.parents[1]
    whole_history(root)
    log = git(root, "log", "--format=%H", "--", "schemas/schema_ids.json") or ""
    today = {i: name for name, i in json.loads(LOCK.read_text("utf-8")).items()}
    for commit in log.split():
        text = git(root, "show", f"{commit}:schemas/schema_ids.json")
        for name, number in json.loads(text or "{}").items():
            assert today.get(number) == name, f"{number} was {name} in {commit[:8]}"
