"""Metrics of the endpoint."""

from prometheus_client import REGISTRY

from muniment.producers.embedding.calls import Call, count


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_call_is_counted_by_outcome() -> None:
    """Calls, tokens and latency all move by what the call was."""
    before = sample("embedding_api_calls_total", outcome="ok"), sample("embedding_tokens_total")
    count(Call("ok", 12.0, 3, 40))
    assert sample("embedding_api_calls_total", outcome="ok") == before[0] + 1
    assert sample("embedding_tokens_total") == before[1] + 40
    assert sample("embedding_api_latency_ms_count") >= 1
