"""The supervisor's settings file."""

import configparser
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.infra.stack.parts import Part, Stage
from muniment.infra.stack.supervisord import Places, environment, quoted, render

PARTS = (
    Part("log", Stage.LOG, ("follow",)),
    Part("kafka", Stage.BASE, ("java", "-cp", "/a b/*")),
    Part("postgres", Stage.BASE, ("postgres",), "INT", orphan_signal="", folder=Path("/")),
    Part("api", Stage.APPS, ("muniment", "run", "api"), orphan_signal="KILL", environment={"X": "50%"}),
)


def rendered(tmp_path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_string(render(PARTS, Places(tmp_path), {"HOME_MARK": "h"}))
    return parser


def test_each_part_is_one_program_in_the_group_of_its_stage(tmp_path: Path) -> None:
    """Groups start by priority and stop in the opposite order."""
    found = rendered(tmp_path)
    assert found["group:base"]["programs"] == "kafka,postgres"
    order = [int(found[f"group:{stage}"]["priority"]) for stage in ("log", "base", "apps")]
    assert order == sorted(order)


def test_only_the_foundations_start_on_their_own(tmp_path: Path) -> None:
    """A worker that starts before its topics would ignore them until it is restarted."""
    found = rendered(tmp_path)
    assert found["program:kafka"]["autostart"] == "true"
    assert found["program:api"]["autostart"] == "false"


def test_every_part_is_told_when_the_supervisor_is_gone(tmp_path: Path) -> None:
    """Postgres brings its own wrapper, which also switches the account."""
    found = rendered(tmp_path)
    assert found["program:kafka"]["command"].startswith("setpriv --pdeathsig=TERM java")
    assert found["program:api"]["command"].startswith("setpriv --pdeathsig=KILL muniment")
    assert found["program:postgres"]["command"] == "postgres"


def test_a_part_that_ends_is_started_again(tmp_path: Path) -> None:
    """With a growing pause when it ends at once."""
    found = rendered(tmp_path)
    for part in PARTS:
        assert found[f"program:{part.name}"]["autorestart"] == "true"
        assert int(found[f"program:{part.name}"]["startretries"]) > 10


def test_an_orderly_stop_fits_into_fifteen_seconds() -> None:
    """The stages stop one after the other, the parts of one together."""
    from muniment.infra.stack.stop import STOP_TIMEOUT_S

    assert STOP_TIMEOUT_S < 15


@given(st.lists(st.text(st.characters(codec="ascii", exclude_categories=["C"])), min_size=1))
def test_a_command_line_is_read_back_word_by_word(words: list[str]) -> None:
    """Spaces, quotes and per cent signs included."""
    assert shlex.split(quoted(words) % {}) == words


def test_a_variable_that_cannot_be_quoted_is_refused() -> None:
    """The supervisor knows no escape for a double quote."""
    assert environment({"A": "50% off"}) == 'A="50%% off"'
    with pytest.raises(ValueError, match="double quote"):
        environment({"A": 'say "no"'})


def test_a_socket_under_a_deep_folder_gets_a_short_path(tmp_path: Path) -> None:
    """The kernel takes 107 bytes."""
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    assert len(str(Places(deep).socket)) < 100
    assert Places(Path("/h")).socket == Path("/h/run/supervisor.sock")
