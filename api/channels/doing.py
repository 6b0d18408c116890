"""What a client's messages ask for: predictions, of which only the newest counts, and answers, each in its own task."""

import asyncio
from contextlib import aclosing, suppress
from dataclasses import asdict
from time import perf_counter
from typing import Any

import structlog

from muniment.api import search
from muniment.api.answers import Found, Hit
from muniment.api.channels.entering import Caller, Shown, enter_answer, enter_predictions
from muniment.api.channels.predicting import predict
from muniment.api.dependencies import Dependencies
from muniment.api.live_channel.answering import EXTRACTIVE, Answerer, Cited, Ended, Piece, language_of
from muniment.api.live_channel.messages import Cancel, Query, Typing
from muniment.api.live_channel.predicted import Prediction
from muniment.api.live_channel.session import Session
from muniment.api.live_channel.told import (
    AnswerCitation,
    AnswerDelta,
    AnswerEnd,
    AnswerStart,
    CheckedMark,
    Predictions,
    Refusal,
    problem_told,
)
from muniment.api.problems.problem import Problem, from_muniment
from muniment.schemas.audit import DocumentTouched
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import MunimentError, Refused
from muniment.schemas.metrics import LIVE_ANSWERS, LIVE_FIRST_DELTA, LIVE_PREDICTIONS

LOG = structlog.get_logger(__name__)
ANSWERS = 4
"""Answers of one session that may be under way at once."""
PAUSE_S = 0.15
"""Who types on sooner is not asked for yet: what would be searched for is not what is meant."""
SURE = 0.8
"""A prediction that is so sure is searched for beforehand, too."""
NO_PROJECT = "not_found"
"""What a question is refused with whose project is not the tenant's: search has no other use for it."""
LEAST_WARM = 3
"""Characters from which on it is worth to search for what is typed."""


class Doing:
    """What is under way for one connection; answers belong to the session, and outlive it."""

    def __init__(self, deps: Dependencies, caller: Caller) -> None:
        self._deps = deps
        self._caller = caller
        self._shown = Shown()
        self._typing: asyncio.Task[None] | None = None

    def end(self) -> None:
        """Nobody is there to be shown predictions."""
        if self._typing is not None:
            self._typing.cancel()

    def typing(self, session: Session, message: Typing) -> None:
        """Begin to foretell; what was being foretold before is stale, and ends."""
        self.end()
        session.drop_predictions()
        self._typing = asyncio.create_task(self._foretell(session, message))

    def query(self, session: Session, message: Query) -> None:
        """Begin an answer.

        Raises:
            Problem: `invalid_request` for an id that has an answer under way, `too_many_answers`.

        """
        if message.id in session.answers:
            raise Problem("invalid_request", "An answer of this id is under way.", extra={"id": message.id})
        if len(session.answers) >= ANSWERS:
            raise Problem("too_many_answers", f"{ANSWERS} answers are under way already.", extra={"id": message.id})
        self.end()
        session.drop_predictions()
        task = asyncio.create_task(self._answer(session, message))
        session.answers[message.id] = task
        task.add_done_callback(lambda _: session.answers.pop(message.id, None))

    def cancel(self, session: Session, message: Cancel) -> None:
        """End an answer; one that has ended already stays as it was told."""
        task = session.answers.get(message.id)
        if task is not None:
            task.cancel()

    async def _foretell(self, session: Session, message: Typing) -> None:
        started = perf_counter()
        try:
            found = await predict(
                self._deps, self._caller.who, message.text, limit=message.limit, project_id=message.project_id
            )
            places = [(place.document_id, place.version) for one in found for place in one.places]
            await enter_predictions(self._deps, self._caller, self._shown, places)
            LIVE_PREDICTIONS.observe(perf_counter() - started)
            took_ms = round((perf_counter() - started) * 1000, 1)
            session.predict(Predictions(id=message.id, took_ms=took_ms, items=found))
            if self._deps.settings.live_prefetch:
                await self._warm(message, found)
        except MunimentError as error:
            session.tell(Refusal(id=message.id, problem=problem_told(from_muniment(error))))
        except Exception:
            LOG.exception("live.not_foretold")

    async def _warm(self, message: Typing, found: list[Prediction]) -> None:
        """Search for what is likely to be asked, so that its answer begins at once. Nobody is shown anything of it."""
        await asyncio.sleep(PAUSE_S)
        likely = [message.text] if len(message.text.strip()) >= LEAST_WARM else []
        likely += [one.text for one in found[:1] if one.confidence >= SURE and one.text != message.text]
        for text in likely:
            # What fails here is found out when it is asked for.
            with suppress(Problem, MunimentError):
                await self._searched(Query(type="query", id="warm", text=text, project_id=message.project_id))

    async def _searched(self, message: Query) -> Found:
        narrowed = message.filters.model_dump()
        asked = search.Asked(q=message.text, mode=message.mode, k=message.k, project_id=message.project_id, **narrowed)
        return await search.found(self._deps, self._caller.who.tenant, asked, self._deps.reads)

    async def _answer(self, session: Session, message: Query) -> None:
        outcome = "failed"
        try:
            outcome = await self._answered(session, message)
        except asyncio.CancelledError:
            outcome = "cancelled"
            session.say(AnswerEnd(id=message.id, reason=outcome))
        except Refused as refusal:
            outcome = "refused"
            session.say(AnswerEnd(id=message.id, reason=outcome, problem=problem_told(_refused(refusal))))
        except (Problem, MunimentError) as error:
            problem = error if isinstance(error, Problem) else _of_answer(error)
            outcome = "refused" if problem.code == NO_PROJECT else outcome
            session.say(AnswerEnd(id=message.id, reason=outcome, problem=problem_told(problem)))
        except Exception:
            LOG.exception("live.not_answered")
            failed = Problem("internal_error", "The answer could not be given.")
            session.say(AnswerEnd(id=message.id, reason=outcome, problem=problem_told(failed)))
        LIVE_ANSWERS.labels(outcome).inc()

    async def _answered(self, session: Session, message: Query) -> str:
        started = perf_counter()
        answerer = self._deps.answerer
        if answerer is None:
            raise Problem("not_ready", "This instance answers no questions.")
        found = await self._searched(message)
        await enter_answer(self._deps, self._caller, message.text, _touched(found.hits))
        await self._remember(message.text)
        if not found.hits:
            raise Refused(ErrorCode.NOTHING_FOUND, "no document says anything about the question")
        first = True
        language = message.language or language_of(message.text)
        writing = answerer.answer(self._caller.who.tenant, message.text, found.hits, language, message.project_id)
        async with aclosing(writing) as pieces:
            async for piece in pieces:
                if first:
                    first = False
                    session.say(_about(message, answerer, found))
                    LIVE_FIRST_DELTA.labels(answerer.provider).observe(perf_counter() - started)
                if isinstance(piece, Piece):
                    await session.say_with_room(AnswerDelta(id=message.id, text=piece.text))
                elif isinstance(piece, Cited):
                    await session.say_with_room(_cited(message, piece))
                else:
                    session.say(_ended(message, piece))
                    return piece.reason
        raise Problem("internal_error", "The answer has no end.")

    async def _remember(self, question: str) -> None:
        if self._deps.questions is not None:
            with suppress(MunimentError):
                await self._deps.questions.asked(self._caller.who.tenant, self._caller.who.actor, question)


def _about(message: Query, answerer: Answerer, found: Found) -> AnswerStart:
    return AnswerStart(
        id=message.id,
        extractive=answerer.provider == EXTRACTIVE,
        provider=answerer.provider,
        model=answerer.model,
        mode=found.mode,
        degraded=found.degraded,
        hits=len(found.hits),
    )


def _cited(message: Query, cited: Cited) -> AnswerCitation:
    hit = cited.hit
    return AnswerCitation(
        id=message.id,
        number=cited.number,
        document_id=hit.document_id,
        version=hit.version,
        ordinal=hit.ordinal,
        title=hit.title,
        file_name=hit.file_name,
        page=hit.page,
        heading=hit.heading,
        start=hit.start,
        end=hit.end,
    )


def _ended(message: Query, ended: Ended) -> AnswerEnd:
    return AnswerEnd(
        id=message.id,
        reason=ended.reason,
        tokens_in=ended.tokens_in,
        tokens_out=ended.tokens_out,
        cost_micros=ended.cost_micros,
        citations=[CheckedMark(**asdict(one)) for one in ended.citations],
    )


def _touched(hits: list[Hit]) -> list[DocumentTouched]:
    ordinals: dict[tuple[Any, int], list[int]] = {}
    for hit in hits:
        ordinals.setdefault((hit.document_id, hit.version), []).append(hit.ordinal)
    return [DocumentTouched(document, version, tuple(found)) for (document, version), found in ordinals.items()]


def _refused(refusal: Refused) -> Problem:
    return Problem("nothing_found", refusal.detail)


def _of_answer(error: MunimentError) -> Problem:
    """What a caller is told when the model cannot be had: whatever it was, it is away."""
    if error.code == ErrorCode.BUDGET_SPENT:
        return Problem("budget_spent", "Today's budget for texts is spent.")
    problem = from_muniment(error)
    return problem if problem.code != "internal_error" else Problem("model_unavailable", "The language model is away.")
