"""`muniment audit`: what was signed of the log, proofs, evidence bundles, and the keys behind them."""

import typer

from muniment.infra.cli import audit_evidence, audit_keys, audit_proofs, trail


def register(app: typer.Typer) -> None:
    """Add the commands."""
    audit = typer.Typer(help="Evidence: who did what, signed checkpoints, proofs, bundles.", no_args_is_help=True)
    audit_proofs.register(audit)
    audit_evidence.register(audit)
    audit_keys.register(audit)
    trail.register(audit)
    app.add_typer(audit, name="audit")
