"""What the fields of events mean: one name means the same wherever it stands.

A field that means something of its own in one event says so in that event's docstring, under `Attributes:`, which goes
before the words here. The catalogue shows both, and a test wants a meaning for every field.
"""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Word:
    """The meaning of a field's name, and a value to show it by (of a list or map, one that it may hold)."""

    meaning: str
    sample: Any = None


WORDS: Mapping[str, Word] = {
    "about": Word("What the request was about: the name of a flag, step or breaker, or the id of a redrive", "fetch"),
    "archived": Word("Whether it was put away; taken up again otherwise", True),
    "ask_dimensions": Word("Whether the length is sent along, for models that can shorten their vectors", True),
    "attempt": Word("Which try, from 1", 1),
    "attempts": Word("Tries that failed through the record's own fault before it was given up", 5),
    "base_url": Word("The endpoint; empty for that of the settings", "https://models.example.org/v1"),
    "based_on": Word("The draft that this one was made from"),
    "batch": Word("Number of the batch within the version, from 0", 0),
    "batches": Word("Batches that the version's chunks were cut into", 1),
    "blob": Word("Claim check: where the document's bytes are stored, an address that holds their hash", "b/3f7a…c2"),
    "blobs_removed": Word("Stored blobs that were deleted, since nobody else claimed them", 2),
    "blobs_shared": Word("Stored blobs that stayed, since other documents claim the same content", 0),
    "breaker": Word("Name of the circuit breaker: the outside service that it guards", "embedding"),
    "brief": Word("What the script is to be about, in the words of who asks", "How leave is granted, for newcomers"),
    "by": Word("What brought the change: `command` (a person) or `probe` (tried, and it worked)", "probe"),
    "canary": Word("How many letters of each fingerprint go first; the rest follow if those succeed. 0: no canary", 1),
    "cascade": Word("Whether what is in it goes with it; otherwise only what is empty goes", False),
    "category": Word("Kind of fault, to sort by: `document`, `transient`, `outage`, `permanent`", "permanent"),
    "characters": Word("Length of the extracted text in characters (Unicode code points)", 4102),
    "chunks": Word("Chunks of the version", 5),
    "citations": Word("The marks in the text that name a source, each with what it leads to"),
    "code": Word("Stable error code; `docs/operating.md` says of each what it means and what to do", "not_a_document"),
    "command": Word("Name of the command that was decided on", "SetFlag"),
    "confirmations": Word("How many others have to agree before it is carried out: 0 or 1", 1),
    "confirmed": Word("How many letters the operator was shown before saying yes; 0: was not asked", 3),
    "content_hash": Word("HMAC-SHA-256 of the text under a secret of the tenant: equal text, equal hash"),
    "content_hashes": Word("Of each chunk, in order: HMAC-SHA-256 of its text under a secret of the tenant"),
    "cost_micros": Word("What was paid to the provider, in millionths of the currency that its price is set in", 20),
    "dead": Word("Records among those last settled that became dead letters; 0 when a person halted the step", 18),
    "description": Word("What a project says of itself", "A series for newcomers"),
    "dimensions": Word("Length of one vector", 384),
    "document_id": Word("The document that this is about, and the record's key: all of one document is in order"),
    "document_ids": Word("The documents that are meant"),
    "documents": Word("Documents that were erased", 3),
    "done": Word("Units of the step that are done", 3),
    "draft_id": Word("The draft: a text that never changes; an edit makes another one"),
    "drafts": Word("The drafts that went with it"),
    "embedded": Word("Chunks that the model was asked about", 4),
    "end": Word("Where the chunk ends: offset in characters of the original text, exclusive", 980),
    "episode_id": Word("The episode of the project"),
    "episodes": Word("The episodes that went with it"),
    "erasure_id": Word("The erasure: one request to forget, and what came of it"),
    "failures": Word("Failures in a row that opened the breaker", 5),
    "file_name": Word("The file's name, as it was given", "leave.md"),
    "findings": Word("How many pieces of personal data of each kind were scrubbed from the text", 2),
    "fingerprint": Word("The same for failures that differ in numbers and ids only: groups dead letters", "7d1f03a2"),
    "finish_reason": Word("Why the model stopped, in the words of its provider", "stop"),
    "first_ordinal": Word("Place of the batch's first chunk within the document, from 0", 0),
    "first_token_ms": Word("From asking the model to the first piece of its answer (ms)", 180),
    "flag": Word("Name of the feature flag", "durable_worker"),
    "force": Word("Whether letters go back that were quarantined or redriven before", False),
    "heading": Word("The heading that the chunk stands under, if any", "Leave"),
    "holds": Word("Whether the passage says what the sentence says", True),
    "how": Word("What gave the letters up: `command` (a person) or `expired` (the time set for it)", "command"),
    "if_revision": Word("The revision that the caller saw; -1: whichever it is", 3),
    "index": Word("Number of the piece, from 0", 0),
    "job_id": Word("The job: the id of the command that brought this about, the same in all that follows from it"),
    "jobs": Word("The jobs that had brought the document's versions"),
    "judged": Word("How many of the questions come with judgments", 12),
    "k": Word("How many hits of each question were looked at", 10),
    "kept": Word("Things of the store that stayed, since another document shares them", 0),
    "key_id": Word("Id of the key that signed", "k1"),
    "keys": Word("Data keys that were destroyed", 3),
    "lane": Word("How urgent: `interactive`, `normal` or `bulk`; each lane has consumers of its own", "normal"),
    "language": Word("Language that is asked for (BCP 47); empty: that of the brief", "en"),
    "left": Word("Letters that were not touched", 0),
    "letter": Word("The dead letter: its place on `muniment.dlq`, as `topic:partition:offset`", "muniment.dlq:3:41"),
    "letters": Word("Dead letters by their places on `muniment.dlq`; empty: all of `selection`", "muniment.dlq:3:41"),
    "max_tokens": Word("The most tokens that the answer may have", 1200),
    "media_type": Word("Media type, told from the content and not from the name (RFC 6838)", "text/markdown"),
    "memory_tokens": Word("Tokens of the passages that were put before the model", 2100),
    "metadata": Word("Names and values that the caller gave the document", "handbook"),
    "model": Word("Embedding model; vectors of different models are never compared", "multilingual-e5-small"),
    "ndcg": Word("Quality of the order (nDCG, 0 to 1) by the judgments, or else by the reference's hits", 0.93),
    "note": Word("What a reader of the receipt has to know of this store", ""),
    "number": Word("Number by which it is called", 1),
    "order": Word("The episodes in their new order"),
    "ordinal": Word("Place of the chunk within the document, from 0", 0),
    "origin": Word("What asked for it: `request` or `retention`", "request"),
    "outcome": Word("How it ended: `done`, `stopped`, or `canary_failed`", "done"),
    "overlap": Word("Mean share of hits among the first `k` that both models have in common", 0.81),
    "p50_ms": Word("Median time of a question, milliseconds", 7.2),
    "p95_ms": Word("Time that 95 of 100 questions stay below, milliseconds", 15.5),
    "page": Word("Page that the chunk begins on, from 1, where the format has pages", 1),
    "pages": Word("Pages of the document, where its format has pages", 2),
    "passage_prefix": Word("Put before a chunk when it is embedded", "passage: "),
    "passages": Word("What was found for it, in the order in which it was put before the model"),
    "patch": Word("What is changed in the letter: a JSON Patch (RFC 6902) as text"),
    "place": Word("The record: where it lies on the log, as `topic:partition:offset`", "muniment.documents:3:41"),
    "places": Word("Where each chunk of the batch lies in its document"),
    "position": Word("Place among the episodes of the project, from 0; -1: at the end", -1),
    "previous": Word("The model that search read until now", "multilingual-e5-small"),
    "price_per_million_tokens": Word("Price that costs are reckoned with, US dollars a million tokens", 0.02),
    "project_id": Word("The project that this is about, and the record's key: all of one project is in order"),
    "projection": Word("Name of the projection", "chunks"),
    "prompt": Word(
        "The whole of what the model gets: canonical JSON of the messages", '[{"content":"…","role":"user"}]'
    ),
    "prompt_tokens": Word("Tokens of the whole prompt, as counted before the call", 2600),
    "provider": Word("Who writes: `openai` (or a compatible server), `anthropic`, `extractive`", "extractive"),
    "queries": Word("How many questions were asked", 50),
    "query_prefix": Word("Put before a question when it is embedded", "query: "),
    "rate": Word("Letters a second, at most", 20.0),
    "reason": Word("Why, in a sentence for people", "no longer wanted"),
    "receipt": Word("The signed text: canonical JSON (RFC 8785)", '{"erasure_id":"…"}'),
    "receipt_hash": Word("SHA-256 of the receipt, in hexadecimal", "5e88…42d8"),
    "redrive_id": Word("The redrive: one request to send dead letters back to their steps"),
    "redriven": Word("Letters that went back to their steps", 3),
    "reference": Word("The model that it was compared with", "multilingual-e5-small"),
    "reference_ndcg": Word("The same quality, of the reference", 0.9),
    "reference_p50_ms": Word("Median time of a question with the reference, milliseconds", 6.9),
    "reference_p95_ms": Word("Time that 95 of 100 questions to the reference stay below, milliseconds", 14.1),
    "removed": Word("Things of the store that were removed: rows, files or blobs", 12),
    "retry_after_s": Word("Seconds before the service is tried again", 30.0),
    "reused": Word("Chunks whose vectors were known already and cost nothing", 1),
    "revision": Word("Grows by one with each change; what `If-Match` is compared with", 2),
    "said_from": Word("Where the sentence begins, in the text of the draft", 0),
    "said_to": Word("Where the sentence ends, in the text of the draft, exclusive", 42),
    "score": Word("What put it there: reciprocal ranks of both arms, fused", 0.032),
    "seed": Word("Seed that the model was given; none: none", 7),
    "selection": Word("Which dead letters are meant: filters by name, as in `muniment dlq list`", "embedding"),
    "served_as": Word("What the endpoint calls the model", "e5-large"),
    "settled": Word("Records that `dead` is counted among; 0 when a person halted the step", 20),
    "signature": Word("Ed25519 signature (RFC 8032)"),
    "size_bytes": Word("Size of the document in bytes", 4210),
    "source": Word("Which way the content came in", "upload"),
    "sources": Word("The documents that the text goes back to"),
    "start": Word("Where the chunk begins: offset in characters of the original text", 0),
    "step": Word("Name of the step: `extracting`, `embedding`, …", "embedding"),
    "store": Word("Name of a store: a read model, the blobs, the caches, …", "chunks"),
    "subject": Word("The person, as an HMAC under the tenant's secret; null where only documents are named", "h:9c1f…"),
    "temperature": Word("How freely the model may choose, 0 to 2", 0.2),
    "template": Word("Name of the prompt template", "script"),
    "template_version": Word("Version of the prompt template", 1),
    "text": Word("What the chunk says, scrubbed of personal data", "Everyone has 25 days of leave a year."),
    "text_blob": Word("Claim check: where the extracted, scrubbed text is stored, encrypted", "t/91be…07"),
    "texts": Word("What each chunk of the batch says, in the order of `places`"),
    "times": Word("How often the letter has gone back to its step by now", 1),
    "title": Word("Title: as given, or as found in the document", "Leave policy"),
    "tokens": Word("Tokens, as the embedding model counts them", 981),
    "tokens_in": Word("Tokens of the prompt, as the provider counted them", 2600),
    "tokens_out": Word("Tokens of the answer, as the provider counted them", 412),
    "total": Word("Units that the step has to do in all", 5),
    "unit": Word("What is counted: `pages`, `characters`, `batches`", "batches"),
    "url": Word("The address", "https://example.org/leave.html"),
    "value": Word("Whether the flag is on", True),
    "vector_rank": Word("Place by meaning, from 1; none: not found so", 1),
    "vectors": Word("One vector a chunk, in the batch's order, end to end: little-endian IEEE 754 float16"),
    "version": Word("Number of the document's version, from 1; 0 where there is none yet", 1),
    "window_tokens": Word("The model's context window (tokens)", 8192),
    "words_rank": Word("Place by words, from 1; none: not found so", 2),
    "written_ms": Word("From asking the model to the end of its answer (ms)", 2400),
}
"""By field name; also those of the records inside events."""


def meaning(cls: type, field: str) -> str:
    """What a field of an event (or of a record in one) means; empty when nobody has said it.

    The nearest docstring along the bases of the class goes first, then the word that means the same everywhere.
    """
    for base in cls.__mro__:
        told = attributes(base.__dict__.get("__doc__") or "").get(field)
        if told:
            return told
    word = WORDS.get(field)
    return word.meaning if word else ""


_ENTRY = re.compile(r"^    (\w+)(?: \([^)]*\))?: (.*)$")


def attributes(docstring: str) -> dict[str, str]:
    """What a docstring says under `Attributes:`, by name, without the full stop at the end. Pure."""
    found: dict[str, str] = {}
    name, inside = "", False
    for line in inspect.cleandoc(docstring).splitlines():
        if not inside:
            inside = line.strip() == "Attributes:"
        elif line and not line.startswith("    "):
            break
        elif entry := _ENTRY.match(line):
            name = entry[1]
            found[name] = entry[2].strip()
        elif name and line.strip():
            found[name] += " " + line.strip()
    return {name: text.removesuffix(".") for name, text in found.items()}
