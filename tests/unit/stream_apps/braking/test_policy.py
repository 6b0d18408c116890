"""When a step counts as broken: many different documents, in a row or by share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.schemas.error_codes import ErrorCode
from muniment.stream_apps.braking.policy import BrakeLimits, Endings, Trip

BAD = ErrorCode.UNEXPECTED
SMALL = BrakeLimits(run=4, window=10, share=0.5, least=3)


def told(endings: list[tuple[int, ErrorCode | None]], limits: BrakeLimits = SMALL) -> list[Trip | None]:
    kept = Endings(limits)
    return [kept.add(b"%d" % document, code) for document, code in endings]


def test_a_run_of_different_documents_trips() -> None:
    """The fourth dead document in a row is one too many, and the trip says how many and why."""
    trips = told([(n, BAD) for n in range(4)], BrakeLimits(run=4))
    assert trips[:3] == [None] * 3
    assert trips[3] == Trip(BAD, 4, 4, "4 records in a row became dead letters, most of them with unexpected")


def test_one_document_is_one_document() -> None:
    """However many records of it die, a broken document is no broken step."""
    assert not any(told([(1, BAD)] * 200, BrakeLimits()))
    assert not any(told([(n % 2, BAD) for n in range(200)]))


def test_good_endings_end_a_run() -> None:
    """Three dead, one good, and so on: never four in a row, and with a share below the limit no trip."""
    cycle = [(n, BAD if n % 4 == 3 else None) for n in range(200)]
    assert not any(told(cycle))


def test_a_share_trips_without_a_run() -> None:
    """Every other record dead is half of the window."""
    trips = told([(n, BAD if n % 2 else None) for n in range(20)])
    first = next(trip for trip in trips if trip)
    assert (first.dead, first.settled) == (3, 6)


@pytest.mark.parametrize("code", [ErrorCode.KEY_DESTROYED, ErrorCode.URL_REFUSED])
def test_a_document_at_fault_or_erased_does_not_count(code: ErrorCode) -> None:
    """Documents that are deleted in numbers while they are worked on, or bad themselves, halt nothing."""
    assert not any(told([(n, code) for n in range(100)]))


def test_the_commonest_code_is_named() -> None:
    """The trip carries the code that most of the dead have; of equals the latest."""
    codes = [BAD, ErrorCode.STEP_TIMEOUT, ErrorCode.STEP_TIMEOUT, BAD]
    trip = told(list(enumerate(codes)), BrakeLimits(run=4))[3]
    assert trip is not None
    assert trip.code is BAD


@pytest.mark.parametrize("wrong", [{"run": 0}, {"least": 51}, {"least": 0}, {"share": 0.0}, {"share": 1.1}])
def test_limits_that_cannot_hold_are_refused(wrong: dict[str, float]) -> None:
    """A brake that always or never trips is a mistake, and says so."""
    with pytest.raises(ValueError, match="a brake wants"):
        BrakeLimits(**wrong)


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from([None, None, BAD, ErrorCode.STEP_TIMEOUT]))))
def test_a_trip_is_earned(endings: list[tuple[int, ErrorCode | None]]) -> None:
    """It comes with a death, with enough different documents, and with a run or a share that is large enough."""
    for n, trip in enumerate(told(endings)):
        if trip is None:
            continue
        assert endings[n][1] is not None
        last = endings[max(0, n - 9) : n + 1]
        dead = [document for document, code in last if code is not None]
        assert len(set(dead)) >= 3
        assert len(dead) >= 0.5 * len(last) or all(code for _, code in endings[n - 3 : n + 1])


@given(st.lists(st.tuples(st.integers(0, 30), st.none() | st.just(BAD)), min_size=4, max_size=60))
def test_a_run_is_never_missed(endings: list[tuple[int, ErrorCode | None]]) -> None:
    """Four different documents dead in a row always trip."""
    trips = told(endings)
    for n in range(3, len(endings)):
        last = endings[n - 3 : n + 1]
        if all(code for _, code in last) and len({document for document, _ in last}) == 4:
            assert trips[n] is not None


Tenanted = tuple[str, int, ErrorCode | None]
whose = st.sampled_from("abc")
codes = st.sampled_from([None, None, BAD])
histories = st.lists(st.tuples(whose, st.integers(0, 30), codes), max_size=60)


def told_of(endings: list[Tenanted], limits: BrakeLimits = SMALL) -> list[Trip | None]:
    kept = Endings(limits)
    return [kept.add(b"%s/%d" % (tenant.encode(), n), code, tenant) for tenant, n, code in endings]


def test_bad_documents_of_one_tenant_halt_nothing_while_anothers_end_well() -> None:
    """Thirty dead links in a row say nothing of the step that has just served somebody else."""
    bad: list[Tenanted] = [("a", n, BAD) for n in range(30)]
    assert not any(told_of([("b", 0, None), *bad], BrakeLimits()))
    assert any(told_of([("a", 99, None), *bad], BrakeLimits()))


def test_what_others_had_ended_well_is_forgotten() -> None:
    """A step that breaks when only one tenant is at it halts as soon as the window knows nobody else."""
    trips = told_of([("b", 0, None), *(("a", n, BAD) for n in range(60))], BrakeLimits())
    assert next(n for n, trip in enumerate(trips) if trip) == BrakeLimits().window


def test_a_host_that_is_away_is_one_whoever_names_it() -> None:
    """The addresses of many tenants on one dead host are one bad thing."""
    kept = Endings(BrakeLimits())
    assert not any(kept.add(b"fetching:dead", BAD, f"tenant {n}") for n in range(100))


@given(st.lists(st.tuples(whose, st.integers(0, 30), codes), max_size=60), st.sampled_from("abc"))
def test_a_tenant_halts_nothing_for_others(history: list[Tenanted], bad: str) -> None:
    """Where all that dies is one tenant's, a trip means that nobody else's ended well in the window."""
    endings: list[Tenanted] = [(t, n, code if t == bad else None) for t, n, code in history]
    for n, trip in enumerate(told_of(endings)):
        assert trip is None or {tenant for tenant, _, _ in endings[max(0, n - 9) : n + 1]} == {bad}


@given(st.lists(st.tuples(st.integers(0, 30), codes), max_size=60), st.sampled_from([SMALL, BrakeLimits(run=3)]))
def test_a_house_of_one_tenant_is_halted_as_by_documents_alone(
    endings: list[tuple[int, ErrorCode | None]], limits: BrakeLimits
) -> None:
    """With a single tenant there is nobody to compare with: what many different documents say is believed."""
    trips = told_of([("a", n, code) for n, code in endings], limits)
    for n, trip in enumerate(trips):
        last = endings[max(0, n - limits.window + 1) : n + 1]
        good = next((back for back, (_, code) in enumerate(reversed(last)) if code is None), len(last))
        run, dead = {d for d, _ in last[len(last) - good :]}, [d for d, code in last if code]
        by_share = len({*dead}) >= limits.least and len(dead) >= limits.share * len(last)
        assert (trip is not None) == (endings[n][1] is not None and (len(run) >= limits.run or by_share))


@given(histories, st.permutations([*"aabb"]))
def test_several_tenants_that_fail_halt_the_step(history: list[Tenanted], tenants: list[str]) -> None:
    """Whatever was before: as many in a row as it takes, of which one tenant has no more than half, are enough."""
    endings = [*history, *((tenant, 100 + n, BAD) for n, tenant in enumerate(tenants))]
    assert told_of(endings)[-1] is not None


@given(histories, st.lists(whose, min_size=10, max_size=10))
def test_a_broken_step_is_halted_within_its_window(history: list[Tenanted], tenants: list[str]) -> None:
    """Whoever's they are, and whoever's ended well before: a window of dead documents is the longest it takes."""
    endings = [*history, *((tenant, 100 + n, BAD) for n, tenant in enumerate(tenants))]
    assert any(told_of(endings)[len(history) :])
