"""`muniment schemas`: the schemas told, checked, and brought into a registry outside."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from pydantic import SecretStr
from support import registries
from support.standin_registry import StandIn
from typer.testing import CliRunner

from muniment.infra.cli.main import make_app
from muniment.infra.not_set import NotSetError
from muniment.infra.registering import UNUSED, fill, fillers
from muniment.infra.settings import Settings
from muniment.infra.stack.start import lay_foundations
from muniment.producers.trail.spool import orphans
from muniment.schemas import export
from muniment.schemas.catalogue import declarations
from muniment.schemas.codec import decode
from muniment.schemas.schema_ids import ids
from muniment.schemas.subjects import subjects

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run `muniment schemas` with these words."""
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *words: CliRunner().invoke(make_app(), ["schemas", *words])


@pytest.fixture(params=[True, False], ids=["counting", "importing"])
def stand_in(request: pytest.FixtureRequest) -> StandIn:
    """A registry of either kind."""
    return StandIn(counts=request.param)


@pytest.fixture
def address(stand_in: StandIn) -> Iterator[str]:
    """Where it is, with a password that is nobody's business."""
    with registries.served(stand_in.app()) as url:
        yield url.replace("//", "//me:hush@")


def test_every_schema_gets_the_id_of_the_records(run: Run, stand_in: StandIn, address: str) -> None:
    """Whether the registry counts or takes ids: what is there in the end is what the log means; twice equals once."""
    done = run("register", "--to", address)
    assert done.exit_code == 0, done.output
    numbers = {json.loads(text)["name"]: number for text, number in stand_in.ids.items()}
    assert numbers.items() >= {d.name: ids()[d.key] for d in declarations()}.items()
    wanted = {name: len(subject.schemas) for name, subject in subjects(declarations()).items()}
    assert {name: len(held) for name, held in stand_in.subjects.items() if name != UNUSED} == wanted
    assert stand_in.levels["muniment.documents-value"] == "NONE"
    assert stand_in.levels["muniment.DocumentSubmitted"] == "FULL_TRANSITIVE"
    assert set(stand_in.modes.values()) <= {"READWRITE"}

    again = run("register", "--to", address, "--json")
    assert again.exit_code == 0
    assert json.loads(again.stdout)["missing"] == []
    assert run("register", "--to", address, "--check").exit_code == 0
    assert "hush" not in done.output + again.output


def test_what_is_missing_is_only_told_with_check(run: Run, stand_in: StandIn, address: str) -> None:
    """`--check` changes nothing, and says by its exit code that something is missing."""
    done = run("register", "--to", address, "--check")
    assert done.exit_code == 1
    assert "0 as they are here" in done.output
    assert stand_in.subjects == {}


def test_an_id_that_is_taken_is_named_and_nothing_changed(run: Run, stand_in: StandIn, address: str) -> None:
    """A registry that others fill, too, cannot hold the ids: it says so before it changes anything."""
    stand_in.ids['"string"'] = ids()["DocumentSubmitted.v1"]
    done = run("register", "--to", address)
    assert done.exit_code == 1
    assert f"the id {ids()['DocumentSubmitted.v1']} is taken" in done.output
    assert "nothing was changed" in done.output
    assert stand_in.subjects == {}


def test_another_id_for_our_schema_is_named(run: Run, stand_in: StandIn, address: str) -> None:
    """What somebody registered by hand got an id that records do not carry."""
    place = subjects(declarations())["muniment.DocumentSubmitted"]
    stand_in.ids[place.schemas[0].text] = 90_000
    stand_in.subjects[place.name] = [place.schemas[0].text]
    done = run("register", "--to", address)
    assert done.exit_code == 1
    assert "has the id 90000 in " in done.output


def test_ids_that_nobody_uses_are_filled() -> None:
    """A registry that counts arrives at each id only over the ones before it."""
    assert [place.schema.schema_id for place in fillers({1, 2, 5, 7})] == [3, 4, 6]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://127.0.0.1:1/", "does not answer"),
        ("nonsense", "does not answer"),
        ("http://127.0.0.1:port/", "is none"),
    ],
)
def test_no_registry_is_a_sentence(run: Run, address: str, why: str) -> None:
    """Nobody there, or no address: exit code 1 and a line that says so; a start of the stack goes on."""
    done = run("register", "--to", address)
    assert done.exit_code == 1
    assert why in done.output
    assert why in fill(address)


def test_a_server_that_is_no_registry_is_a_sentence(run: Run) -> None:
    """The path of a registry is easily forgotten."""
    with registries.ours() as running:
        address = running.url.removesuffix("/registry")
        done, looked = run("register", "--to", address), run("register", "--to", address, "--check")
    for told in (done, looked):
        assert told.exit_code == 1
        assert f"what answers at {address} is no schema registry" in told.output
        assert "missing" not in told.output


def test_no_address_is_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the option and the setting: no stack that is started would bring one."""
    monkeypatch.delenv("MUNIMENT_SCHEMA_REGISTRY_URL", raising=False)
    done = run("register")
    assert isinstance(done.exception, NotSetError)
    assert "--to" in str(done.exception)
    assert "MUNIMENT_SCHEMA_REGISTRY_URL" in str(done.exception)
    assert "muniment up" not in str(done.exception)


def test_our_own_registry_holds_every_schema(run: Run) -> None:
    """The API's registry, looked at as an outside one: no id is another, nothing of a record is missing."""
    with registries.ours() as running:
        done = run("register", "--to", running.url, "--check", "--json")
    told = json.loads(done.stdout)
    assert told["wrong"] == []
    assert [one for one in told["missing"] if UNUSED not in one] == []


def test_schemas_are_listed_and_shown(run: Run) -> None:
    """By name, by version and by the id that a record carries."""
    listed = {row["schema"]: row["id"] for row in json.loads(run("list", "--json").stdout)}
    assert listed == {d.key: ids()[d.key] for d in declarations()}
    assert "DocumentSubmitted.v1" in run("list").stdout
    by_name, by_id = run("show", "DocumentSubmitted"), run("show", str(ids()["DocumentSubmitted.v1"]))
    assert json.loads(by_name.stdout)["name"] == "DocumentSubmitted"
    assert by_name.stdout == by_id.stdout
    assert run("show", "Nobody").exit_code == 1


def test_check_names_what_may_not_change(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that a build runs: 0 as things are, 1 with field and rule for an edited schema."""
    assert run("check").exit_code == 0
    as_is = export.committed()
    size = {"name": "size_bytes", "type": "string"}
    fields = [size if f["name"] == "size_bytes" else f for f in as_is["SubmitDocument.v1"]["fields"]]
    edited = as_is | {"SubmitDocument.v1": as_is["SubmitDocument.v1"] | {"fields": fields}}
    monkeypatch.setattr(export, "committed", lambda: edited)
    done = run("check")
    assert done.exit_code == 1
    assert "SubmitDocument.v1 was edited" in done.output
    assert "BACKWARD: field size_bytes" in done.output


async def test_a_start_that_fills_the_registry_is_in_the_trail(address: str, tmp_path: Path) -> None:
    """Once, with the registry and without its password; a start that finds all there leaves nothing."""
    plan: Any = SimpleNamespace(names=())
    settings = Settings(home=tmp_path, schema_registry_url=SecretStr(address))
    said: list[str] = []
    for _ in range(2):
        await lay_foundations(plan, settings, said.append)
    assert [line.partition(" registered")[0] == "schemas: 0" for line in said] == [False, True]
    found: list[Any] = [decode(r, lambda _: None).event for one in orphans(tmp_path / "trail") for r in one.records()]
    assert [(one.action, one.outcome, one.kind) for one in found] == [
        ("schemas.register", "begun", "schema_registry"),
        ("schemas.register", "done", "schema_registry"),
    ]
    assert found[0].entity == address.replace("me:hush@", "")
