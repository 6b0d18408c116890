"""Every problem that the API answers with: its status, title and what the caller can do about it.

The `type` of a problem is `/problems/<code>` (RFC 9457 allows a relative reference), and that address explains it.
"""

from dataclasses import dataclass

from muniment.producers.key_ring import ways_out
from muniment.schemas.error_codes import ErrorCode


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem."""

    status: int
    title: str
    what_to_do: str


KINDS: dict[str, Kind] = {
    "unauthorized": Kind(
        401,
        "No valid API key",
        "Send `Authorization: Bearer mun_…` with a key that exists, is not revoked and has not expired; "
        "`muniment keys create` makes one.",
    ),
    "forbidden": Kind(
        403, "The API key may not do this", "Use a key that has the scope named in `scope`, or create one with it."
    ),
    "signed_out": Kind(401, "Nobody is signed in", "Sign in to the console (`/console/sign-in`)."),
    "provider_away": Kind(503, "The identity provider is away", "Try again later, or sign in with an API key."),
    "cross_site": Kind(
        403, "The request was made elsewhere", "Make it from a page of the console; reload that if it is an old one."
    ),
    "not_found": Kind(
        404,
        "There is no such thing",
        "Check the id. If it was created a moment ago, send the `Muniment-Position` token of that answer along.",
    ),
    "not_sealed": Kind(
        404,
        "Nothing was signed that proves it",
        "What is new is sealed within some seconds: ask again. Else see in `GET /v1/checkpoints` what is signed.",
    ),
    "no_such_route": Kind(404, "There is no such address", "See /openapi.json for what there is."),
    "method_not_allowed": Kind(405, "This address does not take this method", "Use a method named in `Allow`."),
    "payload_too_large": Kind(
        413, "The request is too large", "Send less at once, or ask the operator to raise the limit."
    ),
    "unsupported_media_type": Kind(
        415, "This kind of body is not understood", "Send `multipart/form-data` or `application/json`."
    ),
    "invalid_request": Kind(422, "The request is not valid", "Correct what `errors` names and send it again."),
    "empty_upload": Kind(422, "The upload is empty", "Send a file with at least one byte."),
    "missing_file": Kind(422, "No file was sent", "Send at least one part named `file` that has a file name."),
    "idempotency_key_invalid": Kind(
        400,
        "The Idempotency-Key is not valid",
        "Send one key of 1 to 255 printable ASCII characters, in double quotes, such as a UUID.",
    ),
    "idempotency_key_missing": Kind(
        400, "An Idempotency-Key is wanted", "Send `Idempotency-Key` with a new UUID, and the same one if you repeat."
    ),
    "idempotency_in_progress": Kind(
        409, "The same request is still under way", "Repeat it with the same key after `Retry-After`."
    ),
    "idempotency_key_reused": Kind(
        422, "The Idempotency-Key belongs to another request", "Send a new key with a new request."
    ),
    "revision_mismatch": Kind(
        412,
        "It was changed since it was read",
        "Read it again, look at what has changed, and send the change with the `ETag` of that answer in `If-Match`.",
    ),
    "already_exists": Kind(409, "There is one with this id already", "Leave the id out, or take another one."),
    "archived": Kind(
        409, "What is archived is not changed", "Take it up again first: `restore` of the project or of the episode."
    ),
    "not_empty": Kind(
        409, "There is something in it", "Delete its episodes and drafts first, or send `cascade=true` to delete them."
    ),
    "too_many": Kind(409, "The project is full", "Take something out of it, or begin another project."),
    "not_in_project": Kind(
        409, "A document is not in the project", "Put it in (`POST /v1/projects/{project_id}/documents`) and try again."
    ),
    "draft_not_ready": Kind(
        409, "The draft is not written", "Wait until it is, or take another one: its `status` says what became of it."
    ),
    "draft_ended": Kind(
        409, "The draft is not being written any more", "There is nothing to cancel; discard it if it is not wanted."
    ),
    "draft_committed": Kind(
        409, "The draft is part of the episode's history", "Commit another draft; what was committed stays restorable."
    ),
    "nothing_to_compare": Kind(
        409, "There is nothing to compare it with", "Name the other draft: `against`, or `base` of a merge."
    ),
    "not_acceptable": Kind(406, "There is no such format", "Name one in `format`, or ask for `*/*`."),
    "job_ended": Kind(
        409, "The job has ended", "There is nothing left to cancel; to undo what it did, delete the document."
    ),
    "not_cancellable": Kind(
        409, "This job cannot be cancelled", "Only submissions can; deletions and cancellations are done at once."
    ),
    "not_haltable": Kind(
        409,
        "This step cannot be halted",
        "Halt the steps whose work is to rest (`GET /v1/steps` lists them), or stop the workers.",
    ),
    "erasure_under_way": Kind(
        409,
        "The document is being erased",
        "Send it again after `Retry-After`: once its keys are gone the id begins a new life.",
    ),
    "erasure_decided": Kind(
        409, "The erasure was decided before", "See what was decided and why (`GET /v1/erasures/{erasure_id}`)."
    ),
    "confirmed_by_requester": Kind(
        409, "Somebody else has to confirm", "Confirm it with a key of another person that has the scope `erase`."
    ),
    "erasure_not_completed": Kind(
        409, "The erasure is not completed", "Ask again when its `status` is `completed`; `stores` shows how far it is."
    ),
    "nothing_selected": Kind(
        409,
        "There is nothing to do it with",
        "See which dead letters wait (`GET /v1/dead-letters?status=waiting`). Quarantined ones want `force`.",
    ),
    "nothing_to_retry": Kind(
        409, "There is nothing to try again", "Look at the document again: it may have gone on meanwhile."
    ),
    "confirmation_needed": Kind(
        409,
        "This would touch more than 100 dead letters",
        "Look at what it would touch with `dry_run=true`, then send that number as `confirmed`.",
    ),
    "not_editable": Kind(
        409, "This dead letter cannot be edited", "Only letters of a document that wait, or are quarantined, can be."
    ),
    "not_readable": Kind(
        409, "The record cannot be read", "It can still be redriven once the program reads it, or discarded."
    ),
    "read_model_behind": Kind(
        503,
        "The read model has not got that far yet",
        "Repeat the request with the same token after `Retry-After`, ask for a longer `wait`, "
        "or leave the token out to read what is there now.",
    ),
    "embedding_unavailable": Kind(
        503,
        "The embedding endpoint is away",
        "Use `mode=text`, or `mode=hybrid`, which falls back to it; or try later.",
    ),
    "endpoint_not_named": Kind(
        409,
        "The settings do not name this endpoint",
        "Texts go only where the settings say: add the address to `MUNIMENT_EMBEDDING_ENDPOINTS` and start anew.",
    ),
    "model_unusable": Kind(
        409,
        "The endpoint does not serve this model so",
        "Check the model's name, the length of its vectors, whether it wants `ask_dimensions`, and the endpoint's key.",
    ),
    "not_ready": Kind(503, "Not ready", "Wait: a part that is needed is away; `parts` says which."),
    "too_many_streams": Kind(
        429, "Too many streams are open", "Close some, or watch many jobs by one stream; try again after `Retry-After`."
    ),
    "too_many_connections": Kind(
        429, "Too many live channels are open", "Close some, or use one for several fields; try again in a while."
    ),
    "too_many_answers": Kind(
        429, "Too many answers are under way", "Wait for one of them to end, or cancel one, and ask again."
    ),
    "too_fast": Kind(429, "Too many messages in a second", "Send fewer: of what is typed only the newest counts."),
    "nothing_found": Kind(
        404,
        "The documents say next to nothing about the question",
        "Ask in other words, ask about less, or submit documents that speak of it.",
    ),
    "model_unavailable": Kind(
        503, "The language model is away", "Ask again in a while; search (`/v1/search`) works without it."
    ),
    "budget_spent": Kind(
        429, "Today's budget for texts is spent", "Ask again tomorrow (UTC), or ask the operator for more."
    ),
    "internal_error": Kind(
        500, "Something went wrong inside Muniment", "Try again; if it stays, report it with the `request_id`."
    ),
    ErrorCode.LOG_UNAVAILABLE: Kind(
        503,
        "The log is away",
        "Repeat the request after `Retry-After`. A change may have been accepted all the same: with the same "
        "`Idempotency-Key` it happens once.",
    ),
    ErrorCode.DATABASE_UNAVAILABLE: Kind(503, "The database is away", "Repeat the request after `Retry-After`."),
    ErrorCode.KEY_RING_UNUSABLE: Kind(
        503,
        "A key is not at hand",
        "Nothing is taken for erased. Tell the operator, and repeat the request then. A data key that is lost: "
        f"{ways_out('ID')}. A key ring that cannot be used: put back the one that belongs to the key store.",
    ),
    ErrorCode.BLOB_UNAVAILABLE: Kind(503, "The blob store is away", "Repeat the request after `Retry-After`."),
    ErrorCode.BREAKER_OPEN: Kind(
        503, "An outside service is not called for a while", "Repeat the request after `Retry-After`."
    ),
    ErrorCode.DISK_FULL: Kind(
        503,
        "There is no room to store it",
        "Nothing was accepted. Tell the operator, and repeat it after `Retry-After`.",
    ),
    ErrorCode.BLOB_MISSING: Kind(410, "The stored bytes are gone", "The document was deleted; submit it again."),
    ErrorCode.KEY_DESTROYED: Kind(410, "The document was erased", "Nothing can be read or changed any more."),
    ErrorCode.RECORD_TOO_LARGE: Kind(
        413, "What describes the document is too large", "Shorten title and metadata; content is not the matter."
    ),
    ErrorCode.TOO_LARGE: Kind(413, "The file is too large", "Split it, or ask the operator to raise the limit."),
    ErrorCode.EMPTY_DOCUMENT: Kind(422, "The upload is empty", "Send a file with at least one byte."),
}

RETRY_AFTER_S = 2
"""What `Retry-After` says when a part is away and nobody knows for how long."""


def kind_of(code: str) -> tuple[str, Kind]:
    """The kind of a code; one that callers are not told about is an internal error."""
    return (str(code), KINDS[code]) if code in KINDS else ("internal_error", KINDS["internal_error"])
