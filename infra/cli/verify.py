"""`muniment verify`: prove that the read models are what the log says, and certify it."""

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from muniment.projections.replaying.replay import Progress
    from muniment.projections.verifying.verify import Verified


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(
    *,
    projections: list[str] = typer.Argument(None, metavar="[PROJECTION...]", help="Which read models; all by default."),
    out: Path = typer.Option(None, "--out", "-o", help="Write the certificate to this file."),
    concurrency: int = typer.Option(2, "--concurrency", "-n", min=1, max=64, help="Lanes read side by side."),
    check: Path = typer.Option(None, "--check", help="Only check who signed this certificate, and that it is whole."),
    key: str = typer.Option(
        "", "--key", help="With --check: the public key to trust (hexadecimal or base64), not those of here."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the certificate."),
) -> None:
    """Fold the whole log once more and compare the result with what readers see, row by row. Nothing is switched.

    Exit code 1 when a row was changed, added or removed, each named with the event that says otherwise, when a view of
    readers was changed, or when an event is parked that can be folded; or, with --check, when the certificate is not
    what was signed.
    """
    _called_rightly(projections, out, check, key)
    if check is not None:
        _check(check, key)
        return
    from muniment.infra.cli.replay import named

    found = _each(named(projections or [], every=not projections), concurrency, quiet=as_json)
    certificate = _certificate(found)
    if out is not None:
        out.write_text(json.dumps(certificate, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if as_json:
        print(json.dumps(certificate, ensure_ascii=False))
    else:
        for one in found:
            _told(one)
        if out is not None:
            print(f"certificate: {out}, signed by {certificate['signature']['key_id']}")
    raise typer.Exit(0 if all(one.equal for one in found) else 1)


def _called_rightly(projections: list[str] | None, out: Path | None, check: Path | None, key: str) -> None:
    if check is None and key:
        raise typer.BadParameter("--key goes with --check: it says whose signature to trust")
    if check is not None and (projections or out):
        raise typer.BadParameter("--check only looks at a certificate: it goes without read models and --out")
    # Looked at now: a verification may take hours, and what cannot be written then is lost.
    if out is not None and (out.is_dir() or not out.parent.is_dir()):
        raise typer.BadParameter(f"--out: {out} is no file in a folder that there is")


def _each(names: list[str], lanes: int, *, quiet: bool) -> "list[Verified]":
    """What was found of each. Where one ends the command, it is told what was found by then, and what not looked at."""
    from muniment.infra.cli.failing import rest_named

    found: list[Verified] = []
    for number, name in enumerate(names):
        with rest_named(names[number + 1 :], "not verified"):
            try:
                found.append(_one(name, lanes))
            except typer.Exit:
                for one in () if quiet else found:
                    _told(one)
                raise
    return found


def _one(name: str, lanes: int) -> "Verified":
    import uvloop

    from muniment.infra.cli.failing import tell
    from muniment.infra.cli.replay import progress
    from muniment.projections.fold import PoisonRecord
    from muniment.projections.replaying.load import LogTooShort, Stopped
    from muniment.projections.verifying.verify import Outdated

    try:
        with progress(name) as show:
            return uvloop.run(_run(name, lanes, show))
    except PoisonRecord as poison:
        tell(
            f"{name} cannot be verified: {poison}\nthe live one has folded it: it was folded by another program\n"
            f'to leave it out: muniment projections skip {name} {poison.place} --reason "…"'
        )
    except Outdated as error:
        tell(f"{name} cannot be verified: {error}\ndo: muniment replay {name}")
    except LogTooShort as error:
        tell(
            f"{name} cannot be verified: {error.told}\n"
            "restore the log to where it was; or, if its end is gone for good:\n"
            f'muniment replay {name} --short-log --accept "why, for the record"'
        )
    except Stopped:
        tell("stopped; nothing was proved")
        raise typer.Exit(130) from None
    raise typer.Exit(1)


async def _run(name: str, lanes: int, show: "Callable[[Progress], None]") -> "Verified":
    import asyncio

    from muniment.infra.cli.replay import stoppable
    from muniment.infra.own_codec import collect_seldom
    from muniment.infra.replaying import ground
    from muniment.infra.stack.record import load_settings
    from muniment.projections.registry import PROJECTIONS
    from muniment.projections.verifying.verify import Look, verify

    collect_seldom()

    async def work(stop: asyncio.Event) -> "Verified":
        async with ground(load_settings()) as found:
            passed = found.operations.state.passed_by(name)
            look = Look(lanes=lanes, passed=passed, on_progress=show, stop=stop, apart=found.apart)
            return await verify(PROJECTIONS[name](found.config.dimensions), found.config, found.codec, look)

    return await stoppable(work)


def _certificate(found: "list[Verified]") -> dict[str, Any]:
    from importlib.metadata import version

    from muniment.infra.stack.record import load_settings
    from muniment.producers.clock import utc_now
    from muniment.producers.signing import Signer
    from muniment.projections.verifying.certificate import certified

    return certified(found, Signer(load_settings().signing_keys_file), utc_now(), version("muniment"))


def _told(found: "Verified") -> None:
    rows = sum(other.rows for _, other in found.comparison.tables.values())
    rate = found.events / found.seconds if found.seconds else 0.0
    name = found.comparison.projection
    what = f"{rows} rows in {len(found.comparison.tables)} tables, {found.events} events, {rate:,.0f} events/s"
    print(f"{name}: {_verdict(found)} ({what})")
    for view in found.views:
        print(f"  view read.{view} was changed: readers do not see these rows as they are; do: muniment replay {name}")
    for table in found.differences:
        for row in table.found:
            said = found.said.get(str(row))
            none = "no event on the log makes this row" if row.how == "added" else "the event was not looked for"
            print(f"  {row}\n    {f'by {said}' if said else none}")
        if table.total > len(table.found):
            print(f"  and {table.total - len(table.found)} more rows of {table.table}")
    for column, reason in found.comparison.left_out.items():
        print(f"  not compared: {column} ({reason})")
    for places, why in ((found.passed, "skipped by an operator"), (found.parked, "parked, for it cannot be folded")):
        for topic, partition, offset in places:
            print(f"  passed by: {topic}:{partition}:{offset} ({why})")
    for topic, partition, offset in found.cut_off if found.rows else ():
        told = "what lay before is gone, and rows that came of it differ; do: muniment audit findings"
        print(f"  the log begins at {topic}:{partition}:{offset}, and is kept for ever: {told}")
    for topic, partition, offset in found.foldable:
        print(f"  parked, yet it can be folded: {topic}:{partition}:{offset}; do: muniment replay {name}")


def _verdict(found: "Verified") -> str:
    if found.rows:
        return f"{found.rows} rows are not what the log says"
    if found.foldable:
        return f"every row is what the log says, but {len(found.foldable)} events are parked that can be folded"
    return "every row is what the log says"


def _check(path: Path, key: str) -> None:
    from muniment.infra.cli.failing import tell
    from muniment.infra.stack.record import load_settings
    from muniment.producers.signing import Signer
    from muniment.projections.verifying.certificate import checked
    from muniment.schemas.proofs.signatures import key_id_of

    if key:
        public = _public(key)
        known = {key_id_of(public): public}
    else:
        known = {one.key_id: one.value for one in Signer(load_settings().signing_keys_file).public_keys()}
    try:
        given = json.loads(path.read_bytes())
        signer = checked(given, known.get)
    except (OSError, ValueError) as error:
        tell(f"{path}: {_unread(error)}")
        raise typer.Exit(1) from None
    body = given["certificate"]
    print(f"{path}: signed by {signer} of {body['installation']} at {body['issued_at']}: {_result(body)}")
    raise typer.Exit(0 if body["result"] == "equal" else 1)


def _public(key: str) -> bytes:
    """A public key as `muniment audit keys list` prints it (hexadecimal), or as a certificate has it (base64)."""
    import base64

    length = 32
    with suppress(ValueError):
        if len(public := bytes.fromhex(key)) == length:
            return public
    with suppress(ValueError):
        if len(public := base64.b64decode(key, validate=True)) == length:
            return public
    raise typer.BadParameter("--key is no public key: give it as `muniment audit keys list` prints it")


def _unread(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return "this is no certificate of a verification: no JSON"
    return str(error)


def _result(body: dict[str, Any]) -> str:
    """What a certificate says, in words: of one with differences, which read models have them."""
    names = [one["read_model"] for one in body["read_models"]]
    if body["result"] == "equal":
        return f"{', '.join(names)}: equal"
    other = [one["read_model"] for one in body["read_models"] if _differs(one)]
    equal = [name for name in names if name not in other]
    return f"different: {', '.join(other)}" + (f"; equal: {', '.join(equal)}" if equal else "")


def _differs(one: dict[str, Any]) -> bool:
    # Older certificates lack the last two.
    rows = any(table["different_rows"] for table in one["tables"])
    return rows or bool(one.get("changed_views") or one.get("parked_but_foldable"))
