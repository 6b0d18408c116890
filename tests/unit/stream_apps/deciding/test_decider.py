"""What a document's commands lead to."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from hypothesis import given as any_of
from hypothesis import strategies as st
from support.given import Given

from muniment.schemas.commands import DeleteDocument, SubmitDocument
from muniment.schemas.documents import (
    CommandRejected,
    DocumentDeleted,
    DocumentIndexed,
    DocumentRefused,
    DocumentSubmitted,
    DocumentUnchanged,
)
from muniment.stream_apps.deciding.decider import NOT_FOUND, decide, evolve
from muniment.stream_apps.deciding.state import Asked, State, initial_state

DOCUMENT = UUID(int=100)
JOBS = [UUID(int=n) for n in range(1, 100)]


def submit(blob: str = "a", name: str = "a.txt") -> SubmitDocument:
    """A submission of some content."""
    return SubmitDocument(
        document_id=DOCUMENT,
        file_name=name,
        title=None,
        metadata={},
        blob=blob,
        size_bytes=1,
        source="upload",
        lane="normal",
    )


def delete() -> DeleteDocument:
    """A deletion."""
    return DeleteDocument(document_id=DOCUMENT, reason="asked")


def indexed(version: int) -> DocumentIndexed:
    """The version is whole."""
    return DocumentIndexed(
        document_id=DOCUMENT,
        version=version,
        job_id=JOBS[version],
        chunks=1,
        batches=1,
        model="m",
        tokens=1,
        cost_micros=0,
        embedded=1,
        reused=0,
    )


def refused(version: int) -> DocumentRefused:
    """The version was refused."""
    return DocumentRefused(document_id=DOCUMENT, version=version, job_id=JOBS[version], code="no_text", reason="empty")


def given(*events: Any) -> Given[State]:
    """A document with this history; the name stands for the description, the blob's number for the job."""

    def described(event: Any) -> str:
        return str(event.file_name) if isinstance(event, SubmitDocument | DocumentSubmitted) else ""

    return Given(
        initial_state(),
        lambda command, state: decide(command, state, Asked(JOBS[state.latest + 1], described(command))),
        lambda state, event: evolve(state, event, Asked(event.job_id, described(event))),
    ).and_given(*events)


def submitted(version: int, blob: str = "a", name: str = "a.txt") -> DocumentSubmitted:
    """A version was accepted."""
    event = decide(submit(blob, name), State(latest=version - 1), Asked(JOBS[version], name))
    assert isinstance(event, DocumentSubmitted)
    return event


def deleted(version: int, jobs: int) -> DocumentDeleted:
    """Versions were deleted; the first `jobs` jobs had brought them."""
    return DocumentDeleted(
        document_id=DOCUMENT, version=version, job_id=JOBS[50], jobs=tuple(JOBS[1 : jobs + 1]), reason="asked"
    )


def test_a_first_submission_is_version_one() -> None:
    """Everything the command says is in the event."""
    given().when(submit("b", "b.txt")).then(submitted(1, "b", "b.txt")).then_state(latest=1, active=0)


def test_other_content_is_the_next_version() -> None:
    """The active version stays active until the new one is whole."""
    given(submitted(1), indexed(1)).when(submit("b")).then_a(DocumentSubmitted, version=2).then_state(
        active=1, latest=2
    )


def test_the_same_content_is_nothing_to_do() -> None:
    """Content, name and labels are what the active version holds."""
    given(submitted(1), indexed(1)).when(submit()).then(
        DocumentUnchanged(document_id=DOCUMENT, version=1, job_id=JOBS[2])
    ).then_state(latest=1)


def test_the_same_content_under_another_name_is_a_version() -> None:
    """A new name or label is a change that readers see."""
    given(submitted(1), indexed(1)).when(submit(name="b.txt")).then_a(DocumentSubmitted, version=2)


def test_the_same_content_while_it_is_in_work_is_a_version() -> None:
    """What is not searchable yet may still fail: the submission is taken at its word."""
    given(submitted(1)).when(submit()).then_a(DocumentSubmitted, version=2)


def test_going_back_while_a_newer_version_is_in_work_is_a_version() -> None:
    """Were it called unchanged, the version in work would replace what was asked for last."""
    given(submitted(1), indexed(1), submitted(2, "b")).when(submit()).then_a(DocumentSubmitted, version=3)


def test_a_refused_version_leaves_the_old_one_active() -> None:
    """And the content of the refused one can be tried again."""
    after = given(submitted(1), indexed(1), submitted(2, "b"), refused(2))
    after.when(submit("b")).then_a(DocumentSubmitted, version=3).then_state(active=1)


def test_what_is_active_is_unchanged_after_another_was_refused() -> None:
    """Nothing is in work and the active version holds it: nothing to do."""
    given(submitted(1), indexed(1), submitted(2, "b"), refused(2)).when(submit()).then_a(DocumentUnchanged, version=1)


def test_an_unknown_document_cannot_be_deleted() -> None:
    """Neither can one that is deleted already."""
    given().when(delete()).then_a(CommandRejected, code=NOT_FOUND, command="DeleteDocument")
    given(submitted(1), deleted(1, 1)).when(delete()).then_a(CommandRejected, code=NOT_FOUND)


def test_a_deletion_takes_every_version_and_names_their_jobs() -> None:
    """The versions in work, refused or replaced too: all their bytes are to go."""
    given(submitted(1), indexed(1), submitted(2), refused(2), submitted(3)).when(delete()).then_a(
        DocumentDeleted, version=3, jobs=(JOBS[1], JOBS[2], JOBS[3])
    ).then_state(latest=3, active=0, deleted=3, jobs=(), content=None)


def test_what_was_deleted_is_never_indexed() -> None:
    """A version that becomes whole after its deletion changes nothing."""
    after = given(submitted(1), deleted(1, 1), indexed(1))
    assert after.state == given(submitted(1), deleted(1, 1)).state
    after.when(submit()).then_a(DocumentSubmitted, version=2)


def test_a_new_version_after_a_deletion_goes_on_counting() -> None:
    """Version numbers never come twice, so nobody takes the new document for the old."""
    again = given(submitted(1), indexed(1), deleted(1, 1)).when(submit()).then_a(DocumentSubmitted, version=2)
    assert again.state.jobs == (JOBS[2],)


def test_an_older_version_that_is_late_does_not_come_back() -> None:
    """The newest whole version stays active."""
    state = given(submitted(1), submitted(2, "b"), indexed(2), indexed(1)).state
    assert (state.active, state.content and state.content.blob) == (2, "b")


outcomes = st.builds(lambda kind, version: (kind, version), st.sampled_from(["indexed", "refused"]), st.integers(1, 6))
moves = st.lists(
    st.one_of(st.sampled_from("abc").map(lambda b: ("submit", b)), st.just(("delete", "")), outcomes), max_size=14
)


def play(moves: list[tuple[str, Any]], repeats: list[int]) -> tuple[list[Any], State]:
    """Decide and evolve; after the move at its place each event in `repeats` (as a number of the past) comes again."""
    state, seen, decisions = initial_state(), [], []
    ended: set[int] = set()
    for place, (kind, what) in enumerate(moves):
        event: Any
        if kind in {"submit", "delete"}:
            command = submit(what) if kind == "submit" else delete()
            event = decide(command, state, Asked(UUID(int=1000 + place), "d"))
            decisions.append(event)
        elif what > state.latest or what in ended:
            continue  # a version ends once, and not before it began
        else:
            ended.add(what)
            event = indexed(what) if kind == "indexed" else refused(what)
        seen.append(event)
        state = evolve(state, event, Asked(event.job_id, "d"))
        for again in repeats:
            past = seen[again % len(seen)]
            state = evolve(state, past, Asked(past.job_id, "d"))
    return decisions, state


@any_of(moves=moves, repeats=st.lists(st.integers(0, 20), max_size=3))
def test_twice_is_once(moves: list[tuple[str, Any]], repeats: list[int]) -> None:
    """Events that come again, late and out of order, change neither the state nor any decision after them."""
    assert play(moves, repeats) == play(moves, [])


@any_of(moves=moves)
def test_versions_rise_and_the_deleted_stay_deleted(moves: list[tuple[str, Any]]) -> None:
    """Given out once each, strictly rising; what is active is never a deleted version."""
    decisions, state = play(moves, [])
    versions = [d.version for d in decisions if isinstance(d, DocumentSubmitted)]
    assert versions == list(range(1, len(versions) + 1))
    assert state.active == 0 or state.deleted < state.active <= state.latest
    assert all(state.active < v <= state.latest for v in state.pending)


@any_of(moves=moves, blob=st.sampled_from("abc"))
def test_unchanged_means_that_it_is_what_search_sees(moves: list[tuple[str, Any]], blob: str) -> None:
    """`DocumentUnchanged` names the active version, which holds the content, and nothing newer is on its way."""
    decisions, state = play(moves, [])
    answer = decide(submit(blob), state, Asked(UUID(int=5), "d"))
    active = [d for d in decisions if isinstance(d, DocumentSubmitted) and d.version == state.active]
    same = bool(active) and active[0].blob == blob and not state.pending
    assert isinstance(answer, DocumentUnchanged) == same
    assert decide(submit(blob), state, Asked(UUID(int=5), "another name")) != answer or not same


def test_an_evolution_is_pure() -> None:
    """The state before is as it was."""
    before = given(submitted(1)).state
    kept = replace(before, pending=dict(before.pending))
    evolve(before, indexed(1), Asked(JOBS[1]))
    assert before == kept
