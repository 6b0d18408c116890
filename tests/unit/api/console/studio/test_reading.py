"""A draft's text becomes blocks, and its marks what they stand for."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from muniment.api.console.studio.reading import Block, Mark, Run, blocks, doubted

DOCUMENT = uuid4()


@dataclass(frozen=True)
class Cited:
    """What is known of a citation."""

    number: int
    document_id: UUID | None = DOCUMENT
    holds: bool | None = True


def words(found):
    """The words of blocks, marks as they stand."""
    return ["".join(p.text if isinstance(p, Run) else f"[{p.number}]" for p in block.parts) for block in found]


def test_a_text_is_read_line_by_line():
    """Headings with their level, items without their sign, rules, and paragraphs; empty lines are none."""
    found = blocks("# Tides\n\n## Opening\nHOST: Hello.\n\n- one\n2. two\n---\n", [])
    assert [(b.kind, b.level) for b in found] == [
        ("heading", 1),
        ("heading", 2),
        ("paragraph", 0),
        ("item", 0),
        ("item", 0),
        ("rule", 0),
    ]
    assert words(found) == ["Tides", "Opening", "HOST: Hello.", "one", "two", ""]


def test_headings_skip_no_level():
    """Wherever a text begins, and however it jumps: readers go from heading to heading by their levels."""
    found = blocks("### A\n##### B\n#### C\n##### D\n# E\n## F", [])
    assert [block.level for block in found] == [1, 2, 2, 3, 1, 2]


def test_a_mark_is_the_next_citation_of_its_number():
    """Two sentences that cite one passage are two citations: one may hold where the other does not."""
    cited = [Cited(1), Cited(4), Cited(1, holds=False)]
    (one,) = blocks("So [1, 4]. And so [1].", cited)
    marks = [part for part in one.parts if isinstance(part, Mark)]
    assert marks == [Mark(1, 0, ""), Mark(4, 1, ""), Mark(1, 2, "fails")]


def test_a_mark_says_what_is_wrong_with_it():
    """Its passage does not say so, its number names none, or nobody has looked."""
    cited = [Cited(1, holds=False), Cited(9, document_id=None, holds=False), Cited(2, holds=None)]
    (one,) = blocks("a [1] b [9] c [2] d [7]", cited)
    doubts = [part.doubt for part in one.parts if isinstance(part, Mark)]
    assert doubts == ["fails", "nowhere", "unchecked", "unchecked"]
    assert doubted(cited) == [0, 1]


def test_bold_words_are_bold_with_their_marks():
    """A mark within bold words is a mark."""
    (one,) = blocks("It is **very far [1]** away.", [Cited(1)])
    assert one == Block("paragraph", (Run("It is "), Run("very far ", bold=True), Mark(1, 0, ""), Run(" away.")), 0)


@given(st.text(alphabet="ab [1,]*#-\n.", max_size=120))
def test_no_word_is_lost(text):
    """Whatever a text is, all its letters are shown, and in their order."""
    shown = "".join(words(blocks(text, [Cited(1, uuid4())])))
    assert [c for c in shown if c in "ab"] == [c for c in text if c in "ab"]
