"""`muniment erasures`: forget a person, or documents, for good. Wants a key with the scope `erase`."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import typer

from muniment.infra.cli.ordering import AsJson, Reason, asked, got

erasures = typer.Typer(help="Forget a person, or documents, for good.", no_args_is_help=True)
LOOK_S = 1.0


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(erasures, name="erasures")


@erasures.command("request")
def request(
    *,
    subject: str | None = typer.Option(None, "--subject", "-s", help="The person, as named when documents came in."),
    document: list[UUID] = typer.Option([], "--document", "-d", help="A document; may be given again."),
    reason: str = Reason,
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask."),
    watch: bool = typer.Option(False, "--watch", help="Follow it to its end."),
    as_json: bool = AsJson,
) -> None:
    """Ask for an erasure. Where the house wants a second person to agree, nothing happens before that."""
    named = _named(subject, document)
    about = f"everything about {subject}" if subject else f"{len(document)} documents"
    if not yes:
        _preview(asked(lambda api: api.post("/v1/erasures/preview", named)))
        typer.confirm(f"Erase {about} for good? There is no way back.", abort=True)
    taken = asked(lambda api: api.order("POST", "/v1/erasures", {"reason": reason, **named}))
    _told(taken, as_json=as_json, watch=watch)


@erasures.command("preview")
def preview(
    *,
    subject: str | None = typer.Option(None, "--subject", "-s", help="The person, as named when documents came in."),
    document: list[UUID] = typer.Option([], "--document", "-d", help="A document; may be given again."),
    as_json: bool = AsJson,
) -> None:
    """What an erasure would take, and of which episodes a script would go. Erases nothing."""
    named = _named(subject, document)
    found = asked(lambda api: api.post("/v1/erasures/preview", named))
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        _preview(found)


@erasures.command("confirm")
def confirm(
    erasure: UUID = typer.Argument(help="The erasure."),
    reason: str = Reason,
    watch: bool = typer.Option(False, "--watch", help="Follow it to its end."),
    as_json: bool = AsJson,
) -> None:
    """Agree to an erasure that somebody else asked for."""
    taken = asked(lambda api: api.order("POST", f"/v1/erasures/{erasure}/confirm", {"reason": reason}))
    _told(taken, as_json=as_json, watch=watch)


@erasures.command("reject")
def reject(erasure: UUID = typer.Argument(help="The erasure."), reason: str = Reason, as_json: bool = AsJson) -> None:
    """Do not agree: nothing is erased. Exit code 1 when it was agreed to meanwhile."""
    found = _decided(asked(lambda api: api.order("POST", f"/v1/erasures/{erasure}/reject", {"reason": reason})))
    _shown(found, as_json=as_json)
    raise typer.Exit(0 if found["status"] == "rejected" else 1)


@erasures.command("list")
def list_erasures(as_json: bool = AsJson) -> None:
    """The newest erasures."""
    found = got("/v1/erasures")
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli import render

    columns = ("erasure", "status", "asked", "by", "documents", "why")
    rows = [
        (
            one["erasure_id"],
            render.state(one["status"]),
            render.ago(one["requested_at"]),
            one["requested_by"],
            len(one["documents"] or one["document_ids"]),
            one["reason"],
        )
        for one in found["items"]
    ]
    console = Console()
    shown = render.table(columns, rows, whole={"erasure"}, right={"documents"}, width=console.width)
    console.print(shown if rows else "no erasures")


@erasures.command("show")
def show(
    erasure: UUID = typer.Argument(help="The erasure."),
    watch: bool = typer.Option(False, "--watch", help="Follow it to its end."),
    as_json: bool = AsJson,
) -> None:
    """How far it is, and what each store has removed. Exit code 1 when it was rejected."""
    _show(_followed(str(erasure), None) if watch else got(f"/v1/erasures/{erasure}"), as_json=as_json)


@erasures.command("receipt")
def receipt(
    erasure: UUID = typer.Argument(help="The erasure."),
    out: Path | None = typer.Option(None, "--out", "-o", help="Write it there, as JSON."),
    verify: bool = typer.Option(False, "--verify", help="Check the signature with this installation's own keys."),
) -> None:
    """The signed receipt. Exit code 1 when there is none yet, or its signature is not good."""
    found = got(f"/v1/erasures/{erasure}/receipt")
    text = json.dumps(found, ensure_ascii=False, indent=2)
    if out is None:
        print(text)
    else:
        out.write_text(text + "\n", "utf-8")
        typer.echo(f"wrote {out}", err=True)
    if verify and not _is_good(found):
        typer.echo("muniment: the signature is not good: this is no receipt of this installation", err=True)
        raise typer.Exit(1)
    if verify:
        typer.echo(f"the signature of key {found['key_id']} is good", err=True)


def _named(subject: str | None, documents: Sequence[UUID]) -> dict[str, Any]:
    if not subject and not documents:
        raise typer.BadParameter("name --subject, or at least one --document")
    person = {"subject": subject} if subject else {}
    return {**person, "document_ids": [str(one) for one in documents]} if documents else person


def _preview(found: dict[str, Any]) -> None:
    documents, drafts, scripts = (len(found[kind]) for kind in ("documents", "drafts", "scripts"))
    typer.echo(f"it takes {documents} documents and {drafts} drafts; scripts of {scripts} episodes are among them")
    if not documents and not drafts:
        typer.echo("  nothing is held of that: look at the name, or at the ids, again")
    for one in found["scripts"]:
        now = "the script as it is now" if one["current"] else "another version is the script by now"
        place = f"episode {one['episode_id']} of project {one['project_id']}"
        typer.echo(f"  {one['title']!r} ({place}): version {one['number']}, {now}")


def _is_good(found: dict[str, Any]) -> bool:
    import base64
    from hashlib import sha256

    from muniment.infra.stack.record import load_settings
    from muniment.producers.signing import Signer
    from muniment.schemas.proofs.signatures import Signature

    signature = Signature(found["key_id"], base64.b64decode(found["signature"]))
    whole = sha256(found["text"].encode()).hexdigest() == found["sha256"]
    return whole and Signer(load_settings().signing_keys_file).verify(
        found["purpose"], found["text"].encode(), signature
    )


def _told(taken: dict[str, Any], *, as_json: bool, watch: bool = False) -> None:
    """What was decided on a request that was taken in."""
    found = _followed(taken["erasure_id"], taken["position"]) if watch else _decided(taken)
    _show(found, as_json=as_json)


def _decided(taken: dict[str, Any]) -> Any:
    return got(f"/v1/erasures/{taken['erasure_id']}", position=taken["position"], wait=30)


def _followed(erasure_id: str, position: str | None) -> Any:
    while True:
        found = got(f"/v1/erasures/{erasure_id}", position=position, wait=30 if position else None)
        if found["status"] in {"completed", "rejected"} or found["needs_confirmation"]:
            return found
        time.sleep(LOOK_S)


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    _shown(found, as_json=as_json)
    if found["status"] == "rejected":
        raise typer.Exit(1)


def _shown(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    from rich.console import Console

    from muniment.infra.cli import render

    console = Console()
    console.print(f"{found['erasure_id']}  {found['status']}", highlight=False)
    console.print(f"asked for by {found['requested_by']}: {found['reason']}", highlight=False, markup=False)
    if found["needs_confirmation"]:
        line = f"somebody else has to agree: muniment erasures confirm {found['erasure_id']} --reason …"
        console.print(line, highlight=False, soft_wrap=True)
    if found["decided_by"]:
        console.print(f"decided by {found['decided_by']}: {found['decided_reason']}", highlight=False, markup=False)
    for one in found["refusals"]:
        console.print(f"{one['command']} by {one['actor']} was refused: {one['reason']}", highlight=False, markup=False)
    if found["keys_destroyed"] is not None:
        console.print(
            f"{found['keys_destroyed']} keys of {len(found['documents'])} documents destroyed", highlight=False
        )
    rows = [(one["store"], one["removed"], one["kept"], one["note"]) for one in found["stores"]]
    if rows:
        columns = ("store", "removed", "kept", "note")
        console.print(render.table(columns, rows, whole={"store"}, right={"removed", "kept"}, width=console.width))
    if found["receipt_hash"]:
        console.print(f"receipt {found['receipt_hash']}", highlight=False, soft_wrap=True)
