"""A server that is asked to stop tells its callers to go elsewhere."""

from typing import Any

import pytest

from muniment.infra.serving import Draining


async def answered(app: Draining, kind: str = "http") -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(dict(message))

    async def receive() -> Any:
        return {"type": "http.request"}

    await app({"type": kind}, receive, send)
    return sent


async def application(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"etag", b"1")]})
    await send({"type": "http.response.body", "body": b"well"})


@pytest.mark.parametrize("leaving", [False, True])
async def test_every_answer_closes_its_connection_once_the_end_has_begun(*, leaving: bool) -> None:
    """Before that nothing is added; afterwards each answer, whole as ever, says `Connection: close`."""
    app = Draining(application)
    if leaving:
        app.leaving.set()
    start, body = await answered(app)
    assert start["headers"] == [(b"etag", b"1"), *([(b"connection", b"close")] if leaving else [])]
    assert body["body"] == b"well"


async def test_what_is_no_request_passes_untouched() -> None:
    """The application's own start and stop are no answers."""
    app = Draining(application)
    app.leaving.set()
    start, _ = await answered(app, "lifespan")
    assert start["headers"] == [(b"etag", b"1")]
