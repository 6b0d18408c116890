"""`muniment export` as it is called: what is wrong is said before anything is read."""

from pathlib import Path

import pytest
from support.exporting import FakeLog, everything, exported, laid
from typer.testing import CliRunner

from muniment.infra.cli.main import make_app
from muniment.schemas import example
from muniment.schemas.catalogue import declarations
from muniment.schemas.codec import encode

DOCS = "muniment.documents"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["documents", "--format", "csv"], "parquet, avro, jsonl"),
        (["nothing"], "there is no topic nothing"),
        (["documents:0:9-3"], "ends before it begins"),
        (["documents", "--decrypt"], "--reason"),
        (["documents", "--from", "yesterday"], "is no moment"),
        (["--document", "leave.md"], "is no id"),
    ],
)
def test_what_is_wrong_is_said(words: list[str], said: str, tmp_path: Path) -> None:
    """Exit code 2 and a sentence; nothing is written. `range` goes without saying."""
    done = CliRunner(env={"COLUMNS": "200"}).invoke(make_app(), ["export", *words, "--out", str(tmp_path / "x")])
    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "x").exists()


async def test_an_export_is_looked_at(tmp_path: Path) -> None:
    """What is right exits with 0, what was touched with 1 and by name."""
    made = next(one for one in declarations() if one.topic.name == DOCS)
    records = laid([encode(example.sample(made), example.metadata("one"), example.KEY, example.nonce)])
    manifest = await exported(FakeLog({(DOCS, 0): records}), tmp_path / "x", "avro", everything(DOCS))
    right = CliRunner().invoke(make_app(), ["export", "verify", str(tmp_path / "x")])
    assert (right.exit_code, "1 file, 1 row: as its manifest says" in right.output) == (0, True)
    [one] = manifest["files"]
    (tmp_path / "x" / one["path"]).write_bytes(b"")
    wrong = CliRunner().invoke(make_app(), ["export", "verify", str(tmp_path / "x"), "--json"])
    assert wrong.exit_code == 1
    assert one["path"] in wrong.output
