"""Every way a step can fail, named by what has to be done about it, each with its policy.

Adding a code is one entry in `ErrorCode` and one in `POLICIES`; a test says when one is missing.
"""

from enum import StrEnum


class Policy(StrEnum):
    """What happens to a record whose step failed."""

    REFUSE = "refuse"
    """The document itself is at fault: a final `DocumentRefused`, never a retry."""
    EXPONENTIAL = "exponential"
    """Through the delayed retry tiers, using up attempts, then the dead-letter topic."""
    OUTAGE = "outage"
    """Somebody else is away: wait (as long as the server asked) without using up attempts."""
    BLOCK = "block"
    """Our own database or log is away: the record waits in place, nothing is acknowledged."""
    NEVER = "never"
    """Hopeless without a human: the dead-letter topic at once."""


class ErrorCode(StrEnum):
    """Stable names; they travel in headers and are part of the public language."""

    TYPE_NOT_ALLOWED = "type_not_allowed"
    TOO_LARGE = "too_large"
    EMPTY_DOCUMENT = "empty_document"
    NO_TEXT = "no_text"
    MALWARE = "malware"
    ACTIVE_CONTENT = "active_content"
    ARCHIVE_BOMB = "archive_bomb"
    POLYGLOT = "polyglot"
    UNREADABLE_DOCUMENT = "unreadable_document"
    ENCRYPTED_DOCUMENT = "encrypted_document"
    URL_FORBIDDEN = "url_forbidden"
    URL_REFUSED = "url_refused"
    NOTHING_FOUND = "nothing_found"
    BRIEF_MISSING = "brief_missing"
    MODEL_REFUSED = "model_refused"

    EXTRACTOR_CRASHED = "extractor_crashed"
    STEP_TIMEOUT = "step_timeout"
    UNEXPECTED = "unexpected"
    EMBEDDING_BAD_ANSWER = "embedding_bad_answer"
    WRITING_BAD_ANSWER = "writing_bad_answer"
    FETCH_FAILED = "fetch_failed"

    PROVIDER_RATE_LIMITED = "provider_rate_limited"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_TIMEOUT = "provider_timeout"
    BUDGET_SPENT = "budget_spent"
    BLOB_UNAVAILABLE = "blob_unavailable"
    BREAKER_OPEN = "breaker_open"
    SHARE_USED = "share_used"

    DATABASE_UNAVAILABLE = "database_unavailable"
    LOG_UNAVAILABLE = "log_unavailable"
    KEY_RING_UNUSABLE = "key_ring_unusable"
    DISK_FULL = "disk_full"

    UNDECODABLE = "undecodable"
    UNKNOWN_EVENT = "unknown_event"
    BLOB_MISSING = "blob_missing"
    PROVIDER_REJECTED = "provider_rejected"
    PROVIDER_AUTH = "provider_auth"
    KEY_DESTROYED = "key_destroyed"
    RECORD_TOO_LARGE = "record_too_large"
    OUTAGE_TOO_LONG = "outage_too_long"
    RETRIES_TOO_LONG = "retries_too_long"


POLICIES: dict[ErrorCode, Policy] = {
    ErrorCode.TYPE_NOT_ALLOWED: Policy.REFUSE,
    ErrorCode.TOO_LARGE: Policy.REFUSE,
    ErrorCode.EMPTY_DOCUMENT: Policy.REFUSE,
    ErrorCode.NO_TEXT: Policy.REFUSE,
    ErrorCode.MALWARE: Policy.REFUSE,
    ErrorCode.ACTIVE_CONTENT: Policy.REFUSE,
    ErrorCode.ARCHIVE_BOMB: Policy.REFUSE,
    ErrorCode.POLYGLOT: Policy.REFUSE,
    ErrorCode.UNREADABLE_DOCUMENT: Policy.REFUSE,
    ErrorCode.ENCRYPTED_DOCUMENT: Policy.REFUSE,
    ErrorCode.URL_FORBIDDEN: Policy.REFUSE,
    ErrorCode.URL_REFUSED: Policy.REFUSE,
    ErrorCode.NOTHING_FOUND: Policy.REFUSE,
    ErrorCode.BRIEF_MISSING: Policy.REFUSE,
    ErrorCode.MODEL_REFUSED: Policy.REFUSE,
    ErrorCode.EXTRACTOR_CRASHED: Policy.EXPONENTIAL,
    ErrorCode.STEP_TIMEOUT: Policy.EXPONENTIAL,
    ErrorCode.UNEXPECTED: Policy.EXPONENTIAL,
    ErrorCode.EMBEDDING_BAD_ANSWER: Policy.EXPONENTIAL,
    ErrorCode.WRITING_BAD_ANSWER: Policy.EXPONENTIAL,
    ErrorCode.FETCH_FAILED: Policy.EXPONENTIAL,
    ErrorCode.PROVIDER_RATE_LIMITED: Policy.OUTAGE,
    ErrorCode.PROVIDER_UNAVAILABLE: Policy.OUTAGE,
    ErrorCode.PROVIDER_TIMEOUT: Policy.OUTAGE,
    ErrorCode.BUDGET_SPENT: Policy.OUTAGE,
    ErrorCode.BLOB_UNAVAILABLE: Policy.OUTAGE,
    ErrorCode.BREAKER_OPEN: Policy.OUTAGE,
    # No outage, but waited for as one: others of the same tenant have all the turns of its share.
    ErrorCode.SHARE_USED: Policy.OUTAGE,
    ErrorCode.DATABASE_UNAVAILABLE: Policy.BLOCK,
    ErrorCode.LOG_UNAVAILABLE: Policy.BLOCK,
    ErrorCode.KEY_RING_UNUSABLE: Policy.BLOCK,
    ErrorCode.DISK_FULL: Policy.BLOCK,
    ErrorCode.UNDECODABLE: Policy.NEVER,
    ErrorCode.UNKNOWN_EVENT: Policy.NEVER,
    ErrorCode.BLOB_MISSING: Policy.NEVER,
    ErrorCode.PROVIDER_REJECTED: Policy.NEVER,
    # A key that was rotated or has run out is nobody's document's fault.
    ErrorCode.PROVIDER_AUTH: Policy.OUTAGE,
    ErrorCode.KEY_DESTROYED: Policy.NEVER,
    ErrorCode.RECORD_TOO_LARGE: Policy.NEVER,
    ErrorCode.OUTAGE_TOO_LONG: Policy.NEVER,
    ErrorCode.RETRIES_TOO_LONG: Policy.NEVER,
}

TRIES: dict[ErrorCode, int] = {ErrorCode.FETCH_FAILED: 3, ErrorCode.WRITING_BAD_ANSWER: 3}
"""Tries in all, the first included, of own faults that get fewer than one for each tier and the first."""

CATEGORIES: dict[Policy, str] = {
    Policy.REFUSE: "document",
    Policy.EXPONENTIAL: "transient",
    Policy.OUTAGE: "outage",
    Policy.BLOCK: "infrastructure",
    Policy.NEVER: "permanent",
}
"""The category that a dead letter carries, for an operator to sort by."""
