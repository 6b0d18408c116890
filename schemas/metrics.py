"""Every metric, declared once: name, kind, meaning, labels. A metric is made here or nowhere, so names cannot drift."""

from collections.abc import Iterator

from prometheus_client import Counter, Gauge, Histogram, registry
from prometheus_client.core import UntypedMetricFamily

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_MILLIS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000)
_JOB_MILLIS = (*_MILLIS, 120000, 300000, 900000, 3600000)


class _Plainly(registry.Collector):
    """Shows a counter under its own name, as alert rules ask for it, where Prometheus's library would add `_total`."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def collect(self) -> Iterator[UntypedMetricFamily]:
        """What the counter counts; of no type, since one of type counter cannot be without the ending."""
        for family in self._counter.collect():
            shown = UntypedMetricFamily(family.name, family.documentation)
            shown.samples = [s._replace(name=family.name) for s in family.samples if s.name.endswith("_total")]
            yield shown


def _plain(counter: Counter) -> Counter:
    """A counter that is in no registry, shown without `_total`."""
    registry.REGISTRY.register(_Plainly(counter))
    return counter


JOBS_TOTAL = Counter("worker_jobs_total", "Records that a step has settled", ["step", "outcome"])
QUEUE_LENGTH = Gauge("worker_queue_length", "Records taken in and not yet settled", ["step"])
PROCESSING_DURATION = Histogram(
    "worker_processing_duration", "Seconds from taking a record in to settling it", ["step"], buckets=_SECONDS
)
ACTIVE_JOBS = Gauge("worker_active_jobs", "Records a step is working on right now", ["step"])
RETRIES_TOTAL = Counter("worker_retries_total", "Records sent to a retry tier", ["step", "tier", "code"])
RETRY_LATENESS = Histogram(
    "worker_retry_lateness_seconds", "Seconds between due and redelivered; never negative", ["tier"], buckets=_SECONDS
)
DLQ_ENTRIES = Counter("dlq_entries_total", "Records sent to the dead-letter topic", ["step", "code"])
EMBEDDING_CALLS = Counter("embedding_api_calls_total", "Calls of the embedding endpoint", ["outcome"])
EMBEDDING_LATENCY = Histogram(
    "embedding_api_latency_ms", "Milliseconds of a call of the embedding endpoint", buckets=_MILLIS
)
EMBEDDING_TOKENS = Counter("embedding_tokens_total", "Tokens sent to the embedding endpoint")
EMBEDDING_COST = Counter("embedding_cost_micros_total", "Cost in millionths of the currency unit")
CHUNKS_REUSED = Counter("embedding_chunks_reused_total", "Chunks whose vector was known already")
PROJECTION_LAG = Gauge("projection_lag_records", "Records behind the end of the log", ["projection", "topic"])
PROJECTION_APPLIED = Counter("projection_applied_total", "Records folded into a read model", ["projection"])
PROJECTION_CHECKPOINT_AGE = Gauge(
    "projection_checkpoint_age_seconds",
    "Seconds since the checkpoint moved or was at the end of the log",
    ["projection"],
)
PROJECTION_DRIFT_ROWS = Gauge(
    "projection_drift_rows", "Rows that are not what the log says, as the last comparison found", ["projection"]
)
RAG_QUEUE_LENGTH = Gauge("rag_queue_length", "Jobs that are neither ended nor waiting for a retry")
RAG_JOB_DURATION = Histogram(
    "rag_job_duration_ms", "Milliseconds from command to end of a job", ["kind", "state"], buckets=_JOB_MILLIS
)
HTTP_REQUESTS = Counter("http_requests_total", "Requests answered", ["method", "route", "status"])
HTTP_DURATION = Histogram("http_request_duration_seconds", "Seconds to answer", ["method", "route"], buckets=_SECONDS)
POOL_SIZE = Gauge("postgres_pool_connections", "Connections of this process's pool", ["state"])
BREAKER_OPEN = Gauge("breaker_open", "Breakers that let nobody, or only one caller, through", ["breaker"])
OUTBOX_WAITING = Gauge("outbox_waiting", "Commands accepted while the log was away and not on it yet")
DEAD_LETTERS_WAITING = Gauge("dead_letters_waiting", "Dead letters that wait for an operator", ["step"])
PARKED = Gauge("parked_records", "Records that wait behind another of their document", ["step"])
STEP_HALTED = Gauge("step_halted", "1 while a step takes no more records", ["step"])
STEP_WAITING = Gauge(
    "step_waiting_records", "Records that wait in place for our own log, database, disk or a key", ["step", "code"]
)
SSE_CONNECTIONS_OPEN = Gauge("sse_connections_open", "Live streams that this process has open")
SSE_RECONNECT_COUNT = _plain(
    Counter("sse_reconnect_count", "Live streams that came back with an event id", registry=None)
)
COMMIT_POSITIVE = Counter("commit_positive_total", "Drafts that became an episode's script")
SEALED_LEAVES = Counter("sealed_leaves_total", "Records, and gaps, taken into a tree")
CHECKPOINTS_SIGNED = Counter("checkpoints_signed_total", "Checkpoints signed and told of")
SEALING_LAG = Gauge("sealing_lag_records", "Records on the log that are not sealed yet")
SEALING_FINDINGS = Gauge("sealing_findings", "Places on the log not as they were sealed that nobody acknowledged")
SEALING_HALTED = Gauge("sealing_halted_logs", "Partitions that contradict what was signed, and are sealed no more")
AUDIT_ENTRIES = Counter("audit_entries_total", "Entries taken into the trail", ["action", "outcome"])
AUDIT_WAITING = Gauge("audit_waiting", "Entries of the trail that are not on the log yet")
AUDIT_LEFT_OUT = Counter("audit_denials_left_out_total", "Denied requests that were counted instead of entered")
AUDITED_TOPIC_ALARMS = Gauge("audited_topic_alarms", "What is not as declared of an audited topic", ["topic"])
UI_ERROR_PANEL = _plain(
    Counter("ui_error_panel_shown", "Problems that the console has shown to people", ["type"], registry=None)
)
CACHE_LOOKS = Counter(
    "cache_looks_total", "Looks into a layer of the cache, by what came of them", ["kind", "layer", "result"]
)
CACHE_AWAY = Counter("cache_shared_away_total", "Calls of the cache's shared layer that failed")
CACHE_ENTRIES = Gauge("cache_entries", "Answers that this process holds in memory")
WRITING_CALLS = Counter("writing_calls_total", "Calls of the language model", ["provider", "outcome"])
WRITING_LATENCY = Histogram(
    "writing_duration_seconds",
    "Seconds from asking the language model to its last word",
    ["provider"],
    buckets=_SECONDS,
)
WRITING_FIRST_TOKEN = Histogram(
    "writing_first_token_seconds",
    "Seconds from asking the language model to its first word",
    ["provider"],
    buckets=_SECONDS,
)
WRITING_TOKENS = Counter(
    "writing_tokens_total", "Tokens read and written by the language model", ["provider", "direction"]
)
WRITING_COST = Counter("writing_cost_micros_total", "Cost of writing in millionths of the currency unit")
MEMORY_TOKEN_USED = Histogram(
    "memory_token_used_pct",
    "Share of the language model's window that passages take, in percent",
    buckets=(1, 2, 5, 10, 20, 30, 40, 50, 60, 75, 100),
)
CITATIONS = Counter("citations_total", "Citations that were checked, by whether they hold", ["holds"])
LIVE_CONNECTIONS = Gauge("websocket_active_connections", "Live channels (WebSocket) that this process has open")
LIVE_MESSAGES = Counter("live_messages_total", "Messages that clients sent over live channels", ["type"])
LIVE_RESUMES = Counter("live_resumes_total", "Live channels that came back, by what became of it", ["result"])
LIVE_PREDICTIONS = Histogram(
    "live_predictions_seconds",
    "Seconds from what was typed to its predictions",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
LIVE_ANSWERS = Counter("live_answers_total", "Answers over live channels, by how they ended", ["outcome"])
LIVE_FIRST_DELTA = Histogram(
    "live_first_delta_seconds",
    "Seconds from a question to the first word of its answer",
    ["provider"],
    buckets=_SECONDS,
)
