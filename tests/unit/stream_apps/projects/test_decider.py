"""What commands about a project, its episodes and drafts lead to."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.project_story import passages, told

from muniment.schemas import project_commands as commands
from muniment.schemas import projects as facts
from muniment.schemas import script_commands, scripts
from muniment.schemas.project_rejections import MOST_EPISODES, MOST_IN_PROJECT, Rejection
from muniment.stream_apps.projects.decider import decide
from muniment.stream_apps.projects.evolve import evolve, read_back
from muniment.stream_apps.projects.state import Asked, Standing, State, stopped
from muniment.stream_apps.projects.stored import from_json, to_json

ONE, TWO, THREE = (UUID(int=n) for n in range(11, 14))
DRAFT, OTHER = UUID(int=21), UUID(int=22)
PAPER, NOTE = UUID(int=31), UUID(int=32)
JOB = UUID(int=41)


@dataclass
class Project:
    """A project whose commands are decided one after the other."""

    state: State = field(default_factory=State)

    def ask(self, cls: type[Any], *, command_id: UUID | None = None, unreadable: bool = False, **said: Any) -> Any:
        """Decide a command; the fact."""
        [fact] = decide(told(cls, **said), self.state, Asked(command_id or uuid4(), unreadable))
        self.state = evolve(self.state, fact)
        assert evolve(self.state, fact) == self.state
        assert from_json(to_json(self.state)) == self.state
        return fact

    def against(self, cls: type[Any], **said: Any) -> str:
        """The code with which a command is decided against; nothing has changed then."""
        before = self.state
        fact = self.ask(cls, **said)
        assert isinstance(fact, facts.ProjectCommandRejected)
        assert self.state == before
        return fact.code

    def hear(self, cls: type[Any], **said: Any) -> None:
        """A fact that somebody else says."""
        self.state = evolve(self.state, told(cls, episode_id=ONE, **said))


@pytest.fixture
def project() -> Project:
    """A project with three episodes and a document."""
    made = Project()
    made.ask(commands.CreateProject)
    made.ask(commands.ChangeProjectDocuments, added=(PAPER,))
    for one in (ONE, TWO, THREE):
        made.ask(commands.CreateEpisode, episode_id=one)
    return made


def written(project: Project, draft_id: UUID = DRAFT) -> None:
    """The draft is asked for, and written from the paper."""
    project.ask(script_commands.GenerateDraft, episode_id=ONE, draft_id=draft_id, command_id=JOB)
    project.hear(scripts.DraftPrompted, draft_id=draft_id, job_id=JOB, passages=passages(PAPER))
    project.hear(scripts.DraftWritten, draft_id=draft_id, job_id=JOB)


def test_a_project_begins_once():
    """An id is taken once, also after the project was deleted."""
    project = Project()
    assert project.ask(commands.CreateProject).revision == 1
    assert project.against(commands.CreateProject) == Rejection.ALREADY_EXISTS
    project.ask(commands.DeleteProject)
    assert project.against(commands.CreateProject) == Rejection.ALREADY_EXISTS
    assert project.against(commands.UpdateProject) == Rejection.NOT_FOUND


def test_nothing_is_decided_for_what_is_not_there():
    """Commands about a project, episode or draft that nobody has heard of are decided against."""
    nowhere = Project()
    assert nowhere.against(commands.CreateEpisode, episode_id=ONE) == Rejection.NOT_FOUND
    nowhere.ask(commands.CreateProject)
    assert nowhere.against(commands.UpdateEpisode, episode_id=ONE) == Rejection.NOT_FOUND
    assert nowhere.against(script_commands.CommitDraft, episode_id=ONE, draft_id=DRAFT) == Rejection.NOT_FOUND
    nowhere.ask(commands.CreateEpisode, episode_id=ONE)
    assert nowhere.against(script_commands.CommitDraft, episode_id=ONE, draft_id=DRAFT) == Rejection.NOT_FOUND


def test_a_command_holds_to_the_revision_it_was_made_for(project):
    """Of two changes made from one reading the second is decided against, and told what there is by then."""
    assert project.ask(commands.UpdateProject, if_revision=1).revision == 2
    late = project.ask(commands.UpdateProject, if_revision=1)
    assert (late.code, late.revision) == (Rejection.REVISION_MISMATCH, 2)
    assert project.ask(commands.UpdateEpisode, episode_id=ONE, if_revision=1).revision == 2
    late = project.ask(commands.MoveEpisode, episode_id=ONE, if_revision=1, position=2)
    assert (late.code, late.revision) == (Rejection.REVISION_MISMATCH, 2)


def test_documents_come_and_go_without_a_new_revision(project):
    """Only what changes is named, and an import turns nobody away who edits the title."""
    fact = project.ask(commands.ChangeProjectDocuments, added=(PAPER, NOTE, NOTE), removed=(uuid4(),))
    assert (fact.added, fact.removed, fact.revision) == ((NOTE,), (), 1)
    assert project.against(commands.ChangeProjectDocuments, added=(NOTE,)) == Rejection.UNCHANGED
    assert project.against(commands.ChangeProjectDocuments, added=(NOTE,), removed=(NOTE,)) == Rejection.UNCHANGED
    assert project.ask(commands.ChangeProjectDocuments, removed=(NOTE, NOTE)).removed == (NOTE,)
    assert project.state.documents == {PAPER}


def test_a_project_has_a_largest_size(project):
    """Beyond so many documents or episodes no more go in; taking out is always possible."""
    project.state = State(
        revision=1,
        documents=frozenset(UUID(int=n) for n in range(MOST_IN_PROJECT)),
        episodes=dict.fromkeys((UUID(int=n) for n in range(MOST_EPISODES)), project.state.episodes[ONE]),
    )
    assert project.against(commands.ChangeProjectDocuments, added=(uuid4(),)) == Rejection.TOO_MANY
    assert project.against(commands.CreateEpisode, episode_id=uuid4()) == Rejection.TOO_MANY
    assert project.ask(commands.ChangeProjectDocuments, removed=(UUID(int=3),)).removed == (UUID(int=3),)


@pytest.mark.parametrize(("position", "order"), [(0, (THREE, ONE, TWO)), (1, (ONE, THREE, TWO)), (99, None)])
def test_an_episode_is_put_at_its_place(project, position, order):
    """The place counts from 0 among the others; beyond the last is at the end, where it is already."""
    if order is None:
        assert project.against(commands.MoveEpisode, episode_id=THREE, position=position) == Rejection.UNCHANGED
    else:
        assert project.ask(commands.MoveEpisode, episode_id=THREE, position=position).order == order
    new = uuid4()
    assert project.ask(commands.CreateEpisode, episode_id=new, position=0).order[0] == new


def test_what_is_archived_is_not_changed(project):
    """Only to take it up again, to delete it, or to cancel, is allowed."""
    project.ask(script_commands.GenerateDraft, episode_id=ONE, draft_id=DRAFT, command_id=JOB)
    project.ask(commands.ArchiveProject)
    for cls, said in (
        (commands.UpdateProject, {}),
        (commands.ChangeProjectDocuments, {"added": (NOTE,)}),
        (commands.CreateEpisode, {"episode_id": uuid4()}),
        (commands.UpdateEpisode, {"episode_id": ONE}),
        (commands.MoveEpisode, {"episode_id": THREE}),
        (commands.ArchiveEpisode, {"episode_id": ONE}),
        (commands.DeleteEpisode, {"episode_id": ONE, "cascade": True}),
        (script_commands.GenerateDraft, {"episode_id": ONE, "draft_id": uuid4()}),
        (script_commands.DiscardDraft, {"episode_id": ONE, "draft_id": DRAFT}),
    ):
        assert project.against(cls, **said) == Rejection.ARCHIVED, cls
    assert project.against(commands.ArchiveProject) == Rejection.UNCHANGED
    project.ask(script_commands.CancelDraft, episode_id=ONE, draft_id=DRAFT, job_id=JOB)
    assert project.ask(commands.ArchiveProject, archived=False).revision == 3
    project.ask(commands.ArchiveEpisode, episode_id=ONE)
    assert project.against(commands.UpdateEpisode, episode_id=ONE) == Rejection.ARCHIVED
    project.ask(commands.DeleteEpisode, episode_id=ONE, cascade=True)


def test_to_delete_what_has_something_in_it_wants_cascade(project):
    """The fact names what goes with it, and whoever writes for it is stopped."""
    project.ask(script_commands.GenerateDraft, episode_id=ONE, draft_id=DRAFT, command_id=JOB)
    assert project.against(commands.DeleteEpisode, episode_id=ONE) == Rejection.NOT_EMPTY
    assert project.against(commands.DeleteProject) == Rejection.NOT_EMPTY
    before = project.state
    fact = project.ask(commands.DeleteEpisode, episode_id=ONE, cascade=True)
    assert fact.drafts == (DRAFT,)
    assert stopped(before, project.state) == (JOB,)
    assert project.state.order == (TWO, THREE)
    fact = project.ask(commands.DeleteProject, cascade=True)
    assert (fact.episodes, fact.drafts) == ((TWO, THREE), ())


def test_only_what_is_written_is_committed(project):
    """The first commit is version 1, another draft the next, and an older one again a restore under a new number."""
    project.ask(script_commands.GenerateDraft, episode_id=ONE, draft_id=DRAFT, command_id=JOB)
    about = {"episode_id": ONE, "draft_id": DRAFT}
    assert project.against(script_commands.CommitDraft, **about) == Rejection.DRAFT_NOT_READY
    project.hear(scripts.DraftWritten, draft_id=DRAFT, job_id=JOB)
    first = project.ask(script_commands.CommitDraft, **about)
    assert (first.number, first.revision) == (1, 2)
    assert project.against(script_commands.CommitDraft, **about) == Rejection.UNCHANGED
    project.ask(script_commands.ReviseDraft, episode_id=ONE, draft_id=OTHER, based_on=DRAFT)
    assert project.ask(script_commands.CommitDraft, episode_id=ONE, draft_id=OTHER, if_revision=2).number == 2
    assert project.ask(script_commands.CommitDraft, **about).number == 3


def test_a_revision_goes_back_to_the_documents_of_what_it_was_made_from(project):
    """Whoever edits a draft makes one that is known by the same sources, along the whole chain."""
    written(project)
    fact = project.ask(script_commands.ReviseDraft, episode_id=ONE, draft_id=OTHER, based_on=DRAFT)
    assert fact.sources == (PAPER,)
    third = uuid4()
    fact = project.ask(script_commands.ReviseDraft, episode_id=ONE, draft_id=third, based_on=OTHER)
    assert fact.sources == (PAPER,)
    elsewhere = {"episode_id": TWO, "draft_id": uuid4(), "based_on": DRAFT}
    assert project.against(script_commands.ReviseDraft, **elsewhere) == Rejection.NOT_FOUND


def test_only_documents_of_the_project_are_written_from(project):
    """A document that the project has not got is named in vain."""
    asked = {"episode_id": ONE, "draft_id": DRAFT}
    assert project.against(script_commands.GenerateDraft, **asked, document_ids=(NOTE,)) == Rejection.NOT_IN_PROJECT
    assert project.ask(script_commands.GenerateDraft, **asked, document_ids=(PAPER,)).document_ids == (PAPER,)


def test_a_cancelled_draft_stays_cancelled_whatever_comes_of_it(project):
    """An answer that was on its way changes nothing, and there is nothing left to cancel."""
    project.ask(script_commands.GenerateDraft, episode_id=ONE, draft_id=DRAFT, command_id=JOB)
    before = project.state
    about = {"episode_id": ONE, "draft_id": DRAFT}
    assert project.against(script_commands.CancelDraft, **about, job_id=uuid4()) == Rejection.NOT_FOUND
    cancelled = project.ask(script_commands.CancelDraft, **about, job_id=JOB)
    assert stopped(before, project.state) == (JOB,)
    project.state = read_back(project.state, cancelled)
    for fact in (scripts.DraftWritten, scripts.DraftFailed, scripts.DraftRefused):
        project.hear(fact, draft_id=DRAFT, job_id=JOB)
    assert project.state.drafts[DRAFT].standing is Standing.CANCELLED
    assert project.against(script_commands.CancelDraft, **about, job_id=JOB) == Rejection.UNCHANGED
    assert project.against(script_commands.CommitDraft, **about) == Rejection.DRAFT_NOT_READY


def test_an_answer_that_lies_before_its_cancellation_counts(project):
    """It was on the log already, unread, when somebody was told yes: whoever reads the log sees the answer first."""
    project.ask(script_commands.GenerateDraft, episode_id=ONE, draft_id=DRAFT, command_id=JOB)
    about = {"episode_id": ONE, "draft_id": DRAFT}
    cancelled = project.ask(script_commands.CancelDraft, **about, job_id=JOB)
    assert project.against(script_commands.CancelDraft, **about, job_id=JOB) == Rejection.UNCHANGED
    assert project.against(script_commands.CommitDraft, **about) == Rejection.DRAFT_NOT_READY
    assert project.against(script_commands.DiscardDraft, **about) == Rejection.DRAFT_NOT_READY
    project.hear(scripts.DraftWritten, draft_id=DRAFT, job_id=JOB)
    project.state = read_back(project.state, cancelled)
    assert project.state.drafts[DRAFT].standing is Standing.WRITTEN
    assert isinstance(project.ask(script_commands.CommitDraft, **about), scripts.DraftCommitted)


def test_what_is_written_is_not_cancelled_any_more(project):
    """The job has ended by then, and so has one that was refused."""
    written(project)
    asked = {"episode_id": ONE, "draft_id": DRAFT, "job_id": JOB}
    assert project.against(script_commands.CancelDraft, **asked) == Rejection.DRAFT_ENDED
    project.ask(script_commands.GenerateDraft, episode_id=ONE, draft_id=OTHER, command_id=OTHER)
    project.hear(scripts.DraftRefused, draft_id=OTHER, job_id=OTHER)
    asked |= {"draft_id": OTHER, "job_id": OTHER}
    assert project.against(script_commands.CancelDraft, **asked) == Rejection.DRAFT_ENDED


def test_a_draft_that_failed_is_cancelled(project):
    """Its dead letter may be on its way again, and show as being written: then it has to be stopped."""
    project.ask(script_commands.GenerateDraft, episode_id=ONE, draft_id=DRAFT, command_id=JOB)
    project.hear(scripts.DraftFailed, draft_id=DRAFT, job_id=JOB)
    before = project.state
    cancelled = project.ask(script_commands.CancelDraft, episode_id=ONE, draft_id=DRAFT, job_id=JOB)
    assert stopped(before, project.state) == (JOB,)
    project.state = read_back(project.state, cancelled)
    project.hear(scripts.DraftWritten, draft_id=DRAFT, job_id=JOB)
    assert project.state.drafts[DRAFT].standing is Standing.CANCELLED


def test_a_draft_that_failed_may_be_written_after_all(project):
    """Its record was sent back from the dead letters."""
    project.ask(script_commands.GenerateDraft, episode_id=ONE, draft_id=DRAFT, command_id=JOB)
    project.hear(scripts.DraftFailed, draft_id=DRAFT, job_id=JOB)
    project.hear(scripts.DraftWritten, draft_id=DRAFT, job_id=JOB)
    assert project.state.drafts[DRAFT].standing is Standing.WRITTEN


def test_a_script_is_not_discarded(project):
    """Neither is one that was the script: the history of an episode can be taken up again, all of it."""
    written(project)
    about = {"episode_id": ONE, "draft_id": DRAFT}
    project.ask(script_commands.CommitDraft, **about)
    project.ask(script_commands.ReviseDraft, episode_id=ONE, draft_id=OTHER, based_on=DRAFT)
    project.ask(script_commands.CommitDraft, episode_id=ONE, draft_id=OTHER)
    assert project.against(script_commands.DiscardDraft, **about) == Rejection.DRAFT_COMMITTED
    third = {"episode_id": ONE, "draft_id": uuid4()}
    project.ask(script_commands.GenerateDraft, **third, command_id=JOB)
    assert project.against(script_commands.DiscardDraft, **third) == Rejection.DRAFT_NOT_READY
    project.hear(scripts.DraftRefused, draft_id=third["draft_id"], job_id=JOB)
    project.ask(script_commands.DiscardDraft, **third)
    assert project.against(script_commands.DiscardDraft, **third) == Rejection.UNCHANGED


def test_what_is_forgotten_is_worked_with_no_more(project):
    """A draft that was erased is not committed, not edited; a command whose words are gone is decided against."""
    written(project)
    project.hear(scripts.DraftErased, draft_id=DRAFT)
    about = {"episode_id": ONE, "draft_id": DRAFT}
    assert project.against(script_commands.CommitDraft, **about) == Rejection.ERASED
    revision = {"episode_id": ONE, "draft_id": OTHER, "based_on": DRAFT}
    assert project.against(script_commands.ReviseDraft, **revision) == Rejection.ERASED
    assert project.against(commands.UpdateProject, unreadable=True) == Rejection.ERASED
