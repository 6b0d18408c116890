"""How sure a prediction is: bounded, and never less so with more to go by."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.predictions.confidence import confidence, match_of
from muniment.projections.predictions.folding import folded

PHRASE = st.text(st.sampled_from("abcd 휴가"), min_size=2, max_size=30).map(folded).filter(lambda one: len(one) > 1)
TIMES = st.integers(1, 10_000)
AGE = st.floats(0, 10_000)


@given(PHRASE, PHRASE, TIMES, AGE)
def test_it_is_between_nought_and_one(typed: str, phrase: str, times: int, age: float) -> None:
    """Whatever was typed, a confidence is a number from 0 to 1."""
    assert 0.0 <= confidence(typed, phrase, times=times, age_days=age) <= 1.0


@given(PHRASE, TIMES, AGE, st.data())
def test_more_typed_is_never_less_sure(phrase: str, times: int, age: float, data: st.DataObject) -> None:
    """Every further letter of the phrase makes it surer, up to the whole of it."""
    short = data.draw(st.integers(1, len(phrase)))
    long = data.draw(st.integers(short, len(phrase)))
    shorter, longer = (confidence(phrase[:n].strip(), phrase, times=times, age_days=age) for n in (short, long))
    assert shorter <= longer


@given(PHRASE, PHRASE, st.tuples(TIMES, TIMES), st.tuples(AGE, AGE))
def test_more_recent_and_more_often_is_never_less_sure(
    typed: str, phrase: str, times: tuple[int, int], ages: tuple[float, float]
) -> None:
    """Of two phrases alike, that of more documents and that of the newer one is the surer."""
    rare, often = sorted(times)
    new, old = sorted(ages)
    weak = confidence(typed, phrase, times=rare, age_days=old)
    assert weak <= confidence(typed, phrase, times=often, age_days=old)
    assert weak <= confidence(typed, phrase, times=rare, age_days=new)


def test_how_it_matches_counts_most() -> None:
    """The whole phrase is surer than its beginning, that than its words, those than what lies within."""
    ways = [("leave policy", "exact"), ("leave", "beginning"), ("policy", "words"), ("eave", "inside")]
    assert [match_of(typed, "leave policy") for typed, _ in ways] == [match for _, match in ways]
    sure = [confidence(typed, "leave policy", times=1, age_days=0) for typed, _ in ways]
    assert sure == sorted(sure, reverse=True)
    oldest = confidence("leave", "leave policy", times=1, age_days=10_000)
    assert oldest > confidence("leave", "long leave pol", times=10_000, age_days=0)
