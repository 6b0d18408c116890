"""What a record that failed carries in its headers: first origin and last error only, so that it cannot grow.

`attempt` counts the tries that failed through the record's own fault; an outage of somebody else counts in `waits`.
"""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from muniment.schemas.error_codes import CATEGORIES, POLICIES, ErrorCode
from muniment.schemas.record import Position, Record
from muniment.schemas.topics import DLQ, REDELIVERY, RETRY_TIERS

MAX_ERROR_CHARACTERS = 500
_PREFIX = "retry_"
_ORIGIN = "retry_origin"
_OURS = frozenset(topic.name for topic in (*REDELIVERY.values(), *RETRY_TIERS, DLQ))
"""Where only our own programs write: headers there are believed."""
MOST_TIMES = 1_000_000
"""Nothing is redriven so often: who says so is a foreign record, and what it says is kept as a small number."""
REDRIVE_ID, REDRIVE_LETTER, REDRIVE_TIMES = "redrive_id", "redrive_letter", "redrive_times"
"""On a record that came back from the dead letters: the redrive, the letter that it was, how often so far.

They stay on the record through everything that follows, so that the next dead letter knows its past.
"""
_CODES = {code.value: code for code in ErrorCode}
_KNOWN_AS = {ErrorCode.SHARE_USED: ErrorCode.BUDGET_SPENT}
"""Codes that programs before them take for nothing of ours, and by which of theirs they are told; `retry_limit` has the
code itself. While a release is rolled out, old and new workers take records out of the same tiers."""
BRANCH = "step_branch"
"""On a record of a step that several groups run, each for itself: the one whose retry or dead letter it is.

It stays on the record through a redrive. A record without it is of an earlier program, and every group's.
"""


@dataclass(frozen=True, slots=True)
class RetryState:
    """Where a failing record stands.

    Attributes:
        step: The step that failed.
        attempt: Failed tries so far that count against the record (1 after the first).
        waits: Waits for an outage so far, which do not count.
        first_failed_ms: When it failed first, milliseconds of the Unix epoch.
        due_ms: When it may be tried again; 0 on a dead letter.
        origin: Where it lay when it failed first.
        code: Why it failed last.
        error: One sentence about the last failure, cut; never document text.
        fingerprint: The same for failures that differ in numbers and ids only; to group dead letters by.
        trace: The W3C trace id of the work it belongs to; empty when untraced.
        untried_ms: How long of the time since it failed first it has waited for a limit of its tenant: for a budget, or
            a turn. Nothing was tried then.

    """

    step: str
    attempt: int
    waits: int
    first_failed_ms: int
    due_ms: int
    origin: Position
    code: ErrorCode
    error: str
    fingerprint: str = ""
    trace: str = ""
    untried_ms: int = 0

    @property
    def category(self) -> str:
        """The kind of fault, for an operator to sort by."""
        return CATEGORIES[POLICIES[self.code]]

    def to_headers(self) -> dict[str, str]:
        """The headers to put on the record."""
        return {
            f"{_PREFIX}step": self.step,
            f"{_PREFIX}attempt": str(self.attempt),
            f"{_PREFIX}waits": str(self.waits),
            f"{_PREFIX}first_failed_ms": str(self.first_failed_ms),
            f"{_PREFIX}due_ms": str(self.due_ms),
            f"{_PREFIX}origin": str(self.origin),
            f"{_PREFIX}code": _KNOWN_AS.get(self.code, self.code).value,
            f"{_PREFIX}limit": self.code.value if self.code in _KNOWN_AS else "",
            f"{_PREFIX}category": self.category,
            f"{_PREFIX}error": self.error[:MAX_ERROR_CHARACTERS],
            f"{_PREFIX}fingerprint": self.fingerprint,
            f"{_PREFIX}trace": self.trace,
            f"{_PREFIX}untried_ms": str(self.untried_ms),
        }


def retry_state(record: Record) -> RetryState | None:
    """The state a record carries; `None` for one that has not failed (or whose headers are not ours)."""
    found = {k[len(_PREFIX) :]: v.decode("utf-8", "replace") for k, v in record.headers if k.startswith(_PREFIX)}
    try:
        return RetryState(
            step=found["step"],
            attempt=int(found["attempt"]),
            waits=int(found["waits"]),
            first_failed_ms=int(found["first_failed_ms"]),
            due_ms=int(found["due_ms"]),
            origin=Position.parse(found["origin"]),
            code=_code(found.get("limit", ""), found["code"]),
            error=found["error"],
            fingerprint=found.get("fingerprint", ""),
            trace=found.get("trace", ""),
            untried_ms=int(found.get("untried_ms", "0")),
        )
    except (KeyError, ValueError):
        return None


def _code(*texts: str) -> ErrorCode:
    """What a later program calls by a name of its own still waits here: it must not be taken for a foreign record."""
    return next((_CODES[text] for text in texts if text in _CODES), ErrorCode.UNEXPECTED)


def origin_of(record: Record) -> Position:
    """Where a record first lay: by its headers once it was sent to wait or back to its step, else where it lies."""
    if record.topic in _OURS:
        try:
            return Position.parse(record.header(_ORIGIN) or "")
        except ValueError:
            pass
    return Position(record.topic, record.partition or 0, record.offset or 0)


def sent_from(record: Record) -> Position | None:
    """Where a command lies on its own topic, also when it comes back from a retry; `None` when it never was on one."""
    return None if record.partition is None or record.offset is None else origin_of(record)


def with_origin(record: Record, origin: Position) -> Record:
    """The record saying where it first lay, which names it wherever it goes."""
    return record.with_headers({_ORIGIN: str(origin)})


def as_new(record: Record) -> Record:
    """The record as if it had never failed, but for its first origin: what a redrive sends back to the step."""
    kept = tuple((name, value) for name, value in record.headers if not name.startswith(_PREFIX))
    return with_origin(Record(record.topic, record.key, record.value, kept), origin_of(record))


def redrive_times(record: Record) -> int:
    """How often the record has been redriven; 0 for one that never was, or does not say so plainly."""
    try:
        times = int(record.header(REDRIVE_TIMES) or "") if record.header(REDRIVE_ID) else 0
    except ValueError:
        return 0
    return times if 0 < times < MOST_TIMES else 0


@cache
def by_this_program() -> dict[str, str]:
    """The header that says which version of Muniment buried a record; none when it is not installed as a package."""
    try:
        return {f"{_PREFIX}program": version("muniment")}
    except PackageNotFoundError:
        return {}
