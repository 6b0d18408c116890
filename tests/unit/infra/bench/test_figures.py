"""Figures say whether a target was met, and by how much it was not."""

import json
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from muniment.infra.bench.figures import Figure, percentile, show, shown, write


def test_a_target_has_a_good_side() -> None:
    """At least is for rates, at most for times; the target itself is good on both sides."""
    assert Figure("rate", 0.7, "", 0.7, at_least=True).met
    assert not Figure("rate", 0.69, "", 0.7, at_least=True).met
    assert Figure("time", 150, "ms", 150).met
    assert not Figure("time", 151, "ms", 150).met


def test_a_figure_without_a_target_is_neither_met_nor_missed() -> None:
    """It is printed for information."""
    figure = Figure("bytes", 2217, "B")
    assert figure.met is None
    assert figure.missed_by == ""


def test_a_missed_target_says_by_how_much() -> None:
    """In the unit and in per cent of the target; a target of nought has no per cent."""
    assert Figure("p50", 180, "ms", 150).missed_by == "30 ms (20%)"
    assert Figure("ratio", 0.35, "", 0.7, at_least=True).missed_by == "0.35 (50%)"
    assert Figure("texts", 3, "texts", 0).missed_by == "3 texts"


def test_the_file_is_a_list_of_figures(tmp_path: Path) -> None:
    """Name, value, unit, target and met, and nothing else."""
    write(tmp_path / "bench.json", [Figure("p50", 180.123456, "ms", 150), Figure("bytes", 2217, "B", note="why")])
    assert json.loads((tmp_path / "bench.json").read_text()) == [
        {"name": "p50", "value": 180.1235, "unit": "ms", "target": 150, "met": False},
        {"name": "bytes", "value": 2217, "unit": "B", "target": None, "met": None},
    ]


def test_the_table_shows_every_figure_and_the_reasons_below() -> None:
    """Also on a narrow terminal."""
    out = StringIO()
    show(Console(file=out, width=80), [Figure("p50", 180, "ms", 150, note="the disk")])
    assert "30 ms (20%)" in out.getvalue()
    assert "p50: the disk" in out.getvalue()


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (1500, "1,500"), (216.4, "216"), (0.2891, "0.289"), (7.0, "7")])
def test_numbers_are_short(value: float, text: str) -> None:
    """Three digits that count, and thousands apart."""
    assert shown(value) == text


def test_the_95th_percentile_of_sixty_is_the_57th() -> None:
    """Nearest rank, also where the product is not exact in binary."""
    assert percentile(list(range(1, 61)), 0.95) == 57


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_one_of_the_values_and_covers_its_share(values: list[float], share: float) -> None:
    """At least that share of the values does not exceed it."""
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6


def test_no_values_have_no_percentile() -> None:
    """Nothing measured is no figure."""
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)
