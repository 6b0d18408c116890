"""For whoever reads the topics with a Kafka client of their own: typed events, and what is sealed where one may see it.

It is in the wheel `muniment-consumer` (`make kit`), which holds this folder's parent and nothing else of Muniment.
`Reader` needs no network; `DataKeys` asks the API for keys and is the one thing in `schemas` that does.
"""

from muniment.schemas.codec import Envelope
from muniment.schemas.consumer.data_keys import DataKeys, KeysRefused, KeysUnavailable
from muniment.schemas.consumer.reader import Reader, record_of
from muniment.schemas.personal import REDACTED, SEALED, Redaction

__all__ = [
    "REDACTED",
    "SEALED",
    "DataKeys",
    "Envelope",
    "KeysRefused",
    "KeysUnavailable",
    "Reader",
    "Redaction",
    "record_of",
]
