"""Which group landed a folder, and of which tenant: a note in the folder itself.

The group's offsets lie with the broker and the files in the folder. With another folder, or after another question, the
group would go on where it was, and what it landed before would be missing from the answers without a word.
"""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from muniment.infra.not_set import NotSetError

NOTE = ".landing.json"
_WAIT_S = 30.0
"""For the broker to find the group: a new broker makes the topic of all groups' offsets when the first one asks."""
_AGAIN_S = 0.2


def take(folder: Path, group: str, tenant: str, *, begun: bool) -> None:
    """Take the folder for what the group lands; `begun`: whether it has landed anything, anywhere, before.

    Raises:
        NotSetError: the folder is not the one that the group landed what it has passed by.

    """
    path, ours = folder / NOTE, {"group": group, "tenant": tenant}
    if not begun:
        # Whoever is first: of members that begin together each writes the same.
        with suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
            json.dump(ours, file)
    found = json.loads(path.read_text("utf-8")) if path.exists() else None
    if found is None:
        raise NotSetError(
            f"the consumer group {group} has landed records already, and {folder} is not where: it would lack them\n"
            f"name the folder that it landed them in, or begin anew with --group and a name that no group has yet"
        )
    if found != ours:
        raise NotSetError(
            f"{folder} holds what the consumer group {found['group']} landed {_of(found['tenant'])}, "
            f"and was to take what {group} lands {_of(tenant)}\n"
            f"go on as before, or begin anew: another folder, and --group with a name that no group has yet"
        )


async def begun(bootstrap: str, group: str, topics: Sequence[str]) -> bool:
    """Whether the group has committed an offset of one of these topics.

    Raises:
        KafkaError: the broker does not say.

    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="muniment-analytics")
    await admin.start()
    try:
        async with asyncio.timeout(_WAIT_S):
            while True:
                try:
                    offsets = await admin.list_consumer_group_offsets(group)
                    return any(place.topic in topics and done.offset >= 0 for place, done in offsets.items())
                except KafkaError as error:
                    if not error.retriable:
                        raise
                    await asyncio.sleep(_AGAIN_S)
    finally:
        await admin.close()


def _of(tenant: str) -> str:
    return f"of the tenant {tenant}" if tenant else "of all tenants"
