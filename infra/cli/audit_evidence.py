"""`muniment audit export` and `verify`: bundles that others can check."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import typer


def register(audit: typer.Typer) -> None:
    """Add the commands."""
    audit.command("export")(export)
    audit.command("verify")(verify)


def export(
    document: str | None = typer.Option(None, "--document", help="All that was said of this document (id)."),
    job: str | None = typer.Option(None, "--job", help="All that came of this job (id)."),
    span: str | None = typer.Option(None, "--range", help="Everything at TOPIC:PARTITION:FROM-TO, both included."),
    out: Path = typer.Option(..., "--out", help="A new folder, or a new file that ends in .zip."),
    checkpoint: list[Path] = typer.Option(
        [], "--checkpoint", help="A checkpoint that was kept: its proof goes into the bundle. May be given again."
    ),
) -> None:
    """Write an evidence bundle: records, proofs, checkpoints, keys, schemas, and a verifier for somebody else."""
    from muniment.infra import evidence
    from muniment.infra.acting import acting
    from muniment.infra.cli.failing import tell
    from muniment.infra.stack.record import load_settings
    from muniment.producers.sealing.proving import NotSealed

    asked = [(kind, what) for kind, what in (("document", document), ("job", job), ("range", span)) if what]
    if len(asked) != 1:
        raise typer.BadParameter("say what to export: one of --document, --job, --range")
    if out.exists():
        raise typer.BadParameter(f"{out} is there already: give the name of a new folder, or of a new .zip file")
    ((kind, what),) = asked
    kept = [_note(one) for one in checkpoint]
    settings = load_settings()
    try:
        with acting(settings, "evidence.export", kind=kind, entity=what):
            made = asyncio.run(evidence.bundle(settings, kind, what, datetime.now(UTC), kept=kept))
            evidence.write(made, out)
    except ValueError as error:
        raise typer.BadParameter(f"{what}: {error}") from None
    except (evidence.NothingFound, NotSealed) as error:
        tell(str(error))
        raise typer.Exit(1) from None
    leaves = made["leaves.jsonl"].count(b"\n")
    print(f"{out}: {leaves} {'leaf' if leaves == 1 else 'leaves'} of {kind} {what}")
    where = "unpack it, then: python -I verify.py" if out.suffix == ".zip" else f"python -I {out}/verify.py"
    print(f"to check it anywhere, {where}")


def _note(path: Path) -> str:
    from muniment.producers.sealing.exporting import sizes_of

    try:
        text = path.read_text("utf-8")
        sizes_of([text])
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{path}: {error}") from None
    return text


def verify(
    bundle: Path = typer.Argument(help="Folder or .zip file of a bundle."),
    key: str | None = typer.Option(None, "--key", help="First public key of the installation (hexadecimal)."),
    checkpoint: list[Path] = typer.Option([], "--checkpoint", help="A checkpoint kept elsewhere; may be given again."),
) -> None:
    """Check a bundle as its own verifier does. Exit code 1 when something is wrong, 2 when it cannot be checked."""
    from muniment.schemas.proofs.verifier import verify as verifier

    given = [str(bundle), *([] if key is None else ["--key", key])]
    for one in checkpoint:
        given += ["--checkpoint", str(one)]
    raise typer.Exit(verifier.main(given))
