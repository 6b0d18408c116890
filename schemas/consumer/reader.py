"""From a message, as a Kafka client gives it, to the event that it is."""

from typing import Any
from uuid import UUID

from muniment.schemas.codec import Envelope, KeyOf, decode
from muniment.schemas.personal import SEALED, Redaction
from muniment.schemas.record import Record


class Reader:
    """Reads messages of every topic.

    Without keys, personal fields read `SEALED`. With `DataKeys` they are opened; one whose key was destroyed, by an
    erasure, reads `REDACTED`, and one whose key is not for this caller `SEALED`.
    """

    def __init__(self, keys: KeyOf | None = None) -> None:
        self._key_of: KeyOf = keys or _closed

    def read(self, message: Any) -> Envelope:
        """The event in a message of confluent-kafka, aiokafka or kafka-python, or in a `Record`.

        It may ask the API for a key, so call it in a thread where an event loop runs. Raises whatever the look-up of
        keys raises, and besides:

        Raises:
            MunimentError: `unknown_event`, when the event was declared after this kit was built: install a newer one;
                `undecodable`, when it is no record of Muniment's. Both have a `code` and a `detail`.

        """
        return decode(record_of(message), self._key_of)


def record_of(message: Any) -> Record:
    """The record in a message; a tombstone has no value and reads as an empty one."""
    if isinstance(message, Record):
        return message
    return Record(
        _told(message, "topic"),
        _told(message, "key") or b"",
        _told(message, "value") or b"",
        tuple((name, value or b"") for name, value in _told(message, "headers") or ()),
        _told(message, "partition"),
        _told(message, "offset"),
        _moment(_told(message, "timestamp")),
    )


def _told(message: Any, name: str) -> Any:
    """confluent-kafka has methods where the others have attributes."""
    found = getattr(message, name)
    return found() if callable(found) else found


def _moment(told: Any) -> int | None:
    """Milliseconds since 1970; confluent-kafka says in front of them which clock they are of."""
    moment = told[1] if isinstance(told, tuple) else told
    return None if moment is None or moment < 0 else int(moment)


def _closed(_: UUID) -> Redaction:
    return SEALED
