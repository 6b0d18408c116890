"""Metrics as they are read at `/metrics`."""

import re

from prometheus_client import REGISTRY, generate_latest

from muniment.schemas.metrics import SSE_RECONNECT_COUNT, UI_ERROR_PANEL

ASKED_FOR = {
    "worker_jobs_total",
    "worker_queue_length",
    "worker_processing_duration",
    "worker_active_jobs",
    "embedding_api_calls_total",
    "embedding_api_latency_ms",
    "rag_queue_length",
    "rag_job_duration_ms",
    "dlq_entries_total",
    "sse_connections_open",
    "sse_reconnect_count",
    "websocket_active_connections",
    "commit_positive_total",
    "memory_token_used_pct",
    "ui_error_panel_shown",
}
"""Names in the alert rules and dashboards that Muniment was promised to."""


def test_rules_find_what_they_ask_for() -> None:
    """Every name that a rule may ask for is there, to the letter."""
    shown = set(re.findall(r"^# TYPE (\w+) ", generate_latest().decode(), re.MULTILINE))
    assert ASKED_FOR - shown == set()


def test_a_counter_whose_name_has_no_ending_is_shown_without() -> None:
    """Its value stands under its own name, with its labels, and under no other."""
    before = REGISTRY.get_sample_value("sse_reconnect_count")
    assert before is not None
    SSE_RECONNECT_COUNT.inc()
    UI_ERROR_PANEL.labels("test_metrics").inc(2)
    assert REGISTRY.get_sample_value("sse_reconnect_count") == before + 1
    lines = generate_latest().decode().splitlines()
    assert 'ui_error_panel_shown{type="test_metrics"} 2.0' in lines
    found = {line.split("{")[0].split(" ")[0] for line in lines if line.startswith(("sse_reconnect", "ui_error_panel"))}
    assert found == {"sse_reconnect_count", "ui_error_panel_shown"}
