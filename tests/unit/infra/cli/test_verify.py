"""`muniment verify --check`: who signed a certificate, and whether it still says what was signed."""

import base64
import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import typer
from typer.testing import CliRunner

from muniment.infra.cli.main import make_app
from muniment.infra.cli.replay import progress
from muniment.producers.signing import Signer
from muniment.projections.replaying.comparison import Comparison
from muniment.projections.replaying.differences import TableDifferences
from muniment.projections.replaying.digest import TableDigest
from muniment.projections.replaying.load import LogTooShort
from muniment.projections.replaying.replay import Progress
from muniment.projections.replaying.turn import Underway
from muniment.projections.verifying.certificate import PURPOSE, canonical, certified
from muniment.projections.verifying.verify import Verified, cut_off


def found(*, live="aa"):
    """What a verification found: equal, unless the live digest is another one."""
    pair = (TableDigest(3, live), TableDigest(3, "aa"))
    comparison = Comparison("documents", 2, "documents_v2", "", {("muniment.documents", 0): 7}, {"documents": pair})
    return Verified(comparison, (), {}, {"documents": ("tenant",)}, (), (), 7, 0.5)


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run a command in a home of its own."""
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
    monkeypatch.setenv("MUNIMENT_SIGNING_KEYS", str(tmp_path / "signing.json"))
    return lambda *words: CliRunner().invoke(make_app(), ["verify", *map(str, words)])


@pytest.fixture
def written(tmp_path):
    """A certificate in a file, and the base64 of the key that signed it."""
    signer = Signer(tmp_path / "signing.json")
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(certified([found()], signer, datetime(2026, 3, 1, tzinfo=UTC), "0.1.0"), indent=3))
    return path, base64.b64encode(signer.public_keys()[0].value).decode()


def test_a_whole_certificate_is_told_with_its_signer(run, written):
    """Whatever the file's blanks are; with the keys of here, or with one that was written down elsewhere."""
    path, key = written
    for words in ((), ("--key", key)):
        done = run("--check", path, *words)
        assert done.exit_code == 0, done.output
        assert "signed by sig-" in done.stdout
        assert "documents: equal" in done.stdout


def test_a_changed_certificate_is_refused(run, written):
    """One number of it changed, a key that nobody trusts, or no certificate at all: exit code 1, and what is wrong."""
    path, _ = written
    stranger = base64.b64encode(bytes(32)).decode()
    assert "no key that is trusted" in run("--check", path, "--key", stranger).stderr
    changed = path.read_text().replace('"live": 3', '"live": 4')
    assert changed != path.read_text()
    path.write_text(changed)
    done = run("--check", path)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "it was changed" in done.stderr
    path.write_text("{}")
    assert "no certificate" in run("--check", path).stderr


def test_the_key_is_taken_as_the_list_of_keys_prints_it(run, written):
    """Hexadecimal, as well as in base64; what is no public key is a wrong call, and not said to be a stranger's."""
    path, key = written
    assert run("--check", path, "--key", base64.b64decode(key).hex()).exit_code == 0
    assert "no key that is trusted" in run("--check", path, "--key", bytes(32).hex()).stderr
    done = run("--check", path, "--key", key[:20])
    assert done.exit_code == 2
    assert "no public key" in done.output


def test_a_file_that_is_no_certificate_is_told_as_such(run, tmp_path):
    """Neither a parser's words nor a number of the system."""
    (tmp_path / "text").write_text("text")
    done = run("--check", tmp_path / "text")
    assert (done.exit_code, "no certificate of a verification" in done.stderr) == (1, True)
    done = run("--check", tmp_path / "nothing")
    assert (done.exit_code, "Errno" in done.stderr) == (1, False)
    assert "No such file" in done.stderr


def test_a_certificate_with_differences_says_of_which_read_models(run, tmp_path):
    """The others are not said to differ."""
    table = TableDifferences("documents", (), 1)
    other = replace(found(live="bb"), differences=(table,))
    jobs = replace(found(), comparison=replace(found().comparison, projection="jobs"))
    signer = Signer(tmp_path / "signing.json")
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(certified([other, jobs], signer, datetime(2026, 3, 1, tzinfo=UTC), "0.1.0")))
    done = run("--check", path)
    assert done.exit_code == 1
    assert "different: documents; equal: jobs" in done.stdout


def test_an_older_certificate_says_it_as_well(run, tmp_path):
    """Of what they did not compare yet, they say nothing."""
    other = replace(found(live="bb"), differences=(TableDifferences("documents", (), 1),))
    jobs = replace(found(), comparison=replace(found().comparison, projection="jobs"))
    signer = Signer(tmp_path / "signing.json")
    whole = certified([other, jobs], signer, datetime(2026, 3, 1, tzinfo=UTC), "0.1.0")
    for model in whole["certificate"]["read_models"]:
        del model["changed_views"], model["parked_but_foldable"]
    whole["signature"]["value"] = base64.b64encode(signer.sign(PURPOSE, canonical(whole["certificate"])).value).decode()
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(whole))
    assert "different: documents; equal: jobs" in run("--check", path).stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--key", "ab" * 32), "--key goes with --check"),
        (("documents", "--check", "c.json"), "--check only looks at a certificate"),
        (("--out", "/nowhere/at/all/c.json"), "no file in a folder that there is"),
    ],
)
def test_what_would_not_be_heeded_is_a_wrong_call(run, monkeypatch, words, told):
    """Nothing is verified then: not for hours, to find that the certificate cannot be written."""
    asked = []
    monkeypatch.setattr("muniment.infra.cli.verify._one", lambda *given: asked.append(given) or found())
    done = run(*words)
    assert (done.exit_code, asked) == (2, [])
    assert told in " ".join(done.output.replace("│", " ").split())


def test_a_parked_place_that_can_be_folded_is_named(run, monkeypatch):
    """With its place, and the command that brings it in; no row differs, and yet this is not a proof: exit code 1."""
    seen = replace(found(), foldable=(("muniment.documents", 1, 42),))
    monkeypatch.setattr("muniment.infra.cli.verify._one", lambda *_: seen)
    done = run("documents")
    assert done.exit_code == 1, done.output
    assert "documents: every row is what the log says, but 1 events are parked that can be folded" in done.stdout
    assert "parked, yet it can be folded: muniment.documents:1:42; do: muniment replay documents" in done.stdout


def test_a_log_that_was_cut_off_is_told_beside_the_rows_that_differ(run, monkeypatch):
    """They are not laid to the read model alone; where no row differs there is nothing to explain."""
    seen = replace(found(live="bb"), differences=(TableDifferences("documents", (), 1),))
    cut = cut_off({("muniment.documents", 3): 7, ("muniment.chunks", 0): 0, ("muniment.jobs", 0): 9})
    for one, told in ((replace(seen, cut_off=cut), True), (replace(found(), cut_off=cut), False)):
        monkeypatch.setattr("muniment.infra.cli.verify._one", lambda *_, one=one: one)
        done = run("documents")
        assert ("the log begins at muniment.documents:3:7, and is kept for ever" in done.stdout) == told
        assert "muniment.jobs" not in done.stdout
        [model] = json.loads(run("documents", "--json").stdout)["certificate"]["read_models"]
        assert model["cut_off"] == ["muniment.documents:3:7"]


@pytest.mark.parametrize("command", ["verify", "replay"])
def test_a_log_that_is_too_short_is_told(command, monkeypatch, tmp_path):
    """Verifying and replaying end with exit code 1, and say where the log ends and what to do."""
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))

    async def short(*_, **__):
        raise LogTooShort(("muniment.documents", 3), 7, 1007)

    monkeypatch.setattr(f"muniment.infra.cli.{command}._run", short)
    monkeypatch.setattr("muniment.infra.acting.acting", lambda *_, **__: nullcontext())
    done = CliRunner().invoke(make_app(), [command, "documents"])
    assert (done.exit_code, done.stdout) == (1, "")
    told = " ".join(done.stderr.split())
    assert "muniment.documents:3 ends at 7, but was folded up to 1007" in told
    assert "restore the log to where it was" in told
    assert 'muniment replay documents --short-log --accept "why, for the record"' in told


@pytest.mark.parametrize(
    ("command", "told"), [("verify", "not verified: jobs, chunks"), ("replay", "not begun: jobs, chunks")]
)
def test_what_was_not_come_to_is_named(command, told, monkeypatch, tmp_path):
    """One read model ends the command: the others are not taken for done, and what was found by then is told."""
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))

    def one(name, *_, **__):
        if name == "history":
            raise typer.Exit(1)
        return replace(found(), comparison=replace(found().comparison, projection=name))

    monkeypatch.setattr(f"muniment.infra.cli.{command}._one", one)
    done = CliRunner().invoke(make_app(), [command, "documents", "history", "jobs", "chunks"])
    assert (done.exit_code, told in done.stderr) == (1, True), done.output
    assert ("documents: every row is what the log says" in done.stdout) == (command == "verify")
    last = CliRunner().invoke(make_app(), [command, "documents", "history"])
    assert (last.exit_code, told.split(":")[0] in last.stderr) == (1, False)


def test_what_a_short_log_has_left_is_not_switched_to_without_a_reason(monkeypatch, tmp_path):
    """Exit code 2: it takes readers back."""
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
    done = CliRunner().invoke(make_app(), ["replay", "documents", "--short-log"])
    assert done.exit_code == 2
    assert "say why with --accept" in " ".join(done.output.replace("│", " ").split())


def test_a_part_of_the_log_in_which_nothing_lies_is_no_part(monkeypatch, tmp_path):
    """Exit code 2, rather than an empty schema."""
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
    between = ("--from", "2026-11-23T22:30:00Z", "--to", "2026-11-23T22:00:00Z")
    done = CliRunner().invoke(make_app(), ["replay", "documents", *between])
    assert done.exit_code == 2
    assert "nothing lies between --from and --to" in " ".join(done.output.replace("│", " ").split())


def test_an_unknown_read_model_names_those_there_are(run):
    """A wrong call, exit code 2."""
    done = run("nope")
    assert done.exit_code == 2
    assert "dead_letters" in done.output


def test_a_replay_that_waits_for_its_turn_says_for_whom(capsys, monkeypatch):
    """Before anything is measured; and where another one goes on having it, that is how it ends."""
    monkeypatch.setenv("COLUMNS", "200")
    with progress("documents") as show:
        show(Progress("documents", "", "waits for muniment replay documents, process 7", 0, 0))
    assert "documents: waits for muniment replay documents, process 7" in " ".join(capsys.readouterr().err.split())


def test_a_replay_of_what_is_replayed_already_names_who_is_at_it(monkeypatch, tmp_path):
    """Exit code 1, and what to do when nobody is."""
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))

    async def underway(*_, **__):
        raise Underway("documents", "muniment replay documents, process 7 (connection 9 from this host)")

    monkeypatch.setattr("muniment.infra.cli.replay._run", underway)
    monkeypatch.setattr("muniment.infra.acting.acting", lambda *_, **__: nullcontext())
    done = CliRunner().invoke(make_app(), ["replay", "documents"])
    assert done.exit_code == 1
    assert "it has the turn: muniment replay documents, process 7 (connection 9" in done.stderr
    assert "try again" in done.stderr
