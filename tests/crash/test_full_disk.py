"""The disk is full under everything at once: Kafka's log, Postgres, the blobs and the processes' own logs."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import httpx2
import pytest
from support.plain import PLAIN
from support.small_disk import fill, small_disk
from support.stack import Api, Stack, running_stack, until

DISK_KIB = 1024 * 1024
FULL_FOR_S = 20.0
WELL_WITHIN_S = 300.0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own for a whole stack."""
    with small_disk(tmp_path / "disk", DISK_KIB) as made:
        made.chmod(0o755)
        yield made


@pytest.fixture
def full_stack(disk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack whose home, all of it, lies on that disk."""
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    with running_stack() as running:
        yield running


def health(stack: Stack) -> str:
    """What the API says of all parts; it may be away itself."""
    try:
        url = f"{stack.record().addresses['api']}/health/detailed"
        return str(httpx2.get(url, timeout=60, trust_env=False, verify=PLAIN).json()["status"])
    except (httpx2.TransportError, ValueError):
        return "away"


def tell(api: Api, number: int) -> httpx2.Response | None:
    """Upload a document under its own key; nothing when nobody answers."""
    try:
        return api.http.post(
            "/v1/documents",
            files={"file": (f"{number}.txt", f"Document {number} of the full disk.".encode())},
            headers={"Idempotency-Key": f'"full/{api.tenant}/{number}"'},
        )
    except httpx2.TransportError:
        return None


def test_nothing_acknowledged_is_lost_by_a_full_disk(disk: Path, full_stack: Stack) -> None:
    """What cannot be kept is answered with 503 and when to come again; with room all goes on, each document once."""
    api = full_stack.api()
    api.indexed("The document before.", "before.txt")
    ballast = fill(disk)
    acknowledged, refused, number = {}, [], 0
    ends = monotonic() + FULL_FOR_S
    while monotonic() < ends:
        answer = tell(api, number)
        if answer is not None and answer.status_code == 202:
            acknowledged[number] = answer.json()
        else:
            refused.append(number)
            assert answer is None or answer.status_code in {500, 503}, answer.text
        number += 1
        sleep(0.2)
    assert refused, "the disk was never full"
    ballast.unlink()
    until("the stack is well again", lambda: health(full_stack) == "ok", WELL_WITHIN_S, 0.5)
    for one in refused:
        answer = until(f"document {one} is taken", lambda: took(api, one), WELL_WITHIN_S, 0.5)  # noqa: B023
        acknowledged[one] = answer.json()
    ends_of = {one: api.ended(done, WELL_WITHIN_S)["outcome"] for one, done in acknowledged.items()}
    assert set(ends_of.values()) == {"indexed"}, ends_of
    names = [one["file_name"] for one in api.get("/v1/documents", limit=200)["items"]]
    assert sorted(names) == sorted(["before.txt", *(f"{one}.txt" for one in range(number))])
    assert api.get("/v1/dead-letters")["items"] == []


def took(api: Api, number: int) -> httpx2.Response | None:
    """The acknowledgement of a document, if it is given now."""
    answer = tell(api, number)
    return answer if answer is not None and answer.status_code == 202 else None
