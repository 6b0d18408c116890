"""Seed after seed on one stack; an undisturbed run of each family first, when its first seed comes."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from chaos import report, seed
from chaos.checks import Run
from chaos.corpus import DOCUMENTS, Corpus, corpus, family_of
from chaos.killing import until
from chaos.plan import UPLOADS_S, Plan, pace_of, plan_of, sooner
from chaos.seed import Verdict
from chaos.standing import ChaosStack, standing
from chaos.web import serving
from support.ports import free_port

WELL_WITHIN_S = 120.0


async def run_seeds(
    seeds: Iterable[int],
    out: Path,
    work: Path,
    *,
    documents: int = DOCUMENTS,
    say: Callable[[str], None],
    note: Callable[[Verdict], None] = lambda _: None,
) -> list[Verdict]:
    """All of them; a seed that fails leaves what is known of it in `out`, and does not end the run.

    `note` is given each as soon as it is over.
    """
    verdicts: list[Verdict] = []
    calm: dict[int, Run] = {}
    with ExitStack() as all_along, ExitStack() as on:
        # For all of them: an address is part of what readers see, and so the same in every run that is compared.
        web = all_along.enter_context(serving(free_port()))
        stack = await asyncio.to_thread(on.enter_context, standing(work, web))
        for number in seeds:
            if not await until(lambda: seed.well(stack), WELL_WITHIN_S):  # noqa: B023 - called before it changes
                say("the stack does not get well: a new one")
                await asyncio.to_thread(on.close)
                stack = await asyncio.to_thread(on.enter_context, standing(work, web))
            family = family_of(number)
            if family not in calm:
                calm[family] = await _undisturbed(stack, corpus(family, documents), say)
            if not verdicts:
                say(report.HEAD)
            verdicts.append(await _one(stack, plan_of(number), corpus(family, documents), calm[family], out))
            note(verdicts[-1])
            say(report.line(verdicts[-1]))
            for breach in verdicts[-1].breaches[:10]:
                say(f"        {breach}")
        await asyncio.to_thread(on.close)
    return verdicts


async def _undisturbed(stack: ChaosStack, told: Corpus, say: Callable[[str], None]) -> Run:
    lived = await seed.live(stack, told)
    run = lived.run
    # The measure itself has to be sound: nothing repeated, nothing refused, every letter sent back, all ended.
    wrong = [*seed.checks.unended(run), *seed.checks.lost(run, run), *seed.checks.doubled(run, run)]
    wrong += seed.checks.order_breaks(run, run, told.stories)
    unwanted = {story.name for story in told.stories if story.unwanted}
    wrong += seed.left(lived.remains, sorted(unwanted))
    wrong += [f"dead letter of {letter}" for letter in run.view["dead_letters"] if letter[0] not in unwanted]
    assert not wrong, f"the undisturbed run of family {told.family} is not sound: {wrong[:10]}"
    say(f"family {told.family}: {len(run.acknowledged)} operations undisturbed, {lived.recovery_s:.1f} s")
    return run


async def _one(stack: ChaosStack, plan: Plan, told: Corpus, calm: Run, out: Path) -> Verdict:
    share = told.submissions / DOCUMENTS
    plan = sooner(plan, share)
    try:
        verdict, run = await seed.judged(stack, plan, told, calm, pace_of(share) * UPLOADS_S)
    except Exception as error:  # noqa: BLE001 - a seed that cannot be judged is a failed seed, and the others go on
        broken = f"could not be judged: {type(error).__name__}: {error}"
        nothing = Verdict(plan.seed, 0.0, 0.0, (), (), (), (), (), (), ())
        verdict, run = replace(nothing, unended=(broken,)), None
    if verdict.breaches:
        report.keep(out / str(plan.seed), stack.home / "logs", plan=plan, verdict=verdict, calm=calm, run=run)
    return verdict
