"""Commands, and what workers say of drafts, in whatever order and however often: Hypothesis makes the order."""

from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule
from support.project_story import passages, told

from muniment.schemas import project_commands as commands
from muniment.schemas import script_commands, scripts
from muniment.schemas.event import Event
from muniment.stream_apps.projects.decider import decide
from muniment.stream_apps.projects.evolve import evolve, read_back
from muniment.stream_apps.projects.state import UNFINISHED, Asked, Standing, State, stopped
from muniment.stream_apps.projects.stored import from_json, to_json

EPISODES = [UUID(int=n) for n in (1, 2)]
OUTCOMES = (scripts.DraftPrompted, scripts.DraftWritten, scripts.DraftRefused, scripts.DraftFailed, scripts.DraftErased)
FINAL = {Standing.CANCELLED, Standing.DISCARDED, Standing.ERASED}


class Races(RuleBasedStateMachine):
    """One project; what workers say of its drafts comes early, late, twice, or never."""

    drafts = Bundle("drafts")

    def __init__(self) -> None:
        super().__init__()
        self.state = State()
        self.log: list[tuple[Any, Any]] = []
        self.cancelled: list[scripts.DraftCancelled] = []
        self.stopped: set[UUID] = set()
        self.number = 100

    def ask(self, cls: type[Any], **said: Any) -> Event:
        """Decide a command."""
        self.number += 1
        [fact] = decide(told(cls, **said), self.state, Asked(UUID(int=self.number)))
        self.hear(fact)
        return fact

    def hear(self, fact: Any, apply: Any = evolve) -> None:
        """Apply a fact."""
        before, self.state = self.state, apply(self.state, fact)
        self.log.append((apply, fact))
        self.stopped |= set(stopped(before, self.state))
        assert apply(self.state, fact) == self.state, "twice is once"
        for draft_id, draft in before.drafts.items():
            now = self.state.drafts.get(draft_id)
            if now is not None and draft.standing in FINAL:
                assert now.standing >= draft.standing, "what was cancelled, put away or forgotten stays so"

    @initialize()
    def begin(self) -> None:
        """A project with two episodes."""
        self.ask(commands.CreateProject)
        for episode_id in EPISODES:
            self.ask(commands.CreateEpisode, episode_id=episode_id)

    @rule(target=drafts, episode_id=st.sampled_from(EPISODES))
    def generate(self, episode_id: UUID) -> Any:
        """Ask for a draft."""
        draft_id = UUID(int=10_000 + self.number)
        fact = self.ask(script_commands.GenerateDraft, episode_id=episode_id, draft_id=draft_id)
        return (episode_id, draft_id, fact.job_id) if isinstance(fact, scripts.DraftRequested) else multiple()

    @rule(target=drafts, draft=drafts)
    def revise(self, draft: tuple[UUID, UUID, UUID]) -> Any:
        """Edit a draft."""
        draft_id = UUID(int=10_000 + self.number)
        fact = self.ask(script_commands.ReviseDraft, episode_id=draft[0], draft_id=draft_id, based_on=draft[1])
        return (draft[0], draft_id, fact.job_id) if isinstance(fact, scripts.DraftRevised) else multiple()

    @rule(draft=drafts, cls=st.sampled_from(OUTCOMES))
    def said(self, draft: tuple[UUID, UUID, UUID], cls: type[Any]) -> None:
        """A worker says how far a draft is, whenever it comes to it."""
        given: dict[str, Any] = {"passages": passages(UUID(int=9))} if cls is scripts.DraftPrompted else {}
        if cls is not scripts.DraftErased:
            given["job_id"] = draft[2]
        self.hear(told(cls, episode_id=draft[0], draft_id=draft[1], **given))

    @rule(draft=drafts)
    def commit(self, draft: tuple[UUID, UUID, UUID]) -> None:
        """Commit it: only what is written is."""
        before = self.state.drafts.get(draft[1])
        fact = self.ask(script_commands.CommitDraft, episode_id=draft[0], draft_id=draft[1])
        if isinstance(fact, scripts.DraftCommitted):
            assert before is not None
            assert before.standing is Standing.WRITTEN

    @rule(draft=drafts)
    def cancel(self, draft: tuple[UUID, UUID, UUID]) -> None:
        """Cancel it: only what may still be written is, and its worker is stopped."""
        before = self.state.drafts.get(draft[1])
        fact = self.ask(script_commands.CancelDraft, episode_id=draft[0], draft_id=draft[1], job_id=draft[2])
        if isinstance(fact, scripts.DraftCancelled):
            assert before is not None
            assert before.standing in UNFINISHED
            assert draft[2] in self.stopped
            self.cancelled.append(fact)

    @precondition(lambda self: self.cancelled)
    @rule(draw=st.data())
    def read_back(self, draw: st.DataObject) -> None:
        """A cancellation is met on the log: from here on it counts, unless an answer came before it."""
        fact = draw.draw(st.sampled_from(self.cancelled))
        self.hear(fact, read_back)
        draft = self.state.drafts.get(fact.draft_id)
        assert draft is None or draft.standing > Standing.CANCELLING

    @rule(draft=drafts)
    def discard(self, draft: tuple[UUID, UUID, UUID]) -> None:
        """Put it away."""
        self.ask(script_commands.DiscardDraft, episode_id=draft[0], draft_id=draft[1])

    @rule(episode_id=st.sampled_from(EPISODES), archived=st.booleans())
    def archive(self, episode_id: UUID, archived: bool) -> None:
        """Put the episode away, or take it up again."""
        self.ask(commands.ArchiveEpisode, episode_id=episode_id, archived=archived)

    @rule(episode_id=st.sampled_from(EPISODES))
    def delete(self, episode_id: UUID) -> None:
        """Delete the episode with its drafts, and begin one of the same id anew."""
        self.ask(commands.DeleteEpisode, episode_id=episode_id, cascade=True)
        self.ask(commands.CreateEpisode, episode_id=episode_id)

    @invariant()
    def a_script_was_written(self) -> None:
        """The script of an episode is a draft of it that was committed, and none of those is cancelled or put away."""
        for episode_id, episode in self.state.episodes.items():
            if episode.script is not None:
                draft = self.state.drafts[episode.script]
                assert draft.episode_id == episode_id
                assert draft.committed
        for draft in self.state.drafts.values():
            assert not (draft.committed and draft.standing in {Standing.CANCELLED, Standing.DISCARDED})

    @invariant()
    def the_log_tells_it_again(self) -> None:
        """The facts in their order lead to the same state, which is the same after it was stored."""
        state = State()
        for apply, fact in self.log:
            state = apply(state, fact)
        assert state == self.state == from_json(to_json(self.state))


Races.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestRaces = Races.TestCase
TestRaces.__doc__ = "Whatever the order, a draft ends once, and what was decided stays decided."
