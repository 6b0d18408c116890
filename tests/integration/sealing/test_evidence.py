"""Evidence bundles from a real log, checked by the verifier that they come with."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from support.sealing import TOPIC, World

from muniment.infra import evidence
from muniment.infra.settings import Settings
from muniment.producers.sealing.proving import NotSealed
from muniment.schemas import example
from muniment.schemas.codec import encode
from muniment.schemas.commands import SubmitDocument
from muniment.schemas.documents import DocumentSubmitted
from muniment.schemas.event import Event
from muniment.schemas.script_commands import GenerateDraft
from muniment.schemas.scripts import DraftRequested

NOW = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)


def settings(world: World) -> Settings:
    given = {"kafka_bootstrap": world.bootstrap, "database_url": world.database_url, "home": world.outside}
    return Settings.model_validate(given).model_copy(update={"signing_keys": world.outside.parent / "signing.json"})


async def exported(
    world: World, kind: str, what: str, out: Path, *, joined: Sequence[str] = (), checkpoint: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """What the bundle's own verifier says, run alone, perhaps with a checkpoint that was kept."""
    made = await evidence.bundle(settings(world), kind, what, NOW, kept=joined, prefix=world.prefix)
    evidence.write(made, out)
    command = [sys.executable, "-I", str(out / "verify.py"), "--key", world.signer.public_keys()[0].value.hex()]
    command += ["--checkpoint", str(checkpoint)] if checkpoint else []
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)


async def test_a_range_is_proved_with_its_gaps(world: World, tmp_path: Path) -> None:
    """That the log began late when it was first sealed, and the marker of a transaction, are told and nothing wrong."""
    await world.write(b"0", b"1", b"2")
    await world.drop_before(1)
    await world.seal()
    await world.write(b"3", b"", None, transactional_id=f"{world.prefix}a")
    await world.seal()
    world.signer.rotate()
    await world.write(b"7")
    await world.seal()
    done = await exported(world, "range", f"{TOPIC}:0:0-7", tmp_path / "bundle")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert done.stdout.splitlines()[:-1] == [
        f"note  {TOPIC}:0:0 to 0: no record, the log began later when this was sealed (retention)",
        f"note  {TOPIC}:0:6 to 6: no record, a marker of a transaction (control)",
    ]
    assert done.stdout.splitlines()[-1].startswith("PROVED: 6 records of 1 partitions")
    with pytest.raises(NotSealed, match="signed up to offset 7 only"):
        await evidence.bundle(settings(world), "range", f"{TOPIC}:0:0-8", NOW, prefix=world.prefix)


async def test_what_is_cut_from_a_log_is_not_proved_unless_a_retention_takes_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what was sealed before the cut nor what never was, where a topic is kept for ever; else it is a note."""
    await world.write(b"0", b"1")
    await world.seal()
    await world.write(b"2", b"3")
    await world.drop_before(3)
    await world.seal()
    asked = "range", f"{TOPIC}:0:0-3"
    done = await exported(world, *asked, tmp_path / "kept")
    assert done.returncode == 1, done.stdout + done.stderr
    told = "no retention did that: it is kept for ever"
    assert done.stdout.splitlines()[:-1] == [
        f"WRONG {TOPIC}:0:0 was sealed, and is gone since with the beginning of the log, and {told}",
        f"WRONG {TOPIC}:0:1 was sealed, and is gone since with the beginning of the log, and {told}",
        f"WRONG {TOPIC}:0:2 to 2: the beginning of the log was cut off before these were sealed, and {told}",
    ]
    monkeypatch.setattr(evidence, "SEALED_FOR_EVER", frozenset())
    done = await exported(world, *asked, tmp_path / "not_kept")
    assert done.returncode == 0, done.stdout + done.stderr


async def test_a_record_that_was_changed_on_the_broker_is_named_by_the_bundle(world: World, tmp_path: Path) -> None:
    """The bundle holds what is on the log now, and the proof of what was."""
    await world.write(b"0", b"1", b"2", b"3")
    await world.seal()
    await world.replace([b"0", b"1", b"X"])
    done = await exported(world, "range", f"{TOPIC}:0:0-3", tmp_path / "bundle")
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"WRONG {TOPIC}:0:2 is not what was sealed" in done.stdout
    assert f"WRONG {TOPIC}:0:3 was sealed, and was taken from the log since" in done.stdout
    assert f"{TOPIC}:0:1 " not in done.stdout


async def test_a_document_has_its_records_and_no_other(world: World, tmp_path: Path) -> None:
    """Those with its key, from the partition where that puts them, and the checkpoint that sealed the last of them."""
    document, other = uuid4(), uuid4()
    await world.widen(3)
    for key in (document, other, document):
        await world.send(str(key).encode())
    await world.seal()
    await world.send(str(other).encode())
    await world.seal()
    done = await exported(world, "document", str(document), tmp_path / "bundle")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"PROVED: 2 records of 1 partitions, document {document}" in done.stdout
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    assert [len(log["leaves"]) for log in manifest["logs"]] == [2]
    with pytest.raises(evidence.NothingFound, match="no sealed record"):
        await evidence.bundle(settings(world), "document", str(uuid4()), NOW, prefix=world.prefix)


@pytest.mark.parametrize(
    ("command", "event"),
    [(SubmitDocument, DocumentSubmitted), (GenerateDraft, DraftRequested)],
    ids=["document", "draft"],
)
async def test_a_job_has_its_command_and_all_that_came_of_it(
    world: World, tmp_path: Path, command: type[Event], event: type[Event]
) -> None:
    """Of a document's job and of a draft's, whose command is about a project; what others said of the same is not."""
    for topic in {command.declaration.topic.name, event.declaration.topic.name} - {TOPIC}:
        await world.seal_also(topic)
    job = uuid4()
    for about, caused_by in ((job, job), (uuid4(), uuid4())):
        for one, event_id in ((command, about), (event, uuid4())):
            meta = replace(example.metadata(str(event_id)), event_id=event_id, correlation_id=caused_by)
            await world.say(encode(example.sample(one.declaration), meta, example.KEY, example.nonce))
    await world.seal()
    done = await exported(world, "job", str(job), tmp_path / "bundle")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"PROVED: 2 records of 2 partitions, job {job}" in done.stdout


async def test_a_document_is_not_proved_where_a_record_is_gone(world: World, tmp_path: Path) -> None:
    """What is missing may be of the document, or of another: nobody can say; a marker in its place hides nothing."""
    document = uuid4()
    key = str(document).encode()
    for value in (b"0", b"1", b"2"):
        await world.write(value, key=key)
    await world.write(b"3", b"4")
    await world.seal()
    await world.replace([])
    await world.write(b"0", key=key, transactional_id=f"{world.prefix}a")
    await world.write(b"2", key=key)
    await world.write(b"3")
    done = await exported(world, "document", str(document), tmp_path / "holed")
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        f"WRONG {TOPIC}:0:1 was sealed, and was taken from the log since",
        f"WRONG {TOPIC}:0:4 was sealed, and was taken from the log since",
        f"NOT PROVED: 2 records of 1 partitions, document {document}: 2 things are wrong",
    ]
    await world.drop_before(2)
    done = await exported(world, "document", str(uuid4()), tmp_path / "cut")
    assert [line.split(",")[0] for line in done.stdout.splitlines()] == [
        *(f"WRONG {TOPIC}:0:{offset} was sealed" for offset in (0, 1, 4)),
        "NOT PROVED: 0 records of 1 partitions",
    ]


async def test_a_kept_checkpoint_of_another_size_is_tied_to_a_bundle(world: World, tmp_path: Path) -> None:
    """Its proof goes with the bundle, so whoever kept it need not ask the house again; without, it says nothing."""
    kept = tmp_path / "kept.note"
    for number in range(3):
        await world.write(b"%d" % number)
        await world.seal()
    kept.write_text((await world.notes())[1], "utf-8")
    asked = "range", f"{TOPIC}:0:0-0"
    alone = await exported(world, *asked, tmp_path / "alone", checkpoint=kept)
    assert "says nothing about this bundle" in alone.stdout
    tied = await exported(world, *asked, tmp_path / "tied", joined=[kept.read_text("utf-8")], checkpoint=kept)
    assert (tied.returncode, [line for line in tied.stdout.splitlines() if line.startswith("note")]) == (0, [])


async def test_a_kept_checkpoint_that_a_log_never_came_to_is_told(world: World, tmp_path: Path) -> None:
    """The house has less than it signed: whoever kept that is not given a bundle that is silent about it."""
    for number in range(2):
        await world.write(b"%d" % number)
        await world.seal()
    note = (await world.notes())[1]
    await world.pool.execute("delete from muniment_sealing.checkpoints where size = 2")
    with pytest.raises(NotSealed, match="only 1 are sealed here"):
        await exported(world, "range", f"{TOPIC}:0:0-0", tmp_path / "bundle", joined=[note])


async def test_a_tree_that_was_cut_off_is_told_where_its_proof_is_asked_for(world: World, tmp_path: Path) -> None:
    """What was signed is known, but its leaves are gone with log and tables: that is said, in words."""
    await world.write(b"0", b"1")
    await world.seal()
    await world.replace([b"0"])
    await world.forget()
    await world.seal()
    with pytest.raises(NotSealed, match="has fewer leaves here than were signed"):
        await exported(world, "range", f"{TOPIC}:0:0-0", tmp_path / "bundle")
