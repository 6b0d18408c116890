"""A sealed log in memory, and the evidence bundle of a range of it: no broker, no database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from muniment.producers.signing import Signer
from muniment.schemas.proofs.bundle import MANIFEST, PURPOSE, SEAL, Asked, Grown, Item, Part, contents, seal_as_json
from muniment.schemas.proofs.checkpoints import Checkpoint, origin_of
from muniment.schemas.proofs.leaves import Gap, GapReason, Leaf, LogRecord, encode
from muniment.schemas.proofs.merkle import consistency_ranges, inclusion_ranges, leaf_hash, needed, range_hash
from muniment.schemas.proofs.notes import format_note
from muniment.schemas.proofs.tiles import Growing, nodes_in, tile_of

NOW = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
TOPIC = "muniment.documents"


def record(offset: int, *, topic: str = TOPIC, value: bytes | None = None) -> LogRecord:
    """A record at an offset."""
    headers = (("ce_id", f"id-{offset}".encode()), ("empty", b""), ("null", None))
    return LogRecord(topic, 0, offset, 1_764_000_000_000 + offset, b"key", headers, value or b"value %d" % offset)


def usual(topic: str = TOPIC) -> list[Leaf]:
    """A log that began at 3, with a marker of a transaction at 8."""
    gaps = {0: Gap(topic, 0, 0, 3, GapReason.RETENTION), 8: Gap(topic, 0, 8, 9, GapReason.CONTROL)}
    return [gaps[0], *(gaps.get(offset) or record(offset, topic=topic) for offset in range(3, 20))]


@dataclass
class SealedLog:
    """Leaves, their tree, and checkpoints at some sizes, each signed with the key of its time."""

    signer: Signer
    leaves: Sequence[Leaf]
    sizes: Sequence[int] = (7, 18)
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tree = Growing()
        previous = None
        for size in self.sizes:
            self.tiles |= tree.append([leaf_hash(encode(leaf)) for leaf in self.leaves[tree.size : size]])
            origin = origin_of(self.signer.installation, self.leaves[0].topic, 0)
            checkpoint = Checkpoint(origin, tree.head(), self.leaves[size - 1].next_offset, NOW, previous)
            signature = self.signer.sign_note(checkpoint.text)
            self.notes[size] = format_note(checkpoint.text, signature, self.signer.public_keys()[-1].value)
            previous = checkpoint.digest
            self.signer.rotate()

    def hashes(self, spans: Sequence[tuple[int, int]]) -> tuple[bytes, ...]:
        """Of these ranges of leaves."""
        wanted = needed(spans)
        nodes = nodes_in(wanted, {tile: self.tiles[tile] for tile in map(tile_of, wanted)})
        return tuple(range_hash(span, nodes) for span in spans)

    def item(self, index: int, *, lost: str | None = None) -> Item:
        """A leaf with its proof; as one that is lost, when it says why."""
        leaf = self.leaves[index]
        path = self.hashes(inclusion_ranges(index, self.sizes[-1]))
        digest = leaf_hash(encode(leaf))
        there = None if lost else leaf
        return Item(leaf.topic, 0, leaf.offset, leaf.next_offset, there, lost, index, digest, path)

    def part(
        self, indexes: Sequence[int] | None = None, lost: dict[int, str] | None = None, *, for_ever: bool = False
    ) -> Part:
        """What a bundle has of it; all of it by default."""
        old, new = self.sizes
        items = [self.item(i, lost=(lost or {}).get(i)) for i in (indexes or range(len(self.leaves)))]
        grown = Grown(old, new, self.hashes(consistency_ranges(old, new)))
        return Part(self.leaves[0].topic, 0, new, self.notes, (grown,), tuple(items), for_ever)


def write(folder: Path, signer: Signer, parts: Sequence[Part], *, kind: str = "range", what: str = "") -> Path:
    """Write a bundle into a folder."""
    asked = Asked(kind, what or f"{TOPIC}:0:0-19", signer.installation, NOW)
    made = contents(asked, parts, signer.public_keys(), {7: "{}"})
    made[SEAL] = seal_as_json(signer.sign(PURPOSE, made[MANIFEST]))
    for name, content in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
