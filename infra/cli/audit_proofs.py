"""`muniment audit checkpoints`, `prove`, `consistency`, `findings`: what was signed, and what it proves."""

import json
import sys
from datetime import datetime
from typing import Any

import typer

from muniment.infra.cli import audit_acknowledging
from muniment.infra.cli.ordering import got


def register(audit: typer.Typer) -> None:
    """Add the commands."""
    audit.command("checkpoints")(checkpoints)
    audit.command("prove")(prove)
    audit.command("consistency")(consistency)
    audit.command("findings")(findings)
    audit_acknowledging.register(audit)


def checkpoints(
    log: str | None = typer.Argument(None, help="TOPIC:PARTITION, for all that was signed of one partition."),
    limit: int = typer.Option(50, "--limit", min=1, max=200, help="Most of them."),
    as_json: bool = typer.Option(False, "--json", help="As JSON."),
) -> None:
    """The newest checkpoint of every partition, or all of one.

    Of one the chain is checked: exit code 1 when a checkpoint does not name the one before it, when one that lies
    outside is not listed, or when the sealer found something wrong with them.
    """
    found = got(f"/v1/checkpoints/{'/'.join(_place(log))}", limit=limit) if log else got("/v1/checkpoints")
    if as_json:
        print(json.dumps(found["items"], indent=2))
    else:
        _show(found["items"])
    if log:
        _told_chain(log, found["items"], limit=limit)


def _show(items: Any) -> None:
    from rich.console import Console

    from muniment.infra.cli import render

    columns = ("partition", "leaves", "up to", "signed", "root", "key")
    rows = [
        (
            f"{one['topic']}:{one['partition']}",
            one["size"],
            one["next_offset"] - 1,
            render.ago(one["signed_at"]),
            one["root"][:16],
            one["key_id"],
        )
        for one in items
    ]
    console = Console()
    shown = render.table(
        columns,
        rows,
        right={"leaves", "up to"},
        whole={"partition", "signed", "root", "key"},
        spare=("key", "root", "up to"),
        width=console.width,
    )
    console.print(shown if rows else "nothing was signed yet")


def prove(
    position: str = typer.Argument(help="TOPIC:PARTITION:OFFSET."),
    size: int | None = typer.Option(None, "--size", min=1, help="In the checkpoint of so many leaves."),
    as_json: bool = typer.Option(False, "--json", help="As JSON."),
) -> None:
    """Prove that a record is in a signed tree, and that what lies on the log is that record.

    The proof is checked here as well, and the log is asked where it can be reached from here: exit code 1 when the
    proof does not hold, or the log has something else.
    """
    from muniment.infra.cli.audit_record import on_the_log

    found = got("/v1/proofs/inclusion", position=position, size=size)
    keys = got("/v1/checkpoints/keys")
    wrong = _wrong_inclusion(found, keys)
    topic, partition = _place(position.rpartition(":")[0])
    other, told = on_the_log(topic, int(partition), found)
    if as_json:
        print(json.dumps(found, indent=2))
        if other:
            print(told, file=sys.stderr)
    else:
        checkpoint = found["checkpoint"]
        what = f"gap ({found['gap']})" if found["gap"] else "record"
        print(f"{position} is a {what}: leaf {found['leaf_index']}, {found['leaf_hash']}")
        print(*(f"  {one}" for one in found["path"]), sep="\n")
        print(f"root {checkpoint['root']} of {checkpoint['size']} leaves")
        print(f"signed {checkpoint['signed_at']} by {checkpoint['key_id']}")
        print(wrong or "the proof holds")
        print(told)
    raise typer.Exit(1 if wrong or other else 0)


def consistency(
    log: str = typer.Argument(help="TOPIC:PARTITION."),
    old: int = typer.Argument(min=1, help="Leaves of the older checkpoint."),
    new: int | None = typer.Argument(None, min=1, help="Leaves of the newer one; the newest when left out."),
    as_json: bool = typer.Option(False, "--json", help="As JSON."),
) -> None:
    """Prove that between two checkpoints a log only grew. Checked here as well: exit code 1 when it does not hold."""
    topic, partition = _place(log)
    found = got("/v1/proofs/consistency", topic=topic, partition=partition, to=new, **{"from": old})
    wrong = _wrong_consistency(found, got("/v1/checkpoints/keys"))
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        for name in ("old", "new"):
            one = found[name]
            print(f"{name} {one['size']} leaves, root {one['root']}, signed {one['signed_at']}")
        print(*(f"  {one}" for one in found["path"]), sep="\n")
        print(wrong or "the proof holds: nothing of the older one was changed")
    raise typer.Exit(1 if wrong else 0)


def findings(as_json: bool = typer.Option(False, "--json", help="As JSON.")) -> None:
    """What on the log is not as it was sealed; exit code 1 for what nobody has acknowledged. Asks the database."""
    from muniment.infra.cli.audit_chain import all_findings

    found = [{name: _plain(value) for name, value in dict(row).items()} for row in all_findings()]
    left = [one for one in found if one["acknowledged_at"] is None]
    if as_json:
        print(json.dumps(found, indent=2))
    for one in [] if as_json else found:
        last = one["next_offset"] - 1
        print(f"{one['topic']}:{one['partition']}:{one['first_offset']} to {last} {one['kind']}: {one['detail']}")
        if one["acknowledged_at"]:
            print(f"  acknowledged {one['acknowledged_at']} by {one['acknowledged_by']}: {one['reason']}")
    if not found and not as_json:
        print("the log is as it was sealed")
    if left and not as_json:
        place = f"{left[0]['topic']}:{left[0]['partition']}:{left[0]['first_offset']}"
        print(f'\nonce you know what it was: `muniment audit acknowledge {place} --reason "…"` ends the alert')
    raise typer.Exit(1 if left else 0)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _place(log: str) -> tuple[str, str]:
    topic, _, partition = log.rpartition(":")
    if not topic or not partition.isdecimal():
        raise typer.BadParameter(f"{log} is not TOPIC:PARTITION, such as muniment.documents:3")
    return topic, partition


def _told_chain(log: str, items: Any, *, limit: int) -> None:
    """Exit code 1 when the chain does not hold, or is not all that was signed."""
    from muniment.infra.cli.audit_chain import breaks, found_of, only_outside
    from muniment.infra.cli.failing import tell

    topic, partition = _place(log)
    place, whole = (topic, int(partition)), len(items) < limit
    sizes, unseen = only_outside(place, items, whole=whole)
    if sizes:
        # One may have been signed, and put outside, since the list was asked for.
        now = got(f"/v1/checkpoints/{topic}/{partition}", limit=limit)["items"]
        sizes = [size for size in sizes if size not in {one["size"] for one in now}]
    found, unasked = found_of(place)
    wrong = breaks(items, whole=whole)
    wrong += [f"the checkpoint of {size} leaves lies outside, and is not listed: it was taken out" for size in sizes]
    for one in [*wrong, *found]:
        tell(one)
    for one in filter(None, (unseen, unasked)):
        tell(f"note: {one}")
    if wrong or found:
        raise typer.Exit(1)


def _wrong_inclusion(found: Any, keys: Any) -> str:
    from muniment.schemas.proofs.merkle import is_included

    head = _head(found["checkpoint"], keys)
    if head is None:
        return "the checkpoint is not signed by a key of this installation"
    path = [bytes.fromhex(one) for one in found["path"]]
    holds = is_included(found["leaf_index"], head.size, bytes.fromhex(found["leaf_hash"]), path, head.root)
    return "" if holds else "the proof does not hold"


def _wrong_consistency(found: Any, keys: Any) -> str:
    from muniment.schemas.proofs.merkle import is_consistent

    old, new = _head(found["old"], keys), _head(found["new"], keys)
    if old is None or new is None:
        return "a checkpoint is not signed by a key of this installation"
    holds = is_consistent(old, new, [bytes.fromhex(one) for one in found["path"]])
    return "" if holds else "the proof does not hold: the log was rewritten"


def _head(checkpoint: Any, keys: Any) -> Any:
    """The tree of a checkpoint, read from its note, if one of the keys signed that."""
    from datetime import datetime

    from muniment.schemas.proofs.checkpoints import parse_checkpoint
    from muniment.schemas.proofs.notes import parse_note, signer_of
    from muniment.schemas.proofs.signatures import PublicKey

    known = [
        PublicKey(one["key_id"], bytes.fromhex(one["public"]), datetime.fromisoformat(one["created_at"]))
        for one in keys["items"]
    ]
    note = parse_note(checkpoint["note"])
    return parse_checkpoint(note.text).head if signer_of(note, known) else None
