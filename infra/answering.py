"""Who answers questions over live channels: the writer of the settings, on the tenants' account."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from muniment.api.live_channel.answering import WrittenAnswers
from muniment.infra.settings import Settings
from muniment.infra.writing import budget_of, prices, tokens
from muniment.producers.budget import TEXTS, Allowance, PostgresBudget
from muniment.producers.writing.writer import Writer


def answerer(settings: Settings, pool: Any, writes: Writer, now: Callable[[], datetime]) -> WrittenAnswers:
    """Answers by the writer of this process: a model behind its breaker and limit, or extracts while none is set."""
    dollars = settings.writer_budget_per_day
    allowed = Allowance(settings.writer_tokens_per_day, None if dollars is None else round(dollars * 1_000_000))
    budget = PostgresBudget(pool, allowed, TEXTS)
    return WrittenAnswers(
        writes, budget, prices(settings), now, tokens(settings).ready, of_project=budget_of(settings, pool)
    )
