"""What could be read of projects and scripts at a moment, asked for later: the answers are the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from projected_story import DIMENSIONS, Log, ReadModel, Story, schema_of, vector_of
from support.project_story import PROJECT, passages, told

from muniment.projections.chunks.filters import Filters
from muniment.projections.chunks.queries import search
from muniment.projections.documents.queries import DocumentFilter, documents
from muniment.projections.projects import queries as projects
from muniment.projections.registry import PROJECTIONS
from muniment.projections.scripts import queries as scripts
from muniment.projections.validity import Moment
from muniment.schemas import projects as facts
from muniment.schemas import scripts as of_drafts
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.schemas.script_costs import DraftCharged

TENANT, SECRET = "acme", "quagga"
ONE, TWO, FIRST, SECOND = (UUID(int=n) for n in (11, 12, 13, 14))
MODELS = ("documents", "chunks", "projects", "scripts")


@dataclass
class Told:
    """What readers were told at a moment."""

    at: Moment
    answers: dict[str, Any]


class Teller:
    """Says on a log what happens to one project, with two documents that are replaced and deleted meanwhile."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.moon = Story(log, ("the moon pulls the sea",), title="Moon")
        self.newer = Story(log, ("the moon pulls",), document_id=self.moon.document_id, version=2, title="Moons")
        self.wind = Story(log, ("wind on the sea",), title="Wind")

    async def say(self, event: Event, owner: UUID = PROJECT) -> Record:
        """A fact of the project, sealed under the key of its owner."""
        await self.log.ring.create(TENANT, owner)
        return await self.log.say(event, uuid4(), TENANT)

    async def project(self, cls: type[Any], **said: Any) -> None:
        """A fact of the project or an episode."""
        await self.say(cls(project_id=PROJECT, **said))

    async def draft(self, cls: type[Any], draft_id: UUID, **said: Any) -> None:
        """A fact of a draft of the first episode."""
        about = {"project_id": PROJECT, "episode_id": ONE, "draft_id": draft_id}
        usual = {of_drafts.DraftPrompted, of_drafts.DraftWritten, of_drafts.DraftErased, DraftCharged}
        await self.say(told(cls, **about, **said) if cls in usual else cls(**about, **said), draft_id)

    async def documents(self, *, added: tuple[UUID, ...] = (), removed: tuple[UUID, ...] = ()) -> None:
        """Documents come and go."""
        await self.project(facts.ProjectDocumentsChanged, revision=1, added=added, removed=removed)

    async def tell(self) -> None:
        """From the beginning of the project to the day on which all of it is deleted."""
        moon, wind = self.moon.document_id, self.wind.document_id
        await self.moon.tell()
        await self.wind.tell()
        await self.project(facts.ProjectCreated, revision=1, title="Tides", description=SECRET)
        await self.documents(added=(moon, wind))
        await self.project(facts.EpisodeCreated, episode_id=ONE, revision=1, title="One", brief="", order=(ONE,))
        await self.project(facts.EpisodeCreated, episode_id=TWO, revision=1, title="Two", brief="", order=(ONE, TWO))
        await self.written()
        await self.project(facts.EpisodeMoved, episode_id=TWO, revision=2, order=(TWO, ONE))
        await self.documents(removed=(wind,))
        await self.newer.tell()
        await self.project(facts.EpisodeUpdated, episode_id=TWO, revision=3, title="Two, again", brief=None)
        await self.project(facts.ProjectUpdated, revision=2, title="Tides and moons", description=None)
        await self.documents(added=(wind,), removed=(moon,))
        await self.draft(of_drafts.DraftDiscarded, FIRST, reason=f"{SECRET} again")
        await self.project(facts.EpisodeDeleted, episode_id=TWO, revision=3, drafts=(), reason="")
        await replace(self.wind).delete(uuid4())
        await self.project(facts.ProjectDeleted, revision=3, episodes=(ONE,), drafts=(FIRST, SECOND), reason="over")

    async def written(self) -> None:
        """A draft at the second try, an edit of it, and both as the script."""
        moon, job = self.moon.document_id, {"job_id": uuid4()}
        asked = {"template": "script", "language": "en", "max_tokens": 9, "temperature": 0.2, "seed": None}
        cited = of_drafts.Citation(1, moon, 1, 0, 1, 0, 9, 0, 8, True)
        await self.draft(of_drafts.DraftRequested, FIRST, **job, **asked, brief=SECRET, document_ids=())
        await self.draft(of_drafts.DraftPrompted, FIRST, **job, passages=passages(self.wind.document_id))
        await self.draft(DraftCharged, FIRST, **job)
        await self.draft(of_drafts.DraftPrompted, FIRST, **job, passages=passages(moon, self.wind.document_id))
        await self.draft(of_drafts.DraftWritten, FIRST, **job, text=f"{SECRET} [1].", citations=(cited,))
        await self.draft(of_drafts.DraftCommitted, FIRST, revision=2, number=1)
        edit = {"job_id": uuid4()}
        await self.draft(
            of_drafts.DraftRevised, SECOND, **edit, based_on=FIRST, text=f"My {SECRET} [1].", sources=(moon,)
        )
        await self.draft(of_drafts.CitationsChecked, SECOND, **edit, citations=(cited,))
        await self.draft(of_drafts.DraftCommitted, SECOND, revision=3, number=2)


def plain(row: Any) -> Any:
    """A row without what says since when it is so."""
    hidden = {name: None for name in ("from_at", "from_place", "ordered_at", "erased_at") if hasattr(row, name)}
    return replace(row, **hidden) if hidden else row


async def answers(model: ReadModel, of: Teller, at: Moment | None = None) -> dict[str, Any]:
    """Everything that can be asked about the project, now or as of a moment."""
    pool, said = model.pool, dict[str, Any]()
    said["project"] = await projects.project(pool, TENANT, PROJECT, at)
    for name, wanted in {"all": {}, "titled": {"text": "moons"}, "of": {"document_id": of.wind.document_id}}.items():
        said[f"projects {name}"] = (await projects.projects(pool, TENANT, **wanted, at=at)).rows  # type: ignore[arg-type]
    first = await projects.episodes(pool, TENANT, PROJECT, limit=1, at=at)
    rest = await projects.episodes(pool, TENANT, PROJECT, limit=1, cursor=first.cursor, at=at) if first.cursor else None
    said["episodes"] = [*first.rows, *(rest.rows if rest else ())]
    said["episode"] = await projects.episode(pool, TENANT, PROJECT, TWO, at)
    said["documents"] = (await projects.documents(pool, TENANT, PROJECT, at=at)).rows
    listed = await documents(pool, TENANT, DocumentFilter(project_id=PROJECT), at=at)
    said["listed"] = [plain(row) for row in listed.rows]
    for mode in ("vector", "text", "hybrid"):
        vector, filters = vector_of("sea").tolist(), Filters(project_id=PROJECT)
        said[f"search {mode}"] = (await search(pool, TENANT, mode, "moon sea", vector, 7, filters, at=at)).hits
    page = await scripts.drafts(pool, TENANT, PROJECT, ONE, at=at)
    said["drafts"] = [replace(row, draft=plain(row.draft)) for row in page.rows]
    for draft_id in (FIRST, SECOND):
        row = await scripts.draft(pool, TENANT, draft_id, at)
        said[f"draft {draft_id}"] = replace(row, draft=plain(row.draft)) if row else None
        for ask in (scripts.citations, scripts.passages):
            found: Sequence[Any] = await ask(pool, TENANT, draft_id, at)
            said[f"{ask.__name__} {draft_id}"] = [(plain(one), document) for one, document in found]
        said[f"charges {draft_id}"] = [plain(one) for one in await scripts.charges(pool, TENANT, draft_id, at)]
        sources = await scripts.sources(pool, TENANT, draft_id, at)
        said[f"sources {draft_id}"] = [replace(one, source=plain(one.source)) for one in sources]
        said[f"lineage {draft_id}"] = await scripts.lineage(pool, TENANT, draft_id, at)
    used = await scripts.scripts_of(pool, TENANT, of.moon.document_id, at=at)
    said["scripts of"] = [replace(row, draft=replace(row.draft, draft=plain(row.draft.draft))) for row in used.rows]
    said["versions"] = (await scripts.versions(pool, TENANT, PROJECT, ONE, at=at)).rows
    said["version"] = await scripts.version(pool, TENANT, PROJECT, ONE, None, at)
    return said


async def recorded(model: ReadModel, log: Log, teller: Teller) -> list[Told]:
    """Fold record by record, and write down what readers are told after each one that is about the project."""
    kept = []
    for number, record in enumerate(log.records):
        for name in MODELS:
            await model.fold(name, [record])
        if record.topic == "muniment.projects" or number == len(log.records) - 1:
            at = Moment.of(record, datetime.fromisoformat(record.header("ce_time") or ""))
            kept.append(Told(at, await answers(model, teller)))
    return kept


async def emptied(model: ReadModel) -> None:
    """Truncate the tables of these read models, checkpoints and all."""
    for name in MODELS:
        tables = await model.pool.fetch(
            "select relname from pg_class where relnamespace = $1::regnamespace and relkind in ('r', 'p')",
            schema_of(name),
        )
        await model.pool.execute("truncate " + ", ".join(f"{schema_of(name)}.{row['relname']}" for row in tables))


async def test_later_answers_as_of_a_moment_are_those_given_then(read_model: ReadModel, log: Log) -> None:
    """Of projects, episodes in their order, documents, drafts, citations, scripts, and a search within the project."""
    teller = Teller(log)
    await teller.tell()
    kept = await recorded(read_model, log, teller)
    for then in kept:
        assert await answers(read_model, teller, then.at) == then.answers, then.at
    assert await answers(read_model, teller, Moment.end_of(kept[9].at.at)) == kept[9].answers
    assert any(then.answers["search hybrid"] for then in kept)
    assert {then.answers["version"].number for then in kept if then.answers["version"]} == {1, 2}
    assert kept[-1].answers["projects all"] == ()
    before = await read_model.contents()
    await emptied(read_model)
    for name in MODELS:
        await read_model.fold(name, log.records)
    assert {name: (await read_model.contents())[name] for name in MODELS} == {name: before[name] for name in MODELS}


async def test_what_an_erased_draft_said_is_not_there_in_the_past_either(read_model: ReadModel, log: Log) -> None:
    """That it was, in which state and when, stays; no table has a word of it, nor has one after a rebuild."""
    teller = Teller(log)
    await teller.project(facts.ProjectCreated, revision=1, title="Tides", description="")
    await teller.project(facts.EpisodeCreated, episode_id=ONE, revision=1, title="One", brief="", order=(ONE,))
    await teller.written()
    await teller.draft(of_drafts.DraftDiscarded, SECOND, reason=SECRET)
    then = Moment.of(log.records[-1], log.clock)
    for record in log.records:
        await read_model.fold("scripts", [record])
    known = await scripts.draft(read_model.pool, TENANT, FIRST, then)
    assert known is not None
    assert SECRET in (known.draft.text or "")
    for draft_id in (FIRST, SECOND):
        await teller.draft(of_drafts.DraftErased, draft_id)
        await log.ring.destroy(TENANT, draft_id)
    await read_model.fold("scripts", log.records)
    live = (await read_model.contents())["scripts"]
    assert await holding(read_model) == []
    past = await scripts.draft(read_model.pool, TENANT, FIRST, then)
    assert past is not None
    assert (past.draft.state, past.draft.text, past.draft.brief) == ("written", None, None)
    assert past.draft.erased_at is not None
    versions = await scripts.versions(read_model.pool, TENANT, PROJECT, ONE, at=then)
    assert [one.number for one in versions.rows] == [2, 1]
    await emptied(read_model)
    await read_model.fold("scripts", log.records)
    assert (await read_model.contents())["scripts"] == live
    assert await holding(read_model) == []


async def holding(model: ReadModel) -> list[str]:
    """The tables of the read model in which the secret is."""
    found = []
    for table in PROJECTIONS["scripts"](DIMENSIONS).tables:
        rows = await model.pool.fetch(f"select x::text as row from {schema_of('scripts')}.{table} x")
        found += [table for row in rows if SECRET in row["row"]]
    return found
