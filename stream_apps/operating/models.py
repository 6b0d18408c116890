"""What commands about embedding models lead to. Pure: what had to be looked up comes in as an argument."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from math import isfinite

from muniment.schemas.embedding_models import (
    MARK,
    DropEmbeddings,
    EmbeddingsCompared,
    EmbeddingsDropped,
    EmbeddingsSwitched,
    MigrateEmbeddings,
    MigrationPaused,
    MigrationResumed,
    MigrationStarted,
    PauseMigration,
    RecordComparison,
    ResumeMigration,
    SwitchEmbeddings,
    added,
    new_name,
)
from muniment.schemas.event import Event

ModelCommand = (
    MigrateEmbeddings | PauseMigration | ResumeMigration | SwitchEmbeddings | DropEmbeddings | RecordComparison
)
MOST_DIMENSIONS = 4000
"""The longest vectors that an HNSW index of half-precision numbers takes (pgvector 0.8)."""
_NAMES = re.compile(r"[^\x00]{1,100}")


@dataclass(frozen=True, slots=True)
class Known:
    """Every model beside the first that ever was, by name: `kept`, `paused` or `dropped`; and what search reads.

    `first` is the settings' model, which is kept unless it is among `states` as dropped; an empty `live` means it.
    """

    first: str
    states: Mapping[str, str] = field(default_factory=dict)
    live: str = ""

    @property
    def reads(self) -> str:
        """What search reads."""
        return self.live if self.live and added(self.live) else self.first

    @property
    def there(self) -> list[str]:
        """The names of the models that have vectors."""
        kept = [name for name, state in self.states.items() if state != "dropped"]
        return kept if self.states.get(self.first) == "dropped" else [self.first, *kept]

    def named(self, name: str) -> str:
        """The model that is meant: a name as it is, or what an endpoint calls a model that is there once only."""
        if name in self.there or name in self.states:
            return name
        short = [one for one in self.there if one.partition(MARK)[0] == name]
        return short[0] if len(short) == 1 else name


class Against(Exception):
    """Why a command is decided against."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def decide_model(command: ModelCommand, known: Known, gaps: int) -> Event:
    """The event that a command leads to; `gaps` is how many batches are still to get vectors of the model of a switch.

    Raises:
        Against: it leads to nothing.

    """
    if not command.reason.strip():
        raise Against("reason_missing", "say why: the reason goes on the record")
    if isinstance(command, MigrateEmbeddings):
        return _migrate(command, known)
    name = known.named(command.model)
    if known.states.get(name) == "dropped":
        raise Against("model_dropped", f"the vectors of {name} were dropped; bring the model in anew with a migration")
    if name not in known.there:
        raise Against("unknown_model", f"there are no vectors of {command.model[:100]!r}; there are: {_list(known)}")
    match command:
        case PauseMigration() | ResumeMigration():
            return _turn(command, known, name)
        case SwitchEmbeddings():
            return _switch(command, known, name, gaps)
        case DropEmbeddings():
            if name == known.reads:
                raise Against("model_live", f"search reads {name}: switch to another model first")
            return EmbeddingsDropped(model=name, reason=command.reason)
        case RecordComparison():
            told = {one.name: getattr(command, one.name) for one in fields(command)}
            return EmbeddingsCompared(**{**told, "model": name})


def after(known: Known, event: Event) -> Known:
    """What is known after a decision."""
    match event:
        case MigrationStarted() | MigrationResumed():
            return replace(known, states={**known.states, event.model: "kept"})
        case MigrationPaused():
            return replace(known, states={**known.states, event.model: "paused"})
        case EmbeddingsDropped():
            return replace(known, states={**known.states, event.model: "dropped"})
        case EmbeddingsSwitched():
            return replace(known, live=event.model)
        case _:
            return known


def _migrate(command: MigrateEmbeddings, known: Known) -> MigrationStarted:
    if not _NAMES.fullmatch(command.model) or not command.model.strip():
        raise Against("bad_model", "name the model as the endpoint calls it, in at most 100 characters")
    if not 1 <= command.dimensions <= MOST_DIMENSIONS:
        raise Against("bad_dimensions", f"vectors have between 1 and {MOST_DIMENSIONS} dimensions")
    if not (isfinite(command.price_per_million_tokens) and command.price_per_million_tokens >= 0):
        raise Against("bad_price", "the price is a number of US dollars a million tokens, 0 or more")
    plain = new_name(command.model, command.dimensions, ())
    same = [name for name in known.there if name == plain or name.startswith(f"{plain}.")]
    if same:
        raise Against("model_exists", f"it is there already, as {same[0]}; to begin anew, drop that first")
    return MigrationStarted(
        model=new_name(command.model, command.dimensions, known.states),
        served_as=command.model,
        dimensions=command.dimensions,
        base_url=command.base_url,
        query_prefix=command.query_prefix,
        passage_prefix=command.passage_prefix,
        ask_dimensions=command.ask_dimensions,
        price_per_million_tokens=command.price_per_million_tokens,
        reason=command.reason,
    )


def _turn(command: PauseMigration | ResumeMigration, known: Known, name: str) -> Event:
    paused = known.states.get(name) == "paused"
    if isinstance(command, ResumeMigration):
        if not paused:
            raise Against("not_paused", f"{name} is not paused")
        return MigrationResumed(model=name, reason=command.reason)
    if name == known.reads:
        raise Against("model_live", f"search reads {name}: what comes has to be embedded with it")
    if paused:
        raise Against("migration_paused", f"{name} is paused already")
    if not added(name):
        raise Against("model_first", f"{name} is the model of the settings: it is kept up to date, or dropped")
    return MigrationPaused(model=name, reason=command.reason)


def _switch(command: SwitchEmbeddings, known: Known, name: str, gaps: int) -> Event:
    if name == known.reads:
        raise Against("model_live", f"search reads {name} already")
    if known.states.get(name) == "paused":
        raise Against("migration_paused", f"{name} is paused, so what comes has no vectors of it: resume it first")
    if gaps:
        detail = (
            f"{gaps} batches that search sees have no vectors of {name} yet; see `muniment embeddings list`, and what "
            "failed for good with `muniment dlq list --step reembedding`"
        )
        raise Against("embeddings_incomplete", detail)
    return EmbeddingsSwitched(model=name, previous=known.reads, reason=command.reason)


def _list(known: Known) -> str:
    return ", ".join(known.there[:10]) or "none"
