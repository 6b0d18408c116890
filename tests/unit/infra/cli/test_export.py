"""`muniment export` as it is called: what is wrong is said before anything is read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.exporting import FakeLog, everything, exported, laid
from support.key_ring import MemoryKeyRing
from typer.testing import CliRunner

from muniment.infra import bootstrap
from muniment.infra.cli.main import make_app
from muniment.infra.exporting import reading
from muniment.infra.exporting.folder import ExportFolder
from muniment.infra.not_set import NotSetError
from muniment.producers.trail.spool import orphans
from muniment.schemas import example
from muniment.schemas.catalogue import declarations
from muniment.schemas.codec import Envelope, decode, encode
from muniment.schemas.documents import DocumentDeleted

DOCS = "muniment.documents"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["documents", "--format", "csv"], "parquet, avro, jsonl"),
        (["nothing"], "there is no topic nothing"),
        (["documents:0:9-3"], "ends before it begins"),
        (["documents", "--decrypt"], "--reason"),
        (["documents", "--from", "yesterday"], "Invalid value for --from: 'yesterday' is no moment"),
        (["documents", "--to", "2026-01-01"], "Invalid value for --to: '2026-01-01' has no zone"),
        (["documents", "--from", "2026-02-01T00:00:00Z", "--to", "2026-01-01T00:00:00Z"], "ends before it begins"),
        (["--document", "leave.md"], "is no id"),
    ],
)
def test_what_is_wrong_is_said(words: list[str], said: str, tmp_path: Path) -> None:
    """Exit code 2 and a sentence; nothing is written. `range` goes without saying."""
    done = CliRunner(env={"COLUMNS": "200"}).invoke(make_app(), ["export", *words, "--out", str(tmp_path / "x")])
    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "x").exists()


async def test_an_export_is_looked_at(tmp_path: Path) -> None:
    """What is right exits with 0, what was touched with 1 and by name."""
    made = next(one for one in declarations() if one.topic.name == DOCS)
    records = laid([encode(example.sample(made), example.metadata("one"), example.KEY, example.nonce)])
    manifest = await exported(FakeLog({(DOCS, 0): records}), tmp_path / "x", "avro", everything(DOCS))
    right = CliRunner().invoke(make_app(), ["export", "verify", str(tmp_path / "x")])
    assert (right.exit_code, "1 file, 1 row: as its manifest says" in right.output) == (0, True)
    [one] = manifest["files"]
    (tmp_path / "x" / one["path"]).write_bytes(b"")
    wrong = CliRunner().invoke(make_app(), ["export", "verify", str(tmp_path / "x"), "--json"])
    assert wrong.exit_code == 1
    assert one["path"] in wrong.output


@pytest.mark.parametrize(
    "manifest", ["{", "[]", "{}", '"text"', '{"format": "csv"}', '{"format": "avro", "files": [{}]}', "\xff"]
)
def test_a_manifest_that_no_export_wrote_is_said(manifest: str, tmp_path: Path) -> None:
    """Also that of something else, as of an evidence bundle: exit code 1 and a sentence, never a traceback."""
    (tmp_path / "manifest.json").write_text(manifest, "latin-1")
    done = CliRunner(env={"COLUMNS": "200"}).invoke(make_app(), ["export", "verify", str(tmp_path)])
    assert done.exit_code == 1
    assert "manifest.json is not one that an export wrote" in f"{done.output}{done.exception}"
    assert isinstance(done.exception, NotSetError)


class Installation:
    """A log of deletions of two tenants' documents, their keys, and the commands that export it."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.keys = home, MemoryKeyRing()
        self.killed_after: int | None = None
        self.told = ""
        self.documents: dict[str, UUID] = {"acme": uuid4(), "brief": uuid4(), "gone": uuid4()}
        monkeypatch.setattr(reading, "log_reader", self._reader)
        monkeypatch.setattr(bootstrap, "parts", self._parts)

    @asynccontextmanager
    async def _reader(self, _: str) -> AsyncIterator[FakeLog]:
        records = []
        for tenant, document in self.documents.items():
            event = DocumentDeleted(document_id=document, version=1, job_id=uuid4(), jobs=(), reason="by her")
            records.append(
                encode(
                    event, replace(example.metadata(tenant), tenant=tenant), await self.keys.create(tenant, document)
                )
            )
        await self.keys.destroy("gone", self.documents["gone"])
        # One in a partition: an interrupted export goes on behind the last that it has finished.
        there = {(DOCS, number): laid([record], partition=number) for number, record in enumerate(records)}
        yield FakeLog(there, breaks_after=self.killed_after)

    @asynccontextmanager
    async def _parts(self, *_: Any, **__: Any) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(key_ring=self.keys)

    def export(self, *words: str, out: Path | None = None) -> list[Envelope]:
        """Run the command; the entries that it, and those before it, left in the spool."""
        env = {"MUNIMENT_HOME": str(self.home), "MUNIMENT_KAFKA_BOOTSTRAP": "127.0.0.1:1"}
        words = ("export", "documents", "--format", "jsonl", "--out", str(out or self.home / uuid4().hex), *words)
        done = CliRunner(env=env).invoke(make_app(), words)
        self.told = done.output
        assert (done.exit_code == 0) is (self.killed_after is None), done.output
        return [decode(r, lambda _: None) for one in orphans(self.home / "trail") for r in one.records()]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence and exit code 1; it is not the log that is away."""
    Installation(tmp_path, monkeypatch)
    (tmp_path / "file").touch()
    env = {"MUNIMENT_HOME": str(tmp_path), "MUNIMENT_KAFKA_BOOTSTRAP": "127.0.0.1:1", "COLUMNS": "300"}
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        words = ["export", "documents", "--format", "jsonl", "--out", str(out)]
        done = CliRunner(env=env).invoke(make_app(), words)
        assert isinstance(done.exception, NotSetError)
        assert f"{out} cannot be written to: Not a directory" in str(done.exception)


def test_an_export_in_clear_is_told_from_a_sealed_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has an action of its own; both say what was exported, and a sealed one is shown to nobody."""
    sealed = Installation(tmp_path / "sealed", monkeypatch).export("--tenant", "acme")
    assert [(e.meta.tenant, e.event.action, e.event.document_count) for e in sealed] == [
        ("muniment", "log.export", 0)
    ] * 2
    assert sealed[0].event.entity.endswith(": documents tenant=acme")
    opened = Installation(tmp_path / "opened", monkeypatch).export("--decrypt", "--reason", "look")
    assert {(e.event.action, e.event.reason) for e in opened} == {("log.decrypt", "look")}
    assert opened[0].event.entity.endswith(": documents")


def test_whoever_asks_about_a_document_finds_that_it_was_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tenant, too, and before it is done: in its own trail, with the reason, the selection and the document."""
    house = Installation(tmp_path, monkeypatch)
    document = house.documents["acme"]
    found = house.export("--decrypt", "--reason", "look", "--document", str(document), "--tenant", "acme")
    for tenant in ("muniment", "acme"):
        told = [e.event for e in found if e.meta.tenant == tenant]
        assert [(e.outcome, [d.document_id for d in e.documents]) for e in told] == [
            ("begun", [document]),
            ("done", [document]),
        ]
        assert all(e.entity.endswith(f": documents document={document} tenant=acme") for e in told)
    assert len(found) == 4


def test_what_was_opened_is_in_the_trail_of_whom_it_belongs_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where nobody said whose it is; what could not be opened any more was shown to nobody."""
    house = Installation(tmp_path, monkeypatch)
    ended = [e for e in house.export("--decrypt", "--reason", "look") if e.event.outcome == "done"]
    assert {e.meta.tenant: {d.document_id for d in e.event.documents} for e in ended} == {
        "acme": {house.documents["acme"]},
        "brief": {house.documents["brief"]},
        "muniment": {house.documents["acme"], house.documents["brief"]},
    }


def test_what_was_opened_before_an_interruption_is_found_by_the_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever goes on, and whyever: all entries are about the same, and together name each document that was opened."""
    house, out = Installation(tmp_path, monkeypatch), tmp_path / "out"
    house.killed_after = 1
    house.export("--decrypt", "--reason", "first", out=out)
    house.killed_after = None
    found = [e.event for e in house.export("--decrypt", "--reason", "second", out=out)]
    manifest = ExportFolder(out).manifest()
    assert {e.entity for e in found} == {manifest["opened"]["audit_entity"]}
    opened = [house.documents["acme"], house.documents["brief"]]
    assert {d.document_id for e in found for d in e.documents} == set(opened)
    for reason, document in zip(("first", "second"), opened, strict=True):
        assert {d.document_id for e in found if e.reason == reason for d in e.documents} == {document}
    assert manifest["opened"]["reason"] == "second"


def test_another_export_into_the_folder_has_entries_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused, and nobody takes it for the one that was interrupted there."""
    house, out = Installation(tmp_path, monkeypatch), tmp_path / "out"
    house.killed_after = 1
    house.export(out=out)
    found = house.export("--tenant", "acme", out=out)
    assert len({e.event.entity for e in found}) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "open: more may come to it"),
        (["--to", "2100-01-01T00:00:00Z"], "open: more may come to it"),
        (["--to", "2026-01-01T00:00:00Z"], "closed: nothing can be added to it"),
    ],
)
def test_whether_more_may_come_is_said(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A range whose end was given is open, too, while no record shows that the log has passed it."""
    house = Installation(tmp_path, monkeypatch)
    house.export(*words)
    assert f"the range is {said}" in house.told
