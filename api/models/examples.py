"""Examples of answers about embedding models: the same story as in `examples`, seen by its operator."""

from typing import Any

from muniment.api.answers import MOMENT, TOKEN
from muniment.api.models.answers import FIRST, MODEL

_OPERATION_ID = "01970f60-0a3e-7f55-8d0c-6b1f2e9c4d17"
_FIRST: dict[str, Any] = {
    "model": FIRST,
    "state": "live",
    "served_as": FIRST,
    "dimensions": 384,
    "base_url": "",
    "batches": 3210,
    "chunks": 160_400,
    "missing_batches": 0,
    "unreadable_batches": 0,
    "discarded_batches": 0,
    "only_batches": 2010,
    "tokens": 31_200_000,
    "cost_micros": 0,
    "reason": "",
    "actor": "",
    "changed_at": None,
}
_OTHER: dict[str, Any] = {
    **_FIRST,
    "model": MODEL,
    "state": "embedding",
    "served_as": "text-embedding-3-large",
    "dimensions": 1024,
    "batches": 1200,
    "chunks": 60_000,
    "missing_batches": 2005,
    "unreadable_batches": 3,
    "discarded_batches": 2,
    "only_batches": 0,
    "tokens": 11_700_000,
    "cost_micros": 1_521_000,
    "reason": "better in Korean, says the comparison",
    "actor": "key:0dk6m8a6ic4o",
    "changed_at": MOMENT,
}

ANSWERS: dict[str, Any] = {
    "Models": {"live": FIRST, "batches": 3210, "chunks": 160_400, "items": [_FIRST, _OTHER]},
    "Estimate": {
        "name": MODEL,
        "chunks": 160_400,
        "texts": 151_220,
        "tokens": 30_100_000,
        "price_per_million_tokens": 0.13,
        "cost": 3.913,
        "texts_per_s": 412.5,
        "seconds": 366.6,
    },
    "Comparison": {
        "operation_id": _OPERATION_ID,
        "position": TOKEN,
        "k": 10,
        "queries": 74,
        "judged": 74,
        "overlap": 0.62,
        "live": {"model": FIRST, "ndcg": 0.685, "p50_ms": 9.1, "p95_ms": 14.8},
        "other": {"model": MODEL, "ndcg": 0.731, "p50_ms": 61.0, "p95_ms": 120.4},
    },
}
"""By the name of the schema."""
