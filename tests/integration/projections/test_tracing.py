"""Looking for the event behind a row, on the real broker, where there is more of the log than can be folded again."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from projected_story import DIMENSIONS, Log, Story
from support.replayed import Sender, folded_anew, own_topics

from muniment.projections.config import ProjectionsConfig
from muniment.projections.registry import projection
from muniment.projections.replaying import shadow
from muniment.projections.replaying.load import Stopped
from muniment.projections.replaying.replay import Progress
from muniment.projections.verifying import gathering
from muniment.projections.verifying.verify import Look, verify
from muniment.schemas.audit import ActionAudited
from muniment.schemas.topics import AUDIT, DOCUMENTS


def changed_key(name: str) -> ActionAudited:
    """An entry of the trail that is about no document."""
    return ActionAudited(
        action="key.changed", actor="cli:ann", kind="key", entity=name, outcome="done", status=None, reason="asked for",
        network="", address_mark="", agent="muniment", query_mark="", documents=(), document_count=0, left_out=0,
    )  # fmt: skip


async def test_a_row_without_a_document_is_named_behind_more_than_can_be_folded(
    config: ProjectionsConfig, kafka_bootstrap: str, log: Log, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry of the trail that was changed by hand or removed by hand is named with its event."""
    monkeypatch.setattr(gathering, "MOST", 5)
    entries = [await log.say(changed_key(f"key {number}"), uuid4(), "acme") for number in range(20)]
    name = f"t{uuid4().hex[:12]}"
    async with own_topics(kafka_bootstrap, name, (AUDIT,)) as sender:
        places = await sender.send(entries)
    config = replace(config, topic_prefix=f"{name}.")
    live = (await folded_anew(projection("audit", DIMENSIONS), config, log.codec)).live
    changed, gone = [r.header("ce_id") for r in (entries[3], entries[17])]
    await connection.execute(f"update {live}.entries set actor = 'cli:nobody' where event_id = $1", changed)
    await connection.execute(f"delete from {live}.entries where event_id = $1", gone)
    found = await verify(projection("audit", DIMENSIONS), config, log.codec, Look())
    said = {str(row): found.said.get(str(row)) for table in found.differences for row in table.found}
    assert {row: event.place if event else None for row, event in said.items()} == {
        f"entries (event_id={changed}) was changed: actor": str(places[3]),
        f"entries (event_id={gone}) was removed": str(places[17]),
    }


async def test_a_verification_can_be_stopped_while_it_looks_for_events(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any
) -> None:
    """The log is not read to its end for the sake of a row that differs."""
    await Story(log, ("a",)).tell()
    await sender.send([r for r in log.records if r.topic == DOCUMENTS.name])
    live = (await folded_anew(projection("documents", DIMENSIONS), config, log.codec)).live
    await connection.execute(f"update {live}.versions set model = 'x'")
    how = Look()

    def shown(progress: Progress) -> None:
        if progress.phase == "comparing":
            how.stop.set()

    with pytest.raises(Stopped):
        await verify(projection("documents", DIMENSIONS), config, log.codec, replace(how, on_progress=shown))
    assert await shadow.kept(connection) == [], "a stopped verification leaves nothing behind"
