"""The trail: who did what, when, from where, and what they were shown. In clear, so that nothing in it is personal.

There is no key to seal such an entry with: it is about many documents, or about none, and it has to stay readable when
one of them is erased. So nothing in it is personal: documents are named by their ids, the words of a question and the
caller's address are there only as keyed marks (HMAC-SHA-256, RFC 2104, under the tenant's own secret), with which a
guess can be tested by who may ask, and the address besides as the network that it lies in. Reasons are those that
operators give about the house; what is said about a document stays sealed in its command.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from muniment.schemas.event import Event, event
from muniment.schemas.topics import AUDIT

HOUSE = "muniment"
"""Whose an entry is that is about no tenant: a caller without a valid key, a topic of the broker."""
NOBODY = "unknown"
"""The actor of a request without a valid key."""
MOST_DOCUMENTS = 100
"""Most documents that one entry names; `document_count` says how many there were."""


class Outcome(StrEnum):
    """What came of it. `denied`: no key, or one that may not; `refused`: the request was at fault; `begun`: see below.

    What a command line does directly is entered twice: `begun` before, so that nothing is done unseen if it is killed
    in between, and its end after.
    """

    BEGUN = "begun"
    DONE = "done"
    DENIED = "denied"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True)
class DocumentTouched:
    """A document that was shown or changed: which version (if one) and which of its chunks, by their ordinals.

    Attributes:
        version: Number of the version, from 1; none where it was not about one.
        chunks: Ordinals of the chunks that were shown, from 0, at most 200.

    """

    document_id: UUID
    version: int | None
    chunks: tuple[int, ...]


@event(topic=AUDIT, key="actor")
class ActionAudited(Event):
    """Somebody asked for something that the trail has to tell of, and this came of it.

    Attributes:
        action: What, as `noun.verb`; the catalogue of actions is `muniment.api.auditing.table`.
        actor: Who: `key:<id>`, `cli:<user>`, `process:<name>`, or `unknown`.
        kind: What sort of thing it was done to (`document`, `job`, `flag`, `topic` …); empty when to none.
        entity: Its id or name.
        outcome: What came of it, one of `Outcome`.
        status: The HTTP status of the answer; none on the command line.
        reason: Why, where who asked had to say so and it is about the house.
        network: The network of the caller's address (IPv4 /24, IPv6 /48); a loopback address as it is.
        address_mark: The keyed mark of the whole address, in hexadecimal digits; empty without a tenant.
        agent: The class of the program that asked: `browser`, `muniment`, `library`, `tool`, `other`, `none`.
        query_mark: The keyed mark of the words that were searched for.
        documents: What was shown or changed, at most `MOST_DOCUMENTS`.
        document_count: How many that were.
        left_out: How many denied requests like this one came before it and got no entry of their own.

    """

    action: str
    actor: str
    kind: str
    entity: str
    outcome: str
    status: int | None
    reason: str
    network: str
    address_mark: str
    agent: str
    query_mark: str
    documents: tuple[DocumentTouched, ...]
    document_count: int
    left_out: int


@event(topic=AUDIT, key="topic")
class AuditedTopicChanged(Event):
    """An audited topic is not on the broker what it was declared to be, or has lost records.

    Attributes:
        topic: Its name.
        partition: Number of the partition; -1 for the whole topic.
        setting: A name of Kafka's configuration, `log.start` (records before `found` are gone), `log.end` (the log ends
            before where it did) or `topic` (it is missing).
        declared: What it should be, or was when it was looked at before.
        found: What it is.

    """

    topic: str
    partition: int
    setting: str
    declared: str
    found: str


@event(topic=AUDIT, key="topic")
class AuditedTopicRestored(Event):
    """What was told of an audited topic holds no more: it was mended, or somebody accepted it and says why.

    Attributes:
        topic: Its name.
        partition: As it was told.
        setting: As it was told.
        accepted: Somebody accepted it as it is; otherwise it is as declared again.
        reason: Why it was accepted.

    """

    topic: str
    partition: int
    setting: str
    accepted: bool
    reason: str
