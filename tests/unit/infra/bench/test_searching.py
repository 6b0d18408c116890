"""Questions come from the documents themselves."""

from pathlib import Path

from muniment.infra.bench.searching import WORDS, questions


def test_each_question_is_a_few_words_of_a_document(tmp_path: Path) -> None:
    """So that both sides have something to find; a document without words is asked for all the same."""
    (tmp_path / "a.txt").write_text("alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima")
    (tmp_path / "b.txt").write_text("1 2 3")
    asked = questions([tmp_path / "a.txt", tmp_path / "b.txt"], 4)
    assert asked == ["golf hotel india juliet kilo lima"] * 2 + ["python"] * 2
    assert len(asked[0].split()) == WORDS
