"""One seed: its stories go through the stack while its plan is carried out; then everything is looked at."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from uuid import uuid4

import asyncpg
import httpx2
from aiokafka.errors import KafkaError
from chaos import checks, log, views
from chaos.caller import Callers
from chaos.checks import Run
from chaos.corpus import COMMON, DOCUMENTS, Corpus
from chaos.facts import facts_of
from chaos.killing import FIRES_WITHIN_S, Killer
from chaos.operators import Operators
from chaos.plan import TIERS_S, Plan, pace_of
from chaos.remains import Remains, buried_twice, holding, left, readable, remains, sent_twice
from chaos.standing import ChaosStack, WeatheredEndpoint

from muniment.projections.registry import projection

END_WITHIN_S = 300.0
"""How long everything may take to end, and to be seen, after the last kill and the last upload."""
LOOK_EVERY_S = 0.3
QUIET_WITHIN_S = 60.0
SEEN_WITHIN_S = 120.0
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, KafkaError, AssertionError)
"""How it shows that a part is away just now; an assertion says that there is no supervisor."""


@dataclass(frozen=True)
class Verdict:
    """What came of a seed. Every list is of breaches; `paid_again` and `texts` count texts at the endpoint.

    `at_payment`: its plan killed a worker on purpose at the moment that it had been answered.
    """

    seed: int
    seconds: float
    recovery_s: float
    kills: Sequence[str]
    lost: Sequence[str]
    doubled: Sequence[str]
    order_breaks: Sequence[str]
    early_retries: Sequence[str]
    unended: Sequence[str]
    changed: Sequence[str]
    paid_again: int = 0
    texts: int = 0
    notes: Mapping[str, object] = field(default_factory=dict)
    at_payment: bool = False
    readable: Sequence[str] = ()

    @property
    def breaches(self) -> list[str]:
        """All of them; none when the seed is good."""
        named = ("lost", "doubled", "order_breaks", "early_retries", "unended", "changed", "readable")
        return [f"{name}: {one}" for name in named for one in getattr(self, name)]


@dataclass(frozen=True)
class Lived:
    """A run of some stories, and what it took."""

    run: Run
    recovery_s: float
    kills: Sequence[str]
    paid_again: int
    texts: int
    notes: Mapping[str, object]
    remains: Remains = field(default_factory=Remains)
    erasure: Mapping[str, object] = field(default_factory=dict)


async def judged(stack: ChaosStack, plan: Plan, corpus: Corpus, calm: Run, within_s: float) -> tuple[Verdict, Run]:
    """Live through a seed and compare it with the undisturbed run."""
    began = time.monotonic()
    lived = await live(stack, corpus, plan=plan, within_s=within_s)
    # What is to be erased is not compared: it has a word of its own in each run, and is gone at the end of some.
    run, calm = checks.without_erased(lived.run, corpus.stories), checks.without_erased(calm, corpus.stories)
    calm = checks.expected(calm, run, corpus.stories)
    unwanted = [story.name for story in corpus.stories if story.unwanted]
    buried = buried_twice(lived.remains, run.facts, plan.interruptions)
    verdict = Verdict(
        seed=plan.seed,
        seconds=time.monotonic() - began,
        recovery_s=lived.recovery_s,
        kills=lived.kills,
        lost=[*checks.lost(calm, run), *left(lived.remains, unwanted)],
        doubled=[*checks.doubled(calm, run), *sent_twice(run.facts), *buried],
        order_breaks=checks.order_breaks(calm, run, corpus.stories),
        early_retries=checks.early_retries(run, TIERS_S),
        unended=checks.unended(run),
        changed=checks.changed(calm, run, corpus.stories),
        paid_again=lived.paid_again,
        texts=lived.texts,
        notes=lived.notes,
        at_payment=plan.at_payment,
        readable=readable(lived.remains, lived.erasure) if plan.erases else (),
    )
    return verdict, run


async def live(stack: ChaosStack, corpus: Corpus, *, plan: Plan | None = None, within_s: float = 1.0) -> Lived:
    """Tell the stories in a tenant of their own; without a plan, undisturbed."""
    assert isinstance(stack.endpoint, WeatheredEndpoint)
    tenant = f"{'seed' if plan else 'calm'}{plan.seed if plan else corpus.family}-{uuid4().hex[:6]}"
    starts = await log.ends(stack.kafka_bootstrap)
    stack.endpoint.reset()
    stack.endpoint.forecast(plan.weather if plan else None)
    stack.endpoint.fall_ill()
    stack.web.serve(corpus)
    callers = Callers(stack.record().addresses["api"], await stack.key(tenant), corpus, tenant, stack.web)
    doing = _Doing(plan or Plan(corpus.family, (), {}), callers, corpus, stack)
    watching = [asyncio.create_task(callers.watch()), asyncio.create_task(_note_ends(stack, tenant, callers))]
    try:
        await doing.all(within_s, cancelling=plan is not None)
        over_at = doing.killer.over_at if plan else time.monotonic()
        jobs = await _all_ended(stack, tenant, callers, time.monotonic() + END_WITHIN_S)
        doing.note("ended")
        await _all_seen(stack, time.monotonic() + SEEN_WITHIN_S)
        doing.note("seen")
        recovery_s = time.monotonic() - over_at
        await doing.operators.redrive_late()
        callers.told.wrong += doing.operators.wrong
    finally:
        for task in watching:
            task.cancel()
        ends = await asyncio.gather(*watching, return_exceptions=True)
    broken = [repr(end) for end in ends if isinstance(end, Exception)]
    assert not broken, f"nobody looked: {broken}"
    stack.endpoint.forecast(None)
    behind = await _quiet(stack, starts)
    doing.note("quiet")
    counted = stack.endpoint.calls()
    run = replace(
        await _looked_at(stack, corpus, callers, starts=starts, jobs=jobs), texts=counted["texts"], behind=behind
    )
    erased = [corpus.identity(one.name) for one in corpus.stories if one.erased and plan and plan.erases]
    doing.note("looked")
    found = await remains(stack, tenant, corpus.names, erased=erased, secret=callers.secret)
    # After the look into files: nothing is to have the secret from the question.
    found = replace(found, hits=await callers.secret_hits() if erased else 0)
    await callers.close()
    doing.note("left")
    notes = {"tenant": tenant, "times": doing.times, "left": behind, "calls": counted, "accepted": found.accepted}
    notes["answers"] = dict(callers.told.answers)
    done = doing.killer.done
    return Lived(run, recovery_s, done, counted["again"], counted["texts"], notes, found, doing.operators.erasure)


class _Doing:
    """Everything that is done to a stack in one run, and when it was over (`times`, in seconds)."""

    def __init__(self, plan: Plan, callers: Callers, corpus: Corpus, stack: ChaosStack) -> None:
        assert isinstance(stack.endpoint, WeatheredEndpoint)
        self._plan, self._callers, self._home = plan, callers, stack.home
        self._began = time.monotonic()
        self.times: dict[str, float] = {}
        self.killer = Killer(
            stack,
            lambda name, on: callers.flag(name, value=on),
            FIRES_WITHIN_S * pace_of(corpus.submissions / DOCUMENTS),
        )
        self.operators = Operators(callers, corpus, stack.endpoint.heal, lambda what: self.killer.during(plan, what))

    def note(self, what: str) -> None:
        """It is over now."""
        self.times[what] = round(time.monotonic() - self._began, 1)

    async def all(self, within_s: float, *, cancelling: bool) -> None:
        """Stories, kills and what operators ask for."""
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self._callers.tell(within_s, cancelling=cancelling))
            group.create_task(self.operators.redrive()).add_done_callback(lambda _: self.note("redriven"))
            group.create_task(self.killer.carry_out(self._plan))
            await asyncio.wait([telling])
            self.note("told")
            if self._plan.erases:
                # Only now: what is paid for and not yet on the log is forgotten then, and paid for again.
                if not await asyncio.to_thread(holding, self._home, self._callers.secret.encode()):
                    self.operators.wrong.append("nothing of what is to be erased can be found before that, either")
                await self.operators.erase()
                self.note("erased")


async def _note_ends(stack: ChaosStack, tenant: str, callers: Callers) -> None:
    while True:
        with suppress(*AWAY):
            states = await views.job_states(stack.database_url, tenant)
            callers.ended.update(job for job, over in states.items() if over)
        await asyncio.sleep(LOOK_EVERY_S)


async def _all_ended(stack: ChaosStack, tenant: str, callers: Callers, deadline: float) -> dict[str, bool]:
    """Every job of the tenant and whether it has ended, once all acknowledged ones have, or at the deadline."""
    states: dict[str, bool] = {}
    wanted = set(callers.told.acknowledged.values())
    while time.monotonic() < deadline:
        with suppress(*AWAY):
            states = await views.job_states(stack.database_url, tenant)
            if all(states.get(job) for job in wanted) and all(states.values()):
                break
        await asyncio.sleep(LOOK_EVERY_S)
    return states


async def _all_seen(stack: ChaosStack, deadline: float) -> dict[str, int]:
    """Wait until every projection has folded what lies on the log now; at the deadline, those that have not."""
    late = {"projections that nobody could look at": 1}
    while time.monotonic() < deadline:
        with suppress(*AWAY):
            ends = await log.ends(stack.kafka_bootstrap)
            connection = await asyncpg.connect(stack.database_url, timeout=5)
            try:
                reached = await views.folded(connection)
            finally:
                await connection.close()
            late = {name: n for name, places in reached.items() if (n := _missing(name, places, ends))}
            if not late:
                break
        await asyncio.sleep(LOOK_EVERY_S)
    return late


def _missing(name: str, reached: Mapping[tuple[str, int], int], ends: log.Ends) -> int:
    topics = {topic.name for topic in projection(name).topics}
    return sum(max(0, end - reached.get((p.topic, p.partition), 0)) for p, end in ends.items() if p.topic in topics)


async def _quiet(stack: ChaosStack, starts: log.Ends) -> dict[str, int]:
    """Wait until no worker has anything left to do; what is left at the deadline, by consumer group."""
    left: dict[str, int] = {"unknown": 1}
    deadline = time.monotonic() + QUIET_WITHIN_S
    while left and time.monotonic() < deadline:
        with suppress(*AWAY):
            left = await log.behind(stack.kafka_bootstrap, await log.last(stack.kafka_bootstrap, starts))
        if left:
            await asyncio.sleep(LOOK_EVERY_S)
    return left | await _all_seen(stack, time.monotonic() + SEEN_WITHIN_S)


async def _looked_at(
    stack: ChaosStack, corpus: Corpus, callers: Callers, *, starts: log.Ends, jobs: Mapping[str, bool]
) -> Run:
    told, tenant, names = callers.told, callers.tenant, corpus.names
    connection = await asyncpg.connect(stack.database_url)
    try:
        repeating = {story.name for story in corpus.stories if story.repeats}
        view = await views.seen(connection, tenant, names, told.operation_of, repeating)
    finally:
        await connection.close()
    words = [story.word for story in corpus.stories if story.word and not story.cancelled and not story.erased][:8]
    records, answers = await asyncio.gather(
        log.since(stack.kafka_bootstrap, starts), callers.questions([*words, COMMON, "anchor storm ledger"])
    )
    return Run(
        facts=facts_of(records, tenant),
        view=view,
        answers=answers,
        acknowledged=dict(told.acknowledged),
        names=names,
        repeated=frozenset(place for place, times in told.unsure.items() if times),
        jobs=dict(jobs),
        wrong=tuple(told.wrong),
    )


def well(stack: ChaosStack) -> bool:
    """Whether every part has a process and the API finds everything it needs."""
    try:
        running = set(stack.pids()) >= {"kafka", "postgres", "workers", "projections", "api"}
        answer = httpx2.get(f"{stack.record().addresses['api']}/health/detailed", timeout=10, trust_env=False)
        return running and answer.json().get("status") == "ok"
    except (httpx2.TransportError, ConnectionError, ValueError, AssertionError):
        return False
