"""`muniment audit keys`: those that sign what this installation vouches for."""

import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from muniment.producers.signing import Signer
    from muniment.schemas.proofs.signatures import PublicKey


def register(audit: typer.Typer) -> None:
    """Add the commands."""
    keys = typer.Typer(help="Signing keys, present and past.", no_args_is_help=True)
    keys.command("list")(list_keys)
    keys.command("rotate")(rotate_key)
    audit.add_typer(keys, name="keys")


def list_keys(as_json: bool = typer.Option(False, "--json", help="As JSON.")) -> None:
    """Every key that ever signed here; write the first one down elsewhere, and you can check all that came after."""
    signer = _signer()
    shown = [_shown(key) for key in signer.public_keys()]
    if as_json:
        print(json.dumps({"installation": signer.installation, "keys": shown}, indent=2))
        return
    print(f"installation {signer.installation}")
    for one in shown:
        until = f"retired {one['retired_at'][:10]}" if one["retired_at"] else "signs now"
        print(f"{one['key_id']}  {one['public']}\n    made {one['created_at'][:10]}, {until}")


def rotate_key() -> None:
    """Sign with a new key from now on; the old one vouches for it, and what it signed stays good."""
    from muniment.infra.acting import acting
    from muniment.infra.stack.record import load_settings

    with acting(load_settings(), "signing_key.rotate", kind="signing_key") as act:
        key = _signer().rotate()
        act.entity = key.key_id
    print(f"{key.key_id} signs now: {key.value.hex()}")


def _signer() -> "Signer":
    from muniment.infra.stack.record import load_settings
    from muniment.producers.signing import Signer

    return Signer(load_settings().signing_keys_file)


def _shown(key: "PublicKey") -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "public": key.value.hex(),
        "created_at": key.created_at.isoformat(),
        "retired_at": key.retired_at.isoformat() if key.retired_at else None,
        "endorsed_by": key.endorsement.key_id if key.endorsement else None,
    }
