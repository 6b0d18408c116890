"""`make schemas` adds, and never changes."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from muniment.schemas import export, schema_ids
from muniment.schemas.event import DocumentEvent, event
from muniment.schemas.topics import DLQ, JOBS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the committed files that `export` writes to, and that the ids are read from."""
    for name in ("avro", "golden"):
        shutil.copytree(export.HERE / name, tmp_path / name)
    shutil.copy(export.IDS, tmp_path / "schema_ids.json")
    monkeypatch.setattr(export, "AVRO", tmp_path / "avro")
    monkeypatch.setattr(export, "GOLDEN", tmp_path / "golden")
    monkeypatch.setattr(export, "IDS", tmp_path / "schema_ids.json")
    monkeypatch.setattr(schema_ids, "files", lambda _: tmp_path)
    yield tmp_path
    schema_ids.ids.cache_clear()
    schema_ids.names.cache_clear()


def texts(folder: Path) -> dict[str, str]:
    """Every file below a folder."""
    return {str(p.relative_to(folder)): p.read_text("utf-8") for p in folder.rglob("*") if p.is_file()}


def test_the_committed_files_are_what_it_writes(folder: Path) -> None:
    """A second run changes nothing."""
    before = texts(folder)
    assert export.main() == 0
    assert texts(folder) == before


def test_an_edited_schema_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A committed schema that differs from its declaration is named with what it breaks, and left alone."""
    path = folder / "avro" / "SubmitDocument.v1.avsc"
    edited = path.read_text("utf-8").replace("size_bytes", "bytes_size")
    path.write_text(edited, "utf-8")
    assert export.main() == 1
    told = capsys.readouterr().err
    assert "SubmitDocument.v1 was edited" in told
    assert "BACKWARD: field size_bytes" in told
    assert path.read_text("utf-8") == edited


@pytest.mark.parametrize("name", ["avro/SubmitDocument.v1.avsc", "golden/SubmitDocument.v1.json"])
def test_a_file_that_is_gone_is_not_written_again(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What has an id was written once: whoever changed its declaration would get the change written otherwise."""
    (folder / name).unlink()
    before = texts(folder)
    assert export.main() == 1
    assert texts(folder) == before
    told = capsys.readouterr().err
    assert f"{Path(name).name} is gone, and SubmitDocument.v1 has an id" in told
    assert f"git checkout HEAD -- schemas/{name}" in told


def test_a_version_that_may_not_follow_is_refused(
    open_registry: None, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither id nor file is written for a second version that could not read the first one's records."""
    before = texts(folder)

    @event(topic=JOBS, version=2)
    class StepProgressed(DocumentEvent):
        """A trial."""

        version: int
        colour: str

    assert export.main() == 1
    assert texts(folder) == before
    told = capsys.readouterr().err
    assert "StepProgressed.v2 against StepProgressed.v1: BACKWARD: field colour" in told
    assert "FORWARD: field unit" in told


def test_a_new_event_gets_the_next_id_and_its_files(open_registry: None, folder: Path) -> None:
    """One declaration and one command: schema, golden bytes, and an id above every id ever given."""
    before = texts(folder)
    locked = json.loads(export.IDS.read_text("utf-8"))
    export.IDS.write_text(json.dumps(locked | {"Withdrawn.v1": 500}), "utf-8")

    @event(topic=DLQ)
    class Added(DocumentEvent):
        """A trial."""

        size: int

    assert export.main() == 0
    after = texts(folder)
    assert after.keys() - before.keys() == {"avro/Added.v1.avsc", "golden/Added.v1.json"}
    assert json.loads(after["schema_ids.json"])["Added.v1"] == 501
    assert json.loads(after["schema_ids.json"])["Withdrawn.v1"] == 500
