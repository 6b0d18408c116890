"""The rows of a project by their moments."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st
from support.project_story import PROJECT, told

from muniment.projections.projects.evolve import evolve
from muniment.projections.projects.state import Project, ProjectRow
from muniment.projections.projects.timeline import folded, rows_of
from muniment.projections.ranged import Past, bare, moment_of
from muniment.projections.validity import Moment
from muniment.schemas import project_commands as commands
from muniment.schemas import script_commands, scripts
from muniment.schemas.codec import Envelope
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Record
from muniment.schemas.topics import PROJECTS
from muniment.stream_apps.projects.decider import decide
from muniment.stream_apps.projects.evolve import evolve as decided
from muniment.stream_apps.projects.state import Asked, State

START = datetime(2026, 1, 1, tzinfo=UTC)
EPISODES, PAPERS, DRAFTS = ([UUID(int=n + i) for i in range(3)] for n in (10, 20, 30))

one_of = st.sampled_from


def some_of(ids: list[UUID]) -> st.SearchStrategy[tuple[UUID, ...]]:
    """Some of these, each once."""
    return st.lists(one_of(ids), unique=True).map(tuple)


asked = st.one_of(
    st.tuples(st.just(commands.UpdateProject), st.fixed_dictionaries({"title": one_of(["Tides", "Moons"])})),
    st.tuples(st.just(commands.ArchiveProject), st.fixed_dictionaries({"archived": st.booleans()})),
    st.tuples(
        st.just(commands.ChangeProjectDocuments),
        st.fixed_dictionaries({"added": some_of(PAPERS), "removed": some_of(PAPERS)}),
    ),
    st.tuples(
        one_of([commands.CreateEpisode, commands.MoveEpisode]),
        st.fixed_dictionaries({"episode_id": one_of(EPISODES), "position": st.integers(0, 2)}),
    ),
    st.tuples(
        one_of([commands.UpdateEpisode, commands.ArchiveEpisode, commands.DeleteEpisode]),
        st.fixed_dictionaries({"episode_id": one_of(EPISODES)}),
    ),
    st.tuples(
        one_of([script_commands.GenerateDraft, scripts.DraftWritten, script_commands.CommitDraft]),
        st.fixed_dictionaries({"episode_id": one_of(EPISODES), "draft_id": one_of(DRAFTS)}),
    ),
    st.tuples(st.just(commands.DeleteProject), st.fixed_dictionaries({"cascade": st.booleans()})),
)
stories = st.lists(st.tuples(asked, st.integers(0, 30)), max_size=25)


def facts_of(story: Sequence[Any]) -> list[Envelope]:
    """What a decider says of these commands, on one partition; clocks go as they like."""
    state, facts = State(), list[Envelope]()
    for (cls, said), second in [((commands.CreateProject, {}), 5), *story]:
        about = {"cascade": True, **said} if cls is commands.DeleteEpisode else said
        if cls is scripts.DraftWritten:
            written = [told(cls, **about, job_id=UUID(int=7))] if about["episode_id"] in state.episodes else []
        command_id = uuid4()
        for event in written if cls is scripts.DraftWritten else decide(told(cls, **about), state, Asked(command_id)):
            state = decided(state, event)
            meta = Metadata(uuid4(), "acme", command_id, command_id, START + timedelta(seconds=second), "muniment.test")
            facts.append(Envelope(event, meta, Record(PROJECTS.name, PROJECT.bytes, b"", (), 0, len(facts), 0)))
    return facts


def moments_of(facts: Sequence[Envelope]) -> list[Moment]:
    """When each fact counts: never before the one before it."""
    moments = list[Moment]()
    for fact in facts:
        moment = Moment.of(fact.record, fact.meta.time)
        moments.append(moment.not_before(moments[-1].at if moments else None))
    return moments


def as_of(moment: Moment, project: Project, past: Sequence[Past]) -> dict[Any, Any]:
    """What the rows say whose ranges hold the moment, by what names them."""
    found = [one.row for one in past if moment_of(one.row) <= moment < one.until]
    found += [row for row in rows_of(project).values() if moment_of(row) <= moment]
    told_then = named(found)
    assert len(told_then) == len(found), "no two rows of one name are true at one moment"
    return told_then


def named(rows: Iterable[Any]) -> dict[Any, Any]:
    """What rows say, by what names them."""
    found = {}
    for row in rows:
        plain = replace(bare(row), ordered_at=None) if isinstance(row, ProjectRow) else bare(row)
        found[type(row), getattr(row, "episode_id", getattr(row, "document_id", None))] = plain
    return found


@given(stories, st.randoms(use_true_random=False))
def test_the_ranges_tell_of_every_moment_what_the_fold_of_its_prefix_is(story: Any, dice: Any) -> None:
    """Of the project, the order of its episodes, each of them, and its documents; in whatever batches it is read."""
    facts = facts_of(story)
    project, past, left = Project(), list[Past](), list(facts)
    while left:
        size = dice.randint(1, len(left))
        batch, left = left[:size], left[size:]
        project, ended = folded(project, batch)
        past += ended
    state = Project()
    for fact, moment in zip(facts, moments_of(facts), strict=True):
        state = evolve(state, fact.event, "acme", fact.meta.time, fact.meta.actor)
        assert as_of(moment, project, past) == named(rows_of(state).values())


@given(stories)
def test_what_is_counted_is_what_there_is(story: Any) -> None:
    """The numbers of documents and episodes that a project names are those of its rows; its order names each once."""
    project, _ = folded(Project(), facts_of(story))
    assert project.head is not None
    assert project.head.documents == len(project.members)
    order = project.order.episode_order if project.order else ()
    assert project.head.episodes == len(order) == len(project.episodes)
    assert set(order) == set(project.episodes)


def test_nothing_of_a_project_that_is_not_known_is_folded() -> None:
    """Before it was begun, and after it was deleted: a repeat brings nothing back."""
    created, deleted = facts_of([((commands.DeleteProject, {"cascade": True}), 9)])
    assert folded(Project(), [deleted]) == (Project(), [])
    gone, _ = folded(Project(), [created, deleted])
    assert gone.head is not None
    assert (gone.head.title, gone.order, gone.episodes, gone.members) == (None, None, {}, {})
    assert folded(gone, [created, deleted]) == (gone, [])
