"""The examples in the papers, as a reader copies them: what is tested is what is printed there."""

from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def example(page: str, heading: str, language: str) -> str:
    """The first block of code in this language under a heading of a page."""
    text = (DOCS / page).read_text("utf-8")
    _, found, section = text.partition(f"\n## {heading}\n")
    assert found, f"{page} has no heading {heading!r}"
    block = section.split("\n## ")[0].partition(f"```{language}\n")[2]
    assert block, f"no {language} under {heading!r}"
    return block.partition("```")[0]
