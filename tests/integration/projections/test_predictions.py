"""What is foretold to somebody who types, from a log folded into real Postgres."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest
from projected_story import Log, ReadModel, Story

from muniment.projections.predictions.queries import Predicted, predictions
from muniment.schemas.documents import DocumentErased, JobCancelled

NOW = datetime(2026, 1, 2, tzinfo=UTC)


async def foretold(
    pool: asyncpg.Pool, typed: str, tenant: str = "acme", project: UUID | None = None
) -> list[Predicted]:
    """The predictions, of `Heading`s and file names only where they are asked for."""
    return await predictions(pool, tenant, typed, limit=10, now=NOW, project_id=project)


def texts(found: list[Predicted]) -> list[str]:
    """What they say."""
    return [one.text for one in found]


async def test_titles_file_names_and_headings_are_foretold_of_what_search_sees(
    read_model: ReadModel, log: Log, pool: asyncpg.Pool
) -> None:
    """Each is found by beginnings of its words, names its document, and only once the version is whole."""
    story = Story(log, ("one", "two", "three"), title="연차휴가규정 Leave policy")
    await story.submitted()
    await story.extracted()
    await story.prepared(0)
    await read_model.catch_up()
    assert await foretold(pool, "leave") == []
    await story.prepared(1)
    await story.indexed()
    await read_model.catch_up()
    found = await foretold(pool, "leav")
    assert texts(found) == ["연차휴가규정 Leave policy"]
    assert (found[0].kind, found[0].documents, found[0].places) == ("document", 1, ((story.document_id, 1),))
    assert texts(await foretold(pool, "휴갖")) == []
    assert texts(await foretold(pool, "휴갸")) == []
    assert texts(await foretold(pool, "휴가ㄱ")) == ["연차휴가규정 Leave policy"]
    assert texts(await foretold(pool, "pol leave")) == ["연차휴가규정 Leave policy"]
    heading = (await foretold(pool, "Headi"))[0]
    assert (heading.kind, heading.text) == ("heading", "Heading")
    assert texts(await foretold(pool, "a.t")) == ["a.txt"]
    assert await foretold(pool, "leav", tenant="umbrella") == []
    assert await foretold(pool, "l") == []


async def test_the_surest_comes_first(read_model: ReadModel, log: Log, pool: asyncpg.Pool) -> None:
    """What begins with what was typed comes before what has it in its midst, the shorter before the longer."""
    for title in ("Sick leave", "Leave policy of the whole house", "Leave policy", "Leave"):
        await Story(log, ("one",), title=title).tell()
    await read_model.catch_up()
    found = await foretold(pool, "leave")
    assert texts(found) == ["Leave", "Leave policy", "Leave policy of the whole house", "Sick leave"]
    assert [one.confidence for one in found] == sorted((one.confidence for one in found), reverse=True)


async def test_what_is_replaced_deleted_or_erased_is_foretold_no_more(
    read_model: ReadModel, log: Log, pool: asyncpg.Pool
) -> None:
    """Only the active version's phrases are shown, and those of what is gone are not even stored."""
    first = Story(log, ("one",), title="Old name")
    await first.tell()
    second = Story(log, ("one",), title="New name", document_id=first.document_id, version=2)
    await second.tell()
    await read_model.catch_up()
    assert texts(await foretold(pool, "name")) == ["New name"]
    await second.delete()
    erased = Story(log, ("one",), title="Secret name")
    await erased.tell()
    await read_model.catch_up()
    assert texts(await foretold(pool, "name")) == ["Secret name"]
    await erased.say(DocumentErased(document_id=erased.document_id, version=1, erasure_id=uuid4(), jobs=()))
    await read_model.catch_up()
    assert await foretold(pool, "name") == []
    assert await pool.fetchval("select count(*) from predictions_v1.phrases") == 0


async def test_a_cancelled_version_leaves_nothing(read_model: ReadModel, log: Log, pool: asyncpg.Pool) -> None:
    """What was known of a version that will never be whole goes with its job, and what comes late is not taken in."""
    story = Story(log, ("one",), title="Never seen")
    await story.submitted()
    await story.say(JobCancelled(document_id=story.document_id, version=1, job_id=story.job, reason="why"))
    await story.prepared(0)
    await story.indexed()
    await read_model.catch_up()
    assert await pool.fetchval("select count(*) from predictions_v1.phrases") == 0


@pytest.mark.parametrize("first", ["muniment.documents", "muniment.chunks"])
async def test_the_order_of_the_topics_does_not_matter(
    read_model: ReadModel, log: Log, pool: asyncpg.Pool, first: str
) -> None:
    """Whichever topic is read first, the tables are the same in the end."""
    document = uuid4()
    for version, title in ((1, "One"), (2, "Two"), (3, "Three")):
        story = Story(log, ("x", "y", "z"), title=title, document_id=document, version=version)
        await story.tell()
        if version == 2:
            await story.delete()
    mine = [r for r in log.records if r.topic == first]
    others = [r for r in log.records if r.topic != first]
    for record in (*mine, *others):
        await read_model.fold("predictions", [record])
    rows = await pool.fetch("select version, kind::text as kind, phrase from predictions_v1.phrases order by kind")
    assert [tuple(row) for row in rows] == [(3, "f", "a.txt"), (3, "h", "Heading"), (3, "t", "Three")]
    assert await pool.fetchval("select active from predictions_v1.heads") == 3


async def test_one_query_reads_one_tenants_words_alone(read_model: ReadModel, log: Log, pool: asyncpg.Pool) -> None:
    """The same title of two tenants is foretold to each from their own document."""
    mine = Story(log, ("one",), title="Shared title")
    theirs = Story(log, ("one",), title="Shared title", tenant="umbrella")
    await mine.tell()
    await theirs.tell()
    await read_model.catch_up()
    assert (await foretold(pool, "shared"))[0].places == ((mine.document_id, 1),)
    assert (await foretold(pool, "shared", "umbrella"))[0].places == ((theirs.document_id, 1),)
