"""Seeds: the same for the same number, every kind and every point among few of them."""

from chaos.corpus import DOCUMENTS, FAMILIES, UNWANTED, corpus, family_of
from chaos.plan import API, INFRASTRUCTURE, PACE_LEAST, PROJECTIONS, WORKERS, plan_of, sooner

from muniment.stream_apps.chunking.batches import CHUNKS_MAX


def test_a_seed_is_the_same_every_time() -> None:
    """Kills, weather and corpus of a failing seed can be had again."""
    assert plan_of(7) == plan_of(7) != plan_of(8)
    assert corpus(2) == corpus(2) != corpus(3)


def test_five_seeds_in_a_row_kill_every_kind_of_process() -> None:
    """Wherever they begin: `make chaos` is five."""
    for first in range(60):
        kinds = {kill.kind for seed in range(first, first + 5) for kill in plan_of(seed).kills}
        assert kinds >= {"workers", "api", "projections", *INFRASTRUCTURE}, first


def test_a_hundred_seeds_come_to_every_point() -> None:
    """No point is there for show."""
    points = {kill.point for seed in range(100) for kill in plan_of(seed).kills if kill.point}
    assert points == {*WORKERS, *PROJECTIONS, *API}


def test_a_plan_says_whether_it_kills_at_the_payment() -> None:
    """On purpose in one seed of fifteen; everywhere else it is chance."""
    assert [seed for seed in range(1, 61) if plan_of(seed).at_payment] == [8, 23, 38, 53]


def test_a_short_run_comes_to_its_points_as_well() -> None:
    """Else it waits for a twentieth time that never comes. With all documents a plan stays as it is."""
    plan = plan_of(12)
    short = sooner(plan, 0.1)
    assert [kill.nth for kill in short.kills] == [-(-kill.nth // 10) for kill in plan.kills]
    assert [kill.at_s for kill in short.kills] == [kill.at_s * PACE_LEAST for kill in plan.kills]
    assert [(kill.kind, kill.point) for kill in short.kills] == [(kill.kind, kill.point) for kill in plan.kills]
    assert short.during["erasure"].at_s == plan.during["erasure"].at_s * PACE_LEAST
    assert sooner(plan, 1.0) == plan == sooner(plan, 2.0)


def test_operators_are_disturbed_too() -> None:
    """Among twelve seeds some erase; a kill falls into that, and one into a redrive; for Kafka's the outbox is on."""
    for first in range(30):
        plans = [plan_of(seed) for seed in range(first, first + 12)]
        assert {what for plan in plans for what in plan.during} == {"erasure", "redrive"}
        assert all(("erasure" in plan.during) == plan.erases for plan in plans)
        for plan in plans:
            at = {kill.kind: kill.at_s for kill in plan.kills}
            if "kafka" in at:
                assert at["outbox on"] < at["kafka"] < at["outbox off"]


def test_every_family_meets_every_part_that_is_not_ours() -> None:
    """A corpus is not tied to one kind of kill."""
    met = {(family_of(seed), INFRASTRUCTURE[seed % len(INFRASTRUCTURE)]) for seed in range(100)}
    assert len(met) == FAMILIES * len(INFRASTRUCTURE)


def test_three_in_ten_calls_are_turned_away() -> None:
    """The weather is what was asked for: 30% 429, 5% 500, some stalls."""
    faults = plan_of(1).weather["faults"]
    shares = {status: sum(s for s, f in faults if f.get("status") == status) for status in (429, 500)}
    assert (round(shares[429], 3), round(shares[500], 3)) == (0.3, 0.05)
    assert 0 < sum(s for s, f in faults if f["kind"] == "hang") <= 0.05


def test_a_corpus_has_everything() -> None:
    """300 submissions: versions, deletions, refusals, a repeat, large ones; every paragraph there once."""
    for family in range(FAMILIES):
        told = corpus(family)
        assert told.submissions == DOCUMENTS
        assert sum(op.deletes for story in told.stories for op in story.ops) >= 10
        assert sum(op.by_address for story in told.stories for op in story.ops) >= 6
        assert sum(story.unwanted for story in told.stories) >= 3
        assert sum(story.erased for story in told.stories) >= 3
        for story in told.stories:
            assert all((UNWANTED.encode() in (op.data or b"")) == story.unwanted for op in story.ops)
        assert len(told.names) == len(told.stories)
        paragraphs = [
            part
            for story in told.stories
            for data in {op.data for op in story.ops if op.data}
            for part in data.split(b"\n\n")
            if b"we read" in part
        ]
        assert len(paragraphs) == len(set(paragraphs))
        assert max(op.data.count(b"## ") for story in told.stories for op in story.ops if op.data) > 3 * CHUNKS_MAX
