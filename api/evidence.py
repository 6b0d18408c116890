"""The port to what was sealed: who makes proofs, and who signs."""

from dataclasses import dataclass

from muniment.producers.sealing.proving import Proofs
from muniment.producers.signing import Signer


@dataclass(frozen=True, slots=True)
class Evidence:
    """Proofs from the trees that are kept, and the public keys of those who signed them."""

    proofs: Proofs
    signer: Signer
