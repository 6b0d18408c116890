"""The process of the eraser is killed between the destruction of keys and the receipt; another one goes on."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support import erasing_child
from support.erasing_house import TENANT, House

from muniment.schemas.codec import decode
from muniment.schemas.erasures import ErasureCompleted, KeysDestroyed, StoreErased
from muniment.schemas.proofs.signatures import Signature
from muniment.stream_apps.erasing.receipt import PURPOSE


async def killed(house: House, point: str, log: Path) -> None:
    """Let another process erase, until it is killed at this point."""
    ahead_s = (house.now - datetime.now(UTC)).total_seconds()
    command = [sys.executable, erasing_child.__file__, house.url, str(house.home), str(log), str(ahead_s), point]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("point", erasing_child.POINTS)
async def test_another_process_goes_on_where_it_was(house: House, tmp_path: Path, point: str) -> None:
    """Nothing is destroyed twice, nothing left; every store is on the receipt, once, with what it held at first."""
    mine, also, other = [await house.document("anna"), await house.document("anna"), await house.document("ben")]
    erasure_id = await house.ask(subject="anna")
    while (await house.store.under_way())[0].stage != "destroying":
        await house.finish(turns=1)
    assert await house.ring.current(TENANT, mine) is not None
    await killed(house, point, tmp_path / "log")
    assert await house.pool.fetchval("select count(*) from muniment_keys.data_keys where wrapped is null") > 0
    await house.finish()
    assert await house.store.under_way() == []

    before = erasing_child.records(tmp_path / "log") if (tmp_path / "log").exists() else []
    said = [decode(record, lambda _: None) for record in (*before, *house.log.sent)]
    destroyed = {one.meta.event_id: one.event for one in said if isinstance(one.event, KeysDestroyed)}
    assert [(set(event.document_ids), event.keys) for event in destroyed.values()] == [({mine, also}, 2)]
    stores = {one.meta.event_id: one.event for one in said if isinstance(one.event, StoreErased)}
    assert set(Counter(event.store for event in stores.values()).values()) == {1}
    receipts = {one.event.receipt for one in said if isinstance(one.event, ErasureCompleted)}
    (receipt,) = receipts
    completed = next(one.event for one in said if isinstance(one.event, ErasureCompleted))
    assert isinstance(completed, ErasureCompleted)
    assert (completed.erasure_id, completed.documents, completed.keys) == (erasure_id, 2, 2)
    assert house.signer.verify(PURPOSE, receipt.encode(), Signature(completed.key_id, completed.signature))
    removed = {one["store"]: one["removed"] for one in json.loads(receipt)["stores"]}
    assert (removed["keys"], removed["persons"], removed["blobs"]) == (2, 2, 2)
    assert set(removed) == {event.store for event in stores.values()}
    assert await house.ring.current(TENANT, other) is not None
