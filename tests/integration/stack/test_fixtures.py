"""The real parts that all other integration tests stand on."""

import asyncio

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from support.postgres import create_database, drop_database

from muniment.infra.migrations.apply import apply_migrations, migrations


async def test_the_broker_keeps_what_it_acknowledged(kafka_bootstrap: str, unique: str) -> None:
    """A record sent with acks=all by an idempotent producer is read back by a group, which commits."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(unique, 4, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, acks="all", enable_idempotence=True) as producer:
        sent = await producer.send_and_wait(unique, b"value", key=b"key")
    async with AIOKafkaConsumer(
        unique, bootstrap_servers=kafka_bootstrap, group_id=unique, auto_offset_reset="earliest"
    ) as consumer:
        got = await consumer.getone()
        await consumer.commit()
    assert (got.value, got.partition, got.offset) == (b"value", sent.partition, sent.offset)


async def test_a_fresh_database_has_every_table(database_url: str) -> None:
    """The copied template has all migrations and extensions, and applying them again does nothing."""
    assert await apply_migrations(database_url) == ()
    connection = await asyncpg.connect(database_url)
    try:
        names = {row["name"] for row in await connection.fetch("SELECT name FROM public.muniment_migrations")}
        extensions = {row["extname"] for row in await connection.fetch("SELECT extname FROM pg_extension")}
        tables = await connection.fetchval(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema LIKE 'muniment\\_%'"
        )
    finally:
        await connection.close()
    assert names == {migration.name for migration in migrations()}
    assert extensions >= {"vector", "pg_trgm", "unaccent", "btree_gin"}
    assert tables >= 10


async def test_two_runners_apply_each_migration_once(postgres_dsn: str) -> None:
    """Two processes that start at the same time do not trip over each other."""
    address = await asyncio.to_thread(create_database, postgres_dsn)
    done = await asyncio.gather(apply_migrations(address), apply_migrations(address))
    await asyncio.to_thread(drop_database, postgres_dsn, address)
    assert sorted(name for names in done for name in names) == [migration.name for migration in migrations()]
