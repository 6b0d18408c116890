"""The analysts' program as it is called: what goes wrong is a sentence, and ids in its tables can be copied."""

import sys
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from muniment.infra.analytics import __main__ as command
from muniment.infra.analytics.landing import Landing
from muniment.infra.analytics.questions import Answer

PROJECT = "28103c7b-7cf4-4240-bcb4-b6224c25559d"


class Called:
    """The command in a folder of its own; `fails` is what its landing ends with."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fails: Exception | None = None
        self.answers: dict[str, Answer] = {}
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("MUNIMENT_HOME", str(home))
        monkeypatch.setenv("MUNIMENT_KAFKA_BOOTSTRAP", "127.0.0.1:1")
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setattr(Landing, "__init__", lambda *_, **__: None)
        monkeypatch.setattr(Landing, "run", self._run)
        monkeypatch.setattr(command, "ask", lambda _: self.answers)

    async def _run(self, **_: Any) -> None:
        if self.fails:
            raise self.fails

    def __call__(self, out: Path) -> int:
        self._monkeypatch.setattr(sys, "argv", ["analytics", "--out", str(out)])
        return command.main()


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Called:
    """See the class."""
    return Called(tmp_path, monkeypatch)


@pytest.mark.parametrize("error", [KafkaConnectionError("no"), TimeoutError()])
def test_a_broker_that_is_away_is_a_sentence(
    error: Exception, called: Called, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, and what to do; no traceback."""
    called.fails = error
    assert called(tmp_path / "landed") == 1
    told = capsys.readouterr().err
    assert told.startswith("muniment: the log cannot be read now")
    assert "give the same command again" in told


def test_a_folder_that_cannot_be_made_is_a_sentence(
    called: Called, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file where the folder is to be."""
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        assert called(out) == 1
        assert capsys.readouterr().err.startswith(f"muniment: {out} cannot be written to: ")


def test_ids_in_the_answers_can_be_copied(called: Called, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """However narrow the terminal is, a project's id stands on one line, with all that is said of it."""
    row = dict.fromkeys(("embedding_micros", "writing_micros", "cost_micros", "tokens"), 1234567.25)
    called.answers = {"cost": [{"tenant": "default", "project": PROJECT, "day": "2026-11-23", **row}]}
    assert called(tmp_path / "landed") == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if "default" in line]
    assert line.split() == ["default", PROJECT, "2026-11-23", *["1234567.25"] * 4]
