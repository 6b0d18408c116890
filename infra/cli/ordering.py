"""How operators' commands go: asked over HTTP, and told what was decided rather than that it was taken in."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import quote

import typer

from muniment.infra.cli.client import ApiError, Client, find_access, told

T = TypeVar("T")
DECIDED_S = 30


def said(reason: str) -> str:
    """A reason that says something; exit code 2 for a blank one, also where no API is asked that would refuse it."""
    if not reason.strip():
        raise typer.BadParameter("an empty reason is none")
    return reason


Reason = typer.Option(..., "--reason", "-r", help="Why; it goes on the record, in clear.", callback=said)
AsJson = typer.Option(False, "--json", help="The API's answer as JSON.")
AsOf = typer.Option(None, "--as-of", help="As it was at a time, or at a place of the log. Wants the scope `audit`.")


def asked(work: Callable[[Client], Awaitable[T]]) -> T:
    """What the work with the API gives; exit code 1, saying why, when the API says no."""

    async def run() -> T:
        async with Client(find_access()) as api:
            return await work(api)

    with told():
        return asyncio.run(run())


def got(path: str, **params: Any) -> Any:
    """The API's answer to a question."""
    return asked(lambda api: api.get(path, **params))


def ordered(method: str, path: str, body: Any) -> Any:
    """The decision on a command; exit code 1, saying why, when it is rejected."""

    async def run(api: Client) -> Any:
        return await decided(api, await api.order(method, path, body))

    return asked(run)


def segment(name: str) -> str:
    """A name as a part of an address."""
    return quote(name, safe="")


async def decided(api: Client, taken: Any) -> Any:
    """The decision on a command that was taken in.

    Raises:
        ApiError: it was rejected, with the reason, or is not decided yet.

    """
    try:
        found = await api.get(f"/v1/operations/{taken['operation_id']}", position=taken["position"], wait=DECIDED_S)
    except ApiError as error:
        if error.code not in {"read_model_behind", "not_found"}:
            raise
        detail = f"it is on the record, and was not decided within {DECIDED_S} s"
        raise ApiError("not_decided", detail, "see `muniment doctor`: workers and projections have to run") from None
    if found["outcome"] == "rejected":
        raise ApiError(str(found["code"]), str(found["reason"]))
    return found
