"""The corpus is real text in distinct documents, the same on every run."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.infra.bench.corpus import cut, gather


@given(st.lists(st.text("ab\n", max_size=30), max_size=30).map("\n".join), st.integers(1, 60))
def test_pieces_are_whole_lines_in_order(text: str, characters: int) -> None:
    """Joined they are the text but for a short rest; all but the last have the size that was asked for."""
    pieces = list(cut(text, characters))
    joined = "".join(pieces)
    assert text.startswith(joined)
    assert len(text) - len(joined) < max(1, characters // 2) or characters == 1
    assert all(len(piece) >= characters for piece in pieces[:-1])


def test_documents_are_distinct_and_the_same_every_time(tmp_path: Path) -> None:
    """Two runs measure the same work."""
    texts = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        texts.append([file.read_text("utf-8") for file in gather(tmp_path / name, 12)])
    assert texts[0] == texts[1]
    assert len(set(texts[0])) == 12


def test_too_large_a_corpus_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short corpus would be measured as if it were the whole one."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "one.py").write_text("x = 1\n" * 2000)
    monkeypatch.setattr("sysconfig.get_paths", lambda: {"stdlib": str(tmp_path / "library")})
    (tmp_path / "out").mkdir()
    with pytest.raises(ValueError, match="not 100"):
        gather(tmp_path / "out", 100)
