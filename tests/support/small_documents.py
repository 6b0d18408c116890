"""Small documents that are told apart by one word each, and share others."""

import random
from dataclasses import dataclass
from uuid import UUID, uuid5

NAMESPACE = UUID("6d756e69-6d65-5e74-8000-0000000000ee")
COMMON = "harbour"
_WORDS = (
    "ledger",
    "quay",
    "tide",
    "rope",
    "anchor",
    "mast",
    "cargo",
    "sail",
    "keel",
    "lantern",
    "deck",
    "crew",
    "compass",
    "chart",
    "gull",
    "storm",
)


@dataclass(frozen=True)
class SmallDocument:
    """A document: its name, a word that only it has, its text."""

    name: str
    word: str
    text: str

    def id_in(self, tenant: str) -> str:
        """Its id in a tenant, so that a repeated upload is the same document."""
        return str(uuid5(NAMESPACE, f"{tenant}/{self.name}"))


def small_documents(count: int, seed: int = 7) -> list[SmallDocument]:
    """`count` documents of one to four chunks, the same ones for the same seed."""
    draw = random.Random(seed)
    made = []
    for number in range(count):
        word = f"zq{number:04d}x"
        paragraphs = [f"# Note {number}\n\nThe {COMMON} office filed this under {word}."]
        for part in range(draw.randint(0, 3)):
            words = " ".join(draw.choices(_WORDS, k=150))
            paragraphs.append(f"## Part {part}\n\nIn {word} we read: {words}.")
        made.append(SmallDocument(f"note-{number:04d}.md", word, "\n\n".join(paragraphs) + "\n"))
    return made
