"""A batch: each item by itself, several at once, so that one that fails takes none with it."""

import asyncio
from http import HTTPStatus

from muniment.api import answers
from muniment.api.access import Principal
from muniment.api.dependencies import Dependencies
from muniment.api.idempotency.ids import not_final
from muniment.api.position import to_token
from muniment.api.problems.kinds import kind_of
from muniment.api.problems.problem import Problem, from_muniment
from muniment.api.submissions.requests import Link, Submission
from muniment.api.submissions.submitting import Accepted, submit
from muniment.schemas.errors import MunimentError

AT_ONCE = 8


async def submit_many(
    deps: Dependencies, who: Principal, given: list[Submission | Link], traceparent: str
) -> answers.Batch:
    """What became of each; raises the first error when all fail because a part is away.

    One that failed so may be on the log all the same: the answer is not the last word on it.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(index: int, what: Submission | Link) -> Accepted | MunimentError | Problem:
        async with gate:
            try:
                return await submit(deps, who, what, traceparent, index)
            except (MunimentError, Problem) as error:
                return error

    done = await asyncio.gather(*[one(index, what) for index, what in enumerate(given)])
    errors = [result for result in done if not isinstance(result, Accepted)]
    positions = [place for result in done if isinstance(result, Accepted) for place in result.positions]
    unsure = [error for error in errors if kind_of(error.code)[1].status >= HTTPStatus.INTERNAL_SERVER_ERROR]
    if not positions and len(unsure) == len(errors):
        raise errors[0]
    if unsure:
        not_final()
    return answers.Batch(
        accepted=len(done) - len(errors),
        position=to_token(positions) if positions else None,
        items=[_item(index, what, result) for index, (what, result) in enumerate(zip(given, done, strict=True))],
    )


def _item(index: int, what: Submission | Link, result: Accepted | MunimentError | Problem) -> answers.BatchItem:
    if isinstance(result, Accepted):
        return answers.BatchItem(
            index=index,
            file_name=what.file_name,
            job_id=result.job_id,
            document_id=result.document_id,
            position=to_token(result.positions),
        )
    problem = result if isinstance(result, Problem) else from_muniment(result)
    code, kind = kind_of(problem.code)
    told = answers.ItemProblem(code=code, detail=problem.detail, what_to_do=kind.what_to_do)
    return answers.BatchItem(index=index, file_name=what.file_name, problem=told)
