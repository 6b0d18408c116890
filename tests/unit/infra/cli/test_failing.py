"""What a person is told when a command did not work."""

import pytest
from aiokafka.errors import CorruptRecordException
from pydantic import BaseModel, ValidationError
from typer.testing import CliRunner

from muniment.infra.cli import main
from muniment.infra.cli.failing import explained
from muniment.infra.not_set import NotSetError
from muniment.infra.settings import Settings
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """No stack, no settings."""
    for name in ("MUNIMENT_HOME", "MUNIMENT_API_URL", "MUNIMENT_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ended(monkeypatch, capsys, *words):
    """Exit code, stdout and stderr of a command, as the entry point runs it."""
    monkeypatch.setattr("sys.argv", ["muniment", *words])
    with pytest.raises(SystemExit) as end:
        main.run()
    shown = capsys.readouterr()
    return end.value.code, shown.out, shown.err


@pytest.mark.parametrize(
    "words",
    [
        ("topics", "diff"),
        ("topics", "apply", "--json"),
        ("projections", "list"),
        ("projections", "list", "--json"),
        ("replay", "documents"),
        ("keys", "list", "--json"),
        ("jobs",),
        ("jobs", "list", "--json"),
        ("documents",),
        ("search", "x", "--json"),
        ("ingest", "."),
        ("run", "api"),
        ("run", "workers"),
    ],
)
def test_where_nothing_runs_every_command_says_so(alone, monkeypatch, capsys, words):
    """One sentence on stderr that names what to do, nothing on stdout, exit code 1."""
    code, out, err = ended(monkeypatch, capsys, *words)
    assert (code, out) == (1, "")
    assert err.startswith("muniment: ")
    assert "muniment up" in err
    assert "Traceback" not in err


def test_settings_that_cannot_be_read_are_named_without_their_values(alone, monkeypatch, capsys):
    """The variable as it has to be set, and what is wrong with it."""
    monkeypatch.setenv("MUNIMENT_PARTITIONS", "s3cret")
    monkeypatch.setenv("MUNIMENT_KAFKA_PORT", "99999999")
    code, out, err = ended(monkeypatch, capsys, "topics", "list")
    assert (code, out) == (1, "")
    assert "MUNIMENT_PARTITIONS: " in err
    assert "MUNIMENT_KAFKA_PORT: " in err
    assert "s3cret" not in err


def test_errors_are_explained_or_left_alone():
    """What is ours has a sentence; a mistake in the program keeps its traceback."""
    ours = StepFailure(ErrorCode.LOG_UNAVAILABLE, "no broker at hand")
    assert explained(ours) == "no broker at hand (log_unavailable)"
    assert explained(NotSetError("X is not set")) == "X is not set"
    assert explained(ConnectionRefusedError(111, "Connection refused")) == "a part does not answer: Connection refused"
    assert explained(FileNotFoundError(2, "No such file or directory", "/a/b")) == "/a/b: No such file or directory"
    assert explained(OSError("a mistake of ours")) is None
    broken = CorruptRecordException("Invalid CRC - TopicPartition(topic='muniment.documents', partition=8)")
    assert (explained(broken) or "").startswith("a batch of muniment.documents:8 fails its checksum")
    assert "muniment audit findings" in (explained(CorruptRecordException("Corrupt")) or "")
    assert explained(KeyError("x")) is None

    class Other(BaseModel):
        number: int

    with pytest.raises(ValidationError) as caught:
        Other(number="x")
    assert explained(caught.value) is None


def test_a_mistake_in_the_program_is_raised(monkeypatch):
    """Not hidden behind a sentence."""

    def broken():
        raise KeyError("mistake")

    monkeypatch.setattr(main, "make_app", lambda: broken)
    with pytest.raises(KeyError):
        main.run()


@pytest.mark.parametrize("folder", ["nothing", "nothing/at/all"])
def test_a_file_that_is_not_there_is_named_without_a_traceback(alone, monkeypatch, capsys, folder):
    """Whichever command was to read it: exit code 1, and what the system says of it."""
    told = ("--passphrase-file", str(alone / folder / "word"))
    code, out, err = ended(monkeypatch, capsys, "keys", "backup", str(alone / "backup"), *told)
    assert (code, out) == (1, "")
    assert err.splitlines() == [f"muniment: {alone / folder / 'word'}: No such file or directory"]


def test_a_setting_with_another_name_is_named_by_it(alone, monkeypatch):
    """The endpoint's settings have the names that its clients know."""
    with pytest.raises(ValidationError) as caught:
        Settings(OPENAI_BASE_URL=3)
    assert "OPENAI_BASE_URL: " in (explained(caught.value) or "")


@pytest.mark.parametrize("name", ["", *main.COMMANDS])
def test_every_command_has_a_help_text(name):
    """And none of it is cut off at 80 columns."""
    done = CliRunner().invoke(main.make_app(), [*([name] if name else []), "--help"], env={"COLUMNS": "80"})
    assert done.exit_code == 0
    assert "…" not in done.output.replace("PATH…", "")
