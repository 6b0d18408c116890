"""What a run of seeds says of itself."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from chaos import report
from chaos.seed import Verdict

KEYS = (
    "seeds",
    "lost",
    "doubled",
    "order_breaks",
    "early_retries",
    "paid_twice_share",
    "unended",
    "worst_recovery_s",
)


def verdict(seed: int, **found: object) -> Verdict:
    given = {"lost": (), "doubled": (), "order_breaks": (), "early_retries": (), "unended": (), "changed": ()}
    return Verdict(seed, 30.0, float(seed), ("workers",), **{**given, "texts": 2000, **found})  # type: ignore[arg-type]


def test_a_good_run_has_all_figures_and_fails_nothing() -> None:
    """Every promised key, the longest recovery, the share over all seeds together."""
    figures = report.summary([verdict(1, paid_again=4), verdict(2)])
    assert figures.keys() >= set(KEYS)
    assert (figures["seeds"], figures["worst_recovery_s"], figures["paid_twice_share"]) == (2, 2.0, 0.001)
    assert report.failed(figures) == []


@pytest.mark.parametrize("name", report.COUNTS)
def test_one_breach_of_any_kind_fails_the_run(name: str) -> None:
    """It is counted, its seed is named, and the run is not good."""
    figures = report.summary([verdict(1), verdict(2, **{name: ("something",)})])
    assert (figures[name], figures["failed_seeds"]) == (1, [2])
    assert report.failed(figures) == [f"{name}: 1"]


def test_paying_twice_for_more_than_a_thousandth_fails_the_run() -> None:
    """Over all seeds together."""
    assert len(report.failed(report.summary([verdict(1, paid_again=5), verdict(2)]))) == 1


def test_no_seed_at_all_is_no_success() -> None:
    """Nothing was shown."""
    assert report.failed(report.summary([])) == ["no seed was run"]


def test_a_line_says_what_was_killed_and_how_many_breaches_there_were() -> None:
    """One line a seed."""
    line = report.line(verdict(7, lost=("a", "b"), paid_again=3))
    assert line.split()[0] == "7"
    assert "3/2000" in line
    assert "workers" in line


def test_what_was_aimed_at_and_what_chance_hit_are_told_apart() -> None:
    """Seeds that kill at the payment on purpose have a share of their own; the limit is for all together."""
    figures = report.summary([verdict(1, paid_again=1), verdict(8, paid_again=9, at_payment=True)])
    shares = [figures[f"paid_twice_share{which}"] for which in ("", "_at_payment", "_otherwise")]
    assert shares == [0.0025, 0.0045, 0.0005]
    assert figures["seeds_at_payment"] == 1
    assert len(report.failed(figures)) == 1


def test_runs_on_one_revision_add_up(tmp_path: Path) -> None:
    """Other revisions, and seeds of fewer documents, do not count; a failed seed stays failed whatever comes after."""
    file = tmp_path / "chaos.jsonl"
    assert report.noted(file, of="abc", documents=300) == []
    told = [verdict(1, lost=("a",), paid_again=2), verdict(2, notes={"tenant": "t"}), verdict(1)]
    for one in told:
        report.note(file, one, of="abc", documents=300)
    report.note(file, verdict(3), of="def", documents=300)
    report.note(file, verdict(4), of="abc", documents=36)
    found = report.noted(file, of="abc", documents=300)
    assert [one.seed for one in found] == [1, 2, 1]
    assert found[1:] == [replace(one, **{name: [] for name in report.COUNTS}, kills=["workers"]) for one in told[1:]]
    figures = report.summary(found)
    assert (figures["seeds"], figures["failed_seeds"], figures["paid_twice"]) == (3, [1], 2)


def test_a_revision_is_that_of_the_sources(tmp_path: Path) -> None:
    """The commit, marked when files differ from it; nothing where there is none."""
    assert report.revision(tmp_path) == ""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    (tmp_path / "file").write_text("one")
    for words in (["init", "-q"], ["add", "file"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], check=True)
    clean = report.revision(tmp_path)
    assert len(clean) == 12
    (tmp_path / "file").write_text("two")
    assert report.revision(tmp_path) == f"{clean}-dirty"
