"""Changes of projects and episodes by the command line: asked over HTTP, and told once they are decided."""

import json
from collections.abc import Mapping
from typing import Any

import typer

from muniment.infra.cli.client import ApiError, Client
from muniment.infra.cli.ordering import DECIDED_S, asked

Revision = typer.Option(None, "--if-revision", min=1, help="Only if it still has this revision, as `show` says it.")
Cascade = typer.Option(False, "--cascade", help="With everything that is in it.")
Because = typer.Option("deleted on request", "--reason", help="Kept on the log, sealed.")
Yes = typer.Option(False, "--yes", "-y", help="Do not ask.")


def changed(method: str, path: str, body: Any = None, *, revision: int | None = None, **params: Any) -> Any:
    """What it is after a change, also where the decision comes late; `{}` where it is gone."""

    async def run(api: Client) -> Any:
        taken = await api.order(method, path, body, revision=revision, **params)
        if "command_id" not in taken:
            return taken
        about = await _decided(api, taken)
        address = f"/v1/projects/{about['project_id']}"
        address += f"/episodes/{about['episode_id']}" if about["episode_id"] else ""
        return {} if method == "DELETE" else await api.get(address)

    return asked(run)


def put_away(address: str, *, revision: int | None, as_json: bool) -> None:
    """Archive what is there, and say so."""
    found = changed("POST", f"{address}/archive", revision=revision)
    tell(found, f"archived, revision {found['revision']}", as_json=as_json)


def taken_up(address: str, *, revision: int | None, as_json: bool) -> None:
    """Restore what is archived there, and say so."""
    found = changed("POST", f"{address}/restore", revision=revision)
    tell(found, f"restored, revision {found['revision']}", as_json=as_json)


async def _decided(api: Client, taken: Mapping[str, Any]) -> Mapping[str, Any]:
    address = f"/v1/projects/{taken['project_id']}/commands/{taken['command_id']}"
    try:
        found = await api.get(address, position=taken["position"], wait=DECIDED_S)
    except ApiError as error:
        if error.code not in {"read_model_behind", "not_found"}:
            raise
        detail = f"it is on the record, and was not decided within {DECIDED_S} s"
        raise ApiError("not_decided", detail, "see `muniment doctor`: workers and projections have to run") from None
    if found["code"] not in {"", "unchanged"}:
        raise ApiError(found["code"], "it was decided against")
    return dict(found)


def tell(found: Mapping[str, Any], said: str, *, as_json: bool) -> None:
    """Say what became of it."""
    print(json.dumps(found, ensure_ascii=False) if as_json else said)


def sure(question: str, *, yes: bool) -> None:
    """Ask, unless that was answered already."""
    if not yes:
        typer.confirm(question, abort=True)
