"""Growth over a long run: found where there is some, and not where a process is young or was only busy."""

from chaos.wear import WARM_S, Sample, grown, wear


def samples(part: str, memory: list[float], handles: int = 40, age_s: float = WARM_S) -> list[Sample]:
    return [Sample(float(at), part, age_s + at, mib, handles) for at, mib in enumerate(memory)]


def test_a_process_that_stays_as_it_is_has_not_grown() -> None:
    """Also one that was large for a moment, or by little more than it was."""
    worn = wear([*samples("api", [200.0] * 30), *samples("workers", [300.0] * 14 + [900.0] * 2 + [320.0] * 14)])
    assert worn["workers"]["rss_mib"] == [300.0, 320.0, 900.0]
    assert worn["api"]["samples"] == 30
    assert grown(worn) == []


def test_growth_is_found() -> None:
    """By half and more: memory, or handles."""
    memory = wear(samples("api", [200.0 + 10 * n for n in range(30)]))
    assert grown(memory) == ["rss_mib of api: 245 at first, 445 in the end"]
    handles = [Sample(float(at), "kafka", 100.0, 300.0, 50 + 10 * at) for at in range(30)]
    assert grown(wear(handles)) == ["handles of kafka: 95 at first, 295 in the end"]


def test_a_process_that_was_just_started_is_not_counted() -> None:
    """It has yet to load what it needs."""
    assert wear(samples("api", [50.0, 60.0], age_s=0.0)) == {}
