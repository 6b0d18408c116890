"""What is answered about proofs. Hashes are hexadecimal."""

from datetime import datetime
from typing import Any

from pydantic import Field

from muniment.api.answers import MOMENT, Answer
from muniment.producers.sealing.proving import Consistency, Inclusion, Signed
from muniment.schemas.proofs.checkpoints import parse_checkpoint
from muniment.schemas.proofs.notes import parse_note, verifier_key
from muniment.schemas.proofs.signatures import PublicKey

HASH = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
NOTE = (
    "muniment/67cebbc22a544f3f/muniment.documents/3\n8\nXcnaeacGWamtVZy3Ad7Zoquduivt"
    "L0lgz+Nw7/RgQyg=\nnext-offset 8\nsigned-at 2026-11-22T10:15:31Z\nprevious -\n\n— sig-56e6e892ce4d4227 …\n"
)


class CheckpointAnswer(Answer):
    """A signed statement about what one partition holds. `note` is what was signed; the rest is read from it."""

    topic: str = Field(examples=["muniment.documents"])
    partition: int = Field(examples=[3])
    size: int = Field(description="Leaves of the tree", examples=[8])
    root: str = Field(examples=[HASH])
    next_offset: int = Field(description="All offsets below are in the tree", examples=[8])
    signed_at: datetime = Field(examples=[MOMENT])
    key_id: str = Field(examples=["sig-56e6e892ce4d4227"])
    note: str = Field(description="C2SP signed note", examples=[NOTE])


class Checkpoints(Answer):
    """Checkpoints of one partition, the newest first; or the newest one of each."""

    items: list[CheckpointAnswer]


class SigningKey(Answer):
    """A public key that checkpoints are, or were, signed with."""

    key_id: str = Field(examples=["sig-56e6e892ce4d4227"])
    public: str = Field(description="32 bytes of Ed25519, hexadecimal", examples=[HASH])
    vkey: str = Field(description="As other tools for signed notes read it")
    created_at: datetime = Field(examples=[MOMENT])
    retired_at: datetime | None = Field(description="None for the one that signs now")
    endorsed_by: str | None = Field(description="The key before, which vouched for this one")
    endorsement: str | None = Field(description="Its signature, hexadecimal")


class SigningKeys(Answer):
    """All of them, in order; who trusts the first can check the others."""

    installation: str = Field(examples=["67cebbc22a544f3f"])
    items: list[SigningKey]


class InclusionProof(Answer):
    """That a record, or a gap, is in a signed tree (RFC 9162, section 2.1.3)."""

    position: str = Field(examples=["muniment.documents:3:5"])
    first_offset: int = Field(examples=[5])
    next_offset: int = Field(description="A gap may stand for many offsets", examples=[6])
    gap: str | None = Field(description="`retention`, `control` or `missing`; none for a record")
    leaf_index: int = Field(examples=[5])
    leaf_hash: str = Field(description="What the record's canonical bytes have to hash to", examples=[HASH])
    path: list[str] = Field(description="The nearest hash first")
    checkpoint: CheckpointAnswer


class ConsistencyProof(Answer):
    """That one signed tree is the beginning of another (RFC 9162, section 2.1.4)."""

    old: CheckpointAnswer
    new: CheckpointAnswer
    path: list[str]


def checkpoint_answer(signed: Signed | Any) -> CheckpointAnswer:
    """A checkpoint, read from its note."""
    note = parse_note(signed.note if isinstance(signed, Signed) else signed["note"])
    found = parse_checkpoint(note.text)
    topic, partition = found.log
    return CheckpointAnswer(
        topic=topic,
        partition=partition,
        size=found.head.size,
        root=found.head.root.hex(),
        next_offset=found.next_offset,
        signed_at=found.signed_at,
        key_id=note.signatures[0].key_id,
        note=signed.note if isinstance(signed, Signed) else signed["note"],
    )


def inclusion_answer(proof: Inclusion) -> InclusionProof:
    """A proof as it is answered."""
    return InclusionProof(
        position=str(proof.position),
        first_offset=proof.first_offset,
        next_offset=proof.next_offset,
        gap=proof.gap,
        leaf_index=proof.leaf_index,
        leaf_hash=proof.leaf_hash.hex(),
        path=[one.hex() for one in proof.path],
        checkpoint=checkpoint_answer(proof.checkpoint),
    )


def consistency_answer(proof: Consistency) -> ConsistencyProof:
    """A proof as it is answered."""
    return ConsistencyProof(
        old=checkpoint_answer(proof.old),
        new=checkpoint_answer(proof.new),
        path=[one.hex() for one in proof.path],
    )


def key_answer(key: PublicKey) -> SigningKey:
    """A key as it is answered."""
    return SigningKey(
        key_id=key.key_id,
        public=key.value.hex(),
        vkey=verifier_key(key),
        created_at=key.created_at,
        retired_at=key.retired_at,
        endorsed_by=key.endorsement.key_id if key.endorsement else None,
        endorsement=key.endorsement.value.hex() if key.endorsement else None,
    )
