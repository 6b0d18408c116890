"""Is a broker answering? Asked with the protocol, since an open port says little."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError


async def _listens(bootstrap: str, timeout_s: float) -> None:
    # The bare connection first: the client library logs an error line for each refused one.
    host, _, port = bootstrap.split(",", maxsplit=1)[0].strip().rpartition(":")
    async with asyncio.timeout(timeout_s):
        _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    writer.close()


async def brokers(bootstrap: str, timeout_s: float = 3.0) -> int:
    """How many brokers the cluster says it has. Raises `ConnectionError` when nothing sensible answers in time."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(timeout_s * 1000))
    try:
        await _listens(bootstrap, timeout_s)
        async with asyncio.timeout(timeout_s):
            await admin.start()
            cluster = await admin.describe_cluster()
        return len(cluster["brokers"])
    except (KafkaError, OSError, TimeoutError) as cause:
        raise ConnectionError(f"no Kafka broker answers at {bootstrap}") from cause
    finally:
        await admin.close()
