"""What a verification certifies: JSON that says what was compared, where on the log, by which digests, and who signs.

The signature is over the UTF-8 bytes of the certificate as JSON with sorted keys and no blanks (what RFC 8785 gives for
values that are strings, integers, lists and objects only), for the purpose `read-model-certificate`.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from muniment.projections.verifying.verify import Verified
from muniment.schemas.proofs.signatures import PublicKey, Signature, verify

PURPOSE = "read-model-certificate"
KIND = "muniment read-model certificate v1"


class Signs(Protocol):
    """The part of `producers.signing.Signer` that this needs."""

    @property
    def installation(self) -> str:
        """The name of the installation."""
        ...

    def sign(self, purpose: str, payload: bytes) -> Signature:
        """Sign for a purpose."""
        ...

    def public_keys(self) -> Sequence[PublicKey]:
        """All keys, the one that signs now last."""
        ...


def certified(found: Sequence[Verified], signer: Signs, now: datetime, program: str) -> dict[str, Any]:
    """The certificate of these verifications, signed."""
    body = {
        "kind": KIND,
        "installation": signer.installation,
        "issued_at": now.isoformat(timespec="seconds"),
        "program": program,
        "result": "equal" if all(one.equal for one in found) else "different",
        "read_models": [_model(one) for one in found],
    }
    signature = signer.sign(PURPOSE, canonical(body))
    public = next(key.value for key in signer.public_keys() if key.key_id == signature.key_id)
    return {
        "certificate": body,
        "signature": {
            "key_id": signature.key_id,
            "algorithm": "Ed25519",
            "public_key": base64.b64encode(public).decode(),
            "value": base64.b64encode(signature.value).decode(),
        },
    }


def canonical(body: Mapping[str, Any]) -> bytes:
    """The bytes that are signed; `TypeError` for values that have no one form, as fractions."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_refused).encode()


def checked(given: Any, keys: Callable[[str], bytes | None]) -> str:
    """The id of the key that signed this certificate.

    Args:
        given: The certificate as it was read.
        keys: The public key of an id, where it is known and trusted.

    Raises:
        ValueError: It is no certificate, nobody known has signed it, or not what it says now.

    """
    try:
        body, signed = given["certificate"], given["signature"]
        signature = Signature(signed["key_id"], base64.b64decode(signed["value"], validate=True))
        payload, kind = canonical(body), body["kind"]
    except (LookupError, TypeError, ValueError, binascii.Error):
        kind = None
    if kind != KIND:
        raise ValueError("this is no certificate of a verification") from None
    public = keys(signature.key_id)
    if public is None:
        raise ValueError(f"it is signed by {signature.key_id}, which is no key that is trusted here")
    if not verify(public, PURPOSE, payload, signature):
        raise ValueError(f"it is not what {signature.key_id} signed: it was changed")
    return signature.key_id


def _model(found: Verified) -> dict[str, Any]:
    comparison = found.comparison
    position: dict[str, dict[str, int]] = {}
    for (topic, partition), offset in sorted(comparison.position.items()):
        position.setdefault(topic, {})[str(partition)] = offset
    differing = {one.table: one for one in found.differences}
    return {
        "read_model": comparison.projection,
        "version": comparison.version,
        "schema": comparison.live,
        "position": position,
        "events": found.events,
        "milliseconds": round(found.seconds * 1000),
        "tables": [
            {
                "table": table,
                "columns": list(found.columns[table]),
                "rows": {"live": one.rows, "log": other.rows},
                "sha256": {"live": one.digest, "log": other.digest},
                "different_rows": differing[table].total if table in differing else 0,
            }
            for table, (one, other) in comparison.tables.items()
        ],
        "differences": [
            {
                "table": row.table,
                "key": row.key,
                "was": row.how,
                "columns": list(row.columns),
                "event": said.place if (said := found.said.get(str(row))) else None,
                "event_type": said.event if said else None,
            }
            for table in found.differences
            for row in table.found
        ],
        "changed_views": list(found.views),
        "not_compared": dict(comparison.left_out),
        "skipped": [_place(one) for one in found.passed],
        "parked": [_place(one) for one in found.parked],
        "cut_off": [_place(one) for one in found.cut_off],
        "parked_but_foldable": [_place(one) for one in found.foldable],
    }


def _place(place: tuple[str, int, int]) -> str:
    return ":".join(map(str, place))


def _refused(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} has no one form in JSON")
