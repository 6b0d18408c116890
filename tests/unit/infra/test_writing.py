"""What people are told of the writer, from the settings."""

from decimal import Decimal

from muniment.api.settings import WriterTerms
from muniment.infra.settings import Settings
from muniment.infra.writing import BESIDE_TOKENS, offered
from muniment.producers.writing.cost import Prices


def settings(**given):
    """Settings with nothing from this machine."""
    return Settings(_env_file=None, **given)


def test_without_a_model_nothing_is_promised_and_nothing_costs():
    """An extract has no price, whatever prices are set."""
    terms = offered(settings(writer="extractive", writer_price_in=3))
    assert terms == WriterTerms()
    assert terms.most_micros(8_000) == 0


def test_what_a_draft_may_cost_is_bounded_by_the_passages_and_by_the_window():
    """Whichever is less: all passages that there may be, or their share of what the model holds."""
    priced = {"writer": "openai", "writer_model": "toy", "writer_price_in": 2, "writer_price_out": 10}
    few = offered(settings(**priced, writer_passages=10, chunk_tokens_max=100, writer_tokens_margin=1.5))
    narrow = offered(settings(**priced, writer_window_tokens=1_000, writer_memory_share=0.25))
    assert few == WriterTerms("toy", Prices(Decimal("2.0"), Decimal("10.0")), 1_500 + BESIDE_TOKENS)
    assert narrow.prompt_tokens == 250 + BESIDE_TOKENS
    assert few.most_micros(1_000) == (2_500 * 2 + 1_000 * 10)
