"""What goes through the stack: the stories of some documents, the same ones for the same family. Pure.

Every paragraph of a family is there once, so that a text that is embedded twice was paid for twice. Ids do not depend
on the tenant: two runs of a family then agree on the order of hits that score the same.
"""

import random
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

FAMILIES = 4
DOCUMENTS = 300
COMMON = "harbour"
UNWANTED = "zqunwantedx"
"""The endpoint takes no text with this word until it is healed."""
REFUSED = b"\x7fELF\x02\x01\x01\x00 no document, whatever its name says"
_NAMESPACE = UUID("6d756e69-6d65-5e74-8000-0000000000cc")
_WORDS = (
    *("ledger", "quay", "tide", "rope", "anchor", "mast", "cargo", "sail"),
    *("keel", "lantern", "deck", "crew", "compass", "chart", "gull", "storm"),
)


@dataclass(frozen=True)
class Op:
    """One request: a submission of these bytes, or (without any) a deletion, or a cancellation of the job before it.

    `by_address`: the bytes lie on a web server, where the stack has to fetch them; empty ones are not there.
    """

    data: bytes | None
    cancels: bool = False
    by_address: bool = False

    @property
    def deletes(self) -> bool:
        """Whether it deletes the document."""
        return self.data is None and not self.cancels


@dataclass(frozen=True)
class Story:
    """What happens to one document, in order.

    A patient caller waits for the end of each job before it goes on; a hasty one only for the 202.

    Attributes:
        name: Of the file.
        ops: What is asked for.
        lane: How urgent.
        patient: How the caller is.
        word: It is in this document, and in no other.
        unwanted: It becomes a dead letter, which is redriven once the endpoint takes it.
        erased: It is erased at the end, in runs in which that is asked for: nothing else of it is compared.

    """

    name: str
    ops: tuple[Op, ...]
    lane: str = "normal"
    patient: bool = True
    word: str = ""
    unwanted: bool = False
    erased: bool = False

    @property
    def deleted(self) -> bool:
        """Whether the document is gone at the end."""
        return self.ops[-1].deletes

    @property
    def cancelled(self) -> bool:
        """Whether its job is cancelled, which may come too late. Nobody does that in an undisturbed run."""
        return self.ops[-1].cancels

    @property
    def repeats(self) -> bool:
        """Whether the same bytes are submitted twice."""
        return len(set(self.ops)) < len(self.ops)


@dataclass(frozen=True)
class Corpus:
    """The stories of a family, in the order in which they begin."""

    family: int
    stories: tuple[Story, ...]

    def identity(self, name: str) -> str:
        """The id of a document, the same in every tenant."""
        return str(uuid5(_NAMESPACE, f"{self.family}/{name}"))

    @property
    def names(self) -> dict[str, str]:
        """The name of each document by its id."""
        return {self.identity(story.name): story.name for story in self.stories}

    @property
    def submissions(self) -> int:
        """How many there are; deletions come on top."""
        return sum(op.data is not None for story in self.stories for op in story.ops)


def family_of(seed: int) -> int:
    """Which corpus a seed takes; in the course of many seeds each meets every kind of kill."""
    return (seed + seed // FAMILIES) % FAMILIES


def corpus(family: int, documents: int = DOCUMENTS) -> Corpus:
    """The corpus of a family with that many submissions."""
    draw = random.Random(f"corpus {family}")
    made = _told(draw, family, documents)
    singles = documents - sum(op.data is not None for story in made for op in story.ops)
    long = [story for story in made if len(story.ops) > 1]
    rest = [story for story in made if len(story.ops) == 1]
    rest += [_story(draw, family, f"single-{n:03d}", 1) for n in range(singles)]
    draw.shuffle(long)
    draw.shuffle(rest)
    # Long stories begin in the first half, among others: a seed does not wait for one that came last.
    half = rest[: len(rest) // 2]
    together = long + half
    draw.shuffle(together)
    return Corpus(family, (*together, *rest[len(half) :]))


def _told(draw: random.Random, family: int, documents: int) -> list[Story]:
    made = [_large(draw, family, n) for n in range(max(2, documents // 60))]
    made += [_story(draw, family, f"patient-{n:03d}", 3) for n in range(documents // 30)]
    made += [_story(draw, family, f"hasty-{n:03d}", 3, patient=False) for n in range(documents // 25)]
    for n in range(documents // 30):
        one = _story(draw, family, f"gone-{n:03d}", 2 if n % 3 == 0 else 1)
        again = one.ops[1:]
        made.append(_with(one, (one.ops[0], Op(None), *again)))
    for n in range(max(1, documents // 60)):
        one = _story(draw, family, f"gone-at-once-{n:03d}", 1, patient=False)
        made.append(_with(one, (*one.ops, Op(None))))
    for n in range(max(2, documents // 50)):
        one = _story(draw, family, f"cancelled-{n:03d}", 1, patient=False)
        made.append(_with(one, (*one.ops, Op(None, cancels=True))))
    made += _by_address(draw, family, max(2, documents // 50))
    for n in range(max(2, documents // 75)):
        one = _story(draw, family, f"unwanted-{n:03d}", 1, unwanted=True)
        made.append(replace(one, unwanted=True))
    for n in range(max(2, documents // 100)):
        made.append(replace(_story(draw, family, f"erased-{n:03d}", 1), erased=True))
    same = _story(draw, family, "unchanged", 1)
    made.append(_with(same, same.ops * 2))
    made.append(Story("refused.bin.md", (Op(REFUSED),)))
    spoilt = _story(draw, family, "spoilt", 1)
    made.append(_with(spoilt, (*spoilt.ops, Op(REFUSED + b" twice"))))
    return made


def _by_address(draw: random.Random, family: int, several: int) -> list[Story]:
    """Documents on a web server: every third with a second version there; one that is missing."""
    made = []
    for n in range(several):
        one = _story(draw, family, f"fetched-{n:03d}", 2 if n % 3 == 0 else 1)
        made.append(_with(one, tuple(replace(op, by_address=True) for op in one.ops)))
    return [*made, Story("missing.md", (Op(b"", by_address=True),))]


def _with(story: Story, ops: tuple[Op, ...]) -> Story:
    return replace(story, ops=ops)


def _story(
    draw: random.Random, family: int, name: str, versions: int, *, patient: bool = True, unwanted: bool = False
) -> Story:
    word = f"zq{family}{name.replace('-', '')}x"
    said = f"{word} {UNWANTED}" if unwanted else word
    texts = tuple(Op(_text(draw, said, version, draw.randint(0, 3))) for version in range(versions))
    return Story(f"{name}.md", texts, _lane(draw), patient, word)


def _large(draw: random.Random, family: int, number: int) -> Story:
    word = f"zq{family}large{number:03d}x"
    return Story(f"large-{number:03d}.md", (Op(_text(draw, word, 0, 100 + 40 * number)),), "normal", word=word)


def _lane(draw: random.Random) -> str:
    return draw.choices(("normal", "interactive", "bulk"), (4, 1, 1))[0]


def _text(draw: random.Random, word: str, version: int, parts: int) -> bytes:
    said = [f"# Note {word}\n\nThe {COMMON} office filed this under {word}, for the {version + 1}. time."]
    for part in range(parts):
        words = " ".join(draw.choices(_WORDS, k=150))
        said.append(f"## Part {part}\n\nIn {word}, version {version}, we read: {words}.")
    return ("\n\n".join(said) + "\n").encode()
