"""What every record says about itself in its headers.

CloudEvents 1.0 in binary mode (Kafka protocol binding), W3C `traceparent`, correlation and causation ids, tenant.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.ids import child_traceparent, new_traceparent, parsed, result_id
from muniment.schemas.made import made
from muniment.schemas.record import Headers, Position, Record

CONTENT_TYPE = "application/vnd.confluent.avro"
COMMAND_POSITION = "command_position"
COPIED = ("tenant", "traceparent", "actor", "lane", COMMAND_POSITION)
"""Headers that go on to what follows from a record: a foreign one with a very long one would follow nothing."""
LONGEST_COPIED = 2000
_PARTS = 3
"""Of a CloudEvents type: namespace, name, version."""
NORMAL = "normal"
LANES = ("interactive", NORMAL, "bulk")
"""How urgent work is. Each lane is worked through by consumers of its own, so that none waits for another."""


@dataclass(frozen=True)
class Metadata:
    """The envelope of an event.

    Attributes:
        event_id: Derived for results, random for commands; recognises a repeat.
        tenant: Whose it is.
        correlation_id: The id of the command (so: the job) that started it all.
        causation_id: The id of the record that directly caused this one.
        time: When it was decided or done, UTC, whole milliseconds.
        source: Which part said so, for example `muniment.extracting`.
        traceparent: W3C trace context; left empty, it is made of the ids.
        actor: Who asked, as `key:<id>`; carried on to everything that follows.
        lane: How urgent it is, one of `LANES`; carried on to everything that follows.
        command_position: On what a decider decided: where the command lies, which is what a reader waits for.

    """

    event_id: UUID
    tenant: str
    correlation_id: UUID
    causation_id: UUID
    time: datetime
    source: str
    traceparent: str = ""
    actor: str = ""
    lane: str = NORMAL
    command_position: str = ""

    def __post_init__(self) -> None:
        """Work that nobody traced, as that of a breaker that a process opened unasked, is a trace of its own."""
        if not self.traceparent:
            object.__setattr__(self, "traceparent", new_traceparent(self.correlation_id, self.event_id))

    def caused(self, *, step: str, event_type: str, index: int, now: datetime) -> "Metadata":
        """The envelope of the `index`-th event of a type that `step` emits because of this one."""
        event_id = result_id(self.event_id, step, event_type, index)
        return Metadata(
            event_id=event_id,
            tenant=self.tenant,
            correlation_id=self.correlation_id,
            causation_id=self.event_id,
            time=whole_millis(now),
            source=f"muniment.{step}",
            traceparent=child_traceparent(self.traceparent, event_id),
            actor=self.actor,
            lane=self.lane,
        )


def lane_of(record: Record) -> str:
    """The lane of a record by its header alone; one that is not known counts as normal."""
    lane = record.header("lane")
    return lane if lane in LANES else NORMAL


def event_name(record: Record) -> str:
    """The name of the event in a record by its CloudEvents type (`muniment.Name.vN`), or an empty string."""
    told = record.header("ce_type") or ""
    # Foreign ones may be as long as a record, and are not worth keeping.
    return _remembered(told) if len(told) <= LONGEST_COPIED else _named(told)


@lru_cache(maxsize=1024)
def _remembered(ce_type: str) -> str:
    return _named(ce_type)


def _named(ce_type: str) -> str:
    parts = ce_type.rsplit(".", 2)
    return parts[1] if len(parts) == _PARTS else ""


def in_lane(position: Position, lane: str) -> Position:
    """Where a command lies, as a reader waits for it: within a lane, decisions come in the order of their commands.

    Between lanes there is no order: having seen a decision on one says nothing of commands of another. Each lane but
    the normal one therefore counts under a name of its own, `<topic>/<lane>`, which is no topic of the broker.
    """
    return position if lane == NORMAL else Position(f"{position.topic}/{lane}", position.partition, position.offset)


def whole_millis(moment: datetime) -> datetime:
    """The moment cut to milliseconds, as it will read back from the log."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def to_headers(meta: Metadata, *, ce_type: str, subject: str, key_id: UUID | None) -> Headers:
    """The headers of a record; `key_id` names the data key of its personal fields."""
    pairs = {
        "ce_specversion": "1.0",
        "ce_id": str(meta.event_id),
        "ce_source": meta.source,
        "ce_type": ce_type,
        "ce_subject": subject,
        "ce_time": meta.time.isoformat(timespec="milliseconds"),
        "content-type": CONTENT_TYPE,
        "correlation_id": str(meta.correlation_id),
        "causation_id": str(meta.causation_id),
        "tenant": meta.tenant,
        "traceparent": meta.traceparent,
        "actor": meta.actor,
        "lane": "" if meta.lane == NORMAL else meta.lane,
        COMMAND_POSITION: meta.command_position,
        "key_id": str(key_id) if key_id else "",
    }
    return tuple((k, v.encode()) for k, v in pairs.items() if v)


def from_headers(record: Record) -> Metadata:
    """Read the envelope back; `StepFailure(undecodable)` names a header that is missing or malformed."""
    found = record.named
    for name in COPIED:
        # No text is longer than its bytes, so that few are ever decoded for this.
        if len(found.get(name, b"")) > LONGEST_COPIED and len(_text(found[name])) > LONGEST_COPIED:
            raise StepFailure(ErrorCode.UNDECODABLE, f"header {name} is longer than {LONGEST_COPIED} characters")
    fields: dict[str, Any] = {
        "event_id": _required(found, "ce_id", parsed),
        "tenant": _required(found, "tenant", str),
        "correlation_id": _required(found, "correlation_id", parsed),
        "causation_id": _required(found, "causation_id", parsed),
        "time": _required(found, "ce_time", _moment),
        "source": _required(found, "ce_source", str),
        "traceparent": _text(found.get("traceparent", b"")),
        "actor": _text(found.get("actor", b"")),
        "lane": _text(found["lane"]) if "lane" in found else NORMAL,
        COMMAND_POSITION: _text(found.get(COMMAND_POSITION, b"")),
    }
    # One that nobody traced is given a trace of its own.
    return made(Metadata, fields) if fields["traceparent"] else Metadata(**fields)


T = TypeVar("T")


def _required(found: Mapping[str, bytes], name: str, read: Callable[[str], T]) -> T:
    try:
        return read(_text(found[name]))
    except (KeyError, ValueError) as error:
        raise StepFailure(ErrorCode.UNDECODABLE, f"header {name} is missing or malformed") from error


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment
