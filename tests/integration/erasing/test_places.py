"""Every table is either looked after by a store of an erasure, or holds nothing personal: there is no third kind."""

from pathlib import Path

import asyncpg
from support.publisher import MemoryPublisher

from muniment.infra.erasing import stores
from muniment.infra.settings import Settings
from muniment.producers.claims import Claims
from muniment.producers.key_file import KeyFile
from muniment.producers.local_blobs import LocalBlobs
from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.projections.prepare import prepare
from muniment.projections.registry import PROJECTIONS
from muniment.stream_apps.erasing.places import HOUSE, NOTHING_PERSONAL, OF_DRAFTS, READ_MODELS

_TABLES = """
select distinct n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 join pg_type t on t.oid = a.atttypid
where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema')
    and t.typname in ('text', 'bytea', 'jsonb', 'json', 'varchar', 'halfvec', 'vector', 'tsvector', '_text')"""


def of_model(name: str) -> str:
    """The table by the name of its read model, whatever version of that it is in."""
    schema, table = name.split(".")
    for model in PROJECTIONS:
        if schema == model or schema.startswith(f"{model}_v"):
            return f"{model}.{table}"
    return name


def _names_of(name: str) -> set[str]:
    schema, table = name.split(".")
    return {name, f"*.{table}", f"{schema}.*"}


async def test_every_table_with_text_is_one_of_the_two_kinds(database_url: str) -> None:
    """A new table fails here until `stream_apps.erasing.places` says which store looks after it, or why none has to."""
    await prepare(database_url, 8)
    connection = await asyncpg.connect(database_url)
    try:
        found = {of_model(row["name"]) for row in await connection.fetch(_TABLES)}
    finally:
        await connection.close()
    assert len(found) > 30
    covered = {f"{place.model}.{place.table}" for place in READ_MODELS} | HOUSE.keys() | OF_DRAFTS.keys()
    clear = {name for name in found if _names_of(name) & NOTHING_PERSONAL.keys()}
    missing = sorted(found - covered - clear)
    assert missing == [], ", ".join(missing)
    assert sorted(covered & clear) == []
    assert sorted(covered - found) == [], "these tables are no more"


async def nowhere() -> dict[int, int]:
    """A topic of which nobody asks where it ends."""
    return {}


async def test_every_place_has_its_store(database_url: str, tmp_path: Path) -> None:
    """Whatever a place names as its store is on every receipt, and the files of the database come last."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
        ring = PostgresKeyRing(pool, KeyFile("one", {"one": bytes(32)}))
        claims = Claims(pool, LocalBlobs(tmp_path))
        made = stores(Settings(home=tmp_path), pool, ring, claims, MemoryPublisher(), nowhere)
    names = [store.name for store in made]
    assert len(set(names)) == len(names)
    assert {place.store for place in READ_MODELS} | {*HOUSE.values(), *OF_DRAFTS.values()} <= set(names)
    assert names[-1] == "database files"
