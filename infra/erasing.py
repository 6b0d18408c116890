"""Wires erasures: which stores there are, who carries erasures out."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import asyncpg

from muniment.infra.not_set import NotSetError, required
from muniment.infra.settings import Settings
from muniment.producers.belongings import Belongings
from muniment.producers.claims import Claims
from muniment.producers.clock import utc_now
from muniment.producers.key_ring import KeyRing
from muniment.producers.log_spans import log_spans
from muniment.producers.postgres import database
from muniment.producers.publisher import Publisher
from muniment.producers.signing import Signer
from muniment.producers.subjects import Subjects
from muniment.projections import live
from muniment.projections.jobs.projection import Jobs
from muniment.projections.registry import PROJECTIONS
from muniment.schemas.documents import DocumentErased
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.scripts import DraftErased
from muniment.schemas.topics import COMMANDS_DOCUMENTS, DOCUMENTS, PROJECTS, Topic
from muniment.stream_apps.erasing import house, kept, read_models
from muniment.stream_apps.erasing.asking import Asking
from muniment.stream_apps.erasing.drafts import DraftStore, Ends
from muniment.stream_apps.erasing.eraser import Eraser
from muniment.stream_apps.erasing.retention import Retention, rules
from muniment.stream_apps.erasing.scrubbing import PostgresFiles
from muniment.stream_apps.erasing.step import Erasing
from muniment.stream_apps.erasing.store import ErasingStore
from muniment.stream_apps.erasing.stores import Store

PATIENCE_S = 30.0
"""How long the broker is waited for, when it is asked where a topic ends; it is asked again then."""


def erasing(settings: Settings, pool: Any) -> Erasing:
    """The step that decides."""
    return Erasing(ErasingStore(pool), now=utc_now, confirmations=int(settings.erasure_second_person))


def stores(  # noqa: PLR0917 - what stores stand on
    settings: Settings, pool: Any, key_ring: KeyRing, claims: Claims, publisher: Publisher, project_ends: Ends
) -> tuple[Store, ...]:
    """Every store, in the order in which they are erased. Adding one is one entry here.

    The files of the database come last: what the others deleted is taken out of them.
    """

    async def behind(positions: Mapping[int, int]) -> list[str]:
        return await behind_drafts(pool, positions)

    subjects = Subjects(pool, key_ring)
    belongings = Belongings(pool, subjects)
    return (
        house.KeyStore(pool),
        DraftStore(pool, key_ring, publisher, belongings=belongings, behind=behind, ends=project_ends, now=utc_now),
        house.PersonStore(subjects),
        house.WorkStore(pool),
        *(read_models.ReadModelStore(pool, name) for name in read_models.names()),
        house.BlobsStore(pool, claims),
        house.AnswerStore(pool),
        kept.KeptStore(pool),
        kept.QuestionStore(pool),
        house.PaidStore(settings.home.resolve() / "paid"),
        *house.TOLD,
        PostgresFiles(lambda: _connect(settings), rewrite_bytes=settings.erasure_rewrite_mib * 1024 * 1024),
    )


def eraser(settings: Settings, pool: Any, publisher: Publisher, key_ring: KeyRing, *, claims: Claims) -> Eraser:
    """What carries out erasures; one of all that run does."""

    def ends_of(topic: Topic) -> Callable[[], Coroutine[Any, Any, Mapping[int, int]]]:
        async def ends() -> Mapping[int, int]:
            return await topic_ends(required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP"), topic.name)

        return ends

    async def behind(ends: Mapping[int, int]) -> list[str]:
        return await late(pool, ends)

    async def behind_commands(ends: Mapping[int, int]) -> list[str]:
        return await late_jobs(pool, ends)

    retaining = retention(settings, pool, publisher)
    return Eraser(
        lambda: _connect(settings),
        publisher,
        ErasingStore(pool),
        key_ring=key_ring,
        subjects=Subjects(pool, key_ring),
        stores=stores(settings, pool, key_ring, claims, publisher, ends_of(PROJECTS)),
        ends=ends_of(DOCUMENTS),
        behind=behind,
        signer=Signer(settings.signing_keys_file),
        now=utc_now,
        retention=retaining,
        asking=Asking(retaining, ends_of(COMMANDS_DOCUMENTS), behind_commands, utc_now),
    )


def retention(settings: Settings, pool: Any, publisher: Publisher) -> Retention:
    """What looks for documents whose time is over; `NotSetError` for rules that are none."""
    try:
        wanted = rules(settings.retention_days, settings.retention_tenants)
    except ValueError as error:
        raise NotSetError(f"MUNIMENT_RETENTION_TENANTS: {error}") from None
    return Retention(pool, publisher, wanted, utc_now)


async def topic_ends(bootstrap: str, topic: str) -> dict[int, int]:
    """Where each partition of a topic ends; `StepFailure(log_unavailable)`."""
    told = f"where {topic} ends cannot be seen now"
    async with log_spans(bootstrap, client_id="muniment-erasing", patience_s=PATIENCE_S, told=told) as log:
        places = await log.partitions([topic])
        if not places:
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, f"the broker shows no {topic}")
        return {number: end for (_, number), (_, end) in (await log.extents(places)).items()}


async def late(pool: Any, ends: Mapping[int, int]) -> list[str]:
    """The read models that fold erasures and have not folded the documents' topic up to these ends."""
    names = [name for name, make in PROJECTIONS.items() if DocumentErased in make(1).handles]
    return [
        name for name in names if any([await _reached(pool, name, DOCUMENTS.name, p) < end for p, end in ends.items()])
    ]


async def late_jobs(pool: Any, ends: Mapping[int, int]) -> list[str]:
    """The read model of jobs, where it has not folded what was accepted up to these ends of the commands' topic.

    And where an older program folded it: it stands still until it is built anew, and may have to be for long.
    """
    async with database(), pool.acquire() as connection:
        if await live.outdated(connection, Jobs()):
            return [Jobs.name]
    reached = [await _reached(pool, Jobs.name, COMMANDS_DOCUMENTS.name, p) >= end for p, end in ends.items()]
    return [] if all(reached) else [Jobs.name]


async def behind_drafts(pool: Any, positions: Mapping[int, int]) -> list[str]:
    """The read models that fold erasures of drafts and have not folded these places of `muniment.projects` yet."""
    names = [name for name, make in PROJECTIONS.items() if DraftErased in make(1).handles]
    return [
        name
        for name in names
        if any([await _reached(pool, name, PROJECTS.name, p) <= offset for p, offset in positions.items()])
    ]


async def _reached(pool: Any, name: str, topic: str, partition: int) -> int:
    # The name is one of the registry's.
    sql = f"select next_offset from read.{name}_checkpoints where topic = $1 and partition = $2"  # noqa: S608
    async with database():
        try:
            return await pool.fetchval(sql, topic, partition) or 0
        except asyncpg.UndefinedTableError:
            return 0


async def _connect(settings: Settings) -> Any:
    address = settings.database_url.get_secret_value() if settings.database_url else None
    return await asyncpg.connect(
        required(address, "MUNIMENT_DATABASE_URL"),
        timeout=10,
        server_settings={"application_name": "muniment-erasing"},
    )
