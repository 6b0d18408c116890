"""An export is whole or not there, goes on after an interruption, and is found out when somebody touches it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from support.exporting import NOW, FakeLog, everything, exported, laid, read_back
from support.key_ring import MemoryKeyRing

from muniment.infra.exporting.folder import MANIFEST, ExportFolder, sha256
from muniment.infra.exporting.formats import FORMATS
from muniment.infra.exporting.selection import Range, Selection
from muniment.infra.exporting.verifying import verify
from muniment.infra.not_set import NotSetError
from muniment.schemas import example
from muniment.schemas.codec import encode
from muniment.schemas.documents import DocumentChunked, DocumentDeleted, DocumentUnchanged
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Record

DOCS = "muniment.documents"


def unchanged(document: UUID) -> Record:
    """A small fact about a document."""
    return encode(DocumentUnchanged(document_id=document, version=1, job_id=uuid4()), example.metadata("a"), None)


def log(records: int = 60, missing: frozenset[int] = frozenset()) -> FakeLog:
    """A partition of small facts, some offsets of which hold nothing."""
    laid_out = laid([unchanged(uuid4()) for _ in range(records)])
    return FakeLog({(DOCS, 0): [one for one in laid_out if one.offset not in missing]})


@pytest.mark.parametrize("form", list(FORMATS))
async def test_an_interrupted_export_goes_on(form: str, tmp_path: Path) -> None:
    """After each interruption the same command goes on with the unit that was not finished; the end is the same."""
    whole = log()
    undisturbed = await exported(whole, tmp_path / "once", form, everything(DOCS), unit=20)
    for batches in range(1, 9):
        broken = FakeLog(whole.records, breaks_after=batches)
        folder = tmp_path / f"broken{batches}"
        with pytest.raises(InterruptedError):
            await exported(broken, folder, form, everything(DOCS), unit=20)
        assert not (folder / MANIFEST).exists()
        seen = {path: sha256(folder / path) for path in ExportFolder(folder).files() if not path.startswith(".export/")}
        again = FakeLog(whole.records)
        manifest = await exported(again, folder, form, everything(DOCS), unit=20)
        assert len(again.read_spans) == 3 - batches // 3
        assert read_back(folder) == whole.records[DOCS, 0]
        assert list(verify(ExportFolder(folder))) == []
        assert not (folder / ".export").exists()
        assert manifest["rows"] == undisturbed["rows"]
        assert seen.items() <= {one["path"]: one["sha256"] for one in manifest["files"]}.items()


async def test_nobody_else_on_the_machine_may_look_into_what_was_opened(tmp_path: Path) -> None:
    """With --decrypt the files are documents in clear, whatever the umask says, also in a folder that was there."""
    for name, keys, mode in (("opened", MemoryKeyRing(), 0o700), ("sealed", None, 0o755)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o755)
        await exported(log(5), tmp_path / name, "jsonl", everything(DOCS), keys=keys)
        assert (tmp_path / name).stat().st_mode & 0o777 == mode


async def test_an_export_in_clear_stops_at_a_lost_key(tmp_path: Path) -> None:
    """Told as erased, or as bytes that nobody can read, the rows would be wrong for good: the same command goes on."""
    ring, event = MemoryKeyRing(), example.example(DocumentDeleted.declaration)
    meta = example.metadata("a")
    key = await ring.create(meta.tenant, event.document_id)
    source = FakeLog({(DOCS, 0): laid([encode(event, meta, key)])})
    with pytest.raises(StepFailure, match="muniment keys restore"):
        await exported(source, tmp_path / "x", "jsonl", everything(DOCS), keys=MemoryKeyRing())
    manifest = await exported(source, tmp_path / "x", "jsonl", everything(DOCS), keys=ring)
    assert manifest["rows"] == 1


async def test_the_end_is_fixed_when_it_begins(tmp_path: Path) -> None:
    """Records that come in between do not get in: what goes on is the export that was begun."""
    first = log(30)
    with pytest.raises(InterruptedError):
        await exported(FakeLog(first.records, breaks_after=1), tmp_path / "x", "jsonl", everything(DOCS), unit=20)
    more = FakeLog({(DOCS, 0): first.records[DOCS, 0] + laid([unchanged(uuid4())], first=30)})
    manifest = await exported(more, tmp_path / "x", "jsonl", everything(DOCS), unit=20)
    assert manifest["rows"] == 30


async def test_a_folder_is_not_taken_twice(tmp_path: Path) -> None:
    """A finished export, another one's beginnings, and a folder with something else in it are left alone."""
    await exported(log(), tmp_path / "done", "jsonl", everything(DOCS))
    with pytest.raises(NotSetError, match="finished"):
        await exported(log(), tmp_path / "done", "jsonl", everything(DOCS))
    with pytest.raises(InterruptedError):
        await exported(FakeLog(log().records, breaks_after=0), tmp_path / "begun", "jsonl", everything(DOCS))
    with pytest.raises(NotSetError, match="another export"):
        await exported(log(), tmp_path / "begun", "avro", everything(DOCS))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    with pytest.raises(NotSetError, match="not empty"):
        await exported(log(), tmp_path / "other", "jsonl", everything(DOCS))


async def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """Offsets that retention took, and those inside that hold no record, are gaps; the range is then not whole."""
    source = log(30, missing=frozenset({0, 1, 2, 12, 13, 29}))
    source.begins[DOCS, 0] = 3
    manifest = await exported(source, tmp_path / "x", "jsonl", everything(DOCS), unit=10)
    [span] = manifest["spans"]
    assert span["gaps"] == [
        {"first": 0, "last": 2, "why": "removed"},
        {"first": 12, "last": 13, "why": "not_given"},
    ]
    assert manifest["whole"] is False
    assert manifest["closed"] is False
    assert list(verify(ExportFolder(tmp_path / "x"))) == []


async def test_a_closed_range_says_so(tmp_path: Path) -> None:
    """With both ends behind us nothing can be added, and the manifest says whether anything is missing."""
    selection = Selection((Range(DOCS, 0, 5, 24),))
    manifest = await exported(log(), tmp_path / "x", "jsonl", selection)
    assert (manifest["closed"], manifest["whole"], manifest["rows"]) == (True, True, 20)


async def test_a_range_of_time_says_what_its_bounds_mean(tmp_path: Path) -> None:
    """After a record whose time is ahead, later ones of the time asked for are left out: the manifest says so."""
    source = log()
    source.records[DOCS, 0][5] = replace(source.records[DOCS, 0][5], timestamp_ms=2**42)
    until = Selection((Range(DOCS),), until=NOW + timedelta(seconds=10))
    manifest = await exported(source, tmp_path / "x", "jsonl", until)
    assert (manifest["rows"], manifest["closed"]) == (5, True)
    assert "later ones of the time asked for lie outside" in manifest["bounds"]
    assert "refuses times more than 60 minutes ahead" in manifest["bounds"]
    assert list(verify(ExportFolder(tmp_path / "x"))) == []
    assert "bounds" not in await exported(source, tmp_path / "y", "jsonl", everything(DOCS))


async def test_moments_and_filters_choose(tmp_path: Path) -> None:
    """A span of time, then only what is about one document."""
    document = uuid4()
    records = [unchanged(document if i % 5 == 0 else uuid4()) for i in range(60)]
    source = FakeLog({(DOCS, 0): laid(records)})
    times = {"since": NOW + timedelta(seconds=10), "until": NOW + timedelta(seconds=30)}
    manifest = await exported(
        source, tmp_path / "x", "avro", Selection((Range(DOCS),), **times, document=str(document))
    )
    assert [one.offset for one in read_back(tmp_path / "x")] == [10, 15, 20, 25]
    assert manifest["closed"] is True
    assert list(verify(ExportFolder(tmp_path / "x"))) == []


def flip(folder: Path, path: str) -> str:
    """Change one byte."""
    content = bytearray((folder / path).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / path).write_bytes(content)
    return "not as it was written"


def remove(folder: Path, path: str) -> str:
    """Take a file away."""
    (folder / path).unlink()
    return "missing"


def add(folder: Path, path: str) -> str:
    """Put a file in."""
    shutil.copy(folder / path, folder / f"{path}.more")
    return "not in the manifest"


def forget(folder: Path, path: str) -> str:
    """Take a file away and strike it from the manifest."""
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"] = [one for one in manifest["files"] if one["path"] != path]
    (folder / MANIFEST).write_text(json.dumps(manifest))
    (folder / path).unlink()
    return "the manifest counts"


@pytest.mark.parametrize("harm", [flip, remove, add, forget])
async def test_what_was_touched_is_found(harm: Callable[[Path, str], str], tmp_path: Path) -> None:
    """Whatever is changed, taken away or put in: the look at the export names it."""
    manifest = await exported(log(), tmp_path / "x", "jsonl", everything(DOCS), unit=20)
    said = harm(tmp_path / "x", manifest["files"][1]["path"])
    found = list(verify(ExportFolder(tmp_path / "x")))
    assert any(said in sentence for sentence in found)


async def test_every_event_has_files_of_its_own(tmp_path: Path) -> None:
    """So that each has the columns of that event: a reader of one takes a folder."""
    chunked = DocumentChunked(document_id=uuid4(), version=1, job_id=uuid4(), chunks=2, batches=1, tokens=9)
    records = [unchanged(uuid4()), encode(chunked, example.metadata("b"), None)]
    manifest = await exported(FakeLog({(DOCS, 0): laid(records)}), tmp_path / "x", "jsonl", everything(DOCS))
    assert {one["path"] for one in manifest["files"]} == {
        f"{DOCS}/DocumentUnchanged.v1/0000-000000000000-000000000001.jsonl",
        f"{DOCS}/DocumentChunked.v1/0000-000000000000-000000000001.jsonl",
    }
    assert manifest["schemas"]["DocumentChunked.v1"]["avro"]["fields"][-1]["name"] == "tokens"
