"""What must hold after the chaos: pure checks of a disturbed run against an undisturbed one of the same stories.

Each gives a sentence for every breach; none is good. `tests/unit/chaos` shows each of them a breach that it must find.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chaos.corpus import Story
from chaos.facts import Fact, batch_of, once
from chaos.views import Operation, View

from muniment.schemas.topics import CHUNKS, COMMANDS_DOCUMENTS, DOCUMENTS, EMBEDDINGS, REDELIVERY

DECISIONS = frozenset({"DocumentSubmitted", "DocumentUnchanged", "DocumentDeleted", "CommandRejected"})
LIFE = ("DocumentSubmitted", "DocumentExtracted", "DocumentChunked", "DocumentIndexed")
IN_ORDER = frozenset({"DocumentExtracted", "DocumentChunked"})
"""What the steps say of a document in the order of its versions, also when one of them had to be repeated."""
OVERTAKEN = {("submit", "succeeded", None), ("submit", "failed", "document_deleted")}
"""How a submission may end that is deleted at once: whichever came first."""
LEAST_TEXTS = 0.9
"""As a share of the undisturbed run: documents that were cancelled in time are not embedded."""
CANCELLED = ["submit", "cancelled", "job_cancelled"]
_REDELIVERY = frozenset(topic.name for topic in REDELIVERY.values())


@dataclass(frozen=True)
class Run:
    """One run of the stories as it was seen.

    `names` has the document's name by its id; `repeated` are operations of which a try may have been heard without
    being acknowledged; `behind` is what consumer groups had not settled when nobody waited any longer; `texts` were
    embedded.
    """

    facts: Sequence[Fact]
    view: View
    answers: Mapping[str, Sequence[Any]]
    acknowledged: Mapping[Operation, str]
    names: Mapping[str, str]
    repeated: frozenset[Operation] = frozenset()
    jobs: Mapping[str, bool] = field(default_factory=dict)
    wrong: Sequence[str] = ()
    texts: int = 0
    behind: Mapping[str, int] = field(default_factory=dict)

    @property
    def unanswered(self) -> frozenset[Operation]:
        """Operations that may have been heard though nobody was told of a job.

        A request that is repeated has the same key as before, so what was acknowledged in the end is one job only.
        """
        return self.repeated - self.acknowledged.keys()


def expected(calm: Run, run: Run, stories: Iterable[Story]) -> Run:
    """What `run` has to show: the undisturbed run, less the documents whose job was cancelled in time.

    Of these there may be nothing to find, and both their job and their version have to say so.
    """
    documents, jobs = dict(calm.view["documents"]), dict(calm.view["jobs"])
    for story in stories:
        place = f"{story.name}/0"
        got = run.view["documents"].get(story.name)
        if not story.cancelled or run.view["jobs"].get(place) != CANCELLED:
            continue
        if got is None:
            # Cancelled before it was decided: it never came to be.
            del documents[story.name]
        elif _nothing_of(got):
            documents[story.name] = got
        else:
            continue  # something of it is to be seen: not what a cancellation leaves
        jobs[place] = CANCELLED
    return replace(calm, view={**calm.view, "documents": documents, "jobs": jobs})


def without_erased(run: Run, stories: Iterable[Story]) -> Run:
    """A run without what readers see of documents that are to be erased: whether they are is looked at by itself."""
    names = {story.name for story in stories if story.erased}
    documents = {name: seen for name, seen in run.view["documents"].items() if name not in names}
    jobs = {place: end for place, end in run.view["jobs"].items() if place.rsplit("/", 1)[0] not in names}
    return replace(run, view={**run.view, "documents": documents, "jobs": jobs})


def unended(run: Run) -> list[str]:
    """Acknowledged jobs that readers know and that have not ended; records that a step or a projection left undone."""
    known = run.jobs
    found = [f"{_said(place)} has not ended" for place, job in run.acknowledged.items() if known.get(job) is False]
    return found + [f"{group} is {count} records behind" for group, count in sorted(run.behind.items())]


def lost(calm: Run, run: Run) -> list[str]:
    """What was acknowledged and is not there: commands, jobs, documents, versions, chunks."""
    commands = {fact.event_id for fact in run.facts if fact.topic == COMMANDS_DOCUMENTS.name}
    found = [f"{_said(p)}: no command on the log" for p, job in run.acknowledged.items() if job not in commands]
    found += [f"{_said(p)}: no job" for p, job in run.acknowledged.items() if job not in run.jobs]
    for name, wanted in calm.view["documents"].items():
        got = run.view["documents"].get(name)
        if got is None or got["row"] is None:
            found.append(f"{name}: not there")
            continue
        if len(got["versions"]) < len(wanted["versions"]):
            found.append(f"{name}: {len(got['versions'])} of {len(wanted['versions'])} versions")
        missing = {n for n, _ in wanted["chunks"]} - {n for n, _ in got["chunks"]}
        if missing:
            found.append(f"{name}: chunks {sorted(missing)[:5]} of {len(wanted['chunks'])} are missing")
    return found


def doubled(calm: Run, run: Run) -> list[str]:
    """What is there more often than once: rows, versions in search, facts under two ids."""
    found = list(run.wrong)
    for name, got in run.view["documents"].items():
        wanted = calm.view["documents"].get(name)
        if wanted is None:
            found.append(f"{name}: was never submitted, and is there")
            continue
        if len(got["versions"]) > len(wanted["versions"]):
            found.append(f"{name}: {len(got['versions'])} versions instead of {len(wanted['versions'])}")
        times = Counter(ordinal for ordinal, _ in got["chunks"])
        found += [f"{name}: chunk {ordinal} is there {n} times" for ordinal, n in times.items() if n > 1]
        extra = times.keys() - {ordinal for ordinal, _ in wanted["chunks"]}
        found += [f"{name}: chunk {ordinal} should not be there" for ordinal in sorted(extra)]
    mine = set(run.acknowledged.values())
    strange = [job for job in run.jobs if job not in mine]
    if len(strange) > len(run.unanswered):
        found += [f"job {job}: nobody was told of it" for job in strange]
    return found + _second_ids(run.facts)


def changed(calm: Run, run: Run, stories: Sequence[Story]) -> list[str]:
    """What readers see otherwise than after the undisturbed run, beyond what is lost or doubled."""
    gone = {story.name: story for story in stories if story.deleted}
    found = []
    for name, wanted in calm.view["documents"].items():
        got = run.view["documents"].get(name)
        if got is None or got["row"] is None or wanted == got:
            continue
        if name in gone and not got["chunks"] and got["row"]["status"] == wanted["row"]["status"] == "deleted":
            continue
        found.append(f"{name}: {_difference(wanted, got)}")
    found += _other_ends(calm, run, gone)
    found += _cancellations(
        run, [story for story in stories if story.cancelled and story.name in calm.view["documents"]]
    )
    if run.texts < calm.texts * LEAST_TEXTS:
        found.append(f"{run.texts} texts were embedded, and undisturbed {calm.texts}: nothing was measured")
    wanted, got = ({tuple(letter) for letter in one.view["dead_letters"]} for one in (calm, run))
    found += [f"dead letter of {name} at {step}: {code}" for name, step, code in sorted(got - wanted)]
    found += [f"no dead letter of {name} at {step}: {code}" for name, step, code in sorted(wanted - got)]
    for question, hits in calm.answers.items():
        if run.answers.get(question) != hits:
            found.append(f"search answers {question!r} otherwise")
    return found


def _other_ends(calm: Run, run: Run, gone: Mapping[str, Story]) -> list[str]:
    found = []
    for place, wanted in calm.view["jobs"].items():
        name, _ = place.rsplit("/", 1)
        got = run.view["jobs"].get(place)
        late = name in gone and not gone[name].patient and tuple(got or ()) in OVERTAKEN
        if got is not None and got != wanted and not late:
            found.append(f"the job of {place}: {got} instead of {wanted}")
    return found


def _cancellations(run: Run, stories: Iterable[Story]) -> list[str]:
    """Cancellations whose word does not fit the deed."""
    found = []
    for story in stories:
        done = run.view["jobs"].get(f"{story.name}/1", ["cancel", "rejected", None])
        late = run.view["jobs"].get(f"{story.name}/0") != CANCELLED
        if (done[1] == "succeeded") == late:
            found.append(f"the cancellation of {story.name}: {done}, and its job was {'not ' * late}cancelled")
    return found


def order_breaks(calm: Run, run: Run, stories: Iterable[Story]) -> list[str]:
    """Documents whose facts lie on the log in another order than undisturbed, repeats aside."""
    wanted, got = _by_document(calm), _by_document(run)
    found = []
    for story in stories:
        one, other = wanted.get(story.name, []), got.get(story.name, [])
        if story.repeats or story.cancelled or story.erased:
            # Unchanged, or another version of the same: what is decided depends on how much the decider has heard.
            # Or cancelled: in time, or too late. Or erased, perhaps in the middle of the work.
            found += _out_of_order(story, other)
        elif any((story.name, number) in run.unanswered for number in range(len(story.ops))):
            # It may have been heard: then its facts are nobody's, and not in `got`.
            found += _out_of_order(story, other)
        elif story.patient:
            if _letters_later(other) not in (_letters_later(one), _unsaid(one, story)):
                found.append(f"{story.name}: {_words(other)} instead of {_words(one)}")
        elif _decisions(one) != _decisions(other):
            found.append(f"{story.name}: decided {_words(_decisions(other))} instead of {_words(_decisions(one))}")
        else:
            found += _out_of_order(story, other)
    return found + _batches_out_of_order(run)


def early_retries(run: Run, tiers_s: Sequence[float]) -> list[str]:
    """Records that came back before they were due, or were due before their first tier allows.

    What a redelivered record says of its due time has to be what a record of a tier said.
    """
    waiting = {(fact.event_id, fact.step, fact.due_ms) for fact in run.facts if fact.tier >= 0}
    found = []
    for fact in run.facts:
        where = f"{fact.kind} for {fact.step} at {fact.topic}:{fact.partition}:{fact.offset}"
        if fact.topic in _REDELIVERY and fact.due_ms:
            if fact.at_ms < fact.due_ms:
                found.append(f"{where} came {fact.due_ms - fact.at_ms} ms early")
            if (fact.event_id, fact.step, fact.due_ms) not in waiting:
                found.append(f"{where} waited in no tier for what it says was its time")
        elif fact.tier >= 0 and fact.failures == 1 and fact.due_ms - fact.first_failed_ms < tiers_s[0] * 1000:
            found.append(f"{where} is due {fact.due_ms - fact.first_failed_ms} ms after it failed")
    return found


def _second_ids(facts: Iterable[Fact]) -> list[str]:
    """Facts that a reader of the log would take for two: the same thing said under two event ids."""
    ids: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for fact in facts:
        if fact.topic == DOCUMENTS.name:
            ids[fact.job, fact.kind, ""].add(fact.event_id)
        elif fact.topic == EMBEDDINGS.name:
            ids[fact.job, fact.kind, fact.cause].add(fact.event_id)
        elif fact.topic == CHUNKS.name and batch_of(fact) < 0:
            ids[fact.job, fact.kind, fact.cause] |= {fact.event_id, "an id that is not derived from its cause"}
    return [f"{kind} of job {job} under {len(n)} ids" for (job, kind, _), n in ids.items() if len(n) > 1]


def _by_document(run: Run) -> dict[str, list[tuple[str, int]]]:
    """By name: kind and number of the operation of every fact of an acknowledged job, in the order of the log."""
    operations = {job: operation for operation, job in run.acknowledged.items()}
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    mine = [fact for fact in run.facts if fact.topic == DOCUMENTS.name and fact.job in operations]
    for fact in once(sorted(mine, key=lambda fact: (fact.partition, fact.offset))):
        name, number = operations[fact.job]
        found[name].append((fact.kind, number))
    return found


def _letters_later(facts: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """The facts with a dead letter behind the `DocumentChunked` of its version that comes right after it.

    A batch is on the log, and may die at the next step, before that is said: which of the two is first is chance.
    """
    found = list(facts)
    for place, (kind, number) in enumerate(facts[1:], start=1):
        if kind == "DocumentChunked" and found[place - 1] == ("DocumentDeadLettered", number):
            found[place - 1 : place + 1] = [found[place], found[place - 1]]
    return found


def _unsaid(facts: Sequence[tuple[str, int]], story: Story) -> list[tuple[str, int]]:
    """The facts without the word on a letter, of a document that the endpoint refuses until it is healed.

    A step that is killed between a letter and its word has the event again; when it goes well then, nothing died.
    """
    return [one for one in facts if not (story.unwanted and one[0] == "DocumentDeadLettered")]


def _out_of_order(story: Story, facts: Sequence[tuple[str, int]]) -> list[str]:
    found = []
    for kind in sorted(IN_ORDER):
        numbers = [number for one, number in facts if one == kind]
        if numbers != sorted(numbers):
            found.append(f"{story.name}: {kind} of its versions came as {numbers}")
    for number in range(len(story.ops)):
        life = [LIFE.index(kind) for kind, n in facts if n == number and kind in LIFE]
        if life != sorted(life):
            found.append(f"{story.name}: the life of version {number} went {_words(facts)}")
    return found


def _batches_out_of_order(run: Run) -> list[str]:
    batches = defaultdict(list)
    mine = [fact for fact in run.facts if fact.topic == CHUNKS.name]
    for fact in once(sorted(mine, key=lambda fact: (fact.partition, fact.offset))):
        batches[fact.document, fact.job].append(batch_of(fact))
    return [
        f"{run.names.get(document, document)}: batches of chunks came as {numbers[:10]}"
        for (document, _), numbers in batches.items()
        if numbers != list(range(len(numbers)))
    ]


def _decisions(facts: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    return [fact for fact in facts if fact[0] in DECISIONS]


def _nothing_of(document: Mapping[str, Any]) -> bool:
    row, versions = document["row"], document["versions"]
    return bool(row) and not document["chunks"] and {row["status"], *(v["status"] for v in versions)} == {"cancelled"}


def _difference(wanted: Mapping[str, Any], got: Mapping[str, Any]) -> str:
    for part in ("row", "versions"):
        if wanted[part] != got[part]:
            return f"{got[part]} instead of {wanted[part]}"
    return f"{len(got['chunks'])} chunks, some of them others than the {len(wanted['chunks'])} of the undisturbed run"


def _words(facts: Iterable[tuple[str, int]]) -> str:
    return " ".join(f"{kind.removeprefix('Document')}{number}" for kind, number in facts)


def _said(place: Operation) -> str:
    return f"{place[0]}/{place[1]}"
