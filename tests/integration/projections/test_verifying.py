"""Verification on the real broker: every kind of tampering is named, with the event that says otherwise."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from projected_story import DIMENSIONS, Log, Story
from support.replayed import Sender, folded_anew

from muniment.producers.signing import Signer
from muniment.projections.config import ProjectionsConfig
from muniment.projections.registry import projection
from muniment.projections.replaying import shadow
from muniment.projections.replaying.replay import How, replay
from muniment.projections.verifying.certificate import certified, checked
from muniment.projections.verifying.reconcile import Reconciling
from muniment.projections.verifying.verify import Look, Outdated, Verified, verify
from muniment.schemas.record import Position, Record
from muniment.schemas.topics import CHUNKS, DLQ, DOCUMENTS, EMBEDDINGS, OPERATIONS

NOW = datetime(2026, 3, 1, tzinfo=UTC)
READ = (DOCUMENTS, DLQ, CHUNKS, EMBEDDINGS, OPERATIONS)


async def folded(config: ProjectionsConfig, sender: Sender, log: Log, name: str) -> str:
    """Send the log and fold it; the live schema."""
    names = {topic.name for topic in READ}
    await sender.send([r for r in log.records if r.topic in names])
    return (await folded_anew(projection(name, DIMENSIONS), config, log.codec)).live


async def look(config: ProjectionsConfig, log: Log, name: str) -> Verified:
    """Verify."""
    return await verify(projection(name, DIMENSIONS), config, log.codec, Look(lanes=2))


def told(found: Verified) -> dict[str, str | None]:
    """Each row that differs, as a person is told, with the type of the event."""
    said = {str(row): found.said.get(str(row)) for table in found.differences for row in table.found}
    return {row: event.event if event else None for row, event in said.items()}


async def test_rows_of_documents_that_were_tampered_with_are_named(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any
) -> None:
    """Changed, added and removed by hand: key, columns and the deciding event; once it is undone, all is well again."""
    kept, gone, deleted = Story(log, ("a",)), Story(log, ("b",)), Story(log, ("c",))
    for story in (kept, gone, deleted):
        await story.tell()
    await deleted.delete()
    live = await folded(config, sender, log, "documents")
    clean = await look(config, log, "documents")
    assert (clean.rows, clean.comparison.equal, clean.events) == (0, True, 14)

    rows = {str(r["document_id"]): r for r in await connection.fetch(f"select * from {live}.documents")}
    await connection.execute(f"update {live}.versions set model = 'x' where document_id = $1", kept.document_id)
    await connection.execute(f"delete from {live}.documents where document_id = $1", gone.document_id)
    await connection.execute(f"update {live}.documents set title = 'back' where document_id = $1", deleted.document_id)
    stranger = uuid4()
    await connection.execute(
        f"insert into {live}.failures values ('acme', $1, $1, 'unexpected', 'made up', now(), 'nowhere')", stranger
    )
    found = await look(config, log, "documents")
    assert found.rows == 4
    assert told(found) == {
        f"versions (tenant=acme, document_id={kept.document_id}, version=1) was changed: model": "DocumentIndexed",
        f"documents (tenant=acme, document_id={gone.document_id}) was removed": "DocumentIndexed",
        f"documents (tenant=acme, document_id={deleted.document_id}) was changed: title": "DocumentDeleted",
        f"failures (tenant=acme, document_id={stranger}, job_id={stranger}) was added": None,
    }
    [said] = {s for row, s in found.said.items() if s and str(gone.document_id) in row}
    assert said.place.startswith(f"{DOCUMENTS.name}:")
    assert await shadow.kept(connection) == [], "a verification leaves nothing behind"

    await connection.execute(f"delete from {live}.failures")
    await connection.execute(f"update {live}.versions set model = 'toy' where document_id = $1", kept.document_id)
    await connection.execute(f"update {live}.documents set title = null where document_id = $1", deleted.document_id)
    row = dict(rows[str(gone.document_id)])
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await connection.execute(f"insert into {live}.documents ({', '.join(row)}) values ({places})", *row.values())
    assert (await look(config, log, "documents")).rows == 0


async def test_chunks_that_were_tampered_with_are_named(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any
) -> None:
    """A changed word, a lost vector, a removed and a doubled chunk, a version that search is not to see."""
    story, other = Story(log, ("alpha one", "alpha two", "alpha three")), Story(log, ("beta",))
    await story.tell()
    await other.tell()
    live = await folded(config, sender, log, "chunks")
    assert (await look(config, log, "chunks")).rows == 0
    mine = f"document_id = '{story.document_id}'"
    await connection.execute(f"update {live}.chunk_texts set text = 'omega' where {mine} and ordinal = 0")
    await connection.execute(f"update {live}.chunk_vectors set embedding = null where {mine} and ordinal = 1")
    await connection.execute(f"delete from {live}.chunk_vectors where {mine} and ordinal = 2")
    await connection.execute(
        f"insert into {live}.chunk_texts select * from {live}.chunk_texts where {mine} and ordinal = 2"
    )
    await connection.execute(f"update {live}.heads set version = 0 where document_id = $1", other.document_id)
    found = told(await look(config, log, "chunks"))
    # Whichever of a version's records was written last lets search see it.
    assert found.pop(f"heads (tenant=acme, document_id={other.document_id}) was changed: version") is not None
    row = f"(tenant=acme, document_id={story.document_id}, version=1, ordinal="
    assert found == {
        f"chunk_texts {row}0) was changed: text": "ChunksPrepared",
        f"chunk_vectors {row}1) was changed: embedding": "ChunksEmbedded",
        f"chunk_vectors {row}2) was removed": "ChunksEmbedded",
        f"chunk_texts {row}2) was added": "ChunksPrepared",
    }


async def test_what_is_parked_is_passed_by_and_counted(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any
) -> None:
    """A record that continuous work could not fold is no difference: the certificate names its place."""
    await Story(log, ("a",)).tell()
    live = await folded(config, sender, log, "documents")
    [place] = await sender.send([Record(DOCUMENTS.name, str(uuid4()).encode(), b"junk", ())])
    await connection.execute(
        f'insert into {live}.parked (topic, partition, "offset", error) values ($1, $2, $3, $4)',
        place.topic,
        place.partition,
        place.offset,
        "undecodable",
    )
    await connection.execute(
        f"update {live}.checkpoints set next_offset = $3 where topic = $1 and partition = $2",
        place.topic,
        place.partition,
        place.offset + 1,
    )
    found = await look(config, log, "documents")
    assert (found.rows, found.parked, found.foldable) == (0, ((place.topic, place.partition, place.offset),), ())
    await connection.execute("update read.live set version = 1")
    with pytest.raises(Outdated, match="documents"):
        await look(config, log, "documents")


async def test_what_is_parked_and_can_be_folded_is_compared(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any, tmp_path: Path
) -> None:
    """Rows that were removed and covered up by parked places differ, with their event, for both who compare."""
    story = Story(log, ("a",))
    await story.tell()
    live = await folded(config, sender, log, "documents")
    for table in projection("documents", DIMENSIONS).tables:
        await connection.execute(f"delete from {live}.{table}")
    await connection.execute(
        f'insert into {live}.parked (topic, partition, "offset", error)'
        f" select topic, partition, n, 'covered up' from {live}.checkpoints, generate_series(0, next_offset - 1) n"
        f" where topic = '{DOCUMENTS.name}'"
    )
    found = await look(config, log, "documents")
    row = f"documents (tenant=acme, document_id={story.document_id}) was removed"
    assert told(found)[row] == "DocumentIndexed"
    assert found.parked == ()
    assert {place[0] for place in found.foldable} == {DOCUMENTS.name}
    certificate = certified([found], Signer(tmp_path / "signing.json"), NOW, "0.1.0")["certificate"]
    assert certificate["result"] == "different"
    [model] = certificate["read_models"]
    assert (model["parked"], len(model["parked_but_foldable"])) == ([], len(found.foldable))

    work = Reconciling(projection("documents", DIMENSIONS), config, log.codec)
    [seen] = [one for part in await work.slices() if (one := await work.look(part)).rows]
    assert row in seen.names
    assert f"{Position(*found.foldable[0])} is parked, yet it can be folded: replay" in seen.lines


async def test_an_event_that_is_parked_for_nothing_is_no_proof(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any, tmp_path: Path
) -> None:
    """No row differs, and yet the verdict is not that all is well; a replay brings it in, with nothing to accept."""
    await Story(log, ("a",)).tell()
    live = await folded(config, sender, log, "documents")
    await connection.execute(
        f'insert into {live}.parked (topic, partition, "offset", error)'
        f" select topic, partition, 0, 'mended since' from {live}.checkpoints where topic = '{DOCUMENTS.name}'"
        " and next_offset > 0"
    )
    found = await look(config, log, "documents")
    assert (found.rows, found.equal, len(found.foldable) > 0) == (0, False, True)
    certificate = certified([found], Signer(tmp_path / "signing.json"), NOW, "0.1.0")["certificate"]
    assert certificate["result"] == "different"
    assert (await replay(projection("documents", DIMENSIONS), config, log.codec, How())).switched
    again = await look(config, log, "documents")
    assert (again.equal, again.foldable) == (True, ())


async def test_a_view_that_was_changed_is_named(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any, tmp_path: Path
) -> None:
    """Rows may be right and yet be shown as others: the view is named by both who compare; a replay makes it anew."""
    name = "documents"
    await Story(log, ("a",)).tell()
    live = await folded(config, sender, log, name)
    work = Reconciling(projection(name, DIMENSIONS), config, log.codec)
    first = (await work.slices())[0]
    view = next(iter(projection(name, DIMENSIONS).views))
    assert (await look(config, log, name)).views == ()
    assert (await work.look(first)).rows == 0
    await connection.execute(f"create or replace view read.{view} as {await forged(connection, live, view)}")
    found = await look(config, log, name)
    assert (found.rows, found.views, found.equal) == (0, (view,), False)
    certificate = certified([found], Signer(tmp_path / "signing.json"), NOW, "0.1.0")["certificate"]
    assert (certificate["result"], certificate["read_models"][0]["changed_views"]) == ("different", [view])
    seen = await work.look(first)
    assert (seen.rows, [line for line in seen.lines if f"view read.{view} was changed" in line]) == (1, [*seen.lines])
    await folded_anew(projection(name, DIMENSIONS), config, log.codec)
    assert (await look(config, log, name)).equal


async def forged(connection: Any, live: str, view: str) -> str:
    """The view's definition with other rows left out."""
    text = (await connection.fetchval("select pg_get_viewdef(to_regclass($1))", f"read.{view}")).rstrip(";")
    assert live in text
    return f"select * from ({text}) x where tenant <> 'acme'"


async def test_a_certificate_is_signed_and_any_change_to_it_is_found(
    config: ProjectionsConfig, sender: Sender, log: Log, tmp_path: Path
) -> None:
    """It says what was compared and where on the log; one flipped digit, another key or another file is refused."""
    await Story(log, ("a",)).tell()
    await folded(config, sender, log, "documents")
    signer = Signer(tmp_path / "signing.json")
    certificate = certified([await look(config, log, "documents")], signer, NOW, "0.1.0")
    given = json.loads(json.dumps(certificate))
    known = {key.key_id: key.value for key in signer.public_keys()}
    assert checked(given, known.get) == certificate["signature"]["key_id"]
    [model] = given["certificate"]["read_models"]
    assert (given["certificate"]["result"], model["differences"]) == ("equal", [])
    assert sum(model["position"][DOCUMENTS.name].values()) == 4
    assert {t["table"]: t["rows"]["log"] for t in model["tables"]}["documents"] == 1
    signer.rotate()
    assert checked(given, known.get), "what an older key signed stays good"
    model["tables"][0]["rows"]["live"] += 1
    with pytest.raises(ValueError, match="it was changed"):
        checked(given, known.get)
    with pytest.raises(ValueError, match="no key that is trusted"):
        checked(certificate, {}.get)
    with pytest.raises(ValueError, match="no certificate"):
        checked({"certificate": {}}, known.get)
