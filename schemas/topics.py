"""Every topic, declared once. Retry tiers and redelivery topics are derived, never typed by hand."""

from dataclasses import dataclass

DAY_MS = 24 * 60 * 60 * 1000
FOREVER_MS = -1
MAX_RECORD_BYTES = 2 * 1024 * 1024
"""Largest record that a topic takes; a larger payload rides as a claim check."""
MAX_MESSAGE_BYTES = MAX_RECORD_BYTES + 64 * 1024
"""And with its headers and what the log adds."""
MAX_CARRIED_BYTES = MAX_MESSAGE_BYTES + 64 * 1024
"""What a topic takes that carries records of other topics on, with what is said of their failure. Whatever anybody got
onto a topic has to find room there: its step would try to be rid of it for ever."""
MAX_AHEAD_MS = 60 * 60 * 1000
"""How far ahead of the broker's clock the time of a record may be. Programs set records' times, and by them the broker
finds offsets for moments, and what is old enough to go: one that is years ahead would spoil both for its partition."""
METADATA_AGE_MS = 10_000
"""How old a consumer lets its knowledge of the topics grow. What a broker says of them while it starts may be short,
and a group shares out only the partitions that it knows of: the clients' own five minutes are a document's wait."""

RETRY_DELAYS_S = (1, 5, 25, 125)
"""The delay of each tier; a record gets one retry in each (4 retries), then it is a dead letter."""

STEP_NAMES = (
    "deciding",
    "fetching",
    "extracting",
    "chunking",
    "embedding",
    "indexing",
    "purging",
    "operating",
    "erasing",
    "reembedding",
    "projecting",
    "generating",
)
"""Every step. Each has a redelivery topic of its own, so that a stuck step delays no other's retries."""
BESIDE = frozenset({"reembedding"})
"""Steps that no job waits for: their retries and dead letters are not the job's."""


def branched(step: str, branch: str) -> str:
    """How one branch of a step is called where it is halted and resumed; the step itself without a branch.

    A name stands in addresses, so it has no slash.
    """
    return f"{step}:{branch.replace('/', '-')}" if branch else step


def whole_step(name: str) -> str:
    """The step of a branch; the other way round."""
    return name.partition(":")[0]


NOT_HALTABLE = frozenset({"operating"})
"""Steps that no person halts: what would resume them is decided by themselves, and would wait for ever."""


def halt_holds(step: str, *, by_brake: bool) -> bool:
    """Whether a halt keeps its step from working. A brake's always does: its probes end it."""
    return by_brake or step not in NOT_HALTABLE


@dataclass(frozen=True)
class Topic:
    """A topic as it is to be.

    Attributes:
        name: The name on the broker.
        purpose: One line for the catalogue.
        retention_ms: How long records stay; -1 is for ever.
        audited: Part of the evidence: never compacted, never cut short.
        partitions: `None` takes the `partitions` setting. Topics keyed by document must all have the same
            number, so that one document's records lie in the same partition number everywhere.
        carries: Whether records of other topics are carried on here, as they are.

    """

    name: str
    purpose: str
    retention_ms: int = FOREVER_MS
    audited: bool = True
    partitions: int | None = None
    carries: bool = False

    @property
    def max_message_bytes(self) -> int:
        """The largest record with all that is around it."""
        return MAX_CARRIED_BYTES if self.carries else MAX_MESSAGE_BYTES


COMMANDS_DOCUMENTS = Topic("muniment.commands.documents", "Requests to change a document; key: document id")
DOCUMENTS = Topic("muniment.documents", "What happened to a document as a whole; key: document id")
CHUNKS = Topic("muniment.chunks", "Batches of chunks of a document's text; key: document id")
EMBEDDINGS = Topic("muniment.embeddings", "The vectors of those batches; key: document id")
JOBS = Topic("muniment.jobs", "Progress of steps, for show; key: document id", retention_ms=7 * DAY_MS, audited=False)
OPERATIONS = Topic("muniment.operations", "Flags, halted steps, breakers, redrives: one order for all", partitions=1)
COMMANDS_PROJECTS = Topic("muniment.commands.projects", "Requests to change a project or a script; key: project id")
PROJECTS = Topic("muniment.projects", "What happened to projects, episodes and scripts; key: project id")
COMMANDS_OPERATIONS = Topic("muniment.commands.operations", "Requests of operators, in one order", partitions=1)
ERASURES = Topic("muniment.erasures", "What was forgotten, by whom, and what each store removed", partitions=1)
COMMANDS_ERASURES = Topic("muniment.commands.erasures", "Requests to forget, in one order", partitions=1)
DLQ = Topic("muniment.dlq", "Dead letters: the record as it was, with origin and error in the headers", carries=True)
AUDIT = Topic("muniment.audit", "Who did what, and what they were shown; key: who, or the topic", partitions=4)
AUDIT_CHECKPOINTS = Topic("muniment.audit.checkpoints", "What was sealed, signed; key: topic/partition", partitions=1)

_SMALL = 4
_WAITING_MS = 30 * DAY_MS
"""How long workers may be away altogether before a record that waits for its retry is lost."""
RETRY_TIERS = tuple(
    Topic(f"muniment.retry.{s}s", f"Records that wait {s} s for their retry", _WAITING_MS, False, _SMALL, carries=True)
    for s in RETRY_DELAYS_S
)
REDELIVERY = {
    step: Topic(f"muniment.redelivery.{step}", f"Records due again at {step}", _WAITING_MS, False, _SMALL, carries=True)
    for step in STEP_NAMES
}

TOPICS: tuple[Topic, ...] = (
    COMMANDS_DOCUMENTS,
    DOCUMENTS,
    CHUNKS,
    EMBEDDINGS,
    JOBS,
    COMMANDS_PROJECTS,
    PROJECTS,
    COMMANDS_OPERATIONS,
    OPERATIONS,
    COMMANDS_ERASURES,
    ERASURES,
    DLQ,
    AUDIT,
    AUDIT_CHECKPOINTS,
    *RETRY_TIERS,
    *REDELIVERY.values(),
)

SEALED: tuple[Topic, ...] = tuple(topic for topic in TOPICS if topic.audited and topic is not AUDIT_CHECKPOINTS)
"""What is sealed: all that is audited but the checkpoints. They are signed and chained, and would call for the next."""
SEALED_FOR_EVER: frozenset[str] = frozenset(topic.name for topic in SEALED if topic.retention_ms == FOREVER_MS)
"""Names of those that lose nothing: what is gone from one of them, no retention took."""
