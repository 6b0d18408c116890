"""Every check of the chaos finds the breach that it is there for, and calls an undisturbed run good."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4, uuid5

import pytest
from chaos import checks
from chaos.checks import Run
from chaos.corpus import Op, Story
from chaos.facts import Fact

from muniment.schemas.ids import result_id

TIERS_S = (1.0, 2.0, 4.0, 8.0)
PATIENT = Story("patient.md", (Op(b"one"), Op(b"two")))
HASTY = Story("hasty.md", (Op(b"one"), Op(b"two")), patient=False)
GONE = Story("gone.md", (Op(b"one"), Op(None)), patient=False)
STORIES = (PATIENT, HASTY, GONE)
LIFE = ("DocumentSubmitted", "DocumentExtracted", "DocumentChunked", "DocumentIndexed")
NAMESPACE = UUID(int=7)


def job_of(name: str, number: int) -> str:
    return str(uuid5(NAMESPACE, f"{name}/{number}"))


def fact(kind: str, name: str, number: int, offset: int, topic: str = "muniment.documents", **more: object) -> Fact:
    job = job_of(name, number)
    known = {"event_id": str(uuid5(NAMESPACE, f"{kind}{job}")), "at_ms": offset, "cause": job}
    return Fact(topic, 0, offset, kind=kind, job=job, document=name, **{**known, **more})  # type: ignore[arg-type]


def command(name: str, number: int, offset: int) -> Fact:
    topic = "muniment.commands.documents"
    return fact("SubmitDocument", name, number, offset, topic, event_id=job_of(name, number))


def batch(name: str, number: int, index: int, offset: int) -> Fact:
    cause = job_of(name, number)
    derived = str(result_id(UUID(cause), "chunking", "ChunksPrepared", index))
    return fact("ChunksPrepared", name, number, offset, "muniment.chunks", event_id=derived)


def shown(status: str, chunks: int) -> dict[str, object]:
    versions = [{"blob": "sha256:1", "status": status}]
    return {"row": {"status": status}, "versions": versions, "chunks": [[n, "hash"] for n in range(chunks)]}


def a_run() -> Run:
    """A good one: the calm of these tests."""
    places = [(story.name, number) for story in STORIES for number in range(len(story.ops))]
    facts: list[Fact] = [command(name, number, n) for n, (name, number) in enumerate(places)]
    facts += [fact(kind, PATIENT.name, n, 100 * n + i) for n in range(2) for i, kind in enumerate(LIFE)]
    facts += [fact(kind, HASTY.name, n, 1000 + 2 * i + n) for n in range(2) for i, kind in enumerate(LIFE)]
    facts += [fact(LIFE[0], GONE.name, 0, 2000), fact("DocumentDeleted", GONE.name, 1, 2001)]
    facts += [batch(PATIENT.name, 0, index, index) for index in range(3)]
    jobs = {f"{name}/{n}": ["submit", "succeeded", None] for name, n in places}
    view = {
        "documents": {
            PATIENT.name: shown("indexed", 3),
            HASTY.name: shown("indexed", 1),
            GONE.name: shown("deleted", 0),
        },
        "jobs": jobs,
        "dead_letters": [["c.md", "embedding", "provider_rejected"]],
    }
    acknowledged = {place: job_of(*place) for place in places}
    return Run(
        facts=tuple(facts),
        view=view,
        answers={"text anchor": [[PATIENT.name, 0]]},
        acknowledged=acknowledged,
        names={story.name: story.name for story in STORIES},
        jobs=dict.fromkeys(acknowledged.values(), True),
    )


CALM = a_run()


def test_what_is_to_be_erased_is_not_compared() -> None:
    """Whether it is gone, half gone or there is looked at by itself."""
    erased = replace(PATIENT, erased=True)
    run = checks.without_erased(with_view(PATIENT.name, chunks=[]), [erased, HASTY, GONE])
    assert PATIENT.name not in run.view["documents"]
    assert run.view["jobs"].keys() == {f"{name}/{n}" for name in (HASTY.name, GONE.name) for n in range(2)}
    calm = checks.without_erased(CALM, [erased, HASTY, GONE])
    assert checks.lost(calm, run) == checks.changed(calm, run, [erased, HASTY, GONE]) == []
    assert checks.doubled(calm, run) == []


def with_view(name: str, **changed: object) -> Run:
    documents = {**CALM.view["documents"], name: {**CALM.view["documents"][name], **changed}}
    return replace(CALM, view={**CALM.view, "documents": documents})


def with_facts(*more: Fact) -> Run:
    return replace(CALM, facts=(*CALM.facts, *more))


def without(*kinds: str) -> tuple[Fact, ...]:
    return tuple(one for one in CALM.facts if one.kind not in kinds)


def all_breaches(run: Run) -> list[str]:
    found = [*checks.lost(CALM, run), *checks.doubled(CALM, run), *checks.changed(CALM, run, STORIES)]
    found += [*checks.order_breaks(CALM, run, STORIES), *checks.early_retries(run, TIERS_S), *checks.unended(run)]
    return found


def test_a_run_like_the_undisturbed_one_is_good() -> None:
    """What does not differ is no breach, or every run would fail."""
    assert all_breaches(CALM) == []


def test_a_repeat_under_the_same_id_is_no_breach() -> None:
    """Delivery is at least once: the second of an event id changes nothing, wherever it lies."""
    again = [replace(one, offset=one.offset + 5000, at_ms=9) for one in CALM.facts if one.kind == "DocumentExtracted"]
    assert all_breaches(with_facts(*again)) == []


def test_a_lost_document_is_found() -> None:
    """A document that readers do not see although it was acknowledged."""
    documents = {name: one for name, one in CALM.view["documents"].items() if name != PATIENT.name}
    run = replace(CALM, view={**CALM.view, "documents": documents})
    assert checks.lost(CALM, run) == ["patient.md: not there"]


def test_a_lost_chunk_is_found() -> None:
    """A chunk in the middle of a document that search sees."""
    assert len(checks.lost(CALM, with_view(PATIENT.name, chunks=[[0, "hash"], [2, "hash"]]))) == 1


def test_a_lost_version_is_found() -> None:
    """A version that was acknowledged and is nowhere."""
    assert len(checks.lost(CALM, with_view(PATIENT.name, versions=[]))) == 1


def test_an_acknowledged_command_that_is_not_on_the_log_is_found() -> None:
    """The 202 was given, the record never confirmed: job and command are missed one by one."""
    gone = job_of(PATIENT.name, 1)
    run = replace(
        CALM,
        facts=tuple(one for one in CALM.facts if one.event_id != gone),
        jobs={job: over for job, over in CALM.jobs.items() if job != gone},
    )
    assert checks.lost(CALM, run) == ["patient.md/1: no command on the log", "patient.md/1: no job"]


def test_a_job_without_an_end_is_found() -> None:
    """One that readers know and that never ended."""
    run = replace(CALM, jobs={**CALM.jobs, job_of(HASTY.name, 1): False})
    assert checks.unended(run) == ["hasty.md/1 has not ended"]


def test_what_a_step_left_undone_is_found() -> None:
    """Every job may have ended and a record still lie before a step or a projection when nobody waits any longer."""
    assert checks.unended(replace(CALM, behind={"muniment.workers.indexing": 2})) == [
        "muniment.workers.indexing is 2 records behind"
    ]


def test_a_doubled_chunk_is_found() -> None:
    """The same place of a document twice in what search sees."""
    assert len(checks.doubled(CALM, with_view(PATIENT.name, chunks=[[n, "hash"] for n in (0, 1, 2, 2)]))) == 1


def test_a_chunk_of_nowhere_is_found() -> None:
    """One that the undisturbed run does not have: half of another version, say."""
    assert len(checks.doubled(CALM, with_view(PATIENT.name, chunks=[[n, "hash"] for n in range(4)]))) == 1


def test_a_version_that_nobody_submitted_is_found() -> None:
    """A command that was worked on twice makes one."""
    version = {"blob": "sha256:1", "status": "indexed"}
    assert len(checks.doubled(CALM, with_view(PATIENT.name, versions=[version, version]))) == 1


def test_a_job_that_nobody_was_told_of_is_found() -> None:
    """Also when a caller repeated a request: its key makes it one. Only one that nobody acknowledged may be a job."""
    run = replace(CALM, jobs={**CALM.jobs, str(uuid4()): True})
    assert len(checks.doubled(CALM, run)) == 1
    again = replace(run, repeated=frozenset({(PATIENT.name, 0)}))
    assert len(checks.doubled(CALM, again)) == 1
    acknowledged = {place: job for place, job in CALM.acknowledged.items() if place != (PATIENT.name, 0)}
    untold = replace(again, acknowledged=acknowledged)
    assert len(checks.doubled(CALM, untold)) == 2
    assert checks.doubled(CALM, replace(untold, jobs=CALM.jobs)) == []


def test_what_a_reader_saw_in_between_counts_as_doubled() -> None:
    """The end may be right and the way there wrong."""
    assert checks.doubled(CALM, replace(CALM, wrong=("a reader saw chunk 1 twice",))) == ["a reader saw chunk 1 twice"]


def test_the_same_fact_under_a_second_id_is_found() -> None:
    """Readers of the log would take it for another one: on the documents topic, of vectors, of chunks."""
    assert len(checks.doubled(CALM, with_facts(fact(LIFE[3], PATIENT.name, 0, 7000, event_id=str(uuid4()))))) == 1
    vectors = [fact("ChunksEmbedded", HASTY.name, 0, n, "muniment.embeddings", event_id=str(uuid4())) for n in (1, 2)]
    assert len(checks.doubled(CALM, with_facts(*vectors))) == 1
    random_id = fact("ChunksPrepared", HASTY.name, 0, 1, "muniment.chunks", event_id=str(uuid4()))
    assert len(checks.doubled(CALM, with_facts(random_id))) == 1


def test_other_content_is_found() -> None:
    """Same places, other texts or vectors."""
    run = with_view(PATIENT.name, chunks=[[0, "hash"], [1, "other"], [2, "hash"]])
    assert len(checks.changed(CALM, run, STORIES)) == 1


def test_another_end_of_a_job_is_found() -> None:
    """A document that failed instead of being indexed; one deleted at once may end either way."""

    def ended(place: str, *end: str | None) -> Run:
        return replace(CALM, view={**CALM.view, "jobs": {**CALM.view["jobs"], place: ["submit", *end]}})

    failed = ended("patient.md/0", "failed", "step_timeout")
    assert len(checks.changed(CALM, failed, STORIES)) == 1
    again = replace(failed, repeated=frozenset({(PATIENT.name, 0)}))
    assert len(checks.changed(CALM, again, STORIES)) == 1, "also of a request that was repeated"
    assert checks.changed(CALM, ended("gone.md/0", "failed", "document_deleted"), STORIES) == []
    assert len(checks.changed(CALM, ended("patient.md/0", "failed", "document_deleted"), STORIES)) == 1


def test_a_dead_letter_is_found() -> None:
    """An outage is no reason for one."""
    for letters, said in (
        ([], ["no dead letter of c.md at embedding: provider_rejected"]),
        (
            [["c.md", "embedding", "step_timeout"], ["c.md", "embedding", "provider_rejected"]],
            ["dead letter of c.md at embedding: step_timeout"],
        ),
    ):
        assert checks.changed(CALM, replace(CALM, view={**CALM.view, "dead_letters": letters}), STORIES) == said


def test_another_answer_of_search_is_found() -> None:
    """Hits in another order, or missing."""
    assert len(checks.changed(CALM, replace(CALM, answers={"text anchor": []}), STORIES)) == 1
    assert len(checks.changed(CALM, replace(CALM, answers={}), STORIES)) == 1


def test_a_run_in_which_little_was_embedded_measures_nothing() -> None:
    """Vectors that come from elsewhere would make every share of what was paid twice look good."""
    calm = replace(CALM, texts=1000)
    assert checks.changed(calm, replace(CALM, texts=950), STORIES) == []
    assert len(checks.changed(calm, replace(CALM, texts=50), STORIES)) == 1


def swapped(name: str, one: tuple[str, int], other: tuple[str, int]) -> Run:
    """Two facts of a document have changed places on the log."""
    places = {kind_number: fact(kind_number[0], name, kind_number[1], 0).event_id for kind_number in (one, other)}
    offsets = {f.event_id: f.offset for f in CALM.facts if f.event_id in places.values()}
    to = {places[one]: offsets[places[other]], places[other]: offsets[places[one]]}
    return replace(CALM, facts=tuple(replace(f, offset=to.get(f.event_id, f.offset)) for f in CALM.facts))


def test_a_break_of_the_order_of_a_patient_document_is_found() -> None:
    """Any two facts that changed places."""
    run = swapped(PATIENT.name, ("DocumentChunked", 0), ("DocumentIndexed", 0))
    assert len(checks.order_breaks(CALM, run, STORIES)) == 1


def with_a_letter(offset: int) -> Run:
    """The calm, with a dead letter of the patient document at this tenth of an offset."""
    spread = tuple(replace(one, offset=10 * one.offset) for one in CALM.facts)
    return replace(CALM, facts=(*spread, fact("DocumentDeadLettered", PATIENT.name, 0, offset)))


@pytest.mark.parametrize(("offset", "breaks"), [(15, 0), (25, 0), (5, 1), (35, 1)])
def test_a_batch_may_die_before_all_are_said_to_be_there(offset: int, breaks: int) -> None:
    """It is on the log before `DocumentChunked`; but it dies neither before there was a text nor after the end."""
    assert len(checks.order_breaks(with_a_letter(25), with_a_letter(offset), STORIES)) == breaks


def test_only_what_the_endpoint_refuses_for_a_while_may_lack_the_word_on_its_letter() -> None:
    """Killed before that word, the step has the event again, and when it goes well then, nothing died."""
    calm = with_a_letter(25)
    silent = replace(calm, facts=tuple(one for one in calm.facts if one.kind != "DocumentDeadLettered"))
    assert checks.order_breaks(calm, silent, [replace(PATIENT, unwanted=True)]) == []
    assert len(checks.order_breaks(calm, silent, STORIES)) == 1


def test_a_fact_too_few_is_a_break_of_the_order() -> None:
    """The end is there and the way to it has a gap."""
    first = next(one for one in CALM.facts if one.kind == "DocumentChunked")
    run = replace(CALM, facts=tuple(one for one in CALM.facts if one is not first))
    assert len(checks.order_breaks(CALM, run, STORIES)) == 1


def test_a_hasty_document_may_interleave_its_versions_and_not_swap_them() -> None:
    """Whether version 2 was decided before version 1 was extracted is chance; extracting 2 before 1 is a breach."""
    interleaved = swapped(HASTY.name, ("DocumentExtracted", 1), ("DocumentChunked", 0))
    assert checks.order_breaks(CALM, interleaved, STORIES) == []
    overtaken = swapped(HASTY.name, ("DocumentExtracted", 0), ("DocumentExtracted", 1))
    assert len(checks.order_breaks(CALM, overtaken, STORIES)) == 1
    decided = swapped(HASTY.name, ("DocumentSubmitted", 0), ("DocumentSubmitted", 1))
    assert checks.order_breaks(CALM, decided, STORIES)


def test_the_same_bytes_again_may_be_decided_either_way() -> None:
    """Unchanged, or a version of the same content: how far the decider has heard is chance."""
    again = Story(PATIENT.name, (Op(b"one"), Op(b"one")))
    facts = without("DocumentSubmitted", "DocumentExtracted", "DocumentChunked", "DocumentIndexed")
    run = replace(CALM, facts=(*facts, fact("DocumentUnchanged", PATIENT.name, 1, 9)))
    assert checks.order_breaks(CALM, run, [again]) == []
    assert len(checks.order_breaks(CALM, run, [PATIENT])) == 1


CANCELS = Story("cancels.md", (Op(b"one"), Op(None, cancels=True)), patient=False)


def cancelled(
    job: str, status: str | None, chunks: int, cancellation: str = "succeeded"
) -> tuple[list[str], list[str]]:
    """The breaches of lost and changed when the job, the document and the cancellation ended so."""
    jobs = {**CALM.view["jobs"], "cancels.md/0": ["submit", "succeeded", None]}
    calm = replace(CALM, view={**CALM.view, "jobs": jobs})
    calm.view["documents"] = {**CALM.view["documents"], CANCELS.name: shown("indexed", 2)}
    code = "job_cancelled" if job == "cancelled" else None
    ended = {**jobs, "cancels.md/0": ["submit", job, code], "cancels.md/1": ["cancel", cancellation, None]}
    seen = {**CALM.view["documents"], **({CANCELS.name: shown(status, chunks)} if status else {})}
    run = replace(CALM, view={**CALM.view, "jobs": ended, "documents": seen})
    wanted = checks.expected(calm, run, [CANCELS])
    return checks.lost(wanted, run), checks.changed(wanted, run, [CANCELS])


def test_a_cancellation_may_come_in_time_or_too_late() -> None:
    """Gone altogether, or there as if nobody had asked."""
    assert cancelled("cancelled", "cancelled", 0) == ([], [])
    assert cancelled("cancelled", None, 0) == ([], [])
    assert cancelled("succeeded", "indexed", 2, "rejected") == ([], [])


def test_a_cancellation_that_is_half_done_is_found() -> None:
    """Chunks of a cancelled job, a job that succeeded without its chunks, a word that does not fit the deed."""
    assert any(cancelled("cancelled", "cancelled", 2))
    assert any(cancelled("succeeded", None, 0, "rejected"))
    assert any(cancelled("cancelled", "indexed", 2))
    assert any(cancelled("succeeded", "cancelled", 0, "rejected"))
    assert any(cancelled("cancelled", "cancelled", 0, "rejected"))
    assert any(cancelled("succeeded", "indexed", 2, "succeeded"))


def test_a_life_that_runs_backwards_is_found() -> None:
    """Indexed before it was chunked, also in a document whose requests had to be repeated."""
    run = swapped(HASTY.name, ("DocumentChunked", 1), ("DocumentIndexed", 1))
    assert checks.order_breaks(CALM, run, STORIES)
    again = replace(run, repeated=frozenset({(HASTY.name, 0)}))
    assert checks.order_breaks(CALM, again, STORIES)


def test_batches_of_chunks_out_of_order_are_found() -> None:
    """The second batch of a document before its first."""
    found = [one for one in CALM.facts if one.kind != "ChunksPrepared"]
    batches = [batch(PATIENT.name, 0, index, offset) for offset, index in enumerate((1, 0, 2))]
    assert len(checks.order_breaks(CALM, replace(CALM, facts=(*found, *batches)), STORIES)) == 1


def waiting(topic: str, at_ms: int, due_ms: int, **more: int) -> Fact:
    kept = {"event_id": "e", "step": "embedding", "at_ms": at_ms, "due_ms": due_ms, "first_failed_ms": 1000}
    return fact("ChunksPrepared", PATIENT.name, 0, at_ms, topic, **{**kept, **more})


def early(facts: Sequence[Fact]) -> list[str]:
    return checks.early_retries(replace(CALM, facts=tuple(facts)), TIERS_S)


def test_an_early_retry_is_found() -> None:
    """A millisecond is enough; at the due time, or again later, is no breach."""
    tier = waiting("muniment.retry.1s", 1001, 2000, tier=0, failures=1)
    back = "muniment.redelivery.embedding"
    assert early([tier, waiting(back, 2000, 2000), waiting(back, 7000, 2000)]) == []
    assert len(early([tier, waiting(back, 1999, 2000)])) == 1


def test_a_due_time_that_no_tier_knows_is_found() -> None:
    """A record cannot come back early by saying that it was due."""
    tier = waiting("muniment.retry.1s", 1001, 2000, tier=0, failures=1)
    assert len(early([tier, waiting("muniment.redelivery.embedding", 1500, 1400)])) == 1


def test_a_due_time_before_the_first_tier_is_found() -> None:
    """The first retry is due a whole tier after the failure."""
    assert len(early([waiting("muniment.retry.1s", 1001, 1999, tier=0, failures=1)])) == 1
