"""The values that the API is set by; `infra` reads them from the environment."""

from dataclasses import dataclass, field

from muniment.producers.writing.cost import Prices

MIB = 1024 * 1024
REQUEST_BYTES = 512 * MIB
"""What a multipart request may come to at least, however small its files have to be."""


@dataclass(frozen=True, slots=True)
class WriterTerms:
    """Who writes drafts, and what that may cost; without a model, drafts are put together from passages.

    Attributes:
        model: What the model is called; empty: there is none.
        prices: Of its tokens; nothing where none are set.
        prompt_tokens: Most tokens that a prompt comes to.

    """

    model: str = ""
    prices: Prices = field(default_factory=Prices)
    prompt_tokens: int = 0

    def most_micros(self, max_tokens: int) -> int:
        """The most that a draft of so many tokens may cost (millionths of a dollar)."""
        return self.prices.of(self.prompt_tokens, max_tokens)


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What the API may take in and how long it may wait.

    Attributes:
        version: The version of Muniment, as `/health/detailed` and the OpenAPI document show it.
        max_upload_bytes: Largest single file.
        max_request_bytes: Largest multipart request, all files together.
        max_json_bytes: Largest JSON body; JSON is read into memory, larger text belongs into an upload.
        max_batch: Most documents in one request.
        wait_default_s: How long a read with a position token waits for the read model when it does not say; a change
            that answers with its decision as long for that.
        wait_max_s: The longest wait that a read may ask for.
        streams_per_key: Most live streams that one key may have open at this instance.
        streams_max: Most live streams that this instance serves at once.
        idempotency_required: Whether a change without an `Idempotency-Key` is refused.
        registry_needs_key: Whether the schema registry answers only holders of an API key.
        embedding_requests_per_minute: How often all workers together may ask an embedding endpoint.
        embedding_batch: Texts in one such request.
        live_per_key: Most live channels that one key may have open at this instance.
        live_max: Most live channels that this instance serves at once.
        live_messages_per_second: Messages that one key may send over its live channels at this instance.
        live_prefetch: Whether what is typed is searched for before it is asked.
        writer: Who writes drafts, for the pages that have one written.
        console_url: Where browsers find the console, as `https://…`; empty: wherever they ask.

    """

    version: str = "0.1.0"
    max_upload_bytes: int = 100 * MIB
    max_request_bytes: int = REQUEST_BYTES
    max_json_bytes: int = 16 * MIB
    max_batch: int = 100
    wait_default_s: float = 5.0
    wait_max_s: float = 30.0
    streams_per_key: int = 1000
    streams_max: int = 10_000
    idempotency_required: bool = False
    registry_needs_key: bool = False
    embedding_requests_per_minute: int = 1000
    embedding_batch: int = 64
    live_per_key: int = 1000
    live_max: int = 10_000
    live_messages_per_second: float = 100.0
    live_prefetch: bool = True
    writer: WriterTerms = WriterTerms()
    console_url: str = ""


def request_bytes(upload_bytes: int) -> int:
    """The largest multipart request where a file may have so many bytes: one such file always fits, with its form."""
    return max(REQUEST_BYTES, upload_bytes + MIB)
